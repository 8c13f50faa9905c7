"""What erasing understood, as pictures: planes, the network's guide, what was copied from where."""

import colorsys
from dataclasses import dataclass, field

import cv2
import numpy as np

from .panorama import to_rgb
from .sphere import equirectangular_grid, window_directions

WIDTH = 2048  # columns of the pictures, if the panorama has as many
_PAINT = 0.6  # share of a copy's colour in what is drawn
_TURN = 0.381966  # of the colour circle from a copy to the next: the golden section keeps neighbours apart


@dataclass(eq=False)
class Explanation:
    """Filled by `Eraser.erase`, and then asked for its pictures.

    Attributes
    ----------
    structure : Structure or None
        The room's planes; None where they were not looked for.
    holes : list of (Region, callable, Cover or None)
        Each hole, the colours (..., 3) that the network gives in directions (..., 3), and what was copied
        from where; None where the network's completion was all.
    """

    structure: object = None
    holes: list = field(default_factory=list)

    def pictures(self, panorama):
        """Draw what was understood.

        Parameters
        ----------
        panorama : Panorama
            As it was.

        Returns
        -------
        dict of str to ndarray, shape (h, 2h, 3), uint8
            ``guide``: the network's completion in the holes; ``sources``: in each hole a colour for each
            copy, and fainter, in the same colour, where it was taken from; ``planes``: see
            `structure.draw_structure`. Only what there is.
        """
        small = _small(panorama.pixels)
        inside = [_pixels_of(hole, len(panorama.pixels), len(small)) for hole, _, _ in self.holes]
        pictures = {}
        if self.structure is not None:
            from .structure import draw_structure

            pictures["planes"] = draw_structure(small, self.structure)
        pictures["guide"] = _draw_guides(small, [guide for _, guide, _ in self.holes], inside)
        covers = [cover for _, _, cover in self.holes]
        if None not in covers:
            pictures["sources"] = _draw_sources(small, covers, inside)
        return pictures


def _small(pixels):
    width = min(WIDTH, pixels.shape[1] // 2 * 2)
    if width < pixels.shape[1]:
        pixels = cv2.resize(pixels, (width, width // 2), interpolation=cv2.INTER_AREA)
        pixels = pixels.reshape(width // 2, width, -1)
    return np.uint8(np.rint(to_rgb(pixels) * 255))


def _pixels_of(hole, height, small_height):
    """Rows, columns and directions of the pixels of a small picture whose centre lies in a hole."""
    rows, start, width = hole.window
    row, column = (
        (2 * np.arange(size) + 1) * height // (2 * small_height) for size in (small_height, 2 * small_height)
    )
    row, column = row - rows.start, (column - start) % (2 * height)
    in_rows, in_columns = (row >= 0) & (row < len(hole.mask)), column < width
    marked = np.zeros((small_height, 2 * small_height), bool)
    marked[np.ix_(in_rows, in_columns)] = hole.mask[np.ix_(row[in_rows], column[in_columns])]
    rays = window_directions((slice(0, small_height), 0, 2 * small_height), small_height)
    return *np.nonzero(marked), rays[marked]


def _draw_guides(small, guides, inside):
    drawn = small.copy()
    for guide, (row, column, rays) in zip(guides, inside, strict=True):
        if len(row):
            drawn[row, column] = np.rint(np.clip(guide(rays), 0, 1) * 255)
    return drawn


def _draw_sources(small, covers, inside):
    drawn = (small // 2 + 32).astype(np.float32)
    for paint in (_paint_sources, _paint_copies):  # copies over sources, where one hole copies past another
        count = 0
        for cover, (row, column, rays) in zip(covers, inside, strict=True):
            labels = cover.labels(rays)
            used, index = np.unique(labels, return_inverse=True)
            colours = np.array([_colour(count + number) for number in range(len(used))], np.float32)
            count += len(used)
            if len(row):
                paint(drawn, (row, column, rays), cover, labels, colours[index])
    return np.uint8(np.rint(drawn))


def _paint_sources(drawn, places, cover, labels, colours):
    rays = cover.sources(labels, places[2])
    met = np.isfinite(rays).all(axis=1)
    grid = equirectangular_grid(rays[met], len(drawn))
    row = np.clip(np.rint(grid.y).astype(int), 0, len(drawn) - 1)
    column = np.rint(grid.x).astype(int) % drawn.shape[1]
    drawn[row, column] += _PAINT / 2 * (colours[met] - drawn[row, column])


def _paint_copies(drawn, places, _cover, _labels, colours):
    row, column, _ = places
    drawn[row, column] += _PAINT * (colours - drawn[row, column])


def _colour(number):
    return 255 * np.array(colorsys.hsv_to_rgb(number * _TURN % 1, 0.75, 1.0))
