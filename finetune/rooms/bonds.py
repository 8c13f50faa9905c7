"""How boards, bricks and tiles are laid: which piece a point lies on, and where inside it."""

import numpy as np


def joint_depth(along, across, length, width, gap):
    """Measure how far inside a block a pixel lies: 0 in the joint, 1 beyond it."""
    edge = np.minimum(np.minimum(along, length - along), np.minimum(across, width - across))
    return np.clip(edge / gap, 0, 1).astype(np.float32)


def planks_layout(x, y, metres, *, width, length):
    """Lay boards along x in staggered rows.

    Parameters
    ----------
    x, y : ndarray
        Coordinates in metres.
    metres : float
        Side of the repeating tile.
    width, length : float
        Wanted size of a board; rounded so that the tile repeats.

    Returns
    -------
    cell, along, across, length, width
        Board number, position inside the board in metres, and the true size.
    """
    rows, columns = max(1, round(metres / width)), max(1, round(metres / length))
    width, length = metres / rows, metres / columns
    row = np.minimum((y / width).astype(int), rows - 1)
    shift = (row * 0.381966) % 1.0 * length
    moved = (x + shift) % metres
    column = np.minimum((moved / length).astype(int), columns - 1)
    return row * columns + column, moved - column * length, y - row * width, length, width


def herringbone_layout(x, y, metres, *, width, ratio=4):
    """Lay blocks `ratio` times as long as wide at right angles to each other; see planks_layout."""
    repeats = max(1, round(metres / (2 * ratio * width)))
    width = metres / (2 * ratio * repeats)
    side = 2 * ratio * repeats
    i, j = (x / width).astype(int), (y / width).astype(int)
    place = (i - j) % (2 * ratio)
    level = place < ratio
    back = np.where(level, place, 2 * ratio - 1 - place)
    first_i, first_j = np.where(level, i - back, i), np.where(level, j, j - back)
    along = np.where(level, x - first_i * width, y - first_j * width)
    across = np.where(level, y - j * width, x - i * width)
    cell = ((first_j % side) * side + first_i % side) * 2 + level
    return cell, along, across, ratio * width, width


def bricks_layout(x, y, metres, *, width, length):
    """Lay courses of bricks or tiles, each second course shifted by half; see planks_layout."""
    rows, columns = 2 * max(1, round(metres / width / 2)), max(1, round(metres / length))
    width, length = metres / rows, metres / columns
    row = np.minimum((y / width).astype(int), rows - 1)
    moved = (x + (row % 2) * length / 2) % metres
    column = np.minimum((moved / length).astype(int), columns - 1)
    return row * columns + column, moved - column * length, y - row * width, length, width


def squares_layout(x, y, metres, *, width, length=None):
    """Lay a plain grid of tiles; see planks_layout."""
    length = length or width
    rows, columns = max(1, round(metres / width)), max(1, round(metres / length))
    width, length = metres / rows, metres / columns
    row = np.minimum((y / width).astype(int), rows - 1)
    column = np.minimum((x / length).astype(int), columns - 1)
    return row * columns + column, x - column * length, y - row * width, length, width
