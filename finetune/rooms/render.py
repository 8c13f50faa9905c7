"""Rendering panoramas of a Scene with Cycles. Imports bpy."""

import tempfile
from pathlib import Path

import bpy
import numpy as np

from finetune.rooms.exr import read_exr
from finetune.rooms.quiet import quietly
from finetune.rooms.render_passes import Rendering, overlap
from finetune.rooms.scene import OUTDOORS

_EDGE = 4  # pixels rendered beyond a window: the outermost are not filtered like the rest


def set_up(*, width, samples, threads=0):
    """Configure Cycles for equirectangular pictures.

    Parameters
    ----------
    width : int
        Columns; half as many rows.
    samples : int
        Paths a pixel; 8 to 16 are enough before denoising.
    threads : int
        Threads to use, 0 for all.
    """
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    beyond = overlap(width)
    scene.render.resolution_x, scene.render.resolution_y = width + 2 * beyond, width // 2
    scene.render.resolution_percentage = 100
    # Cycles drops hidden objects from a kept scene in the order of their addresses; noise follows the order.
    scene.render.use_persistent_data = False
    scene.render.threads_mode = "FIXED" if threads else "AUTO"
    if threads:
        scene.render.threads = threads
    _set_cycles(scene.cycles, samples)
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_object_index = layer.use_pass_environment = True
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format = "OPEN_EXR_MULTILAYER"
    settings.color_depth, settings.exr_codec = "32", "NONE"
    camera = bpy.data.cameras.new("camera")
    camera.type = "PANO"
    lens = camera if hasattr(camera, "panorama_type") else camera.cycles
    lens.panorama_type = "EQUIRECTANGULAR"
    lens.longitude_max = np.pi * (1 + 2 * beyond / width)
    lens.longitude_min = -lens.longitude_max
    camera.clip_start = 0.01
    made = bpy.data.objects.new("camera", camera)
    scene.collection.objects.link(made)
    scene.camera = made


def _set_cycles(cycles, samples):
    cycles.device = "CPU"
    cycles.samples, cycles.use_adaptive_sampling = samples, False
    cycles.seed = 0
    # A third bounce costs a fifth more and is mostly taken up by the exposure.
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 3, 2, 1
    cycles.light_sampling_threshold = 0.05  # weaker lights are left to chance
    cycles.sampling_pattern = "BLUE_NOISE"
    cycles.transmission_bounces, cycles.transparent_max_bounces = 2, 8
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.blur_glossy, cycles.sample_clamp_indirect = 1.0, 3.0
    # A light tree costs three fifths more and, after denoising, shows no less noise among so few lights.
    cycles.use_light_tree = False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter = "FAST"


def render_camera(camera, *, window=None):
    """Render the scene from one camera.

    Parameters
    ----------
    camera : Camera
        Position and heading; the panorama's centre looks along the heading.
    window : tuple of slice, optional
        Rows and columns outside of which nothing is wanted.

    Returns
    -------
    Rendering
        Passes, row 0 at the top.
    """
    scene = bpy.context.scene
    scene.camera.location = (camera.x, camera.y, camera.z)
    scene.camera.rotation_euler = (np.pi / 2, 0.0, -camera.heading)
    _set_border(scene.render, window)
    with tempfile.TemporaryDirectory(prefix="rooms-") as folder:
        file = Path(folder) / "passes.exr"
        scene.render.filepath = str(file)
        quietly(lambda: bpy.ops.render.render(write_still=True))
        channels = read_exr(file)
    passes = {name.split(".", 1)[1]: values for name, values in channels.items() if "." in name}
    return _rendering(passes).joined(overlap(2 * scene.render.resolution_y))


def _set_border(settings, window):
    settings.use_border, settings.use_crop_to_border = window is not None, False
    if window is None:
        return
    rows, columns = window
    height, width = settings.resolution_y, settings.resolution_x
    beyond = overlap(2 * height)
    left, right = columns.start + beyond - _EDGE, columns.stop + beyond + _EDGE
    if columns.start < beyond or columns.stop > 2 * height - beyond:  # what joins the ends is wanted, too
        left, right = 0, width
    settings.border_min_x, settings.border_max_x = left / width, right / width
    top, bottom = max(0, rows.start - _EDGE), min(height, rows.stop + _EDGE)
    settings.border_min_y, settings.border_max_y = 1 - bottom / height, 1 - top / height


def _rendering(passes):
    """Sort Blender's passes, as wide as they are."""
    index = np.round(passes[_find(passes, ("Object Index.X", "IndexOB.X"))]).astype(np.int32)
    depth = passes[_find(passes, ("Depth.V", "Depth.Z"))]
    outdoors = _stack(passes, _find(passes, ("Env.R", "Environment.R"))[:-2])
    room = np.maximum(_stack(passes, "Combined") - outdoors, 0)
    return Rendering(room, outdoors / OUTDOORS, index, np.where(depth < 1e6, depth, 0.0).astype(np.float32))


def _find(passes, names):
    for name in names:
        if name in passes:
            return name
    raise KeyError(f"expected one of the passes {names}, got {sorted(passes)}")


def _stack(passes, name):
    return np.stack([passes[f"{name}.{channel}"] for channel in "RGB"], axis=-1)


def through_jpeg(picture, quality):
    """Compress a picture as JPEG and open it again.

    Parameters
    ----------
    picture : ndarray, shape (H, W, 3), uint8
        sRGB.
    quality : int
        1 to 100.

    Returns
    -------
    ndarray, shape (H, W, 3), uint8
        The picture with its JPEG artefacts.
    """
    height, width = picture.shape[:2]
    with tempfile.TemporaryDirectory(prefix="rooms-") as folder:
        file = Path(folder) / "picture.jpg"
        image = bpy.data.images.new("jpeg", width, height, alpha=False)
        image.pixels.foreach_set(_rgba(picture).ravel())
        image.file_format, image.filepath_raw = "JPEG", str(file)
        image.save(quality=quality)
        loaded = bpy.data.images.load(str(file))
        values = np.empty(width * height * 4, np.float32)
        loaded.pixels.foreach_get(values)
        for used in (image, loaded):
            bpy.data.images.remove(used)
    pixels = values.reshape(height, width, 4)[::-1, :, :3]
    return np.round(255 * np.clip(pixels, 0, 1)).astype(np.uint8)


def _rgba(picture):
    values = np.ones((*picture.shape[:2], 4), np.float32)
    values[..., :3] = picture[::-1] / np.float32(255)
    return values
