"""Procedural seats: sofas, armchairs, chairs, stools and benches."""

import numpy as np

from finetune.rooms.shapes import box, cushion, cylinder, fitted, moved, slab, tube, turned


def sofa(rng, size):
    """Build a sofa of two to four seats.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    size : tuple of 3 floats
        Width, depth, height in metres.

    Returns
    -------
    list of Part
        Slots "fabric", "fabric_second", "leg".
    """
    width, depth, height = size
    arm, back = rng.uniform(0.1, 0.24), rng.uniform(0.16, 0.26)
    foot, seat = rng.uniform(0.04, 0.14), rng.uniform(0.38, 0.46)
    arm_height = rng.uniform(0.5, 0.68)
    seats = max(1, round((width - 2 * arm) / 0.72))
    round_edge = rng.uniform(0.02, 0.07)
    parts = [
        cushion((width - 0.02, depth - 0.02, seat - 0.14 - foot), (0, 0, foot + (seat - 0.14 - foot) / 2),
                radius=0.02, material="fabric", steps=3),
        cushion((width, back, height - foot), (0, depth / 2 - back / 2, foot + (height - foot) / 2),
                radius=round_edge, material="fabric"),
    ]  # fmt: skip
    for side in (-1, 1):
        x = side * (width - arm) / 2
        parts.append(
            cushion(
                (arm, depth, arm_height - foot), (x, 0, foot + (arm_height - foot) / 2), radius=round_edge
            )
        )
    pitch, deep = (width - 2 * arm) / seats, depth - back
    lean = height + rng.uniform(-0.02, 0.08) - seat
    for number in range(seats):
        x = -width / 2 + arm + (number + 0.5) * pitch
        parts.append(
            cushion((pitch - 0.01, deep + 0.02, 0.16), (x, -back / 2, seat - 0.07), radius=0.05, puff=0.025)
        )
        pillow = cushion((pitch - 0.03, 0.19, lean), (0, 0, lean / 2), radius=0.08, material="fabric")
        parts += moved([pillow], (x, depth / 2 - back - 0.07, seat))
    parts += _throw_pillows(rng, width - 2 * arm, depth / 2 - back - 0.2, seat)
    return parts + _feet(width - 0.15, depth - 0.12, foot)


def _throw_pillows(rng, width, y, seat):
    parts = []
    for _ in range(int(rng.integers(0, 4))):
        pillow = cushion((0.42, 0.14, 0.42), (0, 0, 0.21), radius=0.06, puff=0.02, material="fabric_second")
        parts += moved([pillow], (rng.uniform(-0.45, 0.45) * width, y, seat), turn=rng.uniform(-0.5, 0.5))
    return parts


def _feet(width, depth, height, *, radius=0.022, material="leg"):
    return [
        cylinder(
            radius * 0.7, height, (x * width / 2, y * depth / 2, 0), top=radius, material=material, segments=8
        )
        for x in (-1, 1)
        for y in (-1, 1)
    ]


def corner_sofa(rng, size):
    """Build an L-shaped sofa, its long arm along the back, its short arm forward; see `sofa`."""
    width, depth, height = size
    deep = min(0.95, 0.55 * depth)
    main = moved(sofa(rng, (width, deep, height)), (0, (depth - deep) / 2, 0))
    side = rng.choice([-1, 1])
    x = side * (width / 2 - 0.42)
    length = depth - deep + 0.25
    y = -depth / 2 + length / 2
    seat = 0.42
    lounge = [
        cushion((0.84, length, seat - 0.16), (x, y, (seat - 0.16) / 2 + 0.03), radius=0.02, steps=3),
        cushion((0.82, length, 0.17), (x, y, seat - 0.07), radius=0.05, puff=0.02),
    ]
    return fitted(main + lounge, size)


def armchair(rng, size):
    """Build an armchair: a one-seat sofa, or a tub on a turned foot; see `sofa`."""
    if rng.random() < 0.6:
        return fitted(sofa(rng, size), size)
    width, depth, height = size
    angle = np.linspace(-0.15 * np.pi, 1.15 * np.pi, 15)
    parts = [cushion((width * 0.72, depth * 0.75, 0.18), (0, -0.02, 0.38), radius=0.07, puff=0.03)]
    for first, last in zip(angle[:-1], angle[1:], strict=True):
        middle = (first + last) / 2
        x, y = 0.45 * width * np.cos(middle), 0.43 * depth * np.sin(middle)
        high = height * (0.72 + 0.28 * max(0.0, np.sin(middle)))
        piece = cushion((0.16, 0.1, high - 0.25), (0, 0, (high - 0.25) / 2), radius=0.045, steps=4)
        parts += moved([piece], (x, y, 0.25), turn=middle - np.pi / 2)
    parts.append(cylinder(0.045, 0.32, (0, 0, 0.02), material="leg"))
    parts.append(cylinder(0.27, 0.03, material="leg", segments=24))
    return fitted(parts, size)


def chair(rng, size):
    """Build a dining chair in one of four manners: slats, upholstered, shell or bent tube; see `sofa`."""
    manner = rng.integers(4)
    build = (_slat_chair, _padded_chair, _shell_chair, _tube_chair)[manner]
    return fitted(build(rng), size)


def _slat_chair(rng):
    parts = [slab((-0.21, -0.21, 0.43), (0.21, 0.2, 0.465), "wood")]
    for x in (-0.19, 0.19):
        parts.append(slab((x - 0.018, -0.2, 0), (x + 0.018, -0.165, 0.43), "wood"))
        parts.append(tube([(x, 0.2, 0), (x, 0.18, 0.45), (x, 0.25, 0.9)], 0.019, material="wood"))
    if rng.random() < 0.5:
        for z in np.linspace(0.58, 0.86, int(rng.integers(2, 5))):
            y = 0.18 + 0.07 * (z - 0.45) / 0.45
            parts.append(box((0.38, 0.018, 0.055), (0, y, z), "wood"))
    else:
        parts.append(box((0.4, 0.022, 0.07), (0, 0.245, 0.87), "wood"))
        for x in np.linspace(-0.14, 0.14, 5):
            parts.append(tube([(x, 0.185, 0.46), (x, 0.243, 0.86)], 0.009, material="wood", segments=6))
    if rng.random() < 0.4:
        parts.append(cushion((0.4, 0.39, 0.05), (0, 0, 0.485), radius=0.02, puff=0.01, steps=4))
    return parts


def _padded_chair(rng):
    parts = [cushion((0.46, 0.46, 0.09), (0, -0.01, 0.44), radius=0.035, puff=0.01)]
    back = cushion((0.44, 0.07, rng.uniform(0.35, 0.5)), (0, 0.22, 0.68), radius=0.03)
    return [*parts, back, *_feet(0.4, 0.4, 0.4, radius=0.02, material="wood")]


def _shell_chair(rng):
    profile = [(0.05, 0.42), (0.2, 0.43), (0.25, 0.5), (0.26, 0.6)]
    parts = [turned(profile, material="plastic", segments=24)]
    parts += [cushion((0.44, 0.03, 0.36), (0, 0.22, 0.7), radius=0.015, material="plastic")]
    parts += [
        tube([(0.1 * x, 0.1 * y, 0.42), (0.22 * x, 0.22 * y, 0)], (0.014, 0.01), material="wood")
        for x in (-1, 1)
        for y in (-1, 1)
    ]
    return parts


def _tube_chair(rng):
    parts = [
        cushion((0.44, 0.42, 0.04), (0, 0, 0.45), radius=0.018, steps=4),
        cushion((0.42, 0.035, 0.24), (0, 0.215, 0.76), radius=0.016, steps=4),
    ]
    for x in (-0.22, 0.22):
        path = [
            (x, 0.22, 0.88),
            (x, 0.21, 0.46),
            (x, -0.2, 0.44),
            (x, -0.22, 0.4),
            (x, -0.22, 0.02),
            (x, 0.24, 0.01),
        ]
        parts.append(tube(path, 0.012, material="metal"))
    return parts


def office_chair(rng, size):
    """Build a swivel chair on castors; see `sofa`."""
    parts = [
        cushion((0.5, 0.48, 0.09), (0, 0, 0.47), radius=0.04, puff=0.015),
        cushion((0.46, 0.08, 0.55), (0, 0.24, 0.82), radius=0.04),
        cylinder(0.025, 0.36, (0, 0, 0.08), material="metal"),
    ]
    for number in range(5):
        angle = number * 2 * np.pi / 5
        x, y = 0.3 * np.cos(angle), 0.3 * np.sin(angle)
        parts.append(tube([(0, 0, 0.12), (x, y, 0.07)], (0.025, 0.016), material="black"))
        parts.append(cylinder(0.025, 0.06, (x, y, 0), material="black", segments=8))
    if rng.random() < 0.6:
        for x in (-0.28, 0.28):
            parts.append(tube([(x, 0.1, 0.48), (x, 0.08, 0.66), (x, -0.14, 0.67)], 0.018, material="black"))
    return fitted(parts, size)


def stool(rng, size):
    """Build a stool with a round or square seat; see `sofa`."""
    width, depth, height = size
    seat = cylinder(width / 2, 0.04, (0, 0, height - 0.04), material="wood", segments=24)
    if rng.random() < 0.4:
        seat = cushion((width, depth, 0.09), (0, 0, height - 0.045), radius=0.04, puff=0.01)
    parts = [seat]
    for x, y in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        top, foot = (0.3 * width * x, 0.3 * depth * y, height - 0.04), (0.42 * width * x, 0.42 * depth * y, 0)
        parts.append(tube([top, foot], 0.016, material="wood"))
    ring = 0.36 * width
    angle = np.linspace(0, 2 * np.pi, 13)
    parts.append(
        tube(np.stack([ring * np.cos(angle), ring * np.sin(angle), 0 * angle + 0.3 * height], -1), 0.01)
    )
    return fitted(parts, size)


def bench(rng, size):
    """Build a bench or an upholstered footstool; see `sofa`."""
    width, depth, height = size
    if rng.random() < 0.5:
        foot = rng.uniform(0.03, 0.12)
        body = cushion((width, depth, height - foot), (0, 0, (height + foot) / 2), radius=0.06, puff=0.01)
        return [body, *_feet(width - 0.12, depth - 0.12, foot)]
    top = slab((-width / 2, -depth / 2, height - 0.04), (width / 2, depth / 2, height), "wood")
    legs = [slab((x - 0.02, -0.45 * depth, 0), (x + 0.02, 0.45 * depth, height - 0.04), "wood")
            for x in (-0.44 * width, 0.44 * width)]  # fmt: skip
    return [top, *legs]


def bed(rng, size):
    """Build a bed with mattress, duvet, pillows and a headboard at the back; see `sofa`.

    Slots: "wood" or "fabric" for the frame, "linen", "duvet", "fabric_second".
    """
    width, depth, height = size
    frame = str(rng.choice(["wood", "fabric", "leg"]))
    top, mattress = rng.uniform(0.24, 0.36), rng.uniform(0.18, 0.26)
    surface = top + mattress
    head = cushion((width, 0.08, height), (0, depth / 2 - 0.04, height / 2), radius=0.03, material=frame)
    if frame != "fabric":
        head = slab((-width / 2, depth / 2 - 0.05, 0), (width / 2, depth / 2, height), frame)
    base = slab((-width / 2, -depth / 2, 0.07), (width / 2, depth / 2 - 0.05, top), frame)
    soft = cushion(
        (width - 0.04, depth - 0.1, mattress), (0, -0.02, top + mattress / 2), radius=0.06, material="linen"
    )
    cover = rng.uniform(0.55, 0.8) * depth
    duvet = cushion((width + 0.05, cover, 0.2), (0, -depth / 2 + cover / 2 - 0.01, surface - 0.02),
                    radius=0.08,
                    puff=0.03, material="duvet", steps=8)  # fmt: skip
    parts = [head, base, soft, duvet, *_feet(width - 0.1, depth - 0.1, 0.08, material=frame)]
    count = 1 if width < 1.15 else 2
    for number in range(count):
        x = (number - (count - 1) / 2) * width / 2
        pillow = cushion((0.62, 0.4, 0.15), (0, 0, 0), radius=0.07, puff=0.03, material="linen")
        parts += moved([pillow], (x, depth / 2 - 0.32, surface + 0.08), turn=rng.uniform(-0.08, 0.08))
    if rng.random() < 0.5:
        parts += moved([cushion((0.4, 0.13, 0.38), (0, 0, 0.19), radius=0.06, material="fabric_second")],
                       (rng.uniform(-0.2, 0.2) * width, depth / 2 - 0.58, surface + 0.02))  # fmt: skip
    if rng.random() < 0.4:
        throw = cushion((width + 0.07, 0.5, 0.215), (0, -0.32 * depth, surface - 0.02), radius=0.08,
                        puff=0.03,
                        material="fabric_second", steps=8)  # fmt: skip
        parts.append(throw)
    return fitted(parts, size)
