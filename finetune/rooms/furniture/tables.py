"""Procedural tables and desks."""

import numpy as np

from finetune.rooms.shapes import cylinder, slab, tube, turned


def table(rng, size):
    """Build a table: four legs, trestles, a turned pillar or crossed steel, round or rectangular.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    size : tuple of 3 floats
        Width, depth, height in metres.

    Returns
    -------
    list of Part
        Slots "wood", "wood_second", "metal", "glass".
    """
    width, depth, height = size
    board = rng.uniform(0.022, 0.045)
    even = abs(width - depth) < 0.15 * width
    if even and rng.random() < 0.7:
        return _round_table(rng, size, board)
    top = slab((-width / 2, -depth / 2, height - board), (width / 2, depth / 2, height), "wood")
    manner = rng.integers(3)
    if manner == 0:
        return [top, *_legs(rng, size, board)]
    if manner == 1:
        return [top, *_frames(size, board)]
    lower = slab((-0.46 * width, -0.44 * depth, 0.12), (0.46 * width, 0.44 * depth, 0.145), "wood")
    return [top, *_legs(rng, size, board), *([lower] if height < 0.6 else [])]


def _legs(rng, size, board):
    width, depth, height = size
    thick = rng.uniform(0.025, 0.045)
    apron = rng.uniform(0.04, 0.1)
    material = str(rng.choice(["wood", "wood_second", "black"]))
    parts = []
    for x in (-1, 1):
        for y in (-1, 1):
            centre = np.array([x * (width / 2 - thick - 0.03), y * (depth / 2 - thick - 0.03)])
            parts.append(slab((*(centre - thick), 0), (*(centre + thick), height - board), material))
    inner = (width / 2 - 0.05, depth / 2 - 0.05)
    for y in (-1, 1):
        parts.append(slab((-inner[0], y * inner[1] - 0.012, height - board - apron),
                          (inner[0], y * inner[1] + 0.012, height - board), material))  # fmt: skip
    return parts


def _frames(size, board):
    width, depth, height = size
    parts = []
    for x in (-0.42 * width, 0.42 * width):
        y = 0.42 * depth
        path = [(x, -y, height - board), (x, -y, 0.012), (x, y, 0.012), (x, y, height - board)]
        parts += [
            tube([start, end], 0.016, material="black", segments=4)
            for start, end in zip(path, path[1:], strict=False)
        ]
    return parts


def _round_table(rng, size, board):
    width, _, height = size
    material = "glass" if height < 0.6 and rng.random() < 0.2 else "wood"
    top = cylinder(width / 2, board, (0, 0, height - board), material=material, segments=40)
    if rng.random() < 0.5:
        profile = [(0.0, 0.0), (0.3 * width, 0.0), (0.28 * width, 0.03), (0.05, 0.06), (0.035, 0.5 * height),
                   (0.06, height - board)]  # fmt: skip
        return [top, turned(profile, material="wood_second", segments=24)]
    legs = []
    for number in range(4):
        angle = np.pi / 4 + number * np.pi / 2
        x, y = np.cos(angle), np.sin(angle)
        legs.append(tube([(0.25 * width * x, 0.25 * width * y, height - board), (0.4 * width * x,
        0.4 * width * y, 0)],
                         (0.022, 0.015), material="wood_second"))  # fmt: skip
    return [top, *legs]


def desk(rng, size):
    """Build a writing desk with a block of drawers on one side; see `table`."""
    width, depth, height = size
    top = slab((-width / 2, -depth / 2, height - 0.03), (width / 2, depth / 2, height), "wood")
    side = rng.choice([-1, 1])
    inner, outer = side * (width / 2 - 0.42), side * (width / 2 - 0.02)
    low, high = min(inner, outer), max(inner, outer)
    parts = [
        top,
        slab((low, -depth / 2 + 0.03, 0.08), (high, depth / 2 - 0.03, height - 0.03), "wood_second"),
    ]
    for number in range(3):
        z = 0.1 + number * (height - 0.16) / 3
        parts.append(slab((low + 0.01, -depth / 2 + 0.012, z), (high - 0.01, -depth / 2 + 0.03,
                          z + (height - 0.16) / 3 - 0.012), "wood"))  # fmt: skip
        parts.append(slab(((low + high) / 2 - 0.06, -depth / 2 - 0.006, z + 0.1),
                          ((low + high) / 2 + 0.06, -depth / 2 + 0.012, z + 0.115), "metal"))  # fmt: skip
    for y in (-0.42 * depth, 0.42 * depth):
        x = -side * (width / 2 - 0.05)
        parts.append(slab((x - 0.025, y - 0.025, 0), (x + 0.025, y + 0.025, height - 0.03), "wood_second"))
    return parts
