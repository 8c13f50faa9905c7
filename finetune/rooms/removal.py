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


def choose_piece(shown, numbered, rng):
    """Choose what is gone, among the pieces that are well in view.

    Parameters
    ----------
    shown : ndarray of int, shape (H, 2H)
        Instance number at each pixel, 0 or less for none.
    numbered : list of (int, int, Item)
        All furniture, as `House.numbered_items` lists it.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of int
        Instance numbers of the piece and of what rests on it; empty if no piece shows `SHARES` of the sphere.
    """
    rows = np.arange(len(shown)) + 0.5
    weights = np.broadcast_to(np.sin(np.pi * rows / len(shown))[:, None], shown.shape)
    size = len(numbered) + 1
    areas = np.bincount(np.clip(shown, 0, None).ravel(), weights.ravel(), minlength=size) / weights.sum()
    groups = [with_what_rests_on(number, numbered) for number, _, _ in numbered]
    fit = [group for group in groups if SHARES[0] <= areas[list(group)].sum() <= SHARES[1]]
    return fit[rng.integers(len(fit))] if fit else ()
