"""Put a completion into the original picture: inside the hole only, with colours that meet at its edge.

Work on windows: contiguous cut-outs around one hole, float32 in [0, 1]. Whoever cuts them sees to the ±180°
seam. `composite` writes a window back into pixels of any dtype without touching the known ones.
"""

import cv2
import numpy as np

from .errors import UsageError

METHODS = ("membrane", "feather", "none")
CYCLES = 3  # each takes the error down three- to fourfold: at the end it is 1/1000 of the offsets' range
OMEGA = (
    0.8  # damped Jacobi: the best smoother of the 5-point Laplacian (Trottenberg et al. 2001, section 2.1)
)
_LAPLACIAN = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32) / 4
_BINOMIAL = np.array([1, 2, 1], np.float32) / 4
_FADE = 4.0  # pixels within which a difference that is not believed fades out
_COARSEST = 4  # a grid of so few pixels a side is smoothed until it is solved


def blend(original, fill, mask, *, method="membrane", feather=4, valid=None, believed=None):
    """Join a completion to the known pixels around its hole.

    "membrane" is Poisson image editing (Pérez, Gangnet and Blake 2003, equation 5): the fill keeps its
    gradients, and the difference to the original on the hole's edge is spread through the hole as the
    harmonic function that has those values. Where the hole touches the window's border nothing is known
    there, and the membrane ends with zero slope. "feather" fades from the smoothly continued original to
    the fill. "none" only composites.

    Parameters
    ----------
    original : ndarray of float32, shape (H, W, C)
        Window of the original picture, in [0, 1]. Its pixels inside the hole are not looked at.
    fill : ndarray of float32, shape (H, W, C)
        The completion of the same window, in [0, 1].
    mask : ndarray of bool, shape (H, W)
        The hole: True = take the fill.
    method : {"membrane", "feather", "none"}
        How to join.
    feather : int
        Width in pixels, inside the hole, of the fade of "feather".
    valid : ndarray of bool, shape (H, W), optional
        Where the fill means something; everywhere if left out. The membrane compares fill and original on
        the pixels just outside the hole. A fill that is only known inside (`valid=mask`) is compared with
        the original continued over the edge, which is as good for flat colours but not for texture.
    believed : float, optional
        The largest difference on the edge, mean of the channels, that the membrane spreads. Where more lies
        between fill and original, something else begins, a thing in front or a shadow: what is left of the
        difference fades out within some pixels. All is spread if left out.

    Returns
    -------
    ndarray of float32, shape (H, W, C)
        In [0, 1]; outside the hole equal to the original.

    Raises
    ------
    ValueError
        If shapes do not fit, or the method is unknown.
    """
    original, fill, mask = _checked_windows(original, fill, mask)
    if method not in METHODS:
        raise ValueError(f"Expected method {' or '.join(METHODS)}. Received: {method!r}")
    if method != "none" and mask.any() and not mask.all():
        if method == "membrane":
            fill = fill + _membrane_offset(original, fill, mask, valid, believed)
        else:
            fill = _feathered(original, fill, mask, feather)
    return np.where(mask[..., None], np.clip(fill, 0, 1), original)


def composite(original, completed, mask):
    """Write completed pixels into a copy of the original picture, in its own dtype.

    Parameters
    ----------
    original : ndarray, shape (H, W, C)
        Unsigned integers or floats.
    completed : ndarray of float, shape (H, W, C)
        In [0, 1].
    mask : ndarray of bool, shape (H, W)
        True = take the completed pixel, rounded to the nearest level.

    Returns
    -------
    ndarray, shape (H, W, C)
        Of the original's dtype; bit-identical outside the mask.

    Raises
    ------
    ValueError
        If shapes do not fit.
    """
    if original.shape != completed.shape or mask.shape != original.shape[:2]:
        raise ValueError(
            f"Expected three windows of one size. Received: original {original.shape}, "
            f"completed {completed.shape}, mask {mask.shape}"
        )
    pixels = np.clip(completed[mask], 0, 1)
    if original.dtype.kind == "u":
        pixels = np.rint(pixels * np.float64(np.iinfo(original.dtype).max))
    result = original.copy()
    result[mask] = pixels.astype(original.dtype)
    return result


def smooth_fill(window, mask):
    """Continue the known pixels smoothly through the hole: pull–push (Gortler et al. 1996, section 3.4).

    Known colours are averaged down a pyramid until the hole is gone, and fill it on the way back up. Linear
    in the number of pixels.

    Parameters
    ----------
    window : ndarray of float32, shape (H, W, C)
        Pixels inside the hole are not looked at.
    mask : ndarray of bool, shape (H, W)
        True = to be filled.

    Returns
    -------
    ndarray of float32, shape (H, W, C)
        Equal to the window outside the hole.

    Raises
    ------
    UsageError
        If no pixel is known.
    ValueError
        If shapes do not fit.
    """
    window, _, mask = _checked_windows(window, window, mask)
    if mask.all():
        raise UsageError(
            "Expected at least one known pixel around the hole. Received a mask that covers all."
        )
    weight = 1 - mask.astype(np.float32)
    return _pull_push(np.where(mask[..., None], np.float32(0), window), weight)


def membrane(values, unknown):
    """Solve Laplace's equation inside the unknown region with the values around it held fixed.

    Geometric multigrid: V-cycles on halved grids, damped Jacobi sweeps, from a pull–push start. The grid's
    border is a mirror (zero slope). Linear in the number of pixels.

    Parameters
    ----------
    values : ndarray of float32, shape (H, W, C)
        Held where known, ignored where unknown.
    unknown : ndarray of bool, shape (H, W)
        At least one pixel must be known.

    Returns
    -------
    ndarray of float32, shape (H, W, C)
        Equal to `values` where known.

    Raises
    ------
    UsageError
        If no pixel is known.
    ValueError
        If shapes do not fit.
    """
    solution = smooth_fill(values, unknown)
    levels = _coarsen(unknown, values.shape[2])
    residual = _residual(solution, levels[0])
    direction, previous, norm = 0, residual, 1
    for _ in range(CYCLES):
        step = _v_cycle(residual, levels)
        # Polak-Ribière: the V-cycle is not exactly symmetric (Golub and Ye 1999, algorithm 2.1).
        direction = step + np.maximum(0, _dot(step, residual - previous) / norm) * direction
        norm, previous = _positive(_dot(step, residual)), residual
        image = _residual(direction, levels[0])
        length = _dot(direction, residual) / _positive(-_dot(direction, image))
        solution += length * direction
        residual = residual + length * image
    return solution


def fade_out(offsets, held, width):
    """Let offsets fade out smoothly within a width.

    Parameters
    ----------
    offsets : ndarray of float32, shape (H, W, C)
        Not looked at but where held.
    held : ndarray of bool, shape (H, W)
        At least one pixel.
    width : float
        Pixels.

    Returns
    -------
    ndarray of float32, shape (H, W, C)
    """
    far = cv2.distanceTransform((~held).astype(np.uint8), cv2.DIST_L2, 5) > width
    return membrane(np.where(held[..., None], offsets, np.float32(0)), ~held & ~far)


def _membrane_offset(original, fill, mask, valid, believed):
    """Spread the difference between original and fill on the hole's edge through the hole."""
    held, offset = ~mask if valid is None else ~mask & _checked_valid(valid, mask), original - fill
    touching = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    if valid is not None and not (touching & held).any():
        within = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1).astype(bool)
        held = mask & ~within
        offset = _local_mean(original, ~mask) - _local_mean(fill, mask)
    if believed is None:
        return membrane(offset, ~held)
    near = held & (np.abs(offset).mean(axis=2) <= believed)
    spread = membrane(offset, ~near) if near.any() else np.zeros_like(fill)
    return spread + fade_out(offset - spread, held, _FADE)


def _local_mean(window, known, sigma=1.5):
    """Gaussian mean of the known pixels around each pixel; 3 px from them it means nothing."""
    weight = cv2.GaussianBlur(known.astype(np.float32), (0, 0), sigma)
    total = _blurred(np.where(known[..., None], window, np.float32(0)), sigma)
    return total / np.maximum(weight, 1e-6)[..., None]


def _feathered(original, fill, mask, width):
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    share = np.clip(distance / (width + 1), 0, 1)[..., None]
    return share * fill + (1 - share) * smooth_fill(original, mask)


def _pull_push(colours, weight):
    """Fill where the weight is under 1; colours are already multiplied by their weight."""
    if weight.min() >= 1 or max(weight.shape) == 1:
        return colours / np.maximum(weight, 1e-6)[..., None]
    height, width = weight.shape
    coarse_weight = _halved(weight)
    # Saturate (Gortler et al., equation 16): a coarse pixel that saw a known one is known.
    gain = 1 / np.maximum(coarse_weight, 0.25)
    below = _pull_push(_halved(colours) * gain[..., None], np.minimum(coarse_weight * gain, 1))
    return colours + (1 - weight)[..., None] * _doubled(below)[:height, :width]


def _dot(a, b):
    """Inner product of each channel on its own, shape (C,)."""
    return np.einsum("hwc,hwc->c", a, b)


def _positive(number):
    return np.maximum(number, np.finfo(np.float32).tiny)


def _coarsen(unknown, channels):
    """List the masks of all grids, finest first; a coarse pixel is unknown if all four under it are.

    One number per channel: NumPy multiplies equal shapes several times faster than it broadcasts.
    """
    levels = []
    while True:
        levels.append(np.repeat(unknown.astype(np.float32)[..., None], channels, axis=2))
        height, width = unknown.shape
        if min(height, width) <= _COARSEST or not unknown.any():
            break
        fine = np.pad(unknown, ((0, height % 2), (0, width % 2)), mode="edge")
        unknown = fine[::2, ::2] & fine[1::2, ::2] & fine[::2, 1::2] & fine[1::2, 1::2]
    return levels


def _v_cycle(residual, levels):
    """Approximate the correction whose Laplacian makes the residual vanish, zero where known."""
    unknown = levels[0]
    correction = OMEGA * residual
    if len(levels) == 1:
        return _smoothed(correction, residual, unknown, sweeps=16)
    correction = _smoothed(correction, residual, unknown, sweeps=1)
    remainder = _residual(correction, unknown)
    remainder += residual
    coarse = _v_cycle(_restricted(remainder) * levels[1], levels[1:])
    height, width = unknown.shape[:2]
    correction += _doubled(coarse)[:height, :width] * unknown
    return _smoothed(correction, residual, unknown, sweeps=2)


def _smoothed(correction, residual, unknown, *, sweeps):
    for _ in range(sweeps):
        change = _residual(correction, unknown)
        change += residual
        change *= OMEGA
        correction += change
    return correction


def _residual(values, unknown):
    """Mean of the four neighbours less the pixel, where unknown; the border mirrors."""
    laplacian = _with_channels(cv2.filter2D(values, -1, _LAPLACIAN, borderType=cv2.BORDER_REPLICATE))
    laplacian *= unknown
    return laplacian


def _blurred(window, sigma):
    return _with_channels(cv2.GaussianBlur(window, (0, 0), sigma))


def _halved(plane):
    """Halve with the taps 1 3 3 1, centred between pixels as `_doubled` expects; keep the number of axes."""
    smooth = cv2.sepFilter2D(plane, -1, _BINOMIAL, _BINOMIAL, borderType=cv2.BORDER_REPLICATE)
    half = _block_means(smooth)
    return half if plane.ndim == 2 else _with_channels(half)


def _restricted(fine):
    """Sum of each 2 x 2 block: four times the mean, for the step is twice as wide and enters squared."""
    return 4 * _with_channels(_block_means(fine))


def _block_means(plane):
    """Mean of each 2 x 2 block; beyond an odd border there is nothing."""
    height, width = plane.shape[:2]
    even = cv2.copyMakeBorder(plane, 0, height % 2, 0, width % 2, cv2.BORDER_CONSTANT, value=0)
    return cv2.resize(even, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)


def _doubled(coarse):
    size = (coarse.shape[1] * 2, coarse.shape[0] * 2)
    return _with_channels(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR))


def _with_channels(plane):
    """Give back the channel axis that OpenCV drops when it is 1."""
    return plane[..., None] if plane.ndim == 2 else plane


def _checked_windows(original, fill, mask):
    original, fill, mask = np.asarray(original), np.asarray(fill), np.asarray(mask)
    if original.ndim != 3 or original.shape != fill.shape or mask.shape != original.shape[:2]:
        raise ValueError(
            f"Expected two windows (H, W, C) and a mask (H, W). Received: original {original.shape}, "
            f"fill {fill.shape}, mask {mask.shape}"
        )
    if mask.dtype != bool:
        raise ValueError(f"Expected a bool mask. Received: {mask.dtype}")
    return original.astype(np.float32, copy=False), fill.astype(np.float32, copy=False), mask


def _checked_valid(valid, mask):
    valid = np.asarray(valid)
    if valid.shape != mask.shape or valid.dtype != bool:
        raise ValueError(f"Expected valid as bool {mask.shape}. Received: {valid.dtype} {valid.shape}")
    return valid
