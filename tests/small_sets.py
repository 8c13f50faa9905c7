"""Rendered homes and panoramas, small and plain, as benchmarks of training take them."""

import itertools

import numpy as np
from PIL import Image

from benchmarks.short_runs import SIZE


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def add_homes(folder, numbers, rooms=2):
    height = 2 * SIZE
    picture = np.full((height, 2 * height, 3), 120, np.uint8)
    instances = np.zeros((height, 2 * height), np.uint16)
    instances[40:80, 60:120] = 5
    for number, room in itertools.product(numbers, range(rooms)):
        home = folder / f"scene_{number:05d}" / "2D_rendering" / f"room_{room}" / "panorama"
        save(home / "empty" / "rgb_rawlight.png", picture)
        save(home / "full" / "rgb_rawlight.png", picture // 2)
        save(home / "full" / "instance.png", instances)


def write_sets(folder):
    """Write six homes and five panoramas, and return where they are."""
    add_homes(folder / "homes", range(6))
    for number in range(5):
        save(folder / "real" / f"hall{number}.png", np.full((256, 512, 3), 90, np.uint8))
    return folder / "homes", folder / "real"
