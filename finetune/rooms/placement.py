"""Where a piece of furniture can stand: against walls, beside others, on top of them, never through them."""

from dataclasses import dataclass, field

import numpy as np

from finetune.rooms import fittings, ground
from finetune.rooms.catalogue import Model
from finetune.rooms.ground import Footprint
from finetune.rooms.plan import Room, camera_clearance

GAP = 0.03  # metres between two pieces and to walls: handles and skirting boards stick out that far


@dataclass
class Item:
    """A placed piece of furniture.

    Attributes
    ----------
    kind, label : str
        What it is and its NYU40 class.
    size : tuple of 3 floats
        Width, depth, height in metres.
    position : tuple of 3 floats
        Middle of its foot in the plan, metres.
    turn : float
        Radians counter-clockwise; its front is -y before the turn.
    seed : int
        Chance for shape and materials.
    model : Model or None
        Model from a catalogue; procedural if None.
    camera : int or None
        The only camera that sees it (a tripod), else None.
    light : bool
        Whether a lamp in it is lit.
    """

    kind: str
    label: str
    size: tuple[float, float, float]
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn: float = 0.0
    seed: int = 0
    model: Model | None = None
    camera: int | None = None
    light: bool = False

    @property
    def footprint(self):
        """Floor and heights it takes."""
        x, y, z = self.position
        return Footprint(x, y, self.size[0], self.size[1], self.turn, z, z + self.size[2])

    @property
    def front(self):
        """Unit vector it faces, shape (2,)."""
        return np.array([np.sin(self.turn), -np.cos(self.turn)])

    @property
    def side(self):
        """Unit vector along its width, shape (2,)."""
        return np.array([np.cos(self.turn), np.sin(self.turn)])


@dataclass
class Space:
    """A room being filled.

    Attributes
    ----------
    room : Room
        Room.
    items : list of Item
        What stands in it already.
    built_in : list of Footprint
        Radiators, door leaves.
    zones : list of Footprint
        Floor in front of doors and windows that must stay free.
    """

    room: Room
    items: list[Item] = field(default_factory=list)
    built_in: list[Footprint] = field(default_factory=list)
    zones: list[Footprint] = field(default_factory=list)

    def fits(self, item, *, on=None, gap=GAP):
        """Tell whether an item can stand where it says.

        Parameters
        ----------
        item : Item
            Candidate.
        on : Item, optional
            What it stands on, which it may touch.
        gap : float
            Metres kept to its neighbours.

        Returns
        -------
        bool
            True when it is inside the room and clear of everything.
        """
        place = item.footprint
        if not ground.within(self.room.polygon, place):
            return False
        if self.room.height_at(place.corners).min() < place.top + 0.02:
            return False
        flat = place.top < 0.05
        if any(ground.overlap(place, zone) for zone in self.zones if not flat):
            return False
        if any(ground.overlap(place, solid, gap=gap) for solid in self.built_in if not flat):
            return False
        for other in self.items:
            if other is on or (other.footprint.top < 0.05) != flat:
                continue
            if ground.overlap(place, other.footprint, gap=gap):
                return False
        return flat or not self._near_camera(place)

    def _near_camera(self, place):
        clearance = camera_clearance(self.room)
        return any(ground.distance_to_point(place, (c.x, c.y)) < clearance for c in self.room.cameras)

    def put(self, item, **options):
        """Add an item if it fits; return it, or None."""
        if not self.fits(item, **options):
            return None
        self.items.append(item)
        return item


def open_space(room, built_in=()):
    """Start filling a room: note doors, windows and what is built in.

    Parameters
    ----------
    room : Room
        Room with openings and cameras.
    built_in : iterable of Footprint
        Radiators, leaves and the like.

    Returns
    -------
    Space
        Empty of furniture.
    """
    space = Space(room, built_in=list(built_in))
    for opening in room.openings:
        if opening.kind == "window":
            place = fittings.wall_footprint(
                room,
                opening.wall,
                opening.start - 0.05,
                opening.end + 0.05,
                0.2,
                max(opening.bottom, 0.05),
                opening.top,
            )
        else:
            place = fittings.wall_footprint(
                room, opening.wall, opening.start - 0.05, opening.end + 0.05, 0.9, 0.05, opening.top
            )
        space.zones.append(place)
    return space


def facing(direction):
    """Give the turn that makes an item's front look along a direction."""
    return float(np.arctan2(direction[0], -direction[1]))


def at(item, xy, turn, z=0.0):
    """Move an item to a place."""
    item.position, item.turn = (float(xy[0]), float(xy[1]), float(z)), float(turn)
    return item


def against_wall(rng, space, item, *, tries=24, z=0.0, centre=None, wall=None, gap=GAP):
    """Stand an item with its back against a wall, or hang it there when `z` is not 0.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    space : Space
        Room to fill.
    item : Item
        Moved and added if a place is found.
    tries : int
        Places to try.
    z : float
        Height of its foot, metres.
    centre : float, optional
        Wanted place along the wall as a share of its length; anywhere if left out.
    wall : int, optional
        The only wall to try.
    gap : float
        Metres between the back and the wall.

    Returns
    -------
    Item or None
        The item, if it stands.
    """
    walls = [w for w in range(len(space.room.polygon)) if space.room.edge(w)[3] > item.size[0] + 0.02]
    walls = [wall] if wall is not None else walls
    if not walls:
        return None
    lengths = np.array([space.room.edge(w)[3] for w in walls])
    for _ in range(tries):
        chosen = walls[int(rng.choice(len(walls), p=lengths / lengths.sum()))]
        start, along, inwards, length = space.room.edge(chosen)
        half = item.size[0] / 2 + 0.01
        if length < 2 * half:
            continue
        share = rng.uniform(half, length - half)
        if centre is not None:
            share = np.clip(centre * length, half, length - half)
        elif rng.random() < 0.3:
            share = half + 0.03 if rng.random() < 0.5 else length - half - 0.03
            share = np.clip(share, half, length - half)
        xy = start + share * along + (item.size[1] / 2 + gap) * inwards
        if space.put(at(item, xy, facing(inwards), z)):
            return item
    return None


def in_front(space, item, other, distance, *, shift=0.0, toward=True, turn=0.0):
    """Put an item before another one's front, looking back at it or, if not `toward`, the same way."""
    reach = other.size[1] / 2 + distance + item.size[1] / 2
    xy = np.array(other.position[:2]) + reach * other.front + shift * other.side
    return space.put(at(item, xy, other.turn + (np.pi if toward else 0.0) + turn))


def beside(space, item, other, sign, *, distance=0.04, back=True):
    """Put an item at another one's side (`sign` ±1), backs in line."""
    reach = other.size[0] / 2 + distance + item.size[0] / 2
    shift = (item.size[1] - other.size[1]) / 2 if back else 0.0
    xy = np.array(other.position[:2]) + sign * reach * other.side + shift * other.front
    return space.put(at(item, xy, other.turn))


def standing_free(rng, space, item, *, tries=20, aligned=True):
    """Put an item anywhere on the floor."""
    low, high = space.room.polygon.min(axis=0), space.room.polygon.max(axis=0)
    for _ in range(tries):
        turn = rng.integers(4) * np.pi / 2 if aligned else rng.uniform(0, 2 * np.pi)
        if space.put(at(item, rng.uniform(low, high), turn), gap=0.08):
            return item
    return None


def on_top(rng, space, item, other, *, height=None, tries=8, turn=None, spread=1.0):
    """Stand an item on another one, at `height` above the other's foot (its own height if left out)."""
    level = other.position[2] + (other.size[2] if height is None else height)
    room = (np.array(other.size[:2]) - np.array(item.size[:2])) / 2 - 0.015
    if (room < 0).any():
        return None
    for _ in range(tries):
        offset = rng.uniform(-room, room) * spread
        xy = np.array(other.position[:2]) + offset[0] * other.side - offset[1] * other.front
        angle = other.turn + (rng.uniform(-0.5, 0.5) if turn is None else turn)
        if space.put(at(item, xy, angle, level + 0.002), on=other, gap=0.015):
            return item
    return None
