"""Small copies of a panorama, for networks and for looking at it as a whole."""

import cv2
import numpy as np

from .panorama import to_rgb

_BAND = 2**23  # pixels of a panorama shrunk at a time


def shrink(pixels, mask, height):
    """Shrink a panorama without letting what is masked bleed into what is known.

    Parameters
    ----------
    pixels : ndarray, shape (H, 2H, C)
        As stored in a file.
    mask : ndarray, shape (H, 2H), bool
        What is not to be seen.
    height : int
        Rows of the result, if the panorama has more; a smaller one keeps its size.

    Returns
    -------
    small : ndarray, shape (h, 2h, 3), float32 in [0, 1]
        Area averages of the known pixels, black where there are none.
    unseen : ndarray, shape (h, 2h), bool
        Where a masked pixel falls.
    """
    if len(pixels) <= height:
        return to_rgb(pixels) * ~mask[..., None], mask
    small, unseen = np.empty((height, 2 * height, 3), np.float32), np.empty((height, 2 * height), bool)
    # Bands that are whole numbers of rows on both sides; at least one, however odd the sizes are.
    count = np.gcd(len(pixels), height)
    rows, source_rows = height // count, len(pixels) // count
    each = max(1, _BAND // (source_rows * pixels.shape[1]))
    for first in range(0, count, each):
        band = slice(first * source_rows, (first + each) * source_rows)
        target = slice(first * rows, (first + each) * rows)
        small[target], unseen[target] = _shrunk_band(pixels[band], mask[band], small[target].shape[1::-1])
    return small, unseen


def _shrunk_band(pixels, mask, size):
    """Shrink some rows of a panorama to (width, height); see `shrink`."""
    pixels = np.where(mask[..., None], 0, pixels) if mask.any() else pixels
    colours = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    colours = to_rgb(colours.reshape(*size[::-1], pixels.shape[2]))
    share = cv2.resize((~mask).astype(np.float32), size, interpolation=cv2.INTER_AREA)[..., None]
    small = np.divide(colours, share, out=np.zeros_like(colours), where=share > 0)
    return np.minimum(small, 1), share[..., 0] < 1
