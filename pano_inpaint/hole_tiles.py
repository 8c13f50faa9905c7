"""A hole cut into tiles, so that a quarter of a 16K panorama is completed in the memory of a small hole.

Tiles are completed one after the other, those at the hole's edge first: what an earlier one wrote is known to
the next. A hole of ordinary size is a single tile.
"""

import cv2
import numpy as np

from .sphere import lonlat_to_vector, pixel_to_lonlat

LARGEST = 2**21  # pixels of a tile: joining takes some 150 bytes for each
_COARSE = 1024  # rows or columns of the copy on which distances to the hole's edge are taken


class Tile:
    """A part of a hole's window, with some pixels around it.

    Parameters
    ----------
    region : Region
        The hole.
    box : tuple of slice
        Rows and columns of the region's window.
    written : ndarray of bool, shape of `region.mask`
        What of the hole earlier tiles have completed.
    height : int
        Rows of the panorama.
    around : int
        Pixels seen on every side. A tile all around the viewer gets columns on both sides that repeat those
        of the other end, so that its ends meet.

    Attributes
    ----------
    window : tuple of (slice, int, int)
        Rows, first column and width in columns of the panorama, as in `Region`; the first column may be
        negative.
    mask : ndarray of bool, shape (rows, width)
        The tile's part of the hole.
    written : ndarray of bool, shape (rows, width)
        Pixels of the hole around the tile that are completed.
    """

    def __init__(self, region, box, written, *, height, around):
        rows, columns = box
        first_row, first_column = region.window[0].start, region.window[1]
        whole_turn = columns.stop - columns.start == 2 * height
        aside = min(rows.stop - rows.start, height) if whole_turn else around
        top = max(first_row + rows.start - around, 0)
        bottom = min(first_row + rows.stop + around, height)
        self._height = height
        self.window = (
            slice(top, bottom),
            first_column + columns.start - aside,
            columns.stop - columns.start + 2 * aside,
        )
        self._inner = (rows.start - (top - first_row), rows.stop - (top - first_row), aside)
        seen = (
            np.arange(top, bottom) - first_row,
            np.arange(columns.start - aside, columns.stop + aside),
        )
        self.mask = _part(region, region.mask, seen, height)
        if not whole_turn:
            own = np.zeros_like(self.mask)
            own[self._inner[0] : self._inner[1], aside : self.mask.shape[1] - aside] = True
            self.mask &= own
        self.written = _part(region, written, seen, height) & ~self.mask

    def cut(self, picture):
        """Cut the window out of a panorama."""
        rows, start, width = self.window
        return picture[rows][:, np.arange(start, start + width) % (2 * self._height)]

    def rays(self, row, column):
        """Directions (N, 3) of pixels of the window, float32."""
        rows, start, _ = self.window
        lon, lat = pixel_to_lonlat(column + start, row + rows.start, 2 * self._height, self._height)
        return lonlat_to_vector(lon.astype(np.float32), lat.astype(np.float32))

    def places(self):
        """Rows and columns (N,) of the tile's own pixels, in the window; none of them twice."""
        top, bottom, aside = self._inner
        row, column = np.nonzero(self.mask[top:bottom, aside : self.mask.shape[1] - aside])
        return row + top, column + aside

    def in_panorama(self, row, column):
        """Turn rows and columns of the window into those of the panorama."""
        rows, start, _ = self.window
        return row + rows.start, (column + start) % (2 * self._height)


def tiles(region, height, *, around, largest=None):
    """Go through a hole tile by tile.

    Parameters
    ----------
    region : Region
    height : int
        Rows of the panorama.
    around : int
        Pixels that each tile sees on every side.
    largest : int, optional
        Pixels of a tile; `LARGEST` if left out.

    Yields
    ------
    Tile
        To be completed before the next is asked for.
    """
    written = np.zeros_like(region.mask)
    for box in _boxes(region, height, largest or LARGEST):
        yield Tile(region, box, written, height=height, around=around)
        written[box] = region.mask[box]


def _boxes(region, height, largest):
    """Cut a hole's window into boxes of about equal size, those nearest to what is known first."""
    mask = region.mask
    if mask.size <= largest:
        return [(slice(0, mask.shape[0]), slice(0, mask.shape[1]))]
    side = int(np.sqrt(largest))
    edges = [np.linspace(0, size, -(-size // side) + 1).astype(int) for size in mask.shape]
    step, depth = _depths(region, height)
    boxes = []
    for top, bottom in zip(edges[0][:-1], edges[0][1:], strict=True):
        for left, right in zip(edges[1][:-1], edges[1][1:], strict=True):
            if mask[top:bottom, left:right].any():
                inside = depth[top // step : bottom // step + 1, left // step : right // step + 1]
                boxes.append((float(inside.mean()), (slice(top, bottom), slice(left, right))))
    return [box for _, box in sorted(boxes, key=lambda pair: pair[0])]


def _depths(region, height):
    """Distance of every `step`-th pixel of a region's window to what is known; neither pole nor seam is."""
    rows, _, width = region.window
    step = max(1, max(region.mask.shape) // _COARSE)
    around = width == 2 * height
    sides = ((int(rows.start == 0), int(rows.stop == height)), (int(around), int(around)))
    coarse = np.pad(region.mask[::step, ::step].astype(np.uint8), 1, constant_values=sides)
    return step, cv2.distanceTransform(coarse, cv2.DIST_L2, 3)[1:-1, 1:-1]


def _part(region, array, seen, height):
    """Take rows and columns, counted from the region's window, of a bool array over it; False outside."""
    rows, columns = seen
    if region.window[2] == 2 * height:
        columns = columns % (2 * height)
    row = (rows >= 0) & (rows < array.shape[0])
    column = (columns >= 0) & (columns < array.shape[1])
    part = np.zeros((len(rows), len(columns)), bool)
    part[np.ix_(row, column)] = array[np.ix_(rows[row], columns[column])]
    return part
