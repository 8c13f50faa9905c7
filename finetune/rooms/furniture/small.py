"""Procedural small things: plants, lamps, clutter."""

import numpy as np

from finetune.rooms.shapes import (
    ball,
    box,
    cushion,
    cylinder,
    fitted,
    moved,
    sheet,
    slab,
    tube,
    turned,
)


def plant(rng, size):
    """Build a plant in a pot: broad leaves, grass-like blades, or a small tree.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    size : tuple of 3 floats
        Width, depth, height in metres.

    Returns
    -------
    list of Part
        Slots "pot", "soil", "leaf", "stem".
    """
    width, _, height = size
    pot_height, pot = rng.uniform(0.2, 0.32) * height, 0.26 * width * rng.uniform(0.8, 1.2)
    profile = [
        (0, 0),
        (0.75 * pot, 0),
        (pot, pot_height),
        (0.9 * pot, pot_height),
        (0.88 * pot, 0.9 * pot_height),
    ]
    parts = [turned(profile, material="pot", segments=24)]
    parts.append(cylinder(0.88 * pot, 0.005, (0, 0, 0.88 * pot_height), material="soil", segments=24))
    manner = rng.integers(3)
    if manner == 0:
        parts += _blades(rng, pot, pot_height, width, height)
    elif manner == 1:
        parts += _leafy(rng, pot_height, width, height, stems=int(rng.integers(6, 12)))
    else:
        trunk = [(0, 0, pot_height), (0.02, 0.01, 0.5 * height), (0, 0, 0.75 * height)]
        parts.append(tube(trunk, 0.016, material="stem"))
        parts += _leafy(rng, 0.5 * height, width, height, stems=14)
    return fitted(parts, size)


def _leaf(length, width, *, bend):
    """Build one leaf along +x that bends down."""
    along = np.linspace(0, 1, 6)
    half = width / 2 * np.sin(np.pi * np.clip(along * 0.92 + 0.06, 0, 1)) ** 0.8
    x, z = length * along, -bend * length * along**2
    fold = 0.25 * half
    rows = [np.stack([x, side * half, z + abs(side) * fold], -1) for side in (-1, 0, 1)]
    return sheet(np.stack(rows), material="leaf")


def _blades(rng, pot, base, width, height):
    parts = []
    for _ in range(int(rng.integers(16, 30))):
        angle, lean = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.9)
        share = np.linspace(0, 1, 7)
        out = lean * 0.5 * width * share**1.7
        up = base + (height - base) * rng.uniform(0.6, 1.0) * (share - 0.35 * lean * share**3)
        half = 0.014 * (1 - share**3) + 0.001
        middle = np.stack([out * np.cos(angle), out * np.sin(angle), up], -1)
        side = np.array([-np.sin(angle), np.cos(angle), 0])
        parts.append(
            sheet(np.stack([middle - half[:, None] * side, middle + half[:, None] * side]), material="leaf")
        )
    return parts


def _leafy(rng, base, width, height, *, stems):
    parts = []
    for _ in range(stems):
        angle, lean = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.8)
        top = np.array([lean * 0.3 * width * np.cos(angle), lean * 0.3 * width * np.sin(angle),
                        base + (height - base) * rng.uniform(0.35, 0.95)])  # fmt: skip
        parts.append(tube([(0, 0, 0.9 * base), top], 0.006, material="stem", segments=5))
        for _ in range(int(rng.integers(2, 5))):
            leaf = _leaf(
                rng.uniform(0.25, 0.45) * width, rng.uniform(0.1, 0.22) * width, bend=rng.uniform(0.0, 0.7)
            )
            parts += moved(
                [leaf], top - [0, 0, rng.uniform(0, 0.15) * height], turn=rng.uniform(0, 2 * np.pi)
            )
    return parts


def floor_lamp(rng, size):
    """Build a standing lamp with a shade, an arc or a tripod foot; see `plant`."""
    width, _, height = size
    shade = rng.uniform(0.2, 0.3)
    parts = []
    if rng.random() < 0.35:
        for number in range(3):
            angle = number * 2 * np.pi / 3
            parts.append(tube([(0, 0, height - 0.35), (0.4 * width * np.cos(angle),
                              0.4 * width * np.sin(angle), 0)],
                              0.014, material="wood"))  # fmt: skip
    else:
        parts.append(cylinder(0.14, 0.025, material="metal", segments=24))
        parts.append(tube([(0, 0, 0), (0, 0, height - 0.15)], 0.011))
    top = rng.uniform(0.6, 1.0) * shade
    parts.append(turned([(shade, height - 0.3), (top, height)], material="lampshade", segments=28))
    return fitted(parts, size)


def table_lamp(rng, size):
    """Build a lamp for tables; see `plant`."""
    width, _, height = size
    foot = rng.uniform(0.25, 0.5) * width
    profile = [
        (0, 0),
        (foot, 0),
        (foot * rng.uniform(0.6, 1.1), 0.25 * height),
        (0.1 * foot + 0.006, 0.55 * height),
    ]
    shade = turned(
        [(width / 2, 0.5 * height), (width * rng.uniform(0.3, 0.48), height)],
        material="lampshade",
        segments=24,
    )
    return fitted([turned(profile, material="ceramic", segments=24), shade], size)


def books(rng, size):
    """Build a pile of books; see `plant`."""
    width, depth, height = size
    count = max(1, round(height / 0.025))
    parts = []
    for number in range(count):
        wide, deep = width * rng.uniform(0.75, 0.95), depth * rng.uniform(0.75, 0.95)
        book = box(
            (wide, deep, height / count * 0.97),
            (0, 0, (number + 0.5) * height / count),
            f"book{rng.integers(6)}",
        )
        parts += moved([book], turn=rng.uniform(-0.12, 0.12))
    return parts


def vase(rng, size):
    """Build a vase, some with twigs; see `plant`."""
    width, _, height = size
    body = height * rng.uniform(0.5, 1.0)
    radius, neck = width / 2, width * rng.uniform(0.12, 0.4)
    profile = [
        (0, 0),
        (0.6 * radius, 0),
        (radius, rng.uniform(0.3, 0.6) * body),
        (neck, 0.85 * body),
        (neck * 1.2, body),
    ]
    parts = [turned(profile, material="ceramic", segments=20)]
    for _ in range(5 if body < 0.8 * height else 0):
        tip = np.append(rng.uniform(-0.5, 0.5, 2) * width, height)
        parts.append(tube([(0, 0, 0.6 * body), tip], 0.003, material="stem", segments=5))
        parts.append(ball(0.02, tip, material="fabric_second", segments=8))
    return parts


def bowl(rng, size):
    """Build a bowl with fruit; see `plant`."""
    width, _, height = size
    radius = width / 2
    parts = [turned([(0, 0), (0.4 * radius, 0), (0.85 * radius, 0.5 * height), (radius, 0.8 * height),
                     (0.8 * radius, 0.45 * height), (0, 0.15 * height)], material="ceramic",
                         segments=24)]  # fmt: skip
    for number in range(int(rng.integers(0, 5))):
        angle = number * 1.4
        at = (0.4 * radius * np.cos(angle), 0.4 * radius * np.sin(angle), 0.7 * height)
        parts.append(ball(0.32 * radius, at, material=f"book{rng.integers(6)}", segments=12))
    return parts


def cups(rng, size):
    """Build a few cups and bottles standing together; see `plant`."""
    width, depth, height = size
    parts = []
    for _ in range(int(rng.integers(2, 5))):
        radius, tall = rng.uniform(0.025, 0.04), rng.uniform(0.35, 1.0) * height
        at = (rng.uniform(-0.35, 0.35) * width, rng.uniform(-0.35, 0.35) * depth, 0)
        parts.append(
            cylinder(
                radius,
                tall,
                at,
                top=radius * rng.uniform(0.5, 1.1),
                material=str(rng.choice(["ceramic", "glass", "book1"])),
            )
        )
    return parts


def laptop(rng, size):
    """Build an open laptop facing the front; see `plant`."""
    width, depth, height = size
    lid = sheet(np.array([[(-width / 2, depth / 2 - 0.02, 0.015), (width / 2, depth / 2 - 0.02, 0.015)],
                          [(-width / 2, depth / 2, height), (width / 2, depth / 2, height)]]),
                              material="screen")  # fmt: skip
    return [slab((-width / 2, -depth / 2, 0), (width / 2, depth / 2 - 0.02, 0.015), "steel"), lid]


def monitor(rng, size):
    """Build a computer screen with a keyboard before it; see `plant`."""
    width, depth, height = size
    y = 0.25 * depth
    return [
        slab((-width / 2, y, 0.1), (width / 2, y + 0.03, height), "black"),
        slab((-width / 2 + 0.01, y - 0.002, 0.11), (width / 2 - 0.01, y, height - 0.01), "screen"),
        box((0.05, 0.03, 0.12), (0, y + 0.03, 0.06), "black"),
        box((0.2, 0.16, 0.01), (0, y + 0.02, 0.005), "black"),
        box((0.42, 0.13, 0.015), (0, -0.35 * depth, 0.0075), "black"),
    ]


def cardboard_box(rng, size):
    """Build a moving box, open or closed; see `plant`."""
    width, depth, height = size
    parts = [slab((-width / 2, -depth / 2, 0), (width / 2, depth / 2, height * 0.98), "cardboard")]
    parts.append(slab((-0.03, -depth / 2 - 0.001, height * 0.97), (0.03, depth / 2 + 0.001, height), "tape"))
    return parts


def basket(rng, size):
    """Build a wicker basket with cloth in it; see `plant`."""
    width, _, height = size
    radius = width / 2
    body = turned(
        [(0, 0), (0.8 * radius, 0), (radius, 0.9 * height), (0.93 * radius, 0.9 * height)],
        material="wicker",
        segments=24,
    )
    return [
        body,
        ball(0.85 * radius, (0, 0, 0.75 * height), squash=0.35 * height / radius, material="fabric_second"),
    ]


def bag(rng, size):
    """Build a soft bag with a strap; see `plant`."""
    width, depth, height = size
    body = cushion(
        (width, depth, 0.7 * height), (0, 0, 0.35 * height), radius=0.08, puff=0.03, material="fabric_second"
    )
    angle = np.linspace(0, np.pi, 9)
    strap = tube(
        np.stack([0.3 * width * np.cos(angle), 0 * angle, 0.62 * height + 0.35 * height * np.sin(angle)], -1),
        0.01,
        material="leg",
    )
    return fitted([body, strap], size)


def toy(rng, size):
    """Build a ball or a stack of blocks; see `plant`."""
    width, depth, height = size
    if rng.random() < 0.5:
        return fitted([ball(0.5, (0, 0, 0.5), material=f"book{rng.integers(6)}", segments=24)], size)
    blocks = [box((0.09, 0.09, 0.09), (*rng.uniform(-0.2, 0.2, 2), 0.045), f"book{n}") for n in range(6)]
    return fitted([*blocks, box((0.09, 0.09, 0.09), (0, 0, 0.135), "book2")], size)


def shoes(rng, size):
    """Build a pair of shoes; see `plant`."""
    parts = []
    for x in (-0.07, 0.07):
        parts.append(cushion((0.09, 0.27, 0.06), (x, 0, 0.03), radius=0.028, material="leg", steps=4))
        parts.append(cushion((0.085, 0.13, 0.11), (x, 0.06, 0.055), radius=0.03, material="leg", steps=4))
    return fitted(parts, size)


def blanket(rng, size):
    """Build a folded blanket or a heap of clothes; see `plant`."""
    return fitted(
        [cushion(size, (0, 0, size[2] / 2), radius=0.04, puff=0.02, material="fabric_second")], size
    )


def bin_(rng, size):
    """Build a waste bin; see `plant`."""
    width, _, height = size
    return [turned([(0, 0), (0.4 * width, 0), (width / 2, height), (0.46 * width, height), (0.38 * width,
                   0.03)],
                   material="black", segments=24)]  # fmt: skip
