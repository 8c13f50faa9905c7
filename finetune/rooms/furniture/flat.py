"""Procedural things that hang or lie flat: curtains, rugs, pictures, mirrors, clocks, shelves, towels."""

import numpy as np

from finetune.rooms.shapes import Part, box, cylinder, fitted, moved, sheet, slab, tube, turned


def curtain(rng, size):
    """Build one curtain of folded cloth with its rod's end; see `small.plant`. Slot "curtain"."""
    width, depth, height = size
    x = np.linspace(-width / 2, width / 2, max(12, round(width / 0.018)))
    z = np.linspace(0.0, height, 8)
    folds = max(2, round(width / rng.uniform(0.09, 0.14)))
    wave = np.sin(2 * np.pi * folds * (x / width + 0.5) + rng.uniform(0, 6))
    amplitude = depth * 0.42 * (1 - 0.35 * (z / height))
    points = np.empty((len(z), len(x), 3))
    points[..., 0] = x * (1 - 0.06 * rng.random() * (z[:, None] / height))
    points[..., 1] = amplitude[:, None] * wave
    points[..., 2] = z[:, None]
    return [sheet(points, material="curtain")]


def rug(rng, size):
    """Build a flat rug with texture coordinates over its whole face; slot "rug"."""
    width, depth, height = size
    if rng.random() < 0.15:
        disc = cylinder(width / 2, height, material="rug", segments=48)
        disc.vertices[:, 1] *= depth / width
        return [_with_face_uv(disc, size)]
    return [_with_face_uv(slab((-width / 2, -depth / 2, 0), (width / 2, depth / 2, height), "rug"), size)]


def _with_face_uv(part, size):
    """Spread one picture over a part's width and depth."""
    corners = part.vertices[part.faces][..., :2]
    part.uv = corners / np.array(size[:2]) + 0.5
    return part


def picture(rng, size):
    """Build a framed picture that hangs on a wall, its back at +y; slots "frame", "artwork"."""
    width, depth, height = size
    edge = rng.uniform(0.012, 0.05)
    canvas = slab(
        (-width / 2 + edge, -depth / 2 + 0.008, edge), (width / 2 - edge, depth / 2, height - edge), "artwork"
    )
    corners = canvas.vertices[canvas.faces]
    canvas.uv = corners[..., [0, 2]] / [width - 2 * edge, height - 2 * edge] + [
        0.5,
        -edge / (height - 2 * edge),
    ]
    bars = [
        slab((-width / 2, -depth / 2, 0), (width / 2, depth / 2, edge), "frame"),
        slab((-width / 2, -depth / 2, height - edge), (width / 2, depth / 2, height), "frame"),
        slab((-width / 2, -depth / 2, edge), (-width / 2 + edge, depth / 2, height - edge), "frame"),
        slab((width / 2 - edge, -depth / 2, edge), (width / 2, depth / 2, height - edge), "frame"),
    ]
    return [canvas, *bars]


def mirror(rng, size):
    """Build a framed mirror that hangs on a wall; see `picture`."""
    canvas, *bars = picture(rng, size)
    return [Part(canvas.vertices, canvas.faces, "mirror"), *bars]


def clock(rng, size):
    """Build a round wall clock; see `picture`."""
    width, depth, height = size
    face = cylinder(width / 2 * 0.92, 0.001, material="ceramic", segments=32)
    ring = turned(
        [(0.5 * width, -0.03), (0.5 * width, 0.004), (0.46 * width, 0.006), (0.46 * width, 0)],
        material="frame",
        segments=32,
    )
    hands = [box((0.012, 0.3 * width, 0.004), (0, 0.12 * width, 0.002), "black"),
             *moved([box((0.014, 0.22 * width, 0.004), (0, 0.09 * width, 0.003), "black")],
             turn=rng.uniform(1, 5))]  # fmt: skip
    parts = [face, ring, *hands]
    for part in parts:
        part.vertices = part.vertices[:, [0, 2, 1]] * [1, -1, 1] + [0, 0, height / 2]
        part.faces = part.faces[:, ::-1]
    return fitted(parts, size)


def hanging_shelf(rng, size):
    """Build a wall board with a few things on it; see `small.plant`."""
    width, depth, height = size
    parts = [slab((-width / 2, -depth / 2, 0), (width / 2, depth / 2, 0.025), "wood")]
    x = -width / 2 + 0.05
    while x < width / 2 - 0.1:
        thick = rng.uniform(0.02, 0.05)
        tall = rng.uniform(0.4, 0.95) * (height - 0.025)
        if rng.random() < 0.75:
            parts.append(
                slab((x, -0.07, 0.025), (x + thick - 0.003, 0.07, 0.025 + tall), f"book{rng.integers(6)}")
            )
        x += thick + (rng.uniform(0.05, 0.3) if rng.random() < 0.2 else 0)
    return parts


def towel(rng, size):
    """Build a towel on a wall rail; see `small.plant`."""
    width, depth, height = size
    x = np.linspace(-width / 2, width / 2, 14)
    points = np.empty((3, len(x), 3))
    points[..., 0] = x
    points[..., 1] = -depth / 2 + 0.008 * np.sin(x * 40)
    points[..., 2] = np.array([0, height / 2, height])[:, None]
    rail = tube(
        [(-0.6 * width, -depth / 2 + 0.015, height), (0.6 * width, -depth / 2 + 0.015, height)], 0.008
    )
    ends = [
        tube([(s * 0.6 * width, -depth / 2 + 0.015, height), (s * 0.6 * width, depth / 2, height)], 0.008)
        for s in (-1, 1)
    ]
    return [sheet(points, material="fabric_second"), rail, *ends]
