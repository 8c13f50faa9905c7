"""Flat pictures of a panorama's surfaces: a plane looked at straight, or a view where there is no plane."""

from dataclasses import dataclass

import cv2
import numpy as np

from .panorama import to_rgb
from .planes import Plane
from .sphere import (
    equirectangular_grid,
    lonlat_to_vector,
    rotation_matrix,
    sample_equirectangular,
    sample_grid,
    vector_to_lonlat,
)

CONTEXT = 1.0  # of the larger side of what is looked at, seen on every side of it
_STEEPEST = 6.0  # of a plane's distance: beyond, a surface is seen under less than 10 degrees
_WIDEST_VIEW = 2.2  # the same for a view: beyond 65 degrees everything is stretched
_LARGEST = 700_000  # pixels of a chart
_CHUNK = 2**18  # directions looked into at a time
# Levels of a pyramid's map of what must not be seen, and of the pixels beside it, which a bicubic sample's
# taps could mix with it. A bilinear sample of the map is above _NEAR only where something unknown counts.
_UNKNOWN, _NEAR = 255, 100


@dataclass(frozen=True, eq=False)
class Chart:
    """A flat grid of pixels on a plane.

    Attributes
    ----------
    plane : Plane
    left, top : float
        Position on the plane of the centre of the first pixel.
    step : float
        Size of a pixel on the plane; rows go down, against `plane.v`.
    size : tuple of int
        Width and height.
    """

    plane: Plane
    left: float
    top: float
    step: float
    size: tuple[int, int]

    def directions(self, x, y):
        """Turn pixel coordinates (0 = centre of the first pixel) into unit vectors (..., 3), float32."""
        u = np.asarray(self.left + x * self.step, np.float32)
        v = np.asarray(self.top - y * self.step, np.float32)
        axes = np.stack([self.plane.u, self.plane.v, self.plane.normal]).astype(np.float32)
        points = np.empty((*np.broadcast_shapes(u.shape, v.shape), 3), np.float32)
        points[..., 0], points[..., 1], points[..., 2] = u, v, self.plane.distance
        points /= np.sqrt(np.einsum("...c,...c->...", points, points))[..., None]
        return points @ axes

    def grid(self):
        """Directions of all pixels, shape (height, width, 3), float32."""
        return self.directions(np.arange(self.size[0]), np.arange(self.size[1])[:, None])

    def camera_pixels(self, x, y, height):
        """Size of the panorama's pixels at pixel coordinates, on the plane."""
        return camera_pixels(self.plane, self.left + x * self.step, self.top - y * self.step, height)

    def pixels(self, directions):
        """Turn directions into pixel coordinates x, y; NaN where the plane is never met."""
        u, v = self.plane.to_plane(directions)
        return (u - self.left) / self.step, (self.top - v) / self.step


@dataclass(frozen=True, eq=False)
class Panels:
    """Charts side by side in one picture, from left to right, of the same step and rows.

    What is copied may come from any of them: walls are unrolled, so that a skirting goes on from one to the
    next.

    Attributes
    ----------
    charts : tuple of Chart
        The first is the one with the hole.
    """

    charts: tuple[Chart, ...]

    @property
    def firsts(self):
        """First column of each chart."""
        return np.cumsum([0, *(chart.size[0] for chart in self.charts[:-1])])

    def directions(self, x, y):
        """Turn pixel coordinates (N,) of the whole picture into unit vectors (N, 3), float32."""
        number = self._numbers(x)
        directions = np.empty((len(x), 3), np.float32)
        for panel in np.unique(number):
            own = number == panel
            directions[own] = self.charts[panel].directions(x[own] - self.firsts[panel], y[own])
        return directions

    def camera_pixels(self, x, y, height):
        """Size (N,) of the panorama's pixels at pixel coordinates (N,) of the whole picture."""
        number = self._numbers(x)
        size = np.empty(len(x))
        for panel in np.unique(number):
            own, chart = number == panel, self.charts[panel]
            size[own] = chart.camera_pixels(x[own] - self.firsts[panel], y[own], height)
        return size

    def _numbers(self, x):
        return np.maximum(np.searchsorted(self.firsts - 0.5, x, side="right") - 1, 0)


def camera_pixels(plane, u, v, height):
    """Size of a panorama's pixels on a plane.

    A ray that leaves at the angle a to the normal meets a plane at distance d in steps of d / cos²a radially
    and d / cos a around the foot; this is their geometric mean.

    Parameters
    ----------
    plane : Plane
    u, v : ndarray, float
        Position on the plane.
    height : int
        Rows of the panorama.

    Returns
    -------
    ndarray, float
    """
    return (1 + (u**2 + v**2) / plane.distance**2) ** 0.75 * (plane.distance * np.pi / height)


def chart_around(plane, directions, height, most, *, widest=_STEEPEST, heights=(-np.inf, np.inf), each=1):
    """Lay a chart around directions on a plane.

    Parameters
    ----------
    plane : Plane
    directions : ndarray, shape (N, 3)
        What is to be seen, on the plane.
    height : int
        Rows of the panorama: the chart is as fine as it is where it is finest, if that is not too large.
    most : int
        Pixels that the directions may take up at most.
    widest : float
        How far a chart may reach from the plane's foot, in distances of the plane, unless the directions do.
    heights : tuple of float
        Lowest and highest `v` worth looking at: where a wall ends.
    each : float
        How many pixels of the panorama a direction stands for.

    Returns
    -------
    Chart
    """
    u, v = plane.to_plane(directions)
    pixel = camera_pixels(plane, u, v, height)
    # Solid angle times (1 + r²)^1.5 is area on the plane; rows towards a pole are counted as often, not less.
    low, high = np.array([u.min(), v.min()]), np.array([u.max(), v.max()])
    area = min(float(np.square(pixel).sum()) * each, float(np.prod(high - low + pixel.min())))
    step = max(float(pixel.min()), np.sqrt(area / most))
    limit = widest * plane.distance
    margin = CONTEXT * (high - low).max() + 8 * step
    low, high = (
        np.minimum(low, np.maximum(low - margin, -limit)),
        np.maximum(high, np.minimum(high + margin, limit)),
    )
    low[1], high[1] = max(low[1], heights[0]), min(high[1], heights[1])
    step = max(step, float(np.sqrt(np.prod(high - low) / _LARGEST)))
    width, rows = (int(n) for n in np.ceil((high - low) / step) + 1)
    return Chart(plane, float(low[0]), float(high[1]), step, (width, rows))


def panel_beside(chart, plane, reach):
    """Lay a chart on another wall, of the same step and height above the floor.

    Parameters
    ----------
    chart : Chart
        On a wall.
    plane : Plane
        Another wall.
    reach : float
        How far to both sides of its foot, in distances of the plane.

    Returns
    -------
    Chart
    """
    half = reach * plane.distance
    return Chart(plane, -half, chart.top, chart.step, (int(2 * half / chart.step) + 1, chart.size[1]))


def view_chart(directions, height, most, *, each=1):
    """Lay a chart on the plane that touches the unit sphere in the middle of directions.

    Parameters
    ----------
    directions, height, most, each
        As for `chart_around`; all directions within some 70 degrees of their mean.

    Returns
    -------
    Chart
    """
    plane = view_plane(directions.mean(axis=0))
    return chart_around(plane, directions, height, most, widest=_WIDEST_VIEW, each=each)


def view_plane(direction):
    """Plane at distance 1 that is looked at straight in a direction, upright."""
    turn = rotation_matrix(*vector_to_lonlat(np.asarray(direction, float)))
    return Plane("wall", turn[:, 2], 1.0, turn[:, 0], turn[:, 1], 0.0)


class Pyramid:
    """A panorama at its own and at coarser resolutions, to be sampled without aliasing.

    Parameters
    ----------
    pixels : ndarray, shape (H, 2H, C)
        As stored in a file.
    unknown : ndarray of bool, shape (H, 2H)
        What must not be seen.
    """

    def __init__(self, pixels, unknown):
        self._levels = [(pixels, _visibility(unknown))]

    @property
    def height(self):
        """Rows of the panorama."""
        return len(self._levels[0][0])

    @property
    def is_blind(self):
        """Whether nothing may be seen."""
        return bool(self._levels[0][1].min() == _UNKNOWN)

    def unknown(self, row, column):
        """Tell which pixels must not be seen."""
        return self._levels[0][1][row, column] == _UNKNOWN

    def sample(self, directions, coarsening=1.0, *, interpolation="bilinear"):
        """Look into the panorama.

        Parameters
        ----------
        directions : ndarray, shape (..., 3)
        coarsening : float
            How many of its pixels a sample should average, to the nearest power of two below.
        interpolation : {"bilinear", "bicubic"}

        Returns
        -------
        colours : ndarray, shape (..., 3), float32 in [0, 1]
        known : ndarray, shape (...), bool
            Where nothing unknown has been mixed in.
        """
        level = self._level(int(np.log2(max(1.0, coarsening * 1.1))))
        rays = directions.reshape(-1, 3)
        colours, known = np.empty((len(rays), 3), np.float32), np.empty(len(rays), bool)
        for first in range(0, len(rays), _CHUNK):
            chunk = slice(first, first + _CHUNK)
            colours[chunk], known[chunk] = _look(*level, rays[chunk], interpolation)
        return colours.reshape(directions.shape), known.reshape(directions.shape[:-1])

    def _level(self, level):
        while len(self._levels) <= level and len(self._levels[-1][0]) % 2 == 0:
            pixels, visibility = self._levels[-1]
            size = (pixels.shape[1] // 2, pixels.shape[0] // 2)
            half = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], -1)
            rows = np.maximum(visibility[::2], visibility[1::2])
            unknown = np.maximum(rows[:, ::2], rows[:, 1::2]) == _UNKNOWN
            self._levels.append((half, _visibility(unknown)))
        return self._levels[min(level, len(self._levels) - 1)]


def _visibility(unknown):
    """Map what must not be seen, and the pixels beside it, at a byte a pixel."""
    square = np.ones((3, 3), np.uint8)
    bytes_ = np.ascontiguousarray(unknown).view(np.uint8)
    visibility = cv2.dilate(bytes_, square)
    for edge, other in ((0, -1), (-1, 0)):
        visibility[:, edge] |= cv2.dilate(bytes_[:, other, None].copy(), square)[:, 0]
    visibility *= np.uint8(_NEAR)
    visibility[unknown] = _UNKNOWN
    return visibility


def _look(pixels, visibility, rays, interpolation):
    """Sample colours (N, 3), and tell which of them are known."""
    grid = equirectangular_grid(rays, len(pixels))
    colours, seen = sample_grid(pixels, grid, interpolation), sample_grid(visibility, grid)
    if interpolation == "bicubic":
        near = seen > 0
        colours[near] = sample_equirectangular(pixels, rays[near])
    return to_rgb(colours), seen <= _NEAR


def direction_angles(directions):
    """Find the unit vector to the mean of directions and the largest angle to it, radians."""
    mean = directions.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(mean)
    if length < 1e-6:
        return lonlat_to_vector(0.0, 0.0), np.pi
    mean = mean / length
    return mean, float(np.arccos(np.clip(directions @ mean, -1, 1).min()))
