"""Sample sheets: rows of *original | with hole | completed* (the article's figure 3)."""

import numpy as np

GAP = 4  # pixels between pictures
HOLE_COLOUR = (1.0, 1.0, 1.0)


def build_sheet(truth, mask, completed, *, columns=2):
    """Lay pictures out as triples of original, with hole and completed.

    Parameters
    ----------
    truth, completed : ndarray, shape (B, H, W, 3), float in [0, 1]
    mask : ndarray, shape (B, H, W, 1)
        1 = hole.
    columns : int
        Triples side by side.

    Returns
    -------
    ndarray, shape (rows, width, 3), uint8
        White between the pictures and in the holes.
    """
    holed = truth * (1 - mask) + np.asarray(HOLE_COLOUR) * mask
    triples = np.concatenate([truth, holed, completed], axis=2)
    rows = [_join(triples[start : start + columns], axis=1) for start in range(0, len(triples), columns)]
    widest = max(row.shape[1] for row in rows)
    rows = [np.pad(row, ((0, 0), (0, widest - row.shape[1]), (0, 0)), constant_values=1) for row in rows]
    return np.round(np.clip(_join(rows, axis=0), 0, 1) * 255).astype(np.uint8)


def _join(pictures, axis):
    """Concatenate with a white gap after each picture but the last."""
    border = [(0, 0)] * 3
    border[axis] = (0, GAP)
    gapped = [np.pad(picture, border, constant_values=1) for picture in pictures[:-1]]
    return np.concatenate([*gapped, pictures[-1]], axis=axis)
