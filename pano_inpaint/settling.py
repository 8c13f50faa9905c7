"""Settle walls and ceiling where edges and a network's labels say that they stand.

Where a wall's foot or top is seen, or told, it tells the wall's distance, or how it compares with the
ceiling's height. For every wall these tell how likely it is to stand so much nearer or further; a ceiling
height is chosen for all walls together, then each wall's distance.
"""

from dataclasses import replace

import numpy as np

from .evidence import ALONG
from .sphere import lonlat_to_vector, vector_to_lonlat
from .walls import ordered_sectors

# Logarithms of distances:
_STEPS = np.linspace(-0.2, 0.2, 161)  # how far off a wall may be found to stand
_MIDDLE = len(_STEPS) // 2
_SURE, _SURE_TOLD = 0.06, 0.12  # most walls are no further off, and no ceiling; with labels these tell
_SHARP, _BLURRED = 0.006, 0.04  # an edge tells a distance to this, and a label where floor or ceiling ends
_FAR = 0.35  # labels further off tell of something else
_NEARBY = 2  # steps to which a distance is sure once its edges are known
_FOOT = 0.4  # share of a wall's strongest edge that a weaker one has at least if the wall may stand at it
_FOLLOWS = 0.1  # and the strongest, such as a skirting's upper edge, comes no further behind it

_ENOUGH = np.deg2rad(25)  # of a wall's line seen as edges: more say no more
_ENOUGH_TOLD = np.deg2rad(11)  # the same, and of where labels end at it, if there are labels
_TOLD = 3.0  # what labels count beside edges
_MOST = 4.0  # negative log likelihood of a label, at most: it may be wrong
_GUESSED = 0.3  # what counts a label in the hole beside one that is seen
_FLAT = 0.02  # radians from the horizon within which edges tell no distance
_POINTS = 9  # of an edge that are looked at
_FLOOR, _WALL, _CEILING = range(3)  # labels


def settle_walls(walls, segments, labels=None, known=None):
    """Move walls and ceiling to where their feet and tops are seen or told.

    Parameters
    ----------
    walls : Walls
    segments : Segments
        In the upright frame.
    labels : ndarray, int, shape (h, 2h), optional
        0 floor, 1 wall, 2 ceiling, below 0 unknown, in the upright frame.
    known : ndarray, bool, shape (h, 2h), optional
        False in the hole, where labels are guesses.

    Returns
    -------
    Walls
        With distances, ceiling and starts settled. Of two edges of a wall's foot, such as a skirting's, the
        one nearer to where the labels end is taken for it; without labels the lower one.
    """
    edges = _edge_votes(walls, segments)
    if labels is None:
        raised, there = _settle_by_edges(*edges)
    else:
        raised, there = _settle_by_labels(*edges, *_label_votes(walls, labels, known))
    distances = walls.distances * np.exp(_STEPS[there])
    ceiling = walls.ceiling * float(np.exp(_STEPS[_MIDDLE + raised]))
    starts, index = ordered_sectors(
        walls.starts, np.roll(walls.index, 1), walls.index, yaws=walls.yaws, distances=distances
    )
    return replace(walls, distances=distances, ceiling=ceiling, starts=starts, index=index)


def _settle_by_edges(floors, ceilings):
    """Choose by how many steps the ceiling is off, and the walls, (N,): each at its lowest strong edge."""
    few_floors, few_ceilings = (np.minimum(votes, _ENOUGH) for votes in (floors, ceilings))
    likely = np.exp(-0.5 * (_STEPS / _SURE) ** 2)

    def rough(steps):
        votes = (few_floors + _moved(few_ceilings, steps)) * likely
        return votes.max(axis=1).sum() * likely[_MIDDLE + steps]

    def fine(steps):
        return (floors + _moved(ceilings, steps)).max(axis=1).sum()

    raised = max(_nearest_first(0, _MIDDLE // 2), key=rough)
    chosen = (few_floors + _moved(few_ceilings, raised)) * likely
    raised = max(_nearest_first(raised, _NEARBY), key=fine)
    edges = floors + _moved(ceilings, raised)
    return raised, [_sharpened(_lowest(votes), beside) for votes, beside in zip(chosen, edges, strict=True)]


def _settle_by_labels(floors, ceilings, told_floors, told_ceilings):
    """Choose the same by what is most likely: edges are sharper than labels, but these tell which edge."""
    feet = np.minimum(floors / _ENOUGH_TOLD, 1) + _TOLD * told_floors
    tops = np.minimum(ceilings / _ENOUGH_TOLD, 1) + _TOLD * told_ceilings
    usual = -0.5 * (_STEPS / _SURE_TOLD) ** 2

    def likelihood(steps):
        return feet + _moved(tops, steps) + usual

    def score(steps):
        return likelihood(steps).max(axis=1).sum() + usual[_MIDDLE + steps]

    raised = max(_nearest_first(0, _MIDDLE // 2), key=score)
    edges = floors + _moved(ceilings, raised)
    chosen = likelihood(raised).argmax(axis=1)
    return raised, [_sharpened(int(step), beside) for step, beside in zip(chosen, edges, strict=True)]


def _edge_votes(walls, segments):
    """Sum up how much of each wall's edges, in radians, says that it stands where.

    Returns (2, N, len(_STEPS)): by its edges with the floor, and with the ceiling.
    """
    share = np.linspace(0, 1, _POINTS)[:, None, None]
    points = segments.starts * (1 - share) + segments.ends * share
    lon, lat = vector_to_lonlat(points)
    normals = segments.normals
    level = np.abs(normals[:, 1]) >= ALONG
    there = _wall_at(walls, lon)
    weights = np.broadcast_to(segments.lengths / _POINTS, lon.shape)
    votes = np.zeros((2, len(walls.yaws), len(_STEPS)))
    for wall, yaw in enumerate(walls.yaws):
        along = np.abs(normals @ lonlat_to_vector(yaw + np.pi / 2, 0.0)) < ALONG
        own = (there == wall) & along & level
        for side, chosen in enumerate((lat < -_FLAT, lat > _FLAT)):
            chosen = own & chosen
            off = _offsets(walls, wall, side, lon[chosen], lat[chosen])
            near = np.exp(-0.5 * ((_STEPS[:, None] - off) / _SHARP) ** 2)
            votes[side, wall] = near @ weights[chosen]
    return votes


def _label_votes(walls, labels, known):
    """Tell how likely it makes each distance of a wall where labels of floor and ceiling end at it.

    Returns (2, N, len(_STEPS)): by its edges with the floor, and with the ceiling; from 0 for what is as
    unlikely as may be, or what nothing is told of.
    """
    height, width = labels.shape
    feet = (labels[:-1] == _WALL) & (labels[1:] == _FLOOR)
    tops = (labels[:-1] == _CEILING) & (labels[1:] == _WALL)
    votes = np.zeros((2, len(walls.yaws), len(_STEPS)))
    for side, (ends, sign) in enumerate(((feet, -1), (tops, 1))):
        row, column = np.nonzero(ends)
        lon = ((column + 0.5) / width - 0.5) * 2 * np.pi
        lat = (0.5 - (row + 1) / height) * np.pi
        there = _wall_at(walls, lon)
        weights = np.where(known[row, column] & known[row + 1, column], 1, _GUESSED) * 2 * np.pi / width
        for wall in range(len(walls.yaws)):
            chosen = np.flatnonzero((there == wall) & (sign * lat > _FLAT))
            off = _offsets(walls, wall, side, lon[chosen], lat[chosen])
            near = np.abs(off) < _FAR
            off, weight = off[near], weights[chosen[near]]
            if weight.sum():
                unlikely = np.minimum(0.5 * ((_STEPS[:, None] - off) / _BLURRED) ** 2, _MOST) @ weight
                enough = min(1, weight.sum() / _ENOUGH_TOLD)
                votes[side, wall] = (_MOST - unlikely / weight.sum()) * enough
    return votes


def _wall_at(walls, lon):
    return walls.index[np.searchsorted(walls.starts, lon, side="right") - 1]


def _offsets(walls, wall, side, lon, lat):
    """By how much further than found a wall stands, in logarithms, if its foot or top is seen there."""
    height = (-1.0, walls.ceiling)[side]
    away = height * np.cos(lon - walls.yaws[wall]) / np.tan(lat)
    return np.log(np.maximum(away, 1e-3) / walls.distances[wall])


def _nearest_first(step, reach):
    return sorted(range(step - reach, step + reach + 1), key=lambda other: abs(other - step))


def _moved(votes, steps):
    """Return the votes of the ceiling's edges if it is so many steps higher."""
    moved = np.zeros_like(votes)
    start, stop = max(0, steps), votes.shape[1] + min(0, steps)
    moved[:, start:stop] = votes[:, start - steps : stop - steps]
    return moved


def _lowest(votes):
    """Find the nearest strong maximum of a wall's votes."""
    top = int(votes.argmax())
    if not votes[top]:
        return _MIDDLE
    inner = votes[1:-1]
    peaks = 1 + np.flatnonzero((inner >= votes[:-2]) & (inner > votes[2:]) & (inner > _FOOT * votes[top]))
    near = peaks[_STEPS[top] - _STEPS[peaks] < _FOLLOWS]
    return int(near[0]) if len(near) else top


def _sharpened(step, edges):
    """Find where beside a step the most edges are."""
    first = max(0, step - _NEARBY)
    beside = edges[first : step + _NEARBY + 1]
    return first + int(beside.argmax()) if beside.any() else step
