"""Floor plans of homes: rooms, doorways, windows and camera positions, in metres.

Plan axes: x to the east, y to the north, z up. Polygons run counter-clockwise along the inner wall faces.
"""

from dataclasses import dataclass, field

import numpy as np

from finetune.rooms import ground


@dataclass
class Opening:
    """A hole in a wall.

    Attributes
    ----------
    kind : str
        "doorway" (leads to a room), "door" (a closed leaf) or "window".
    wall : int
        Index of the polygon's edge.
    start, end : float
        Metres along the edge.
    bottom, top : float
        Metres above the floor.
    depth : float
        Thickness of the wall outwards, metres.
    leads_to : int or None
        Room behind a doorway.
    leaf : str
        "open", "closed" or "none": what a doorway's door does.
    owner : bool
        Whether this side of a doorway carries frame and leaf.
    """

    kind: str
    wall: int
    start: float
    end: float
    bottom: float
    top: float
    depth: float
    leads_to: int | None = None
    leaf: str = "none"
    owner: bool = True

    @property
    def width(self):
        """Clear width in metres."""
        return self.end - self.start


@dataclass
class Slope:
    """A sloping ceiling that rises from a knee wall: height = knee + rise · distance from `wall`."""

    wall: int
    knee: float
    rise: float


@dataclass
class Camera:
    """Where a panorama is taken: position in metres and heading in radians, clockwise from north."""

    x: float
    y: float
    z: float
    heading: float


@dataclass
class Room:
    """One room of a home."""

    kind: str
    polygon: np.ndarray
    height: float
    slope: Slope | None = None
    openings: list[Opening] = field(default_factory=list)
    cameras: list[Camera] = field(default_factory=list)

    def edge(self, wall):
        """Describe a wall: start point, unit vector along, unit vector inwards, length."""
        start, end = ground.edges(self.polygon)[wall]
        length = float(np.linalg.norm(end - start))
        along = (end - start) / length
        return start, along, np.array([-along[1], along[0]]), length

    def height_at(self, points):
        """Measure the ceiling's height over points of the floor, shape (..., 2) → (...); metres."""
        points = np.asarray(points, float)
        flat = np.full(points.shape[:-1], self.height)
        if self.slope is None:
            return flat
        start, _, inwards, _ = self.edge(self.slope.wall)
        return np.minimum(flat, self.slope.knee + self.slope.rise * ((points - start) @ inwards))

    def top_of_wall(self, wall, along):
        """Measure a wall's height at `along` metres from its start."""
        start, direction, _, _ = self.edge(wall)
        return self.height_at(start + np.asarray(along, float)[..., None] * direction)


@dataclass
class Home:
    """A home: rooms and what they share."""

    rooms: list[Room]
    size: tuple[float, float]


def keep_cameras(home, most, *, seed):
    """Leave a furnished home so many cameras: one a room in an order drawn by chance, then the next of each.

    Parameters
    ----------
    home : Home
        Changed in place; rooms may be left without a camera.
    most : int
        1 or more.
    seed : int or sequence of int
        Seed of the order.
    """
    order = np.random.default_rng(seed).permutation(len(home.rooms))
    places = [
        (number, room) for number in range(4) for room in order if number < len(home.rooms[room].cameras)
    ]
    kept = {(room, number) for number, room in places[:most]}
    for index, room in enumerate(home.rooms):
        room.cameras[:] = [c for number, c in enumerate(room.cameras) if (index, number) in kept]


def camera_clearance(room):
    """Say how far furniture keeps from a camera in this room, metres."""
    return 0.42 if ground.area(room.polygon) < 8 else 0.6
