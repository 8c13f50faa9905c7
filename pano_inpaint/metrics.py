"""How close a completed picture is to the truth: hole-only, sphere-weighted scores of plain arrays.

Every score takes an optional weight map, so that hole-only (the mask), sphere-uniform (the cosine of the
latitude) and both at once are the same formula. Pictures are float in [0, 1] or integers in their own range.
"""

import cv2
import numpy as np

PROJECTIONS = ("equirectangular", "perspective")
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
SSIM_SIGMA = 1.5  # Wang et al. 2004, section III-B: an 11 x 11 Gaussian window of 1.5 px
SSIM_RADIUS = 5
_EDGE = 2  # pixels on either side of a hole's edge that sharpness leaves to `seam_step` and the eye


def score_weights(shape, mask=None, *, projection="equirectangular"):
    """Weight each pixel by its solid angle and by whether it counts.

    Parameters
    ----------
    shape : tuple of int
        Shape of the picture; the first two numbers are its height and width in pixels.
    mask : ndarray of bool, shape (H, W), optional
        True where the picture was completed; everywhere if left out.
    projection : {"equirectangular", "perspective"}
        Equirectangular rows weigh the cosine of their latitude (WS-PSNR: Sun, Lu and Yu 2017, section II);
        in a perspective view every pixel weighs the same.

    Returns
    -------
    ndarray of float64, shape (H, W)

    Raises
    ------
    ValueError
        If the mask has another size, or the projection is unknown.
    """
    height, width = shape[:2]
    if projection == "equirectangular":
        from .sphere import latitude_weights

        rows = latitude_weights(height)
    elif projection == "perspective":
        rows = np.ones((height, 1))
    else:
        raise ValueError(f"Expected projection {' or '.join(PROJECTIONS)}. Received: {projection!r}")
    weights = np.broadcast_to(rows, (height, width))
    if mask is None:
        return weights.copy()
    return weights * _checked_mask(mask, (height, width))


def l1(result, truth, weights=None, *, data_range=None):
    """Mean absolute difference as a share of the data range.

    Parameters
    ----------
    result, truth : ndarray, shape (H, W) or (H, W, C)
        Pictures of the same shape and dtype.
    weights : ndarray, shape (H, W), optional
        Weight of each pixel, such as `score_weights` gives; all the same if left out.
    data_range : float, optional
        Distance from black to white; 1 for floats and the dtype's range for integers if left out.

    Returns
    -------
    float
        In [0, 1]; NaN if no pixel has any weight.

    Raises
    ------
    ValueError
        If shapes or dtypes differ, or the weights do not fit.
    """
    result, truth, data_range = _checked_pair(result, truth, data_range)
    difference = np.abs(_to_float(result) - _to_float(truth))
    return weighted_mean(difference, weights) / data_range


def psnr(result, truth, weights=None, *, data_range=None):
    """Peak signal-to-noise ratio; with cosine weights it is WS-PSNR (Sun, Lu and Yu 2017, equation 4).

    Parameters
    ----------
    result, truth, weights, data_range
        As for `l1`.

    Returns
    -------
    float
        Decibels; infinite for equal pictures, NaN if no pixel has any weight.

    Raises
    ------
    ValueError
        If shapes or dtypes differ, or the weights do not fit.
    """
    result, truth, data_range = _checked_pair(result, truth, data_range)
    error = weighted_mean(np.square(_to_float(result) - _to_float(truth)), weights)
    if error == 0:
        return float("inf")
    return float(10 * np.log10(data_range**2 / error))


def ssim(result, truth, weights=None, *, data_range=None, wrap=False):
    """Structural similarity (Wang et al. 2004), its map averaged under the weights.

    Gaussian windows of 1.5 px and population covariances, as in the article. Only the rows that carry
    weight are computed.

    Parameters
    ----------
    result, truth, weights, data_range
        As for `l1`.
    wrap : bool
        True for equirectangular pictures: windows go on over the ±180° seam.

    Returns
    -------
    float
        At most 1; NaN if no pixel has any weight.

    Raises
    ------
    ValueError
        If shapes or dtypes differ, the weights do not fit, or a side is under 11 pixels.
    """
    from skimage.metrics import structural_similarity

    result, truth, data_range = _checked_pair(result, truth, data_range)
    weights = _checked_weights(weights, result.shape)
    rows = _rows_with_weight(weights, SSIM_RADIUS)
    if rows is None:
        return float("nan")
    pair = [_as_channels(_to_float(picture[rows])) for picture in (result, truth)]
    if wrap:
        pair = [np.pad(p, ((0, 0), (SSIM_RADIUS, SSIM_RADIUS), (0, 0)), mode="wrap") for p in pair]
    if min(pair[0].shape[:2]) < 2 * SSIM_RADIUS + 1:
        raise ValueError(f"Expected sides of at least {2 * SSIM_RADIUS + 1} px. Received: {result.shape}")
    _, similarity = structural_similarity(
        *pair,
        data_range=data_range,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=SSIM_SIGMA,
        use_sample_covariance=False,
        full=True,
    )
    if wrap:
        similarity = similarity[:, SSIM_RADIUS:-SSIM_RADIUS]
    return weighted_mean(similarity, weights[rows])


def seam_step(panorama, mask=None, *, data_range=None):
    """How much more the picture jumps at the ±180° seam than beside it.

    The mean absolute difference between the last and the first column, less that of the two column pairs
    on either side. Zero for a picture that goes on over the seam.

    Parameters
    ----------
    panorama : ndarray, shape (H, W) or (H, W, C)
        Equirectangular picture, at least 6 columns wide.
    mask : ndarray of bool, shape (H, W), optional
        Only rows whose first or last pixel is masked count; all rows if left out.
    data_range : float, optional
        As for `l1`.

    Returns
    -------
    float
        In levels of 255; may be slightly negative. NaN if no row counts.

    Raises
    ------
    ValueError
        If the picture is too narrow or the mask has another size.
    """
    panorama = np.asarray(panorama)
    if panorama.ndim not in (2, 3) or panorama.shape[1] < 6:
        raise ValueError(f"Expected (H, W) or (H, W, C) with W of at least 6. Received: {panorama.shape}")
    rows = np.ones(panorama.shape[0], bool)
    if mask is not None:
        rows = _checked_mask(mask, panorama.shape[:2])[:, [0, -1]].any(axis=1)
    if not rows.any():
        return float("nan")
    columns = _to_float(_as_channels(panorama)[rows][:, [-3, -2, -1, 0, 1, 2]])
    steps = np.abs(np.diff(columns, axis=1)).mean(axis=(0, 2), dtype=np.float64)
    excess = steps[2] - steps[[0, 1, 3, 4]].mean()
    return float(255 * excess / _data_range(panorama.dtype, data_range))


def sharpness_ratio(result, mask, *, among=None, ring=24, wrap=False):
    """How sharp the completed pixels are beside the known ones around them.

    Mean absolute high-pass (luma less its Gaussian of 1 px) inside the hole over that of a ring outside.
    Two pixels on both sides of the edge are left out.

    Parameters
    ----------
    result : ndarray, shape (H, W) or (H, W, C)
        Completed picture.
    mask : ndarray of bool, shape (H, W)
        True where it was completed.
    among : ndarray of bool, shape (H, W), optional
        Pixels that count on either side, such as those of one surface; all if left out.
    ring : int
        Width of the ring outside, in pixels.
    wrap : bool
        True for equirectangular pictures: the ring goes on over the ±180° seam.

    Returns
    -------
    float
        1 = as sharp as the surroundings, below 1 = blurred. NaN if the hole or the ring has no pixel left
        or the ring is flat.

    Raises
    ------
    ValueError
        If the mask has another size.
    """
    mask = _checked_mask(mask, np.shape(result)[:2])
    pad = ring + 4 if wrap else 0
    inside = ~_dilated(~mask, _EDGE, pad)
    outside = _dilated(mask, ring, pad) & ~_dilated(mask, _EDGE, pad)
    if among is not None:
        among = _checked_mask(among, mask.shape)
        inside, outside = inside & among, outside & among
    high_pass = _high_pass(result, pad)
    return _ratio_of_means(high_pass[inside], high_pass[outside])


def detail_ratio(result, truth, mask, *, wrap=False):
    """How much detail the completed pixels have beside what is really there.

    The high-pass of `sharpness_ratio`, inside the hole only: over the true picture's. What surrounds a hole
    says little of what is right in it: a shelf between pictures stood before a plain wall.

    Parameters
    ----------
    result, truth : ndarray, shape (H, W) or (H, W, C)
        Completed and true picture, in the same range.
    mask : ndarray of bool, shape (H, W)
        True where it was completed; two pixels at its edge are left out.
    wrap : bool
        True for equirectangular pictures.

    Returns
    -------
    float
        1 = as much detail as there is, below 1 = blurred, above 1 = what is not there. NaN if the hole has
        no pixel left or the truth is flat.

    Raises
    ------
    ValueError
        If sizes differ.
    """
    if np.shape(result)[:2] != np.shape(truth)[:2]:
        raise ValueError(
            f"Expected pictures of the same size. Received: {np.shape(result)} and {np.shape(truth)}"
        )
    pad = _EDGE + 4 if wrap else 0
    inside = ~_dilated(~_checked_mask(mask, np.shape(result)[:2]), _EDGE, pad)
    return _ratio_of_means(*(_high_pass(picture, pad)[inside] for picture in (result, truth)))


def _high_pass(picture, pad):
    """Return by how much pixels differ from about 1 px around them; `pad` columns go on over the seam."""
    luma = _luma(np.asarray(picture))
    wide = np.pad(luma, ((0, 0), (pad, pad)), mode="wrap")
    return np.abs(wide - cv2.GaussianBlur(wide, (0, 0), 1.0))[:, pad : pad + luma.shape[1]]


def _dilated(mask, radius, pad):
    wide = np.pad(mask.astype(np.uint8), ((0, 0), (pad, pad)), mode="wrap")
    return cv2.dilate(wide, _disc(radius))[:, pad : pad + mask.shape[1]].astype(bool)


def _ratio_of_means(values, others):
    if not values.size or not others.any():
        return float("nan")
    return float(values.mean(dtype=np.float64) / others.mean(dtype=np.float64))


def weighted_mean(values, weights=None):
    """Mean of a map under pixel weights, in double precision.

    Parameters
    ----------
    values : ndarray, shape (H, W) or (H, W, C)
        Channels count alike.
    weights : ndarray, shape (H, W), optional
        Not negative; all the same if left out.

    Returns
    -------
    float
        NaN if the weights sum to zero.

    Raises
    ------
    ValueError
        If the weights have another size or a negative entry.
    """
    values = np.asarray(values)
    weights = _checked_weights(weights, values.shape)
    total = weights.sum()
    if total == 0:
        return float("nan")
    per_pixel = values.mean(axis=-1, dtype=np.float64) if values.ndim == 3 else values
    # Zero weights select rather than multiply, so that a NaN outside the hole stays outside.
    chosen = weights > 0
    return float((per_pixel[chosen] * weights[chosen]).sum() / total)


def _data_range(dtype, data_range):
    if data_range is not None:
        return float(data_range)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return 1.0
    if dtype.kind == "u":
        return float(np.iinfo(dtype).max)
    raise ValueError(f"Expected float or unsigned integer pixels, or a data_range. Received: {dtype}")


def _checked_pair(result, truth, data_range):
    result, truth = np.asarray(result), np.asarray(truth)
    if result.shape != truth.shape or result.ndim not in (2, 3):
        raise ValueError(
            f"Expected two pictures (H, W) or (H, W, C) of the same shape. "
            f"Received: result {result.shape}, truth {truth.shape}"
        )
    if result.dtype != truth.dtype:
        raise ValueError(
            f"Expected two pictures of the same dtype. Received: {result.dtype} and {truth.dtype}"
        )
    return result, truth, _data_range(result.dtype, data_range)


def _checked_mask(mask, size):
    mask = np.asarray(mask)
    if mask.shape != tuple(size) or mask.dtype != bool:
        raise ValueError(f"Expected a bool mask of shape {tuple(size)}. Received: {mask.dtype} {mask.shape}")
    return mask


def _checked_weights(weights, shape):
    if weights is None:
        return np.ones(shape[:2])
    weights = np.asarray(weights, np.float64)
    if weights.shape != tuple(shape[:2]):
        raise ValueError(f"Expected weights of shape {tuple(shape[:2])}. Received: {weights.shape}")
    if (weights < 0).any():
        raise ValueError(f"Expected weights of at least 0. Received: a minimum of {weights.min()}")
    return weights


def _rows_with_weight(weights, margin):
    """Return the slice of rows that carry weight, widened by the margin; None if there is none."""
    rows = np.flatnonzero(weights.any(axis=1))
    if not rows.size:
        return None
    # At least one whole window, so that a hole of a single row at the border can be scored.
    start = max(0, min(rows[0] - margin, weights.shape[0] - 2 * margin - 1))
    return slice(start, max(rows[-1] + margin + 1, start + 2 * margin + 1))


def _to_float(picture):
    return picture if picture.dtype.kind == "f" else picture.astype(np.float32)


def _as_channels(picture):
    return picture[..., None] if picture.ndim == 2 else picture


def _luma(picture):
    picture = picture.astype(np.float32)
    if picture.ndim == 3 and picture.shape[2] >= 3:
        return picture[..., :3] @ np.float32(LUMA)
    return picture if picture.ndim == 2 else picture[..., 0]


def _disc(radius):
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
