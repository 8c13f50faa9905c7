"""Find the translations by which a texture repeats: masked differences for all offsets at once, by FFT."""

import cv2
import numpy as np

_TILE = 0.5  # side of a tile of the rim, as a part of the hole's
_FEWEST = 8  # pixels: a smaller tile matches anything
_OVERLAP = 0.8  # of a tile must fall on sources for an offset to count


class OffsetSearch:
    """Mean squared differences between parts of a picture and all its translations.

    With x the pixels of a part and d an offset, the sum over x of (I(x) - I(x + d))² over all x + d that are
    sources is three correlations, each a product of Fourier transforms.

    Parameters
    ----------
    picture : ndarray of float32, shape (H, W, C)
    source : ndarray of bool, shape (H, W)
        Pixels that may be copied.
    """

    def __init__(self, picture, source):
        from scipy import fft

        self._fft, self._picture = fft, picture
        height, width = source.shape
        self._shape = (fft.next_fast_len(2 * height, real=True), fft.next_fast_len(2 * width, real=True))
        source = source.astype(np.float32)
        self._squares = np.einsum("hwc,hwc->hw", picture, picture)
        self._source = self._transform(source)
        self._source_squares = self._transform(source * self._squares)
        self._source_colours = [self._transform(source * plane) for plane in np.moveaxis(picture, 2, 0)]

    def differences(self, part):
        """Compare a part of the picture with all translations.

        Parameters
        ----------
        part : ndarray of bool, shape (H, W)

        Returns
        -------
        error : ndarray of float32, shape (2H - 1, 2W - 1)
            Mean squared difference at offset (row - H + 1, column - W + 1); infinite where too little of
            the part falls on sources.
        """
        weight = part.astype(np.float32)
        ones = np.conj(self._transform(weight))
        product = ones * self._source_squares
        product += np.conj(self._transform(weight * self._squares)) * self._source
        for plane, colours in zip(np.moveaxis(self._picture, 2, 0), self._source_colours, strict=True):
            product -= 2 * np.conj(self._transform(weight * plane)) * colours
        count = self._lags(ones * self._source)
        enough = count >= _OVERLAP * weight.sum() if weight.any() else np.zeros(count.shape, bool)
        error = np.full(count.shape, np.inf, np.float32)
        np.divide(np.maximum(self._lags(product), 0), count, out=error, where=enough)
        return error

    def _transform(self, plane):
        return self._fft.rfft2(plane, self._shape, workers=-1)

    def _lags(self, product):
        """Turn a product of transforms into a table over offsets."""
        height, width = self._squares.shape
        table = self._fft.irfft2(product, self._shape, workers=-1)
        rows, columns = np.arange(1 - height, height), np.arange(1 - width, width)
        return table[rows[:, None], columns]


def best_offsets(error, count, *, nearest=3, apart=2):
    """Pick the local minima of a table of differences.

    Parameters
    ----------
    error : ndarray of float32, shape (2H - 1, 2W - 1)
        From `OffsetSearch.differences`.
    count : int
        How many at most, best first.
    nearest : int
        Shorter offsets are left out; pixels.
    apart : int
        A minimum is the lowest of the square that reaches so many pixels to each side.

    Returns
    -------
    ndarray of int, shape (n, 2)
        Rows and columns to add to a pixel to get to its source.
    """
    height, width = (side // 2 + 1 for side in error.shape)
    rows, columns = np.ogrid[1 - height : height, 1 - width : width]
    error = np.where((rows**2 + columns**2 < nearest**2) | np.isinf(error), np.float32(1e9), error)
    lowest = cv2.erode(error, np.ones((2 * apart + 1, 2 * apart + 1), np.uint8))
    found = np.flatnonzero((error <= lowest) & (error < 1e9))
    values = error.ravel()[found]
    if len(found) > count:
        chosen = np.argpartition(values, count)[:count]
        found, values = found[chosen], values[chosen]
    row, column = np.unravel_index(found[np.argsort(values, kind="stable")], error.shape)
    return np.stack([row - height + 1, column - width + 1], 1)


def candidate_offsets(picture, hole, known, source, *, whole=24, tiles=16, per_tile=4):
    """List offsets that may complete a hole.

    Three kinds: those by which all that is known repeats (He and Sun 2012 find them by patch statistics),
    those by which the whole rim of the hole does, and the best of each tile along the rim, so that whatever
    enters the hole can be continued.

    Parameters
    ----------
    picture : ndarray of float32, shape (H, W, C)
        Small: the hole measures some dozens of pixels. Must be finite everywhere.
    hole, known, source : ndarray of bool, shape (H, W)
        What is to be completed, what it should agree with, and what may be copied.
    whole, tiles, per_tile : int
        How many offsets of the first kind (half as many of the second), tiles, and offsets of each tile.

    Returns
    -------
    ndarray of int, shape (n, 2)
        Rows and columns, each pair once.
    """
    search = OffsetSearch(picture, source)
    side = np.sqrt(np.count_nonzero(hole))
    near = _dilated(hole, max(3, round(0.08 * side) + 2)) & known
    found = [np.zeros((0, 2), int)]
    for part, count in ((known, whole), (near, whole // 2)):
        found.append(best_offsets(search.differences(part), count))
    reach = max(_FEWEST, round(_TILE * side)) // 2
    around = _dilated(hole, 2 * reach) & known
    for row, column in _spread(near, tiles, reach):
        tile = np.zeros_like(hole)
        box = np.s_[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
        tile[box] = around[box]
        found.append(best_offsets(search.differences(tile), per_tile))
    return np.unique(np.concatenate(found), axis=0)


def _spread(region, count, apart):
    """Pick points of a region one by one, each as far from the others as can be."""
    points = np.argwhere(region)
    if not len(points):
        return points
    chosen = [points[0]]
    distance = ((points - chosen[0]) ** 2).sum(axis=1)
    while len(chosen) < count and distance.max() > apart**2:
        chosen.append(points[distance.argmax()])
        distance = np.minimum(distance, ((points - chosen[-1]) ** 2).sum(axis=1))
    return chosen


def _dilated(mask, radius):
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)).astype(bool)
