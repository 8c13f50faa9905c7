"""cv2.remap without its limits: any channel count, map shape, source size and picture dtype."""

import cv2
import numpy as np

from .errors import UsageError

INTERPOLATIONS = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}

SIDE_LIMIT = 32766  # cv2.remap wants every side of source and destination below SHRT_MAX
_BLOCK = 16384  # what larger maps and sources are cut into
_REACH = 2  # columns and rows around a block that a bicubic tap can touch
# float64 would be remapped with coordinates rounded to 1/32 pixel; float32 is remapped exactly.
_WORKING_DTYPES = {"bool": np.uint8, "float16": np.float32, "float64": np.float32}
_DTYPES = ("uint8", "uint16", "int16", "float32")


def remap(source, x, y, interpolation="bilinear", *, wrap=False):
    """Sample a picture at pixel coordinates.

    Parameters
    ----------
    source : ndarray, shape (H, W) or (H, W, C)
        bool, uint8, uint16, int16, float16, float32 or float64. bool is sampled as coverage and cut at one
        half; float64 is worked out in float32.
    x, y : ndarray, float32, shape (...)
        Column and row to sample; 0 is the centre of the first pixel.
    interpolation : {"nearest", "bilinear", "bicubic"}
        "bicubic" is OpenCV's kernel (a = -0.75).
    wrap : bool
        Whether the picture repeats outside its frame; its border pixels are repeated otherwise.

    Returns
    -------
    ndarray, shape (...) or (..., C), dtype of `source`

    Raises
    ------
    UsageError
        If the interpolation is unknown or the dtype is none of the above.
    """
    if interpolation not in INTERPOLATIONS:
        expected = ", ".join(INTERPOLATIONS)
        raise UsageError(f"interpolation must be one of {expected}. Received: {interpolation!r}")
    dtype = source.dtype
    working = np.dtype(_WORKING_DTYPES.get(dtype.name, dtype))
    if working.name not in _DTYPES:
        raise UsageError(f"Expected pixels of bool, 8 or 16 bit integers, or floats. Received: {dtype}")
    if dtype.kind == "b":
        source = source.astype(np.uint8) * np.uint8(255)
    columns = x.shape[-1] if x.ndim else 1
    shape = x.shape + source.shape[2:]
    if not x.size:
        return np.empty(shape, dtype)
    x, y = (np.asarray(a, np.float32).reshape(-1, columns) for a in (x, y))
    border = cv2.BORDER_WRAP if wrap else cv2.BORDER_REPLICATE
    sampled = _remap(source.astype(working, copy=False), x, y, INTERPOLATIONS[interpolation], border)
    sampled = sampled.reshape(shape)
    return sampled >= 128 if dtype.kind == "b" else sampled.astype(dtype, copy=False)


def _remap(source, x, y, flag, border):
    """Cut what cv2.remap cannot take in one piece; always returns (h, w) or (h, w, C)."""
    for axis in (0, 1):
        if x.shape[axis] > SIDE_LIMIT:
            cuts = range(_BLOCK, x.shape[axis], _BLOCK)
            pieces = zip(np.split(x, cuts, axis), np.split(y, cuts, axis), strict=True)
            return np.concatenate([_remap(source, *piece, flag, border) for piece in pieces], axis)
    if max(source.shape[:2]) > SIDE_LIMIT:
        return _remap_blocks(source, x, y, flag, border)
    if source.ndim == 3 and source.shape[2] > 4:
        parts = (source[..., first : first + 4] for first in range(0, source.shape[2], 4))
        return np.concatenate([_remap(part, x, y, flag, border) for part in parts], axis=2)
    sampled = cv2.remap(np.ascontiguousarray(source), x, y, flag, borderMode=border)
    return sampled.reshape(x.shape + source.shape[2:])


def _remap_blocks(source, x, y, flag, border):
    """Sample a source with a side past the limit block by block, each with the margin its taps reach."""
    height, width = source.shape[:2]
    mode = "wrap" if border == cv2.BORDER_WRAP else "clip"
    result = np.empty(x.shape + source.shape[2:], source.dtype)
    block_x, block_y = (np.clip(p, 0, None).astype(np.intp) // _BLOCK for p in (x, y))
    for row, column in np.unique(np.stack([block_y.ravel(), block_x.ravel()], 1), axis=0):
        chosen = (block_y == row) & (block_x == column)
        left, top = column * _BLOCK - _REACH, row * _BLOCK - _REACH
        right = min(column * _BLOCK + _BLOCK, width) + _REACH
        bottom = min(row * _BLOCK + _BLOCK, height) + _REACH
        part = source.take(np.arange(top, bottom), 0, mode=mode)
        part = part.take(np.arange(left, right), 1, mode=mode)
        # Subtracted in float64: float32 has 1/256 pixel left at 32768 and must not lose it here.
        part_x = (x[chosen] - np.float64(left)).astype(np.float32)[None]
        part_y = (y[chosen] - np.float64(top)).astype(np.float32)[None]
        result[chosen] = _remap(part, part_x, part_y, flag, border)[0]
    return result
