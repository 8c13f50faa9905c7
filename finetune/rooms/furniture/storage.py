"""Procedural storage and appliances: shelves with things, cabinets, wardrobes, kitchen and bathroom units."""

import numpy as np

from finetune.rooms.shapes import ball, box, cushion, cylinder, fitted, slab, tube, turned


def bookshelf(rng, size):
    """Build an open shelf with books and things on its boards.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    size : tuple of 3 floats
        Width, depth, height in metres.

    Returns
    -------
    list of Part
        Slots "wood", "wood_second", "book0" … "book5", "ceramic".
    """
    width, depth, height = size
    board = 0.022
    levels = max(2, round(height / rng.uniform(0.3, 0.4)))
    columns = max(1, round(width / rng.uniform(0.6, 1.0)))
    parts = [slab((-width / 2, depth / 2 - 0.012, 0), (width / 2, depth / 2, height), "wood_second")]
    for x in np.linspace(-width / 2 + board / 2, width / 2 - board / 2, columns + 1):
        parts.append(slab((x - board / 2, -depth / 2, 0), (x + board / 2, depth / 2, height), "wood"))
    heights = np.linspace(0.06, height - board, levels + 1)
    for z in heights:
        parts.append(slab((-width / 2, -depth / 2, z), (width / 2, depth / 2 - 0.012, z + board), "wood"))
    pitch = (width - board) / columns
    for column in range(columns):
        left = -width / 2 + board + column * pitch
        for low, high in zip(heights[:-1], heights[1:], strict=True):
            room = high - low - board
            parts += _shelf_load(rng, (left, low + board), pitch - board, depth, room)
    return parts


def _shelf_load(rng, corner, width, depth, room):
    """Fill one compartment with books, boxes or ornaments."""
    kind = rng.random()
    if kind < 0.15 or room < 0.15:
        return []
    if kind < 0.3:
        return _ornaments(rng, corner, width, room)
    if kind < 0.4:
        share = rng.uniform(0.5, 0.9)
        low = (corner[0] + 0.02, -depth / 2 + 0.03, corner[1])
        high = (corner[0] + share * width, depth / 2 - 0.03, corner[1] + 0.7 * room)
        return [slab(low, high, f"book{rng.integers(6)}")]
    x, parts = corner[0] + rng.uniform(0, 0.1), []
    end = corner[0] + width * rng.uniform(0.45, 1.0)
    while True:
        thick, tall = rng.uniform(0.015, 0.05), min(rng.uniform(0.17, 0.3), room - 0.01)
        if x + thick > end:
            return parts
        deep = rng.uniform(0.13, max(0.14, min(0.23, depth - 0.05)))
        front = depth / 2 - 0.02 - deep
        parts.append(
            slab(
                (x, front, corner[1]),
                (x + thick - 0.002, front + deep, corner[1] + tall),
                f"book{rng.integers(6)}",
            )
        )
        x += thick


def _ornaments(rng, corner, width, room):
    parts = []
    for share in np.linspace(0.2, 0.8, int(rng.integers(1, 4))):
        at = (corner[0] + share * width, 0.0, corner[1])
        radius = rng.uniform(0.03, 0.07)
        tall = min(rng.uniform(0.1, 0.25), room - 0.02)
        if rng.random() < 0.6:
            neck = rng.uniform(0.3, 0.8) * radius
            profile = [
                (0, 0),
                (0.6 * radius, 0),
                (radius, 0.4 * tall),
                (neck, 0.85 * tall),
                (neck * 1.2, tall),
            ]
            parts.append(turned(profile, at, material="ceramic", segments=16))
        else:
            parts.append(ball(radius, (at[0], at[1], at[2] + radius), material=f"book{rng.integers(6)}"))
    return parts


def _fronts(rng, low, high, *, columns, rows, y, material="wood", handles=None):
    """Lay doors or drawers over a cabinet's front, with handles."""
    handles = handles or str(rng.choice(["bar", "knob", "none"]))
    wide, tall = (high[0] - low[0]) / columns, (high[1] - low[1]) / rows
    parts = []
    for i in range(columns):
        for j in range(rows):
            x, z = low[0] + i * wide, low[1] + j * tall
            parts.append(
                slab((x + 0.003, y - 0.02, z + 0.003), (x + wide - 0.003, y, z + tall - 0.003), material)
            )
            middle = x + wide / 2 if wide > tall else x + (wide - 0.05 if i % 2 == 0 else 0.05)
            if handles == "knob":
                parts.append(ball(0.014, (middle, y - 0.035, z + 0.55 * tall), material="metal", segments=8))
            elif handles == "bar" and wide > tall:
                parts.append(box((0.14, 0.012, 0.012), (middle, y - 0.035, z + 0.7 * tall), "metal"))
            elif handles == "bar":
                parts.append(box((0.012, 0.012, 0.16), (middle, y - 0.035, z + 0.5 * tall), "metal"))
    return parts


def _carcass(size, *, foot=0.06, material="wood_second"):
    width, depth, height = size
    return [slab((-width / 2, -depth / 2 + 0.02, foot), (width / 2, depth / 2, height), material),
            slab((-width / 2 + 0.03, -depth / 2 + 0.06, 0), (width / 2 - 0.03, depth / 2, foot),
                "black")]  # fmt: skip


def dresser(rng, size):
    """Build a chest of drawers; see `bookshelf`."""
    width, depth, height = size
    columns = 1 if width < 0.75 else int(rng.integers(1, 3))
    rows = max(2, round(height / 0.24))
    fronts = _fronts(
        rng, (-width / 2, 0.07), (width / 2, height - 0.03), columns=columns, rows=rows, y=-depth / 2 + 0.02
    )
    top = slab(
        (-width / 2 - 0.005, -depth / 2, height - 0.025), (width / 2 + 0.005, depth / 2, height), "wood"
    )
    return [*_carcass(size), *fronts, top]


def cabinet(rng, size):
    """Build a sideboard or cupboard with doors, some on legs; see `bookshelf`."""
    width, depth, height = size
    foot = rng.uniform(0.05, 0.18) if height < 1.0 else 0.07
    columns = max(1, round(width / rng.uniform(0.42, 0.6)))
    fronts = _fronts(
        rng, (-width / 2 + 0.01, foot + 0.01), (width / 2 - 0.01, height - 0.03), columns=columns, rows=1,
        y=-depth / 2 + 0.02,
    )  # fmt: skip
    body = slab((-width / 2, -depth / 2 + 0.02, foot), (width / 2, depth / 2, height), "wood_second")
    legs = [
        cylinder(0.018, foot, (x * (width / 2 - 0.06), y * (depth / 2 - 0.06), 0), material="leg", segments=8)
        for x in (-1, 1)
        for y in (-1, 1)
    ]
    return [body, *fronts, *legs]


def wardrobe(rng, size):
    """Build a wardrobe with hinged or sliding doors, some with a mirror; see `bookshelf`."""
    width, depth, height = size
    columns = max(2, round(width / 0.55))
    front = -depth / 2 + 0.02
    parts = _carcass(size)
    parts += _fronts(rng, (-width / 2, 0.07), (width / 2, height - 0.01), columns=columns, rows=1, y=front)
    if rng.random() < 0.25:
        i = int(rng.integers(columns))
        x = -width / 2 + i * width / columns
        parts.append(
            slab(
                (x + 0.05, front - 0.024, 0.2),
                (x + width / columns - 0.05, front - 0.02, height - 0.12),
                "mirror",
            )
        )
    return parts


def nightstand(rng, size):
    """Build a bedside table with a drawer over an open compartment; see `bookshelf`."""
    width, depth, height = size
    half = (-width / 2, -depth / 2), (width / 2, depth / 2)
    drawer = 0.55 * height
    parts = [
        slab((*half[0], height - 0.025), (*half[1], height), "wood"),
        slab((half[0][0], half[0][1] + 0.02, drawer), (*half[1], height - 0.025), "wood_second"),
        slab((*half[0], 0.12), (*half[1], 0.145), "wood"),
        box((0.1, 0.012, 0.012), (0, -depth / 2 - 0.008, (drawer + height) / 2), "metal"),
    ]
    for x in (-1, 1):
        edge = x * (width / 2 - 0.015)
        parts.append(slab((edge - 0.015, -depth / 2, 0), (edge + 0.015, depth / 2, height - 0.02), "wood"))
    return parts


def tv_stand(rng, size):
    """Build a low television bench; see `bookshelf`."""
    return cabinet(rng, size) if rng.random() < 0.6 else dresser(rng, size)


def television(rng, size):
    """Build a flat screen on a foot; see `bookshelf`."""
    width, depth, height = size
    parts = [
        slab((-width / 2, -0.02, 0.06), (width / 2, 0.02, height), "black"),
        slab((-width / 2 + 0.01, -0.0215, 0.075), (width / 2 - 0.01, -0.02, height - 0.01), "screen"),
        slab((-0.14, -depth / 2, 0), (0.14, depth / 2, 0.012), "black"),
        box((0.06, 0.03, 0.08), (0, 0, 0.04), "black"),
    ]
    return parts


def kitchen_base(rng, size):
    """Build a run of kitchen base units with worktop, sink and hob; see `bookshelf`."""
    width, depth, height = size
    top = height - 0.04
    units = max(1, round(width / 0.6))
    parts = _carcass((width, depth, top), foot=0.1)
    pitch = width / units
    sink, hob = int(rng.integers(units)), int(rng.integers(units))
    for unit in range(units):
        left = -width / 2 + unit * pitch
        rows = int(rng.choice([1, 1, 3]))
        if unit == hob and units > 1 and hob != sink:
            parts.append(
                slab(
                    (left + 0.01, -depth / 2, 0.2),
                    (left + pitch - 0.01, -depth / 2 + 0.02, top - 0.1),
                    "black",
                )
            )
            parts.append(box((0.4, 0.02, 0.015), (left + pitch / 2, -depth / 2 - 0.025, top - 0.16), "metal"))
            continue
        parts += _fronts(rng, (left, 0.11), (left + pitch, top - 0.005), columns=1, rows=rows,
                         y=-depth / 2 + 0.02,
                         material="front", handles="bar")  # fmt: skip
    parts.append(slab((-width / 2, -depth / 2 - 0.015, top), (width / 2, depth / 2, height), "worktop"))
    return parts + _sink_and_hob(size, pitch, sink, hob)


def _sink_and_hob(size, pitch, sink, hob):
    width, depth, height = size
    x = -width / 2 + (sink + 0.5) * pitch
    parts = [
        slab((x - 0.22, -0.2, height - 0.002), (x + 0.22, 0.16, height + 0.004), "metal"),
        slab((x - 0.19, -0.17, height + 0.003), (x + 0.19, 0.13, height + 0.005), "black"),
        tube(
            [(x, 0.2, height), (x, 0.2, height + 0.26), (x, 0.1, height + 0.3), (x, 0.02, height + 0.24)],
            0.012,
        ),
    ]
    if hob != sink:
        x = -width / 2 + (hob + 0.5) * pitch
        parts.append(slab((x - 0.27, -0.24, height), (x + 0.27, 0.24, height + 0.006), "screen"))
    return parts


def kitchen_wall(rng, size):
    """Build a run of hanging kitchen cupboards; see `bookshelf`."""
    width, depth, height = size
    units = max(1, round(width / 0.6))
    body = slab((-width / 2, -depth / 2 + 0.02, 0), (width / 2, depth / 2, height), "wood_second")
    return [body, *_fronts(rng, (-width / 2, 0), (width / 2, height), columns=units, rows=1,
                           y=-depth / 2 + 0.02,
                           material="front", handles="none")]  # fmt: skip


def fridge(rng, size):
    """Build a refrigerator with one or two doors; see `bookshelf`."""
    width, depth, height = size
    split = rng.choice([0.35, 0.62, 0.66]) * height
    parts = [slab((-width / 2, -depth / 2 + 0.05, 0), (width / 2, depth / 2, height), "steel")]
    for low, high in ((0.05, split), (split + 0.006, height)):
        parts.append(cushion((width, 0.05, high - low), (0, -depth / 2 + 0.025, (low + high) / 2),
                             radius=0.012,
                             material="steel", steps=3))  # fmt: skip
        middle = np.clip((low + high) / 2, low + 0.2, high - 0.2)
        parts.append(box((0.02, 0.03, 0.3), (width / 2 - 0.06, -depth / 2 - 0.012, middle), "metal"))
    return parts


def washer(rng, size):
    """Build a washing machine; see `bookshelf`."""
    width, depth, height = size
    ring = turned(
        [(0.0, 0.0), (0.14, 0.0), (0.17, 0.01), (0.17, 0.03), (0.14, 0.04)], material="metal", segments=28
    )
    window = turned([(0.0, 0.035), (0.13, 0.02)], material="screen", segments=28)
    for part in (ring, window):
        part.vertices = part.vertices[:, [0, 2, 1]] * [1, -1, 1] + [0, -depth / 2, 0.5 * height]
        part.faces = part.faces[:, ::-1]
    body = slab((-width / 2, -depth / 2, 0), (width / 2, depth / 2, height), "ceramic")
    panel = slab((-0.1, -depth / 2 - 0.004, height - 0.11), (0.26, -depth / 2, height - 0.05), "black")
    return [body, panel, ring, window]


def toilet(rng, size):
    """Build a toilet with a cistern at the wall; see `bookshelf`."""
    bowl = turned([(0, 0), (0.12, 0), (0.11, 0.15), (0.18, 0.36), (0.19, 0.4), (0, 0.4)], (0, -0.12, 0),
                  material="ceramic", segments=28)  # fmt: skip
    bowl.vertices[:, 1] = (bowl.vertices[:, 1] + 0.12) * 1.3 - 0.12
    lid = cylinder(0.2, 0.03, (0, -0.12, 0.4), material="ceramic", segments=28)
    lid.vertices[:, 1] = (lid.vertices[:, 1] + 0.12) * 1.28 - 0.12
    tank = cushion((0.38, 0.17, 0.38), (0, 0.24, 0.58), radius=0.03, material="ceramic", steps=4)
    foot = slab((-0.1, -0.1, 0), (0.1, 0.2, 0.38), "ceramic")
    return fitted([bowl, lid, tank, foot], size)


def washbasin(rng, size):
    """Build a washbasin on a vanity or a pillar, with tap; see `bookshelf`."""
    width, depth, height = size
    rim = height - 0.12
    basin = cushion((width, depth, 0.13), (0, 0, rim - 0.06), radius=0.04, material="ceramic")
    bowl = cushion(
        (width - 0.14, depth - 0.16, 0.02), (0, -0.02, rim + 0.002), radius=0.009, material="steel", steps=4
    )
    tap = tube([(0, depth / 2 - 0.06, rim), (0, depth / 2 - 0.06, height), (0, 0.02, height - 0.02)], 0.012)
    if rng.random() < 0.5:
        foot = turned([(0.1, 0), (0.07, 0.3), (0.1, rim - 0.1)], (0, 0.05, 0), material="ceramic")
        return [basin, bowl, tap, foot]
    body = slab((-0.46 * width, -0.44 * depth, 0.2), (0.46 * width, depth / 2, rim - 0.12), "wood_second")
    doors = _fronts(rng, (-0.46 * width, 0.2), (0.46 * width, rim - 0.12), columns=2, rows=1, y=-0.44 * depth)
    return [basin, bowl, tap, body, *doors]


def bathtub(rng, size):
    """Build a bathtub with a white surround; see `bookshelf`."""
    width, depth, height = size
    rim = 0.06
    outer = [
        slab((-width / 2, -depth / 2, 0), (width / 2, -depth / 2 + rim, height), "ceramic"),
        slab((-width / 2, depth / 2 - rim, 0), (width / 2, depth / 2, height), "ceramic"),
        slab((-width / 2, -depth / 2, 0), (-width / 2 + rim, depth / 2, height), "ceramic"),
        slab((width / 2 - rim, -depth / 2, 0), (width / 2, depth / 2, height), "ceramic"),
    ]
    floor = cushion((width - 0.1, depth - 0.1, 0.1), (0, 0, 0.12), radius=0.05, material="ceramic")
    tap = tube(
        [
            (-width / 2 + 0.05, 0, height),
            (-width / 2 + 0.05, 0, height + 0.14),
            (-width / 2 + 0.2, 0, height + 0.12),
        ],
        0.014,
    )
    return [*outer, floor, tap]
