"""Complete a texture by copying large pieces of it: translations chosen per pixel, seams where they agree.

Statistics of offsets as candidates follow He and Sun 2012; the labelling is that of shift maps (Pritch,
Kav-Venaki and Peleg 2009), solved where the hole is small and refined on the way up.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .labelling import FORBIDDEN, choose_labels, grid_edges
from .offsets import candidate_offsets
from .seams import join_copies, nearest_labels

_RIM = 3  # pixels around the hole, where it is small, that a copy should agree with
_RIM_WEIGHT = 8.0  # against the seams inside
_STRANGE = 0.3  # colour difference assumed where a copy of the rim cannot be compared
_DISTANCE = 1e-2  # cost of fetching from as far as the hole is large: between equals the nearest wins
_FAR = 4.0  # holes away: further is no worse
_ROUGHNESS = 0.5  # weight of the texture's local energy beside its colours
_DESPERATE = 0.3  # cost of an offset that is there only because no good one reaches a pixel
_LAYERED = 0.6  # cost of a copy from another layer of the surface
_BLURRED = 0.1  # cost of a copy whose pixels are twice as large or half as large, less what is not seen
_UNSEEN_BLUR = 0.3
_STRANGER = 0.8  # cost of a copy of what does not look like the surface
_LEVEL_OFFSETS = 32
_TRIES = 8  # offsets drawn to find one that reaches many of the pixels that none has reached
_CHOICE = 0.5  # share of the candidates that any seed but 0 may use: another order alone changes too little
_SAMPLES = 3000  # pixels on which an offset is refined


@dataclass(frozen=True)
class Quality:
    """How thorough to be: pixels of the hole where it is labelled, sweeps, offsets of each kind."""

    pixels: int
    sweeps: int
    whole: int
    tiles: int
    per_tile: int


QUALITIES = {
    "draft": Quality(900, 1, 16, 10, 2),
    "standard": Quality(2400, 2, 24, 16, 3),
    "fine": Quality(4800, 3, 32, 24, 4),
}


@dataclass(frozen=True)
class Copies:
    """Which pixel of a hole is copied from where.

    Attributes
    ----------
    labels : ndarray of int, shape (H, W)
        Index into `offsets` inside the hole, −1 outside.
    offsets : ndarray of float64, shape (K, 2)
        Rows and columns to add to a pixel to get to its source; fractions of pixels count.
    """

    labels: np.ndarray
    offsets: np.ndarray


def complete_texture(picture, hole, *, source=None, guide=None, seed=0, quality="standard"):
    """Complete a flat picture by translations of itself.

    Parameters
    ----------
    picture : ndarray of float32, shape (H, W, C)
        In [0, 1]. Pixels inside the hole are not looked at.
    hole : ndarray of bool, shape (H, W)
        True = to be completed.
    source : ndarray of bool, shape (H, W), optional
        What may be copied; all that is known if left out.
    guide : ndarray of float32, shape (H, W, C), optional
        What the completion should look like from far.
    seed : int
        Of the order in which labels are tried.
    quality : {"draft", "standard", "fine"}

    Returns
    -------
    ndarray of float32, shape (H, W, C)
        Equal to the picture outside the hole.

    Raises
    ------
    ValueError
        If shapes do not fit, there is nothing to copy, or the quality is unknown.
    """
    copies = find_copies(picture, hole, source=source, guide=guide, seed=seed, quality=quality)
    whole = np.rint(copies.offsets).astype(int)
    source = ~hole if source is None else source & ~hole

    def sample(label, row, column):
        row, column = row + whole[label, 0], column + whole[label, 1]
        inside = (row >= 0) & (row < hole.shape[0]) & (column >= 0) & (column < hole.shape[1])
        row, column = np.where(inside, row, 0), np.where(inside, column, 0)
        return picture[row, column], inside & source[row, column]

    filled = picture.copy()
    row, column = np.nonzero(hole)
    filled[row, column] = sample(copies.labels[row, column], row, column)[0]
    return join_copies(filled, hole, copies.labels, sample)


def find_copies(
    picture, hole, *, known=None, source=None, blur=None, strange=None, guide=None, guide_weight=0.8,
    layer=None, seed=0, quality="standard",
):  # fmt: skip
    """Decide where each pixel of a hole is copied from.

    Parameters
    ----------
    picture : ndarray of float32, shape (H, W, C)
        In about [0, 1], best evenly lit. Pixels that are not known are not looked at.
    hole : ndarray of bool, shape (H, W)
    known : ndarray of bool, shape (H, W), optional
        What the fill should agree with where it touches the hole; all but the hole if left out.
    source : ndarray of bool, shape (H, W), optional
        What may be copied; `known` if left out.
    blur : ndarray of float32, shape (H, W), optional
        Logarithm (base 2) of the size of the camera's pixels on the surface. Copies from where it is larger
        are blurred and cost accordingly.
    strange : ndarray of float32, shape (H, W), optional
        In [0, 1]: how little a pixel looks like the rest of the surface. Copies of what does not are
        discouraged.
    guide : ndarray of float32, shape (H, W, C), optional
        What the completion should look like from far.
    guide_weight : float
        Against the agreement of seams.
    layer : float, optional
        Rows over which a surface changes its look, as a wall does from skirting to cornice: copies from so
        many rows above or below are discouraged.
    seed : int
        0 may use all candidates, any other a part of them drawn by it.
    quality : {"draft", "standard", "fine"}

    Returns
    -------
    Copies

    Raises
    ------
    ValueError
        If shapes do not fit, there is nothing to copy, or the quality is unknown.
    """
    if quality not in QUALITIES:
        raise ValueError(f"Expected quality {' or '.join(QUALITIES)}. Received: {quality!r}")
    known = ~hole if known is None else known & ~hole
    source = known if source is None else source & ~hole
    _check(picture, hole, source)
    effort, rng = QUALITIES[quality], np.random.default_rng(seed)
    halvings = 0
    while np.count_nonzero(hole) > effort.pixels * 4**halvings:
        halvings += 1
    small = _Problem.shrunk(picture, hole, known, source, blur, strange, guide, layer, 2**halvings)
    offsets = candidate_offsets(
        small.colours, small.hole, small.known, small.source,
        whole=effort.whole, tiles=effort.tiles, per_tile=effort.per_tile,
    )  # fmt: skip
    if layer is not None:
        offsets = np.unique(np.concatenate([offsets, _level_offsets(small.hole)]), axis=0)
    if seed:
        offsets = offsets[rng.random(len(offsets)) < _CHOICE]
    labels, offsets = _label(small, offsets, guide_weight, effort.sweeps, rng)
    used, labels = np.unique(labels, return_inverse=True)
    coarse = np.full(small.hole.shape, -1)
    coarse[small.hole] = labels
    scale = 2**halvings
    full = np.repeat(np.repeat(coarse, scale, 0), scale, 1)[: hole.shape[0], : hole.shape[1]]
    full = nearest_labels(full, hole)
    offsets = offsets[used] * float(scale)
    if scale > 1:
        offsets = _refine(picture, full, known, source, offsets, scale, rng)
    return Copies(full, offsets)


@dataclass
class _Problem:
    """The picture where the hole is small enough to label."""

    colours: np.ndarray
    hole: np.ndarray
    known: np.ndarray
    source: np.ndarray
    blur: np.ndarray | None
    strange: np.ndarray | None
    guide: np.ndarray | None
    layer: float | None

    @classmethod
    def shrunk(cls, picture, hole, known, source, blur, strange, guide, layer, scale):
        """Shrink by area means of what is known; a texture's local energy becomes a further channel."""
        mean, share = _area_mean(_with_roughness(picture, known, scale), known, scale)
        coverage = _area_mean(None, hole, scale)[1]
        seen = share > 0.5 if scale > 1 else known
        hollow = (coverage > 0) & ~seen
        if not hollow.any():
            hollow = coverage == coverage.max()
        seen &= ~hollow
        pure = _area_mean(None, source, scale)[1] > 0.99
        return cls(
            np.where(seen[..., None], mean, np.float32(0)),
            hollow,
            seen,
            pure & seen if (pure & seen).any() else seen,
            None if blur is None else _resized(blur, seen.shape),
            None if strange is None else _resized(strange, seen.shape),
            None if guide is None else _resized(guide, seen.shape),
            None if layer is None else layer / scale,
        )


def _level_offsets(hole):
    """Spread offsets along the rows: they keep every layer of a surface in its place."""
    columns = np.flatnonzero(hole.any(axis=0))
    spread = np.linspace(-columns[-1], hole.shape[1] - 1 - columns[0], _LEVEL_OFFSETS).astype(int)
    return np.stack([np.zeros_like(spread), spread], 1)[spread != 0]


def _label(small, offsets, guide_weight, sweeps, rng):
    """Label the small hole; returns a label for each of its pixels, and the offsets."""
    ring = cv2.dilate(small.hole.astype(np.uint8), np.ones((2 * _RIM + 1, 2 * _RIM + 1), np.uint8)) > 0
    ring &= small.known
    row, column = np.nonzero(small.hole)
    rows = [_cost(small, offset, ring, row, column, guide_weight) for offset in offsets]
    offsets = [*offsets]
    reached = np.any([cost < FORBIDDEN for cost, _ in rows], axis=0) if rows else np.zeros(len(row), bool)
    sources = np.argwhere(small.source)
    while not reached.all():
        pixels, ends = rng.choice(np.flatnonzero(~reached), _TRIES), rng.choice(sources, _TRIES)
        trials = ends - np.stack([row[pixels], column[pixels]], 1)
        covers = [_fetch(small.source, small.source, row + i, column + j)[1] for i, j in trials]
        offset = trials[np.argmax([np.count_nonzero(cover & ~reached) for cover in covers])]
        cost, colours = _cost(small, offset, ring, row, column, guide_weight)
        rows.append((cost + _DESPERATE * (cost < FORBIDDEN), colours))
        offsets.append(offset)
        reached |= cost < FORBIDDEN
    costs, colours = (np.stack(part) for part in zip(*rows, strict=True))
    return choose_labels(costs, colours, grid_edges(small.hole), sweeps=sweeps, rng=rng), np.array(offsets)


def _cost(small, offset, ring, row, column, guide_weight):
    """Tell what an offset costs each pixel of the hole, and the colours it brings."""
    colours, there = _fetch(small.colours, small.source, row + offset[0], column + offset[1])
    ring_row, ring_column = np.nonzero(ring)
    rim, seen = _fetch(small.colours, small.known, ring_row + offset[0], ring_column + offset[1])
    difference = np.linalg.norm(rim - small.colours[ring], axis=1)
    around = np.zeros(small.hole.shape, np.float32)
    around[ring] = np.where(seen, difference, _STRANGE)
    cost = _RIM_WEIGHT * cv2.GaussianBlur(around, (0, 0), _RIM / 2)[row, column]
    cost += _DISTANCE * min(_FAR, np.hypot(*offset) / np.sqrt(len(row)))
    if small.layer is not None:
        cost += _LAYERED * min(1.0, abs(offset[0]) / small.layer)
    if small.blur is not None:
        blur = _fetch(small.blur[..., None], small.source, row + offset[0], column + offset[1])[0][:, 0]
        cost += _BLURRED * np.maximum(0, np.abs(blur - small.blur[row, column]) - _UNSEEN_BLUR)
    if small.strange is not None:
        strange = _fetch(small.strange[..., None], small.source, row + offset[0], column + offset[1])[0][:, 0]
        cost += _STRANGER * strange
    if small.guide is not None:
        channels = small.guide.shape[2]
        away = np.linalg.norm(colours[:, :channels] - small.guide[row, column], axis=1)
        cost += guide_weight * np.minimum(away, _STRANGE)
    return np.where(there, cost, FORBIDDEN), colours


def _fetch(picture, allowed, row, column):
    """Pixels at integer positions, and whether they lie inside and are allowed."""
    height, width = allowed.shape
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    row, column = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
    return picture[row, column], inside & allowed[row, column]


def _refine(picture, labels, known, source, offsets, scale, rng):
    """Move offsets found on a small picture to where the full one agrees best."""
    refined = offsets.copy()
    everywhere = _drawn(known, rng, _SAMPLES // 2)
    for label in range(len(offsets)):
        region = cv2.dilate((labels == label).astype(np.uint8), np.ones((8 * scale + 1,) * 2, np.uint8)) > 0
        row, column = np.concatenate([_drawn(region & known, rng, _SAMPLES), everywhere]).T
        refined[label] = _descend(picture, source, row, column, offsets[label], scale)
    return refined


def _descend(picture, source, row, column, offset, scale):
    """Halve the step from `scale` / 2 to one pixel, each time moving to the best of nine offsets."""
    here = picture[row, column]
    step = scale // 2
    while step >= 1:
        trials = [offset + (i * step, j * step) for i in (0, -1, 1) for j in (0, -1, 1)]
        errors = []
        for trial in trials:
            to_row, to_column = row + int(trial[0]), column + int(trial[1])
            there, allowed = _fetch(picture, source, to_row, to_column)
            difference = np.abs(there - here).sum(axis=1)[allowed]
            errors.append(difference.mean() if 4 * len(difference) > len(row) else np.inf)
        if np.isfinite(errors).any():
            offset = trials[int(np.argmin(errors))]
        step //= 2
    return offset


def _drawn(region, rng, count):
    points = np.argwhere(region)
    return points[rng.permutation(len(points))[:count]] if len(points) > count else points


def _with_roughness(picture, known, scale):
    """Add the energy of what shrinking takes away as a channel."""
    if scale == 1:
        return picture
    gray = picture.mean(axis=2) * known
    share = np.maximum(cv2.GaussianBlur(known.astype(np.float32), (0, 0), 2), 1e-3)
    rough = np.abs(gray - cv2.GaussianBlur(gray, (0, 0), 2) / share)
    return np.concatenate([picture, _ROUGHNESS * rough[..., None]], axis=2)


def _area_mean(picture, weight, scale):
    """Mean over squares of the pixels that have weight, and the share of each square that has."""
    height, width = weight.shape
    pad = (0, -height % scale, 0, -width % scale, cv2.BORDER_CONSTANT)
    size = (-(-width // scale), -(-height // scale))
    weight = cv2.copyMakeBorder(weight.astype(np.float32), *pad, value=0)
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    if picture is None:
        return None, share
    total = np.dstack([
        cv2.resize(cv2.copyMakeBorder(plane, *pad, value=0) * weight, size, interpolation=cv2.INTER_AREA)
        for plane in np.moveaxis(picture, 2, 0)
    ])  # fmt: skip
    return total / np.maximum(share, 1e-6)[..., None], share


def _resized(plane, shape):
    return cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_AREA)


def _check(picture, hole, source):
    if picture.ndim != 3 or hole.shape != picture.shape[:2] or source.shape != hole.shape:
        raise ValueError(
            f"Expected a picture (H, W, C) and masks (H, W). Received: {picture.shape}, {hole.shape}, "
            f"{source.shape}"
        )
    if not hole.any() or not source.any():
        raise ValueError("Expected a hole and something to copy. Received: an empty hole or source")
