"""Small tours that the tests of tours write themselves."""

import json

import numpy as np
from PIL import Image

from pano_inpaint.sphere import lonlat_to_vector, pixel_to_lonlat

COLOUR = (200, 30, 90)
# Marzipano's rotation of each face relative to the front one: around x, then around y, in quarter turns.
TURNS = {"f": (0, 0), "b": (0, 2), "l": (0, 1), "r": (0, -1), "u": (1, 0), "d": (-1, 0)}


class Painter:
    """Stands in for the eraser: paints holes in one colour."""

    def __init__(self):
        self.calls = 0

    def erase(self, panorama, mask, *, watch):
        self.calls += 1
        watch(0, 1)
        pixels = panorama.pixels.copy()
        pixels[mask] = COLOUR
        watch(1, 1)
        return panorama.with_pixels(pixels)


def direction_colours(directions):
    """A picture of the directions themselves: x in red, y in green, z in blue."""
    return np.rint(127.5 + 120 * directions).astype(np.uint8)


def direction_panorama(height):
    y, x = np.mgrid[:height, : 2 * height]
    return direction_colours(lonlat_to_vector(*pixel_to_lonlat(x, y, 2 * height, height)))


def save_panorama(path, height=32, quality=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(direction_panorama(height)).save(path, quality=quality)
    return path


def save_mask(path, height=32, box=(10, 20, 12, 30)):
    top, bottom, left, right = (side * height // 32 for side in box)
    mask = np.zeros((height, 2 * height), np.uint8)
    mask[top:bottom, left:right] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path)
    return path


def marzipano_face(letter, size):
    """A face by Marzipano's own formulas: x right, y up, z towards the viewer, so that forward is −z."""
    around_x, around_y = (turns * np.pi / 2 for turns in TURNS[letter])
    u = (2 * np.arange(size) + 1) / size - 1
    x, y = np.meshgrid(u, -u)
    rays = np.stack([x, y, -np.ones_like(x)], -1)
    (sx, cx), (sy, cy) = ((np.sin(a), np.cos(a)) for a in (around_x, around_y))
    rays = rays @ np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]]).T
    rays = rays @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]).T
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    return direction_colours(rays * (1, 1, -1))


def save_tiles(folder, levels, name="{letter}/{row}/{column}.jpg", first=1, tile=64):
    for number, size in enumerate(levels, start=first):
        for letter in TURNS:
            face = marzipano_face(letter, size)
            for row in range(0, size, tile):
                for column in range(0, size, tile):
                    numbers = {"row": row // tile, "column": column // tile}
                    path = folder / str(number) / name.format(letter=letter, **numbers)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    part = face[row : row + tile, column : column + tile]
                    Image.fromarray(part).save(path, quality=92)


def marzipano_tour(root, levels=(64, 160), first=1):
    links = [{"yaw": 0.5, "pitch": 0.2, "rotation": 0, "target": "1-hall"}]
    scenes = [
        {
            "id": scene_id,
            "name": scene_id[2:].title(),
            "levels": [{"tileSize": 64, "size": size} for size in levels],
            "faceSize": levels[-1],
            "initialViewParameters": {"yaw": 0.1, "pitch": 0.3, "fov": np.pi / 2},
            "linkHotspots": links if scene_id == "0-lounge" else [],
            "infoHotspots": [{"yaw": 0, "pitch": 0, "title": "Note", "text": "…"}],
        }
        for scene_id in ("0-lounge", "1-hall")
    ]
    for scene in scenes:
        folder = root / "tiles" / scene["id"]
        save_tiles(folder, levels, first=first)
        strip = np.concatenate([marzipano_face(letter, 32) for letter in "bdflru"])
        Image.fromarray(strip).save(folder / "preview.jpg", quality=92)
    data = {"scenes": scenes, "name": "Flat", "settings": {}}
    (root / "data.js").write_text(f"var APP_DATA = {json.dumps(data)};\n")
    (root / "index.html").write_text("<title>Flat</title>")
    return root


def contents(folder):
    """Bytes of all files by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
