"""Panoramas whose every direction has a known colour, and what a tab shows of them."""

import base64
import io

import numpy as np
from PIL import Image


def decode_data_uri(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))).convert("RGB"))


def snapshot(tab, view="viewer.view"):
    """Pixels the engine draws, without the page's controls: (H, W, 3) uint8."""
    return decode_data_uri(tab.evaluate(f"{view}.render(), {view}.canvas.toDataURL()"))


def wait_until(tab, expression):
    """Wait for a condition, which `wait_for_function` cannot on a page whose policy forbids eval."""
    tab.evaluate(f"""() => new Promise((resolve, reject) => {{
      const started = performance.now();
      const check = () => {{
        if ({expression}) resolve();
        else if (performance.now() - started > 20000) reject(new Error("waited 20 s in vain"));
        else requestAnimationFrame(check);
      }};
      check();
    }})""")


def look(tab, yaw, pitch, fov=90):
    tab.evaluate("([yaw, pitch, fov]) => viewer.view.reset({yaw, pitch, fov})", [yaw, pitch, fov])


def view_rays(width, height, yaw, pitch, fov):
    """Unit vectors of a view's pixels, from first principles: x right, y up, z forward; degrees."""
    yaw, pitch = np.radians(yaw), np.radians(pitch)
    reach = np.tan(np.radians(fov) / 2)
    a = ((np.arange(width) + 0.5) / width * 2 - 1) * reach
    b = (1 - (np.arange(height) + 0.5) / height * 2) * reach * height / width
    ray = np.stack([*np.meshgrid(a, b), np.ones((height, width))], -1)
    x, y, z = np.moveaxis(ray / np.linalg.norm(ray, axis=-1, keepdims=True), -1, 0)
    y, z = y * np.cos(pitch) + z * np.sin(pitch), z * np.cos(pitch) - y * np.sin(pitch)
    x, z = x * np.cos(yaw) + z * np.sin(yaw), z * np.cos(yaw) - x * np.sin(yaw)
    return np.stack([x, y, z], -1)


def panorama_rays(width, height):
    longitude = ((np.arange(width) + 0.5) / width - 0.5) * 2 * np.pi
    latitude = (0.5 - (np.arange(height) + 0.5) / height) * np.pi
    longitude, latitude = np.meshgrid(longitude, latitude)
    level = np.cos(latitude)
    return np.stack([level * np.sin(longitude), np.sin(latitude), level * np.cos(longitude)], -1)


def sphere_colours(rays):
    """Colours that tell the direction apart and are smooth all round: 0.5 + 0.4 times x, y and z."""
    return np.round(255 * (0.5 + 0.4 * rays)).astype(np.uint8)
