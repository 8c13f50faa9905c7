"""Which piece of furniture leaves a room that stays furnished otherwise, and what leaves with it."""

import numpy as np

SHARES = (0.006, 0.12)  # of the sphere that a piece shows: smaller is clutter, larger stands at the camera


def with_what_rests_on(number, numbered):
    """List a piece and all that stands on it or in it.

    Parameters
    ----------
    number : int
        Instance number of the piece.
    numbered : list of (int, int, Item)
        All furniture, as `House.numbered_items` lists it.

    Returns
    -------
    tuple of int
        Instance numbers, ascending.
    """
    leaving, waiting = {number}, [number]
    places = {instance: (room, item) for instance, room, item in numbered}
    while waiting:
        room, base = places[waiting.pop()]
        for instance, other_room, item in numbered:
            if instance not in leaving and other_room == room and _rests_on(item, base):
                leaving.add(instance)
                waiting.append(instance)
    return tuple(sorted(leaving))


def _rests_on(item, base):
    foot = item.position[2] - base.position[2]
    if not 0.05 < foot < base.size[2] + 0.01:
        return False
    offset = np.subtract(item.position[:2], base.position[:2])
    return abs(offset @ base.side) < base.size[0] / 2 and abs(offset @ base.front) < base.size[1] / 2


def choose_pieces(shown, numbered, rng, *, most=1):
    """Choose what is gone, among the pieces that are well in view.

    Parameters
    ----------
    shown : ndarray of int, shape (H, 2H)
        Instance number at each pixel, 0 or less for none.
    numbered : list of (int, int, Item)
        All furniture, as `House.numbered_items` lists it.
    rng : numpy.random.Generator
    most : int
        How many are chosen at most, each to be gone alone.

    Returns
    -------
    list of tuple of int
        For each choice the instance numbers of the piece and of what rests on it. Empty if no piece shows
        `SHARES` of the sphere.
    """
    rows = np.arange(len(shown)) + 0.5
    weights = np.broadcast_to(np.sin(np.pi * rows / len(shown))[:, None], shown.shape)
    size = len(numbered) + 1
    areas = np.bincount(np.clip(shown, 0, None).ravel(), weights.ravel(), minlength=size) / weights.sum()
    groups = [with_what_rests_on(number, numbered) for number, _, _ in numbered]
    fit = [group for group in groups if SHARES[0] <= areas[list(group)].sum() <= SHARES[1]]
    chosen = []
    while fit and len(chosen) < most:
        chosen.append(fit.pop(rng.integers(len(fit))))
    return chosen


def window_around(piece, reach):
    """Bound what lies within a reach of a piece.

    Parameters
    ----------
    piece : ndarray of bool, shape (H, 2H)
        Where it is seen; not empty.
    reach : float
        Radians.

    Returns
    -------
    rows, columns : slice
        All columns if it comes near the ends, or near a pole.
    """
    height, width = piece.shape
    rows, columns = (np.flatnonzero(piece.any(axis=axis)) for axis in (1, 0))
    beyond = int(np.ceil(reach / np.pi * height))
    first, last = max(0, rows[0] - beyond), min(height, rows[-1] + 1 + beyond)
    # The meridians that touch a circle of the sphere lie asin(sin(radius) / sin(distance from the pole)) off.
    from_pole = reach + np.pi * min(first, height - last) / height
    if np.sin(reach) < np.sin(from_pole):
        beyond = int(np.ceil(np.arcsin(np.sin(reach) / np.sin(from_pole)) / np.pi * height))
        left, right = columns[0] - beyond, columns[-1] + 1 + beyond
        if left >= 0 and right <= width:
            return slice(first, last), slice(left, right)
    return slice(first, last), slice(0, width)
