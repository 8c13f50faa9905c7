"""What a panorama shows of its floor, walls and ceiling, as maps over upright longitude and latitude."""

from dataclasses import dataclass

import cv2
import numpy as np

from .sphere import latitude_weights, lonlat_to_vector, sample_equirectangular, window_directions

ROWS, COLUMNS = 360, 720  # half a degree
_CELL = np.pi / ROWS
ALONG = np.sin(np.deg2rad(3))  # an edge this near to a vanishing point's great circles may run towards it
_FULL = np.deg2rad(8)  # edges this long count fully
_NEAR = (1.0, 0.85, 0.5, 0.2)  # credit for an edge 0, 1, 2, 3 cells above or below
_STRAY = 0.04  # cost a degree where an edge runs as it cannot on that surface
_COLOUR = 0.02  # cost a degree of a colour that another surface has
_LABEL = 0.3  # cost a degree of contradicting a prior label
_GUESSED = np.deg2rad(4.5)  # into a hole, labels count less over a Gaussian this wide
_SEED = np.deg2rad(35)  # before anything is known, floor and ceiling begin about here
_FLOOR, _WALL, _CEILING = range(3)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Maps with rows from zenith to nadir and columns over longitude, both in steps of half a degree.

    Attributes
    ----------
    along : ndarray, float32, shape (A, ROWS, COLUMNS)
        Horizontal edges along each wall direction, in [0, 1].
    vertical : ndarray, float32, shape (ROWS, COLUMNS)
        Vertical edges, in [0, 1].
    known : ndarray, bool, shape (ROWS, COLUMNS)
        False in the hole.
    labels : ndarray, int, shape (ROWS, COLUMNS), or None
        0 floor, 1 wall (and what is in it), 2 ceiling, below 0 unknown; None if nothing was told.
    below, above : ndarray, float32, shape (ROWS + 1, COLUMNS)
        Cost of calling all cells from a row down floor, and all cells above a row ceiling.
    between : ndarray, float32, shape (A, ROWS + 1, COLUMNS)
        Cost of calling all cells above a row wall along each direction.
    """

    along: np.ndarray
    vertical: np.ndarray
    known: np.ndarray
    labels: np.ndarray | None
    below: np.ndarray
    above: np.ndarray
    between: np.ndarray


def gather(panorama, mask, segments, rotation, yaws, *, labels=None, surfaces=None):
    """Gather what speaks for floor, walls and ceiling.

    Parameters
    ----------
    panorama : ndarray, uint8, shape (H, 2H, 3)
    mask : ndarray, bool, shape (H, 2H)
        True = erase; what lies there says nothing, except for `labels`.
    segments : Segments
        In the upright frame.
    rotation : ndarray, shape (3, 3)
        Camera's frame to upright frame.
    yaws : sequence of float
        Longitudes that walls run along, radians.
    labels : ndarray, int, shape (h, 2h), optional
        0 floor, 1 wall (and what is in it), 2 ceiling, below 0 unknown; in the camera's frame, any size.
    surfaces : ndarray, int, shape (ROWS, COLUMNS), optional
        A first guess of 0 floor, 1 wall, 2 ceiling, to learn their colours from.

    Returns
    -------
    Evidence
    """
    rays = window_directions((slice(None), 0, COLUMNS), ROWS) @ rotation.astype(np.float32)
    known = ~sample_equirectangular(mask, rays, interpolation="nearest")
    costs = _COLOUR * _colour_costs(_upright(panorama, rays), known, surfaces)
    if labels is not None:
        labels = sample_equirectangular(labels.astype(np.int16), rays, interpolation="nearest")
        trusted = _LABEL * np.exp(-0.5 * (_distances(known) * _CELL / _GUESSED) ** 2)
        for surface in range(3):
            costs[surface] += trusted * ((labels >= 0) & (labels != surface))
    normals = segments.normals
    steep = np.abs(normals[:, 1]) < ALONG
    towards = np.stack([np.abs(normals @ lonlat_to_vector(yaw, 0.0)) < ALONG for yaw in yaws])
    vertical = _draw(segments, steep)
    along = np.stack([_draw(segments, chosen & ~steep) for chosen in towards])
    costs[[_FLOOR, _CEILING]] += _STRAY * vertical
    across = [_STRAY * along[_rightmost_angle(yaws, yaw)] for yaw in yaws]
    degrees = np.rad2deg(_CELL)
    below = _above(costs[_FLOOR] * degrees)
    return Evidence(
        _thickened(along),
        vertical,
        known,
        labels,
        below[-1] - below,
        _above(costs[_CEILING] * degrees),
        np.stack([_above((costs[_WALL] + stray) * degrees) for stray in across]),
    )


def _distances(known):
    """Distance of each cell to the nearest that is known, in cells; across the seam, too."""
    around = COLUMNS // 4
    hidden = np.pad(np.uint8(~known), ((0, 0), (around, around)), "wrap")
    return cv2.distanceTransform(hidden, cv2.DIST_L2, 3)[:, around:-around]


def _rightmost_angle(yaws, yaw):
    """Index of the direction that is closest to a right angle with the given one."""
    return int(np.argmax(np.abs(np.sin(np.asarray(yaws) - yaw))))


def _upright(panorama, rays):
    small = cv2.resize(panorama, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return sample_equirectangular(small, rays)


def _above(costs):
    """Sum from the top down: entry k is the sum of the first k rows."""
    return np.concatenate([np.zeros_like(costs[:1]), np.cumsum(costs, axis=0)])


def _draw(segments, chosen):
    """Draw segments as points at most a cell apart; longer ones stronger."""
    starts, ends = segments.starts[chosen], segments.ends[chosen]
    picture = np.zeros((ROWS, COLUMNS), np.float32)
    if not len(starts):
        return picture
    lengths = segments.lengths[chosen]
    counts = np.ceil(2 * lengths / _CELL).astype(int) + 1
    number = np.repeat(np.arange(len(counts)), counts)
    along = np.arange(len(number)) - np.repeat(np.cumsum(counts) - counts, counts)
    along = (along / (counts[number] - 1))[:, None]
    x, y, z = (starts[number] * (1 - along) + ends[number] * along).T
    rows = np.clip((0.5 - np.arctan2(y, np.hypot(x, z)) / np.pi) * ROWS, 0, ROWS - 1).astype(int)
    columns = ((np.arctan2(x, z) / (2 * np.pi) + 0.5) * COLUMNS).astype(int) % COLUMNS
    strength = np.clip(lengths / _FULL, 0.3, 1).astype(np.float32)
    np.maximum.at(picture, (rows, columns), strength[number])
    return picture


def _thickened(maps):
    """Give cells above and below an edge their credit."""
    result = maps.copy()
    for step in range(1, len(_NEAR)):
        np.maximum(result[:, step:], _NEAR[step] * maps[:, :-step], out=result[:, step:])
        np.maximum(result[:, :-step], _NEAR[step] * maps[:, step:], out=result[:, :-step])
    return result


def _colour_costs(picture, known, surfaces):
    """Cost in [0, 1] of each colour on floor, wall and ceiling, by where else the colour is seen.

    Returns (3, ROWS, COLUMNS); 0 in the hole and for colours that all surfaces share.
    """
    bins = (cv2.cvtColor(picture, cv2.COLOR_RGB2LAB) // np.array([22, 6, 6], np.uint8)).astype(np.int32)
    code = np.ravel_multi_index(np.moveaxis(bins, -1, 0), (12, 43, 43))
    weight = known * latitude_weights(ROWS)
    counts = []
    for share in _shares(surfaces):
        count = np.bincount(code.ravel(), (share * weight).ravel(), 12 * 43 * 43).reshape(12, 43, 43)
        smooth = cv2.GaussianBlur(count.transpose(1, 2, 0), (5, 5), 0.9)  # over both chromas
        counts.append(smooth.transpose(2, 0, 1).ravel() / max((share * weight).sum(), 1e-9))
    counts = np.stack(counts) + 1e-4
    likelihood = (counts / counts.sum(axis=0))[:, code]
    excess = np.log(likelihood.max(axis=0) / likelihood)
    return (np.minimum(excess / 2, 1) * known).astype(np.float32)


def _shares(surfaces):
    """How far each cell counts as floor, wall and ceiling."""
    if surfaces is not None:
        return np.stack([surfaces == surface for surface in range(3)]).astype(float)
    lat = ((0.5 - (np.arange(ROWS) + 0.5) / ROWS) * np.pi)[:, None] + np.zeros(COLUMNS)
    spread = np.deg2rad(5)
    floor = 1 / (1 + np.exp(np.clip((lat + _SEED) / spread, -30, 30)))
    ceiling = 1 / (1 + np.exp(np.clip((_SEED - lat) / spread, -30, 30)))
    return np.stack([floor, 1 - floor - ceiling, ceiling])
