"""Straight edges of a panorama as arcs of great circles, and what they say about up and wall directions.

A straight edge of the scene and the camera span a plane; its normal is all that a single segment tells, and
it is at right angles to the edge's direction in space, which is where its vanishing point lies.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .cube import face_directions
from .cubemap import to_faces
from .sphere import sample_equirectangular

_SHORTEST = np.deg2rad(2.5)  # shorter segments are texture
_CONTRAST, _TILES = 2.5, 4  # of the local equalisation
_TILT_SPREADS = np.deg2rad([9, 6, 3, 1.5, 1, 0.7, 0.5, 0.5])  # shrinking width of the votes for up
_TILT_PRIOR = 0.05  # radians of vertical segments that it takes to tilt an upright camera
_LEVEL = np.sin(np.deg2rad(35))  # floor boards and streaks around the poles pass for vertical further off
_FEW_EDGES = np.deg2rad(30)  # in all: fewer above the horizon do not tell more than the floor's
_BINS = 360  # of half a degree, over 180°
_SPREAD = np.deg2rad(1.5)  # width of a vote for a wall's direction
_STEEP = np.sin(np.deg2rad(8))  # steeper planes may belong to vertical edges and don't vote for walls


@dataclass(frozen=True, eq=False)
class Segments:
    """Straight edges.

    Attributes
    ----------
    starts, ends : ndarray, shape (N, 3), float64
        Unit vectors to the ends of each.
    """

    starts: np.ndarray
    ends: np.ndarray

    @property
    def normals(self):
        """Unit normals (N, 3) of the planes through the camera."""
        normals = np.cross(self.starts, self.ends)
        return normals / np.linalg.norm(normals, axis=1, keepdims=True)

    @property
    def lengths(self):
        """Angular lengths (N,), radians."""
        chords = np.linalg.norm(self.ends - self.starts, axis=1)
        return 2 * np.arcsin(np.minimum(chords / 2, 1))

    def turned(self, rotation):
        """Turn all segments: ``rotation @ vector`` for each."""
        return Segments(self.starts @ rotation.T, self.ends @ rotation.T)


def find_segments(panorama, mask=None):
    """Find the straight edges of a panorama outside a mask, on cube faces.

    Parameters
    ----------
    panorama : ndarray, uint8, shape (H, 2H, 3)
        RGB; 2048 wide is plenty.
    mask : ndarray, bool, shape (H, 2H), optional
        Edges that touch it are left out: they may be those of what is erased.

    Returns
    -------
    Segments

    Notes
    -----
    The detector is OpenCV's LSD [1]_. Edges are cut where they leave a face.

    References
    ----------
    .. [1] Grompone von Gioi, Jakubowicz, Morel, Randall 2012, "LSD: a Line Segment Detector", IPOL 2.
    """
    gray = cv2.cvtColor(panorama, cv2.COLOR_RGB2GRAY)
    face_size = panorama.shape[1] // 4 + panorama.shape[1] // 16
    # A cornice between a white ceiling and a pale wall is a few levels: locally it is an edge like others.
    equaliser = cv2.createCLAHE(_CONTRAST, (_TILES, _TILES))
    detector = cv2.createLineSegmentDetector()
    found = []
    for face, picture in enumerate(to_faces(gray, face_size)):
        lines = detector.detect(equaliser.apply(picture))[0]
        if lines is not None:
            found.append(_face_rays(lines.reshape(-1, 2), face, face_size).reshape(-1, 2, 3))
    ends = np.concatenate(found) if found else np.empty((0, 2, 3))
    segments = Segments(ends[:, 0], ends[:, 1])
    keep = segments.lengths > _SHORTEST
    if mask is not None and keep.any():
        along = np.linspace(0, 1, 5)[:, None, None]
        points = segments.starts * (1 - along) + segments.ends * along
        keep &= ~sample_equirectangular(mask, points, interpolation="nearest").any(axis=0)
    return Segments(segments.starts[keep], segments.ends[keep])


def _face_rays(points, face, face_size):
    """Turn points (N, 2) on a face, in pixels from the centre of the first one, into unit vectors."""
    corner, right, down = (
        (ray / np.abs(ray).max()).astype(float)
        for ray in (face_directions(face_size)[face][index] for index in ((0, 0), (0, -1), (-1, 0)))
    )
    step = np.stack([right - corner, down - corner]) / (face_size - 1)
    rays = corner + points @ step
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


def estimate_up(segments):
    """Estimate the direction against gravity from the vertical edges.

    Parameters
    ----------
    segments : Segments
        In the camera's frame, which is upright but for some 10°.

    Returns
    -------
    ndarray, shape (3, 3), float64
        Turns the camera's frame upright by the shortest way; identity if there is little to go by.

    Notes
    -----
    Up is at right angles to the normals of all vertical edges: the smallest eigenvector of their scatter,
    reweighted with a shrinking Gaussian, under a prior for the camera's own y axis.
    """
    middles = np.abs(segments.starts[:, 1] + segments.ends[:, 1]) / 2
    normals, lengths = segments.normals, segments.lengths * (middles < _LEVEL)
    up = np.array([0.0, 1.0, 0.0])
    for spread in _TILT_SPREADS:
        weights = lengths * np.exp(-0.5 * (normals @ up / spread) ** 2)
        scatter = (normals * weights[:, None]).T @ normals + _TILT_PRIOR * np.diag([1.0, 0.0, 1.0])
        up = np.linalg.eigh(scatter)[1][:, 0]
        up = up * np.sign(up[1])
    return _shortest_turn(up)


def _shortest_turn(up):
    """Rotation that takes a unit vector near y to y."""
    x, y, z = up
    if 1 - y < 1e-12:
        return np.eye(3)
    # Rodrigues' formula for the axis up × y.
    axis = np.array([[0, -x, 0], [x, 0, z], [0, -z, 0]])
    return np.eye(3) + axis + axis @ axis / (1 + y)


def wall_directions(segments, *, most=2):
    """Find the horizontal directions that edges run along, two at right angles first.

    Parameters
    ----------
    segments : Segments
        In the upright frame.
    most : int
        Directions wanted besides the first pair.

    Returns
    -------
    yaws : list of float
        Longitudes in [0, π) of vanishing points, radians: the pair at right angles, the one with more
        edges first, then others in order of evidence.
    strength : float
        Share of the horizontal edges that run along the pair beyond what chance gives, in [0, 1].
    """
    votes = _direction_votes(segments)
    total = votes.sum()
    if total <= 0:
        return [0.0, np.pi / 2], 0.0
    quarter = _BINS // 2
    pair = _smooth(votes[:quarter] + votes[quarter:])
    peak = int(pair.argmax())
    yaws = [_refined(pair, peak, np.pi / 2)]
    near = np.minimum(np.arange(quarter), quarter - np.arange(quarter)) <= 6
    share = (votes[:quarter] + votes[quarter:])[np.roll(near, peak)].sum() / total
    strength = max(0.0, (share - near.mean()) / (1 - near.mean()))
    smooth = _smooth(votes)
    if smooth[(peak + quarter) % _BINS] > smooth[peak]:
        yaws = [yaws[0] + np.pi / 2]
    yaws.append((yaws[0] + np.pi / 2) % np.pi)
    return yaws + _more_directions(smooth, peak, most), strength


def _direction_votes(segments):
    """Histogram over [0, π) of the longitudes where horizontal edges vanish."""
    normals = segments.normals
    level = np.hypot(normals[:, 0], normals[:, 2])
    yaw = np.arctan2(-normals[:, 2], normals[:, 0]) % np.pi
    weights = segments.lengths * level * (np.abs(normals[:, 1]) > _STEEP)
    # Tiles and boards bring hundreds of edges, and may lie askew: they count half as much as what is above.
    low = segments.starts[:, 1] + segments.ends[:, 1] < 0
    total = weights[~low].sum(), weights[low].sum()
    weights[low] *= min(1.0, max(total[0] / 2, _FEW_EDGES) / max(total[1], _FEW_EDGES))
    return np.bincount((yaw / np.pi * _BINS).astype(int) % _BINS, weights, _BINS)


def _smooth(votes):
    """Circular Gaussian smoothing of a histogram in steps of half a degree."""
    steps = np.arange(-12, 13)
    kernel = np.exp(-0.5 * (steps * np.pi / _BINS / _SPREAD) ** 2)
    return (
        sum(weight * np.roll(votes, step) for step, weight in zip(steps, kernel, strict=True)) / kernel.sum()
    )


def _refined(votes, peak, period):
    """Place of a peak by a parabola through its neighbours, radians."""
    before, here, after = votes[(peak + np.arange(-1, 2)) % len(votes)]
    bend = before - 2 * here + after
    offset = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return (peak + 0.5 + offset) * np.pi / _BINS % period


def _more_directions(smooth, peak, most):
    """Peaks away from the pair that stand out as much as a real wall's would."""
    yaws, left = [], smooth.copy()
    for taken in (peak, peak + _BINS // 2):
        left[(taken + np.arange(-20, 21)) % _BINS] = 0
    while len(yaws) < most:
        best = int(left.argmax())
        if left[best] < 0.35 * smooth.max() or left[best] < 6 * np.median(smooth):
            break
        yaws.append(_refined(smooth, best, np.pi))
        left[(best + np.arange(-20, 21)) % _BINS] = 0
    return yaws
