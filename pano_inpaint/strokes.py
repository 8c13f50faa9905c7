"""Marks painted on the sphere by hand, drawn at any resolution by one exact rule.

A brush stroke marks each pixel whose centre lies within a record's radius of that record, or within the
smaller of two neighbouring radii of the great-circle arc between them. A lasso marks each pixel whose centre
its polygon of great-circle arcs winds round. `viewers/static/marks.js` draws by the same rules, so that what
a page shows is what is erased.
"""

from dataclasses import dataclass

import numpy as np

from .errors import UsageError
from .masks import EPSILON, grow, half_widths, paint_spans
from .sphere import lonlat_to_vector, pixel_to_lonlat

_PARALLEL = 1e-9  # sine of the angle between directions that no great circle is drawn through
_CELLS = 2**22  # of a lasso's winding numbers worked out at a time: 16 MB


@dataclass(frozen=True, eq=False)
class Stroke:
    """A round brush, moved along great circles.

    Attributes
    ----------
    points : ndarray, shape (n, 3), float64
        Longitude, latitude and angular radius of each record, radians; radius in (0, π].
    value : bool
        Whether it marks, or takes away.
    """

    points: np.ndarray
    value: bool = True


@dataclass(frozen=True, eq=False)
class Lasso:
    """A closed polygon of great-circle arcs; its outside is the side of the point opposite its middle.

    Attributes
    ----------
    points : ndarray, shape (n, 2), float64
        Longitude and latitude of the corners, radians; the last is joined to the first.
    value : bool
        Whether it marks, or takes away.
    """

    points: np.ndarray
    value: bool = True


@dataclass(frozen=True)
class Grow:
    """Widen all that is marked so far.

    Attributes
    ----------
    radius : float
        Radians, in [0, π].
    """

    radius: float


@dataclass(frozen=True)
class Clear:
    """Take away all that is marked so far."""


def draw_marks(marks, height):
    """Draw marks, one after the other.

    Parameters
    ----------
    marks : sequence of Stroke, Lasso, Grow and Clear
    height : int
        Rows of the panorama; it is twice as wide.

    Returns
    -------
    ndarray, bool, shape (height, 2 * height)
        True = erase.

    Raises
    ------
    UsageError
        If a stroke has no points or a radius is out of range.
    """
    mask = np.zeros((height, 2 * height), bool)
    for mark in marks:
        match mark:
            case Stroke():
                draw_stroke(mask, mark)
            case Lasso():
                draw_lasso(mask, mark)
            case Grow():
                mask = grow(mask, mark.radius)
            case Clear():
                mask[:] = False
    return mask


def draw_stroke(mask, stroke):
    """Draw a brush stroke, in place.

    Parameters
    ----------
    mask : ndarray, bool, shape (H, 2H)
    stroke : Stroke

    Raises
    ------
    UsageError
        If it has no points or a radius is out of (0, π].
    """
    points = np.asarray(stroke.points, np.float64).reshape(-1, 3)
    if not len(points) or not ((points[:, 2] > 0) & (points[:, 2] <= np.pi)).all():
        raise UsageError(f"expected records with radii in (0, π], received {len(points)} records: {points}")
    height = len(mask)
    lat = pixel_to_lonlat(0, np.arange(height), 1, height)[1]
    spans = [_disc(record, lat) for record in points]
    vectors = lonlat_to_vector(points[:, 0], points[:, 1])
    radii = np.minimum(points[:-1, 2], points[1:, 2])
    for start, end, radius in zip(vectors[:-1], vectors[1:], radii, strict=True):
        spans.append(_bridge(start, end, radius, lat))
    paint_spans(mask, *map(np.concatenate, zip(*spans, strict=True)), value=stroke.value)


def _disc(record, lat):
    """Rows, first and last columns of a disc."""
    lon, center, radius = record
    height = len(lat)
    radius = radius + EPSILON * np.pi / height
    rows = np.flatnonzero(np.abs(lat - center) <= radius)
    half = half_widths(lat[rows], center, radius)
    return _spans(rows, lon - half, lon + half, height)


def _bridge(start, end, radius, lat):
    """Rows, first and last columns of what lies along the arc between two directions, and between its ends.

    On a row each of the conditions n·p ≥ −sin r, n·p ≤ sin r, (n × a)·p ≥ 0 and (b × n)·p ≥ 0 holds for an
    interval of longitudes, n being the arc's pole; the row's part is the intersection.
    """
    height = len(lat)
    radius = radius + EPSILON * np.pi / height
    normal = np.cross(start, end)
    sine = np.linalg.norm(normal)
    rows = np.zeros(0, int)
    if sine > _PARALLEL and radius < np.pi / 2:
        normal = normal / sine
        middle = (start + end) / np.linalg.norm(start + end)
        reach = np.arctan2(sine, start @ end) / 2 + radius
        rows = np.flatnonzero(np.abs(lat - np.arcsin(np.clip(middle[1], -1, 1))) <= reach)
    if not len(rows):
        return rows, rows, rows
    row_lat = lat[rows]
    center, outer = _interval(normal, -np.sin(radius), row_lat)
    inner = np.maximum(_interval(normal, np.sin(radius), row_lat)[1], 0)
    left = np.stack([center - outer, center + inner], 1)
    right = np.stack([center - inner, center + outer], 1)
    for pole in (np.cross(normal, start), np.cross(end, normal)):
        left, right = _clip(left, right, *_interval(pole, 0.0, row_lat))
    row, part = np.nonzero(left <= right)
    return _spans(rows[row], left[row, part], right[row, part], height)


def _interval(pole, least, lat):
    """Middle and half-width of the longitudes where pole·p is at least a value; −1 if there are none."""
    level = np.hypot(pole[0], pole[2])
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = (least - pole[1] * np.sin(lat)) / (np.cos(lat) * level)
    half = np.where(cosine > 1, -1.0, np.arccos(np.clip(cosine, -1, 1)))
    return np.arctan2(pole[0], pole[2]), half


def _clip(left, right, center, half):
    """Intersect intervals (rows, k) with one of each row, on a circle: (rows, 3k), some of them empty."""
    half = np.where(half < 0, -np.inf, half)[:, None]
    turns = [center + turn * 2 * np.pi for turn in (-1, 0, 1)]
    lefts = [np.maximum(left, turn - half) for turn in turns]
    rights = [np.minimum(right, turn + half) for turn in turns]
    return np.concatenate(lefts, 1), np.concatenate(rights, 1)


def _spans(rows, left, right, height):
    """Rows, first and last columns whose centres lie in intervals of longitude."""
    scale = height / np.pi
    first = np.ceil(left * scale + height - 0.5 - EPSILON).astype(np.int64)
    last = np.floor(right * scale + height - 0.5 + EPSILON).astype(np.int64)
    return rows, first, last


def draw_lasso(mask, lasso):
    """Draw a filled polygon, in place.

    Along each column of pixels the polygon's winding number changes where an edge crosses its meridian.

    Parameters
    ----------
    mask : ndarray, bool, shape (H, 2H)
    lasso : Lasso
        Fewer than three corners draw nothing.
    """
    points = np.asarray(lasso.points, np.float64).reshape(-1, 2)
    if len(points) < 3:
        return
    height = len(mask)
    edges = list(_edges(points))
    middle = lonlat_to_vector(points[:, 0], points[:, 1]).mean(axis=0)
    south = _winding_at_south(edges, -middle)
    columns, rows, signs = _crossings(edges, height)
    top, bottom = (int(rows.min()), int(rows.max())) if len(rows) else (height, height)
    step = max(1, _CELLS // (bottom - top + 2))
    for first in range(0, 2 * height, step):
        chosen = (columns >= first) & (columns < first + step)
        width = min(step, 2 * height - first)
        changes = np.zeros((bottom - top + 2, width), np.int32)
        np.add.at(changes, (rows[chosen] - top, columns[chosen] - first), signs[chosen])
        winding = south + np.cumsum(changes[::-1], axis=0)[::-1]
        part = mask[:, first : first + width]
        part[top:bottom][winding[1:-1] != 0] = lasso.value
        part[:top][:, winding[0] != 0] = lasso.value
        if south:
            part[bottom:] = lasso.value


def _edges(points):
    """Yield each edge that crosses meridians: longitudes from and to, unwrapped, and its plane's pole."""
    vectors = lonlat_to_vector(points[:, 0], points[:, 1])
    following = np.roll(vectors, -1, axis=0)
    poles = np.cross(vectors, following)
    for (lon, _), (next_lon, _), pole in zip(points, np.roll(points, -1, axis=0), poles, strict=True):
        way = (next_lon - lon + np.pi) % (2 * np.pi) - np.pi
        if way and pole[1]:
            yield lon, lon + way, pole


def _latitude(pole, lon):
    """Latitude at which a great circle crosses meridians."""
    return np.arctan(-(pole[0] * np.sin(lon) + pole[2] * np.cos(lon)) / pole[1])


def _winding_at_south(edges, outside):
    """Winding number of the south pole, from that of a direction that is outside."""
    lon, lat = np.arctan2(outside[0], outside[2]), np.arctan2(outside[1], np.hypot(outside[0], outside[2]))
    total = 0
    for start, end, pole in edges:
        low, high = min(start, end), max(start, end)
        beyond = (lon - low) % (2 * np.pi)
        if beyond < high - low and _latitude(pole, lon) < lat:
            total += 1 if end > start else -1
    return -total


def _crossings(edges, height):
    """Columns, rows and signs of crossings: rows north of each one are wound round once more."""
    found = []
    for start, end, pole in edges:
        low, high = (lon * height / np.pi + height - 0.5 for lon in sorted((start, end)))
        columns = np.arange(np.ceil(low), np.ceil(high)).astype(np.int64)
        lon = ((columns + 0.5) / height - 1) * np.pi
        rows = np.ceil((0.5 - _latitude(pole, lon) / np.pi) * height - 0.5).astype(np.int64)
        found.append((columns % (2 * height), rows, np.full(len(columns), 1 if end > start else -1)))
    if not found:
        return (np.zeros(0, np.int64),) * 3
    return tuple(map(np.concatenate, zip(*found, strict=True)))
