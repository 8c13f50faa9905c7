"""Masks of panoramas: growing and painting, right at the seam and at the poles."""

import numpy as np

from .errors import UsageError
from .sphere import latitude_weights, lonlat_to_vector, pixel_to_lonlat, vector_to_lonlat

_BAND = 2**22  # pixels painted at a time: 16 MB of span counts
EPSILON = 1e-6  # of a pixel: a pixel centre on a disc's rim belongs to the disc


def grow(mask, radius):
    """Dilate a panorama's mask by an angle on the sphere.

    Each run of masked pixels widens every row within the radius by the exact half-width there, so the result
    holds just those pixels whose centre is no further than the radius from a masked pixel's centre.

    Parameters
    ----------
    mask : ndarray, bool, shape (H, 2H)
        True = erase.
    radius : float
        Radians, in [0, π].

    Returns
    -------
    ndarray, bool, shape (H, 2H)

    Raises
    ------
    UsageError
        If the mask is not bool, its width is not twice its height, or the radius is out of range.
    """
    check_mask(mask)
    if not 0 <= radius <= np.pi:
        raise UsageError(f"radius must lie between 0 and π radians. Received: {radius}")
    height = len(mask)
    pixel = np.pi / height
    radius = radius + EPSILON * pixel
    grown = mask.copy()
    run_rows, first, last = _runs(mask)
    reach = min(int(radius / pixel), height - 1)
    if not len(run_rows) or not reach:
        return _widen_rows(grown, run_rows, first, last, radius)
    lat = pixel_to_lonlat(0, np.arange(height), 1, height)[1]
    step = max(1, _BAND // (2 * height))
    for top in range(max(0, run_rows[0] - reach), min(height, run_rows[-1] + reach + 1), step):
        band = range(top, min(top + step, height))
        spans = []
        for offset in range(-reach, reach + 1):
            chosen = slice(*np.searchsorted(run_rows, (band.start - offset, band.stop - offset)))
            target = run_rows[chosen] + offset
            half = half_widths(lat[target], lat[run_rows[chosen]], radius) / pixel
            columns = np.floor(half + EPSILON).astype(np.int64)
            spans.append((target, first[chosen] - columns, last[chosen] + columns))
        paint_spans(grown, *map(np.concatenate, zip(*spans, strict=True)))
    return grown


def widen(mask, radius, known):
    """Grow a mask over what was photographed, for the shadow that an object leaves along its edge.

    Parameters
    ----------
    mask : ndarray, bool, shape (H, 2H)
        True = erase.
    radius : float
        Radians, in [0, π]; 0 gives the mask back.
    known : ndarray, bool, shape (H, 2H)
        Where the sphere was photographed.

    Returns
    -------
    ndarray, bool, shape (H, 2H)

    Raises
    ------
    UsageError
        As for `grow`, and if nothing known were left beside the mask.
    """
    if not radius:
        return mask
    wide = grow(mask, radius)
    wide &= known
    if np.count_nonzero(wide) == np.count_nonzero(known):
        raise UsageError(
            "expected a mask that leaves something to see when widened, received one that covers everything",
            hint="a smaller --grow leaves more",
        )
    return wide


def share_of_sphere(mask):
    """Tell which part of the sphere's solid angle is marked.

    Parameters
    ----------
    mask : ndarray, bool, shape (H, 2H)

    Returns
    -------
    float
        In [0, 1].
    """
    weights = latitude_weights(len(mask))[:, 0]
    return float(mask.sum(axis=1) @ weights / (weights.sum() * mask.shape[1]))


def spherical_cap(center_lon, center_lat, radius, height):
    """Mask a disc on the sphere.

    Parameters
    ----------
    center_lon, center_lat : float
        Where it lies, radians.
    radius : float
        Its angular radius, radians, up to π.
    height : int
        Rows of the panorama; it is twice as wide.

    Returns
    -------
    ndarray, bool, shape (height, 2 * height)
        True where a pixel's centre is no further than the radius from the disc's centre.
    """
    mask = np.zeros((height, 2 * height), bool)
    paint_stroke(mask, [(center_lon, center_lat)], radius)
    return mask


def paint_stroke(mask, points, radius, *, value=True):
    """Paint a round brush along great circles onto a panorama's mask, in place.

    Parameters
    ----------
    mask : ndarray, bool, shape (H, 2H)
        Painted on.
    points : sequence of (float, float)
        Longitude and latitude of the stroke's corners, radians; a single point paints a disc. Corners
        opposite each other are joined by any one of their shortest arcs.
    radius : float
        Angular radius of the brush, radians, in (0, π].
    value : bool
        What to paint; False takes away.

    Raises
    ------
    UsageError
        If the mask is not bool, its width is not twice its height, there are no points, or the radius is
        out of range.
    """
    check_mask(mask)
    if not 0 < radius <= np.pi or not len(points):
        raise UsageError(f"Expected points and a radius in (0, π]. Received: {len(points)} points, {radius}")
    height = len(mask)
    pixel = np.pi / height
    lat = pixel_to_lonlat(0, np.arange(height), 1, height)[1]
    radius = radius + EPSILON * pixel
    spans = []
    for lon, center_lat in _stamps(np.asarray(points, float), radius):
        rows = np.flatnonzero(np.abs(lat - center_lat) <= radius)
        half = half_widths(lat[rows], center_lat, radius) / pixel
        center = (lon / np.pi + 1) * height - 0.5
        left = np.ceil(center - half - EPSILON).astype(np.int64)
        spans.append((rows, left, np.floor(center + half + EPSILON).astype(np.int64)))
    paint_spans(mask, *map(np.concatenate, zip(*spans, strict=True)), value=value)


def _stamps(points, radius):
    """Points along the great circles through the corners, a quarter of the radius apart at most."""
    vectors = lonlat_to_vector(*points.T)
    stamps = [vectors[:1]]
    for start, end in zip(vectors[:-1], vectors[1:], strict=True):
        across = end - (start @ end) * start
        angle = np.arctan2(np.linalg.norm(across), start @ end)
        across = across / max(np.linalg.norm(across), np.finfo(float).tiny)
        along = np.linspace(0, angle, int(np.ceil(angle / (radius / 4))) + 1)[1:, None]
        stamps.append(np.cos(along) * start + np.sin(along) * across)
    return np.stack(vector_to_lonlat(np.concatenate(stamps)), 1)


def half_widths(lat, center_lat, radius):
    """Half the longitudes a disc covers at a latitude: acos((cos r − sin a·sin b) / (cos a·cos b)).

    Written with half angles, sin²(w/2) = (sin²(r/2) − sin²((a−b)/2)) / (cos a·cos b), which keeps its digits
    for small discs. π where the disc covers the whole row.
    """
    room = np.sin(min(radius, np.pi) / 2) ** 2 - np.sin((lat - center_lat) / 2) ** 2
    scale = np.maximum(np.cos(lat) * np.cos(center_lat), np.finfo(float).tiny)
    return 2 * np.arcsin(np.sqrt(np.clip(room / scale, 0, 1)))


def _runs(mask):
    """Find the runs of masked pixels: row, first and last column, sorted by row."""
    rows = np.flatnonzero(mask.any(axis=1))
    starts = mask[rows]
    ends = starts.copy()
    starts[:, 1:] &= ~ends[:, :-1]
    ends[:, :-1] &= ~mask[rows, 1:]
    index, first = np.nonzero(starts)
    return rows[index], first, np.nonzero(ends)[1]


def _widen_rows(mask, rows, first, last, radius):
    """Grow runs within their own rows, where the radius reaches no other row."""
    height = len(mask)
    lat = pixel_to_lonlat(0, rows, 1, height)[1]
    columns = np.floor(half_widths(lat, lat, radius) * height / np.pi + EPSILON).astype(np.int64)
    paint_spans(mask, rows, first - columns, last + columns)
    return mask


def paint_spans(mask, rows, left, right, *, value=True):
    """Paint columns left … right of rows, both inclusive; columns may lie past either end."""
    if not len(rows):
        return
    total = mask.shape[1]
    whole = right - left >= total - 1
    left, right = np.where(whole, 0, left), np.where(whole, total - 1, right)
    shift = np.floor_divide(left, total) * total
    left, right = left - shift, right - shift
    step = max(1, _BAND // total)
    for top in range(rows.min(), rows.max() + 1, step):
        band = mask[top : top + step]
        here = (rows >= top) & (rows < top + step)
        changes = _span_ends(rows[here] - top, left[here], right[here], (len(band), total + 1))
        band[np.cumsum(changes, axis=1, out=changes)[:, :-1] > 0] = value


def _span_ends(rows, left, right, shape):
    """Count +1 where a span starts and −1 behind its end; spans past the last column go on at the first."""
    changes, total = np.zeros(shape, np.int32), shape[1] - 1
    over = right >= total
    np.add.at(changes, (rows, left), 1)
    np.add.at(changes, (rows, np.minimum(right + 1, total)), -1)
    np.add.at(changes, (rows[over], 0), 1)
    np.add.at(changes, (rows[over], right[over] + 1 - total), -1)
    return changes


def check_mask(mask):
    """Refuse what is no panorama's mask.

    Parameters
    ----------
    mask : ndarray
        To be bool, of shape (H, 2H).

    Raises
    ------
    UsageError
        If it is not.
    """
    if mask.dtype != np.bool_ or mask.ndim != 2 or mask.shape[1] != 2 * mask.shape[0]:
        raise UsageError(f"Expected a bool mask of shape (H, 2H). Received: {mask.dtype} {mask.shape}")
