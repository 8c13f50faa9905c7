"""Colours that walls, woods, tiles and cloth are drawn from, as sRGB in [0, 1]."""

import numpy as np


def rgb(*values):
    """Turn 0–255 sRGB values into a colour in [0, 1]."""
    return tuple(value / 255 for value in values)


WALL_PAINTS = [
    *[rgb(244, 243, 239), rgb(240, 236, 226), rgb(232, 230, 226), rgb(238, 240, 240), rgb(245, 240, 232)] * 3,
    rgb(222, 214, 200), rgb(205, 203, 200), rgb(214, 222, 225), rgb(200, 212, 204), rgb(228, 212, 200),
    rgb(186, 200, 190), rgb(168, 184, 196), rgb(226, 218, 178), rgb(208, 186, 176), rgb(180, 172, 160),
]  # fmt: skip
ACCENTS = [
    rgb(58, 82, 96), rgb(72, 92, 78), rgb(120, 68, 58), rgb(150, 130, 104), rgb(96, 104, 116), rgb(178, 152,
        96),
    rgb(108, 60, 74), rgb(44, 60, 84), rgb(190, 150, 130), rgb(130, 150, 130), rgb(70, 70, 74), rgb(200, 170,
        120),
]  # fmt: skip
WOODS = [
    rgb(176, 134, 92), rgb(198, 164, 122), rgb(150, 104, 66), rgb(112, 74, 48), rgb(84, 58, 42), rgb(212, 188,
        152),
    rgb(136, 112, 88), rgb(166, 148, 126), rgb(188, 142, 86), rgb(226, 208, 180), rgb(98, 88, 80), rgb(160,
        116, 84),
]  # fmt: skip
FABRICS = [
    rgb(128, 128, 130), rgb(88, 92, 100), rgb(196, 186, 172), rgb(60, 76, 100), rgb(86, 106, 88), rgb(150, 84,
        60),
    rgb(170, 140, 60), rgb(118, 56, 66), rgb(210, 204, 196), rgb(70, 62, 58), rgb(100, 130, 140), rgb(180,
        150, 140),
    rgb(150, 150, 120), rgb(40, 44, 52), rgb(164, 164, 168), rgb(196, 160, 130),
]  # fmt: skip
TILE_COLOURS = [
    rgb(228, 226, 222), rgb(200, 196, 190), rgb(170, 166, 160), rgb(120, 118, 116), rgb(214, 200, 180),
        rgb(84, 86, 90),
    rgb(190, 150, 118), rgb(236, 236, 236),
]  # fmt: skip
MOTIFS = ["stripes", "pinstripes", "damask", "dots", "trellis", "leaves", "chevron"]


def pick(rng, colours, *, spread=0.03):
    """Choose a colour and vary it a little."""
    colour = np.array(colours[int(rng.integers(len(colours)))])
    return tuple(
        float(v) for v in np.clip(colour + rng.normal(0, spread) + rng.normal(0, spread / 3, 3), 0.02, 0.97)
    )
