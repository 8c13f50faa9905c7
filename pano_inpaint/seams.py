"""Join copies from different places: gradients are kept, and what their edges differ by is spread out.

Poisson image editing (Pérez, Gangnet and Blake 2003) of many patches at once. Only the pairs of neighbours
across a seam ask for a correction, so nothing but those is sampled again.
"""

import cv2
import numpy as np

from .blending import CYCLES, _coarsen, _dot, _positive, _residual, _v_cycle, fade_out, smooth_fill
from .shading import is_shade

_LIT = 60  # percentile of a rim's brightness against its copies that the light is taken to have
_DIM = 0.05  # of copies in a surface's known light: a rim darker by more lies in a shadow for the most part
_SHADOW = 0.05  # darker than that by so much: a shadow that what stood there has left
_STAYS = 0.12  # the same of copies in known light where shadows have been lifted
_GLEAM = 0.17  # brighter by so much: another thing
_DEEPEST = 0.7  # darker by more than this: another thing
_THING = 0.5  # what differs by more, and is no shadow, is another thing
_SHARP = 2.0  # pixels over which its edge dies away
_PART = 5  # pixels: parts of a hole that are nearer to each other are one


def join_copies(
    filled, hole, labels, sample, *, owners=None, rims=None, lit=None, fade=6.0, shade=0.0,
    shadows_lifted=False,
):  # fmt: skip
    """Correct copied pixels smoothly so that seams between copies, and the hole's edge, don't show.

    Across a seam the picture should change as either copy does there: by the mean of both. Across the
    hole's edge it should change as the copy inside does, but for shadows there. Where two
    surfaces meet nothing is asked.

    Parameters
    ----------
    filled : ndarray of float32, shape (H, W, C)
        The copies inside the hole, and around it the original; best logarithms of colours, in which light
        adds up.
    hole : ndarray of bool, shape (H, W)
    labels : ndarray of int, shape (H, W)
        Which copy a pixel of the hole has; −1 outside.
    sample : callable
        ``sample(label, row, column)`` with arrays of n entries returns what a copy shows at pixels in or
        beside the hole, (n, C), and whether it is known there, (n,).
    owners : ndarray of int, shape (H, W), optional
        Which surface a pixel of the hole lies on, from 0; −1 outside. A single one if left out.
    rims : sequence of ndarray of bool, shape (H, W), optional
        For each surface the pixels beside the hole that its fill should meet: not the edge of an object in
        front, nor another surface. All outside the hole if left out.
    lit : sequence of bool, optional
        For each surface whether its copies are in the light that it is known to have. A rim that is darker
        than they are as a whole then lies in a shadow. None is if left out.
    fade : float
        Pixels inside the hole's edge over which what is darker or brighter on the rim, and its noise, die
        away; two where the rim shows another thing, whose edge a fill must not smear.
    shade : float
        The same for what is darker as a shadow is, which has no sharp border; no less than `fade`.
    shadows_lifted : bool
        Whether the shadows that what stood there has left are gone: copies in a known light then meet a rim
        that is somewhat darker.

    Returns
    -------
    ndarray of float32, shape (H, W, C)
        Equal to `filled` outside the hole; may leave its range a little.
    """
    if owners is None:
        owners, rims = np.where(hole, 0, -1), [~hole]
    lit = [False] * len(rims) if lit is None else lit
    result = filled.copy()
    for owner, (rim, is_lit) in enumerate(zip(rims, lit, strict=True)):
        own = owners == owner
        box = _box(own)
        if box is None:
            continue
        own, rim = own[box], rim[box]
        origin = (box[0].start, box[1].start)
        place = (filled[box], labels[box], sample, origin)
        offsets, held = _rim_offsets(own, rim, *place)
        smooth = _smoothed_rim(offsets, held, fade / 2)
        dimmest = -_DIM if is_lit else -np.inf
        deepest = _STAYS if is_lit and shadows_lifted else _SHADOW
        credible = held & ~_is_strange(smooth, held, own, dimmest, deepest)
        if credible.any():
            # Where the surface is not, the correction ends with no slope: it may go on as it likes.
            unknown, values = ~credible, smooth
        else:
            unknown, values = own, np.zeros_like(smooth) if is_lit else smooth
        correction = solve_poisson(_seam_changes(own, *place), unknown, values)
        if held.any():
            left = smooth - correction
            shaded = (left.mean(axis=2) < 0) & is_shade(left, _DEEPEST)
            correction += fade_out(left * shaded[..., None], held, max(fade, shade))
            left, thing = offsets - correction, np.abs(smooth - correction).max(axis=2)[..., None] > _THING
            correction += fade_out(left * ~thing, held, fade) + fade_out(left * thing, held, _SHARP)
        result[box] += correction * own[..., None]
    return result


def _rim_offsets(own, rim, filled, labels, sample, origin):
    """Subtract copies from the original on the rim, each as its neighbours inside are copied."""
    offsets, count = np.zeros_like(filled), np.zeros((*own.shape, 1), np.float32)
    for first, second in _neighbours(own.shape):
        for inner, outer in ((first, second), (second, first)):
            row, column = np.nonzero(own[inner] & rim[outer] & (labels[inner] >= 0))
            label = labels[inner][row, column]
            row, column = row + (outer[0].start or 0), column + (outer[1].start or 0)
            copy, known = sample(label, row + origin[0], column + origin[1])
            row, column = row[known], column[known]
            np.add.at(offsets, (row, column), filled[row, column] - copy[known])
            np.add.at(count, (row, column), 1)
    return offsets / np.maximum(count, 1), count[..., 0] > 0


def _smoothed_rim(offsets, held, sigma):
    """Gaussian mean along the rim: what the colours of a texture differ by at single pixels says little."""
    share = cv2.GaussianBlur(held.astype(np.float32), (0, 0), sigma)[..., None]
    mean = cv2.GaussianBlur(offsets * held[..., None], (0, 0), sigma).reshape(offsets.shape)
    return np.where(held[..., None], mean / np.maximum(share, 1e-6), np.float32(0))


def _is_strange(offsets, held, own, dimmest, deepest):
    """Find what of a rim is darker, by `deepest`, or much brighter than most of it, for each part of a hole.

    Most of it is taken to be no darker than `dimmest`, against the copies.
    """
    light, strange = offsets.mean(axis=2), np.zeros_like(held)
    near = cv2.dilate(own.astype(np.uint8), np.ones((_PART, _PART), np.uint8))
    parts = cv2.connectedComponents(near)[1]
    for part in np.unique(parts[held]):
        rim = held & (parts == part)
        off = light - max(np.percentile(light[rim], _LIT), dimmest)
        strange |= rim & ((off < -deepest) | (off > _GLEAM))
    return strange


def _seam_changes(own, filled, labels, sample, origin):
    """Divergence of the changes that the seams inside one surface ask for."""
    wanted = np.zeros_like(filled)
    for first, second in _neighbours(own.shape):
        across = own[first] & own[second] & (labels[first] != labels[second])
        row, column = np.nonzero(across)
        next_row, next_column = row + second[0].start, column + second[1].start
        now = filled[next_row, next_column] - filled[row, column]
        change, count = np.zeros_like(now), np.zeros((len(row), 1), np.float32)
        for label in (labels[first][across], labels[second][across]):
            inside = np.flatnonzero(label >= 0)
            label = label[inside]
            there, known = sample(label, next_row[inside] + origin[0], next_column[inside] + origin[1])
            here, also = sample(label, row[inside] + origin[0], column[inside] + origin[1])
            known = known & also
            change[inside[known]] += (there - here)[known]
            count[inside[known]] += 1
        jump = np.where(count > 0, change / np.maximum(count, 1) - now, 0)
        np.add.at(wanted, (row, column), jump)
        np.add.at(wanted, (next_row, next_column), -jump)
    return wanted


def _neighbours(shape):
    """Slices of the left and the right, of the upper and the lower pixels of all pairs."""
    for down, right in ((0, 1), (1, 0)):
        first = (slice(0, shape[0] - down), slice(0, shape[1] - right))
        yield first, (slice(down, shape[0]), slice(right, shape[1]))


def _box(region, margin=4):
    """Slices of the smallest window around a region, a little widened; None if it is empty."""
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    if not len(rows):
        return None
    return tuple(slice(max(0, places[0] - margin), places[-1] + 1 + margin) for places in (rows, columns))


def solve_poisson(divergence, unknown, values=None):
    """Find the correction that has a given divergence inside a region and given values around it.

    The conjugate multigrid iteration of `blending.membrane`.

    Parameters
    ----------
    divergence : ndarray of float32, shape (H, W, C)
        Sum over the four neighbours of the correction's wanted change towards them.
    unknown : ndarray of bool, shape (H, W)
    values : ndarray of float32, shape (H, W, C), optional
        Held where it is not unknown; zero if left out.

    Returns
    -------
    ndarray of float32, shape (H, W, C)
    """
    levels = _coarsen(unknown, divergence.shape[2])
    held = np.zeros_like(divergence) if values is None else values
    solution = smooth_fill(held, unknown) if not unknown.all() else held.copy()
    residual = _residual(solution, levels[0]) - divergence * levels[0] / 4
    direction, previous, norm = 0, residual, 1
    for _ in range(CYCLES):
        step = _v_cycle(residual, levels)
        direction = step + np.maximum(0, _dot(step, residual - previous) / norm) * direction
        norm, previous = _positive(_dot(step, residual)), residual
        image = _residual(direction, levels[0])
        length = _dot(direction, residual) / _positive(-_dot(direction, image))
        solution += length * direction
        residual = residual + length * image
    return solution


def nearest_labels(labels, region):
    """Give every pixel of a region a label: its own, or that of the nearest pixel that has one.

    Parameters
    ----------
    labels : ndarray of int, shape (H, W)
        Negative where there is none; at least one pixel must have one.
    region : ndarray of bool, shape (H, W)

    Returns
    -------
    ndarray of int, shape (H, W)
        −1 outside the region.
    """
    bare = (labels < 0).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(bare, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    there = bare == 0
    table = np.zeros(nearest.max() + 1, labels.dtype)
    table[nearest[there]] = labels[there]
    return np.where(region, table[nearest], -1)
