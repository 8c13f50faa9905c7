"""Connected regions of a panorama's mask, right at the seam and at the poles."""

from dataclasses import dataclass

import cv2
import numpy as np

from .masks import check_mask, grow
from .sphere import lonlat_to_pixel, lonlat_to_vector, pixel_to_lonlat, rotation_matrix, vector_to_lonlat

_SWEEP = 2**22  # pixels measured at a time
_MERGE_ROWS = 1024  # distances between regions are taken on a mask brought down to about this many rows
_NO_DIRECTION = 1e-6  # mean vector of a region that surrounds the viewer evenly


@dataclass(frozen=True, eq=False)
class Region:
    """A connected part of a mask.

    Attributes
    ----------
    window : tuple of (slice, int, int)
        Rows, first column and width in columns of the smallest window around the region; columns past the
        right end go on at the left one.
    mask : ndarray, bool, shape (rows, width)
        The region within the window.
    direction : ndarray, shape (3,), float64
        Unit vector to the region's sphere-weighted mean; forward where it surrounds the viewer evenly.
    radius : float
        Angle from `direction` to the furthest pixel centre, radians, up to π.
    share : float
        Part of the sphere's solid angle, in (0, 1].
    """

    window: tuple
    mask: np.ndarray
    direction: np.ndarray
    radius: float
    share: float

    @property
    def rotation(self):
        """Rotation (3, 3) that turns a cube's front face towards the region, upright."""
        return rotation_matrix(*vector_to_lonlat(self.direction))

    def contains(self, directions, height):
        """Tell which directions fall into the region.

        Parameters
        ----------
        directions : ndarray, shape (..., 3)
            Vectors of any length.
        height : int
            Rows of the panorama whose mask the region is of; its nearest pixel counts.

        Returns
        -------
        ndarray of bool, shape (...)
        """
        x, y = lonlat_to_pixel(*vector_to_lonlat(directions), 2 * height, height)
        rows, start, width = self.window
        row = np.rint(y).astype(int) - rows.start
        column = (np.rint(x).astype(int) - start) % (2 * height)
        there = (row >= 0) & (row < self.mask.shape[0]) & (column < width)
        return there & self.mask[np.where(there, row, 0), np.where(there, column, 0)]


def regions(mask, *, merge_within=0.0):
    """Find the connected regions of a panorama's mask.

    Pixels are connected to their eight neighbours, over the seam too; all pixels of the first row are
    neighbours of each other, and so are those of the last.

    Parameters
    ----------
    mask : ndarray, bool, shape (H, 2H)
        True = erase.
    merge_within : float
        Regions nearer to each other than this angle count as one; radians. Good to about a pixel, or to
        0.2° in panoramas of more than 1024 rows.

    Returns
    -------
    list of Region
        Largest solid angle first.

    Raises
    ------
    UsageError
        If the mask is not bool, or its width is not twice its height.
    """
    check_mask(mask)
    occupied = np.flatnonzero(mask.any(axis=1))
    if not len(occupied):
        return []
    first, last = int(occupied[0]), int(occupied[-1])
    labels, boxes, groups = _connect(mask, slice(first, last + 1))
    if merge_within > 0:
        groups = _merge(mask, labels, boxes, groups, first, merge_within)
    members = np.argsort(groups[1:], kind="stable") + 1
    cuts = np.flatnonzero(np.diff(groups[members])) + 1
    found = [_region(labels, boxes, groups, part, first) for part in np.split(members, cuts)]
    return sorted(found, key=lambda region: -region.share)


def _connect(mask, rows):
    """Label the rows; returns labels, boxes (left, top, width, height, area), and each label's group."""
    crop = np.ascontiguousarray(mask[rows]).view(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(crop, connectivity=8)
    left, right = labels[:, 0], labels[:, -1]
    links = [
        np.stack([left, right], 1),
        np.stack([left[1:], right[:-1]], 1),
        np.stack([left[:-1], right[1:]], 1),
    ]
    for touches, row in ((rows.start == 0, labels[0]), (rows.stop == len(mask), labels[-1])):
        around_pole = np.unique(row[row > 0]) if touches else row[:0]
        links.append(np.stack([around_pole[:-1], around_pole[1:]], 1))
    return labels, boxes, _groups(count, np.concatenate(links))


def _groups(count, links):
    """Give each label the lowest label of its group, from pairs of labels that belong together."""
    parent = np.arange(count)

    def root(label):
        while parent[label] != label:
            parent[label] = label = parent[parent[label]]
        return label

    for one, other in np.unique(links[(links > 0).all(axis=1)], axis=0):
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return np.array([root(label) for label in range(count)])


def _merge(mask, labels, boxes, groups, first, angle):
    """Group labels whose surroundings of half the angle, and half a pixel, touch."""
    step = max((k for k in range(1, len(mask) // _MERGE_ROWS + 1) if len(mask) % k == 0), default=1)
    height = len(mask) // step
    coarse = mask.reshape(height, step, 2 * height, step).any(axis=(1, 3))
    surroundings = grow(coarse, min((angle + np.pi / height) / 2, np.pi))
    grown_labels, _, grown_groups = _connect(surroundings, slice(0, height))
    anchors = np.zeros(len(boxes), int)
    for label, (left, top, width, *_) in enumerate(boxes[1:], 1):
        column = left + np.argmax(labels[top, left : left + width] == label)
        anchors[label] = grown_groups[grown_labels[(first + top) // step, column // step]]
    order = np.argsort(anchors, kind="stable")
    same = anchors[order[1:]] == anchors[order[:-1]]
    nearby = np.stack([order[:-1], order[1:]], 1)[same]
    known = np.stack([np.arange(len(groups)), groups], 1)
    return _groups(len(groups), np.concatenate([nearby, known]))


def _region(labels, boxes, groups, members, first):
    """Build the region of the labels of one group; `first` is the panorama's row where the labels start."""
    total = labels.shape[1]
    left, top, width, height = boxes[members, :4].T
    rows = slice(int(top.min()), int((top + height).max()))
    start, columns = _smallest_arc(left, width, total)
    part = labels[rows].take(np.arange(start, start + columns), axis=1, mode="wrap")
    mask = (groups == groups[members[0]])[part]
    window = (slice(first + rows.start, first + rows.stop), start, columns)
    return Region(window, mask, *_measure(mask, window, total // 2))


def _smallest_arc(left, width, total):
    """First column and width of the smallest arc that holds intervals of columns on a circle."""
    order = np.argsort(left)
    left, ends = left[order], np.maximum.accumulate((left + width)[order])
    gaps = np.append(left[1:] - ends[:-1], left[0] + total - ends[-1])
    widest = int(np.argmax(gaps))
    if gaps[widest] <= 0:
        return 0, total
    return int(left[(widest + 1) % len(left)]), int(total - gaps[widest])


def _measure(mask, window, height):
    """Mean direction, angular radius and share of the sphere of a window's mask."""
    rows, start, columns = window
    lon, lat = pixel_to_lonlat(
        np.arange(start, start + columns), np.arange(rows.start, rows.stop), 2 * height, height
    )
    step = max(1, _SWEEP // columns)
    bands = [slice(first, first + step) for first in range(0, len(lat), step)]
    circle = np.stack([np.sin(lon), np.ones_like(lon), np.cos(lon)], 1)
    sums = np.concatenate([mask[band].astype(np.float64) @ circle for band in bands])
    cosine, sine = np.cos(lat), np.sin(lat)
    mean = np.stack([cosine, sine, cosine], 1) * sums * cosine[:, None]
    weight = cosine @ sums[:, 1]
    direction = mean.sum(axis=0) / weight
    length = np.linalg.norm(direction)
    direction = direction / length if length > _NO_DIRECTION else np.array([0.0, 0.0, 1.0])
    radius = max(_furthest(mask[band], lon, lat[band], direction) for band in bands)
    whole_sphere = 2 * height * np.cos(pixel_to_lonlat(0, np.arange(height), 1, height)[1]).sum()
    return direction, radius, float(weight / whole_sphere)


def _furthest(mask, lon, lat, direction):
    """Angle from a direction to the furthest pixel of a mask."""
    x, y, z = direction
    cosines = np.cos(lat)[:, None] * (x * np.sin(lon) + z * np.cos(lon)) + (y * np.sin(lat))[:, None]
    if not mask.any():
        return 0.0
    row, column = np.unravel_index(np.argmin(np.where(mask, cosines, 2)), mask.shape)
    # The arc cosine would lose half the digits of a small angle.
    chord = np.linalg.norm(lonlat_to_vector(lon[column], lat[row]) - direction)
    return float(2 * np.arcsin(min(1.0, chord / 2)))
