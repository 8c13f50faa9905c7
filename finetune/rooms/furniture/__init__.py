"""Procedural furniture: what kinds there are, how big they come, and who builds them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from finetune.rooms.furniture import figures, flat, seating, small, storage, tables


@dataclass(frozen=True)
class Kind:
    """A kind of furniture.

    Attributes
    ----------
    label : str
        Name of its NYU40 class.
    low, high : tuple of 3 floats
        Smallest and largest width, depth and height in metres.
    build : callable
        ``build(rng, size) -> list of Part``.
    """

    label: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    build: Callable


KINDS = {
    "sofa": Kind("sofa", (1.5, 0.82, 0.75), (2.5, 1.0, 0.95), seating.sofa),
    "corner_sofa": Kind("sofa", (2.2, 1.5, 0.75), (2.9, 2.0, 0.9), seating.corner_sofa),
    "armchair": Kind("chair", (0.7, 0.72, 0.75), (0.95, 0.9, 1.0), seating.armchair),
    "chair": Kind("chair", (0.42, 0.46, 0.8), (0.5, 0.55, 0.98), seating.chair),
    "office_chair": Kind("chair", (0.6, 0.6, 0.95), (0.68, 0.68, 1.2), seating.office_chair),
    "stool": Kind("chair", (0.32, 0.32, 0.44), (0.42, 0.42, 0.72), seating.stool),
    "bench": Kind("chair", (0.9, 0.35, 0.4), (1.4, 0.45, 0.48), seating.bench),
    "pouf": Kind("otherfurniture", (0.45, 0.45, 0.36), (0.7, 0.7, 0.45), seating.bench),
    "bed": Kind("bed", (1.4, 2.05, 0.8), (1.95, 2.2, 1.25), seating.bed),
    "single_bed": Kind("bed", (0.9, 2.0, 0.7), (1.1, 2.1, 1.05), seating.bed),
    "table": Kind("table", (1.2, 0.75, 0.72), (2.2, 1.0, 0.77), tables.table),
    "small_table": Kind("table", (0.7, 0.7, 0.72), (1.0, 1.0, 0.77), tables.table),
    "coffee_table": Kind("table", (0.7, 0.5, 0.34), (1.25, 0.7, 0.48), tables.table),
    "side_table": Kind("table", (0.38, 0.38, 0.42), (0.5, 0.5, 0.6), tables.table),
    "desk": Kind("desk", (1.1, 0.58, 0.72), (1.7, 0.8, 0.76), tables.desk),
    "bookshelf": Kind("bookshelf", (0.6, 0.26, 1.1), (1.8, 0.38, 2.2), storage.bookshelf),
    "dresser": Kind("dresser", (0.6, 0.42, 0.72), (1.5, 0.52, 1.1), storage.dresser),
    "cabinet": Kind("cabinet", (0.8, 0.36, 0.7), (1.9, 0.48, 0.95), storage.cabinet),
    "tall_cabinet": Kind("cabinet", (0.6, 0.38, 1.5), (1.1, 0.5, 2.05), storage.cabinet),
    "wardrobe": Kind("cabinet", (1.0, 0.56, 1.9), (2.4, 0.64, 2.25), storage.wardrobe),
    "nightstand": Kind("nightstand", (0.38, 0.34, 0.4), (0.52, 0.42, 0.58), storage.nightstand),
    "tv_stand": Kind("cabinet", (1.2, 0.38, 0.38), (2.0, 0.46, 0.58), storage.tv_stand),
    "television": Kind("television", (0.9, 0.2, 0.58), (1.45, 0.26, 0.88), storage.television),
    "kitchen_base": Kind("counter", (1.2, 0.6, 0.88), (3.6, 0.64, 0.94), storage.kitchen_base),
    "kitchen_wall": Kind("cabinet", (1.2, 0.34, 0.6), (3.6, 0.38, 0.75), storage.kitchen_wall),
    "fridge": Kind("refrigerator", (0.58, 0.62, 1.6), (0.8, 0.7, 2.0), storage.fridge),
    "washer": Kind("otherfurniture", (0.6, 0.56, 0.85), (0.6, 0.62, 0.86), storage.washer),
    "toilet": Kind("toilet", (0.38, 0.64, 0.76), (0.42, 0.72, 0.84), storage.toilet),
    "washbasin": Kind("sink", (0.5, 0.4, 0.98), (0.9, 0.5, 1.05), storage.washbasin),
    "bathtub": Kind("bathtub", (1.5, 0.7, 0.54), (1.8, 0.8, 0.6), storage.bathtub),
    "plant": Kind("otherprop", (0.45, 0.45, 0.7), (0.9, 0.9, 1.7), small.plant),
    "small_plant": Kind("otherprop", (0.18, 0.18, 0.2), (0.32, 0.32, 0.45), small.plant),
    "floor_lamp": Kind("lamp", (0.4, 0.4, 1.45), (0.55, 0.55, 1.8), small.floor_lamp),
    "table_lamp": Kind("lamp", (0.2, 0.2, 0.3), (0.36, 0.36, 0.55), small.table_lamp),
    "curtain": Kind("curtain", (0.25, 0.12, 2.2), (0.6, 0.16, 2.5), flat.curtain),
    "rug": Kind("floor_mat", (1.2, 0.8, 0.012), (3.2, 2.2, 0.02), flat.rug),
    "picture": Kind("picture", (0.25, 0.025, 0.3), (1.2, 0.04, 1.0), flat.picture),
    "mirror": Kind("mirror", (0.4, 0.03, 0.6), (0.8, 0.04, 1.2), flat.mirror),
    "clock": Kind("otherprop", (0.25, 0.04, 0.25), (0.4, 0.05, 0.4), flat.clock),
    "hanging_shelf": Kind("shelves", (0.5, 0.2, 0.25), (1.2, 0.25, 0.35), flat.hanging_shelf),
    "books": Kind("books", (0.18, 0.14, 0.03), (0.3, 0.24, 0.2), small.books),
    "vase": Kind("otherprop", (0.1, 0.1, 0.18), (0.2, 0.2, 0.5), small.vase),
    "bowl": Kind("otherprop", (0.2, 0.2, 0.08), (0.34, 0.34, 0.13), small.bowl),
    "cups": Kind("otherprop", (0.2, 0.15, 0.1), (0.35, 0.25, 0.3), small.cups),
    "laptop": Kind("otherprop", (0.32, 0.26, 0.22), (0.36, 0.28, 0.25), small.laptop),
    "monitor": Kind("television", (0.5, 0.4, 0.42), (0.7, 0.45, 0.52), small.monitor),
    "box": Kind("box", (0.3, 0.25, 0.2), (0.6, 0.45, 0.45), small.cardboard_box),
    "basket": Kind("box", (0.3, 0.3, 0.25), (0.45, 0.45, 0.45), small.basket),
    "bag": Kind("bag", (0.35, 0.2, 0.35), (0.5, 0.3, 0.5), small.bag),
    "toy": Kind("otherprop", (0.18, 0.18, 0.18), (0.4, 0.4, 0.3), small.toy),
    "shoes": Kind("otherprop", (0.22, 0.26, 0.1), (0.26, 0.3, 0.13), small.shoes),
    "blanket": Kind("clothes", (0.35, 0.3, 0.1), (0.6, 0.5, 0.25), small.blanket),
    "bin": Kind("otherprop", (0.22, 0.22, 0.25), (0.32, 0.32, 0.5), small.bin_),
    "towel": Kind("towel", (0.35, 0.08, 0.5), (0.55, 0.1, 0.75), flat.towel),
    "person": Kind("person", (0.5, 0.34, 1.55), (0.58, 0.4, 1.85), figures.person),
    "pet": Kind("otherprop", (0.24, 0.6, 0.35), (0.34, 0.9, 0.6), figures.pet),
    "tripod": Kind("otherprop", (0.6, 0.6, 1.0), (0.9, 0.9, 1.3), figures.tripod),
}  # fmt: skip


def draw_size(rng, kind):
    """Draw a size for a kind of furniture.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    kind : str
        Name in KINDS.

    Returns
    -------
    tuple of 3 floats
        Width, depth, height in metres; bodies that are round stay as wide as deep.
    """
    low, high = np.array(KINDS[kind].low), np.array(KINDS[kind].high)
    share = rng.random(3)
    if low[0] == low[1] and high[0] == high[1]:
        share[1] = share[0]
    return tuple(float(value) for value in low + share * (high - low))
