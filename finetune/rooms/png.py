"""Writing PNG files with nothing but zlib, for the interpreter that Blender runs in."""

import struct
import zlib
from pathlib import Path

import numpy as np


def write_png(path, pixels, *, palette=None):
    """Write a PNG file.

    Parameters
    ----------
    path : path-like
        File to write.
    pixels : ndarray
        (H, W, 3) uint8 for colours, (H, W) uint8 or uint16 for grey or, with a palette, indices.
    palette : list of (red, green, blue), optional
        Colours of the indices.

    Raises
    ------
    ValueError
        If shape and type fit no PNG format.
    """
    pixels = np.asarray(pixels)
    kind = {(3, "uint8"): 2, (2, "uint8"): 0, (2, "uint16"): 0}.get((pixels.ndim, pixels.dtype.name))
    if kind is None or (pixels.ndim == 3 and pixels.shape[2] != 3):
        raise ValueError(
            f"expected (H, W, 3) uint8 or (H, W) uint8 or uint16, got {pixels.shape} {pixels.dtype}"
        )
    if palette is not None:
        kind = 3
    height, width = pixels.shape[:2]
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    rows = np.frombuffer(rows, np.uint8).reshape(height, -1)
    step = pixels.dtype.itemsize * (pixels.shape[2] if pixels.ndim == 3 else 1)
    lines = (
        np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)
        if kind == 3
        else _filtered(rows, step)
    )
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8 * pixels.dtype.itemsize, kind, 0, 0, 0))]
    if palette is not None:
        chunks.append((b"PLTE", bytes(value for colour in palette for value in colour)))
    chunks += [(b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b"")]
    body = b"".join(_chunk(name, data) for name, data in chunks)
    Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def _filtered(rows, step):
    """Predict each byte by the one above (filter 2) or to the left (filter 1), whichever leaves less."""
    above = rows - np.concatenate([np.zeros_like(rows[:1]), rows[:-1]])
    left = rows.copy()
    left[:, step:] -= rows[:, :-step]
    cost = [np.minimum(option, 0 - option).sum(axis=1, dtype=np.int64) for option in (left, above)]
    better = cost[1] < cost[0]
    chosen = np.where(better[:, None], above, left)
    return np.concatenate([np.where(better, 2, 1).astype(np.uint8)[:, None], chosen], axis=1)


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
