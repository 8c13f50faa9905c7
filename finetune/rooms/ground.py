"""Plane geometry of the floor: polygons, footprints, and whether one keeps clear of another."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Footprint:
    """A turned rectangle on the floor with the heights between which it is solid.

    Attributes
    ----------
    x, y : float
        Middle, metres.
    width, depth : float
        Sides along and across `turn`, metres.
    turn : float
        Radians, counter-clockwise from the x axis to the width's direction.
    bottom, top : float
        Metres above the floor.
    """

    x: float
    y: float
    width: float
    depth: float
    turn: float = 0.0
    bottom: float = 0.0
    top: float = 2.0

    @property
    def axes(self):
        """Unit vectors along width and depth, shape (2, 2)."""
        cosine, sine = np.cos(self.turn), np.sin(self.turn)
        return np.array([[cosine, sine], [-sine, cosine]])

    @property
    def corners(self):
        """Corners counter-clockwise, shape (4, 2)."""
        signs = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
        return (signs * [self.width, self.depth]) @ self.axes + [self.x, self.y]


def overlap(first, second, *, gap=0.0):
    """Tell whether two footprints come closer than `gap` (by separating axes) at a common height.

    Parameters
    ----------
    first, second : Footprint
        Solids.
    gap : float
        Metres kept free between them on the floor.

    Returns
    -------
    bool
        True when they collide.
    """
    if first.bottom >= second.top or second.bottom >= first.top:
        return False
    for axis in np.concatenate([first.axes, second.axes]):
        one, other = first.corners @ axis, second.corners @ axis
        if one.max() + gap <= other.min() or other.max() + gap <= one.min():
            return False
    return True


def distance_to_point(footprint, point):
    """Measure the distance from a footprint's edge to a point, 0 inside; metres."""
    local = footprint.axes @ (np.asarray(point, float) - [footprint.x, footprint.y])
    outside = np.maximum(np.abs(local) - np.array([footprint.width, footprint.depth]) / 2, 0)
    return float(np.hypot(*outside))


def edges(polygon):
    """List a polygon's edges as (start, end) points, edge i from corner i to corner i + 1."""
    return [(polygon[i], polygon[(i + 1) % len(polygon)]) for i in range(len(polygon))]


def contains(polygon, point):
    """Tell whether a point lies inside a polygon (crossing number)."""
    x, y = point
    inside = False
    for (x0, y0), (x1, y1) in edges(polygon):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside


def distance_to_walls(polygon, point):
    """Measure the distance from a point to the nearest edge of a polygon; metres."""
    return min(_distance_to_segment(np.asarray(point, float), start, end) for start, end in edges(polygon))


def _distance_to_segment(point, start, end):
    along = end - start
    share = np.clip(np.dot(point - start, along) / np.dot(along, along), 0, 1)
    return float(np.linalg.norm(point - start - share * along))


def within(polygon, footprint, *, slack=1e-6):
    """Tell whether a footprint lies inside a polygon; touching a wall is allowed.

    Parameters
    ----------
    polygon : ndarray, shape (N, 2)
        Counter-clockwise corners in metres.
    footprint : Footprint
        Rectangle.
    slack : float
        How far it may reach into a wall, metres.

    Returns
    -------
    bool
        True when no corner is outside and no wall runs through it.
    """
    shrunk = Footprint(
        footprint.x, footprint.y, footprint.width - 2 * slack, footprint.depth - 2 * slack, footprint.turn
    )
    if not all(contains(polygon, corner) for corner in shrunk.corners):
        return False
    return not any(_segment_meets(shrunk, start, end) for start, end in edges(polygon))


def _segment_meets(footprint, start, end):
    half = np.array([footprint.width, footprint.depth]) / 2
    centre = np.array([footprint.x, footprint.y])
    first, second = footprint.axes @ (start - centre), footprint.axes @ (end - centre)
    low, high, step = 0.0, 1.0, second - first
    for axis in range(2):
        if abs(step[axis]) < 1e-12:
            if abs(first[axis]) >= half[axis]:
                return False
            continue
        enter, leave = sorted(
            ((-half[axis] - first[axis]) / step[axis], (half[axis] - first[axis]) / step[axis])
        )
        low, high = max(low, enter), min(high, leave)
    return low < high


def area(polygon):
    """Measure a polygon's area (shoelace formula), positive when counter-clockwise; square metres."""
    x, y = np.asarray(polygon, float).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
