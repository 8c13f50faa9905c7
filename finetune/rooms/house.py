"""One home in full, decided without Blender: plan, looks, fittings, furniture, lamps."""

from dataclasses import dataclass

import numpy as np

from finetune.rooms import draft, fittings, furnish, lamps, style
from finetune.rooms.fittings import Fitting
from finetune.rooms.lamps import CeilingLamp
from finetune.rooms.placement import Item
from finetune.rooms.plan import Home
from finetune.rooms.style import Style


@dataclass
class House:
    """Everything that is rendered.

    Attributes
    ----------
    home : Home
        Rooms.
    style : Style
        Materials and light.
    fixed : list of list of Fitting
        What is built into each room.
    lamps : list of list of CeilingLamp
        Ceiling lamps of each room.
    items : list of list of Item
        Furniture of each room.
    """

    home: Home
    style: Style
    fixed: list[list[Fitting]]
    lamps: list[list[CeilingLamp]]
    items: list[list[Item]]

    def numbered_items(self):
        """List (instance number from 1, room, item) over all rooms."""
        pairs = [(room, item) for room, items in enumerate(self.items) for item in items]
        return [(number, room, item) for number, (room, item) in enumerate(pairs, start=1)]


def build_house(seed, number, catalogue=None, *, rooms=None):
    """Decide everything about scene `number` of a set.

    Parameters
    ----------
    seed, number : int
        Seed of the set and number of the scene: the same two give the same house.
    catalogue : Catalogue, optional
        Models besides procedural furniture.
    rooms : int, optional
        Number of rooms, 1 to 6.

    Returns
    -------
    House
        The home.
    """
    streams = [np.random.default_rng([seed, number, part]) for part in range(4)]
    home = draft.draw_home(streams[0], rooms=rooms)
    looks = style.draw_style(streams[1], home)
    fixed = [
        fittings.build_fittings(streams[2], room, look)
        for room, look in zip(home.rooms, looks.rooms, strict=True)
    ]
    hung = [lamps.ceiling_lamps(streams[2], room) for room in home.rooms]
    solids = [furnish.footprints_built_in(things) for things in fixed]
    return House(home, looks, fixed, hung, furnish.furnish(streams[3], home, catalogue, built_in=solids))
