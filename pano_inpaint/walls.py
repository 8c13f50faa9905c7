"""Find the walls around the camera: which plane stands in each longitude, and how high the ceiling is.

Every candidate is a vertical plane with one of the directions found and a distance in camera heights. For a
ceiling height, a chain of candidates around the horizon is chosen by dynamic programming: their lines with
floor and ceiling should lie on edges, the colours between them should agree, and neighbours should meet. The
maps this goes by are half a degree fine: see `settling` for where each wall stands.
"""

from dataclasses import dataclass

import numpy as np

from .evidence import COLUMNS, ROWS

_DISTANCES = np.geomspace(0.35, 9.0, 38)
_CEILINGS = np.geomspace(0.3, 3.2, 18)
_GROUP = 3  # columns of the maps to a step around the horizon
_STEPS = COLUMNS // _GROUP
_OBLIQUE = 0.08  # cosine to a wall's normal under which it is not considered
_FLOOR_EDGE, _CEILING_EDGE = 0.5, 0.6  # reward a step on an edge; ceilings are hidden less
_CORNER, _GAP, _SAME = 8.0, 8.0, 14.0  # cost of a corner, of walls that don't meet, of a step in a wall
_UNSEEN = 6.0  # more for a corner that the hole hides: no more of those than it takes
_WALL_ROWS = slice(ROWS // 4, 3 * ROWS // 4)  # between which most of a wall lies
_MEETING = 0.04  # of the distance: quantised walls that meet differ this much
_USUAL = 0.75  # ceiling over the camera in most rooms, in camera heights
_LOW, _HIGH = 60.0, 10.0  # cost of lower and of higher ones, by the square of the ratio's logarithm
_IMPOSSIBLE = 1e4
_SEEN = 0.4  # an edge map's value that counts as an edge
_CORNER_OFF = np.deg2rad(5)  # a corner further from where it was found is another


@dataclass(frozen=True, eq=False)
class Walls:
    """Chain of walls around the camera.

    Attributes
    ----------
    yaws, distances : ndarray, shape (N,)
        Upright longitude of each wall's normal and distance of each wall.
    starts : ndarray, shape (K,)
        Upright longitudes at which sectors start, ascending in [−π, π).
    index : ndarray, int, shape (K,)
        The wall of each sector.
    ceiling : float
        Height of the ceiling above the camera.
    widths : ndarray, shape (N,)
        Longitudes that each wall covers, radians.
    floor_support, ceiling_support : ndarray, shape (N,)
        Share of each wall's line with floor and ceiling that lies on an edge, of what is in sight of it, less
        what chance gives; in [0, 1], NaN for a line that the hole hides.
    """

    yaws: np.ndarray
    distances: np.ndarray
    starts: np.ndarray
    index: np.ndarray
    ceiling: float
    widths: np.ndarray
    floor_support: np.ndarray
    ceiling_support: np.ndarray


class _Candidates:
    """Walls of given normals and distances, seen along given columns of the evidence."""

    def __init__(self, evidence, yaws, distances, directions):
        self.evidence = evidence
        self.yaws, self.distances, self.directions = yaws, distances, directions
        longitude = ((np.arange(COLUMNS) + 0.5) / COLUMNS - 0.5) * 2 * np.pi
        towards = np.cos(longitude[:, None] - yaws)
        self.seen = towards > _OBLIQUE
        self.ranges = distances / np.maximum(towards, _OBLIQUE)  # (COLUMNS, S)
        self.columns = np.arange(COLUMNS)[:, None]

    def floor_rows(self):
        return _row(-np.arctan2(1, self.ranges))

    def ceiling_rows(self, height):
        return _row(np.arctan2(height, self.ranges))

    def floor_edges(self):
        return self.evidence.along[self.directions, self.floor_rows(), self.columns]

    def ceiling_edges(self, height):
        return self.evidence.along[self.directions, self.ceiling_rows(height), self.columns]

    def floor_costs(self):
        """Cost (COLUMNS, S) of what lies below the candidates' lines with the floor."""
        rows = self.floor_rows()
        area = self.evidence.below[rows, self.columns]
        area = area + self.evidence.between[self.directions, rows, self.columns]
        return np.where(self.seen, area - _FLOOR_EDGE * self.floor_edges(), _IMPOSSIBLE)

    def ceiling_costs(self, height):
        """Cost (COLUMNS, S) of what lies above the candidates' lines with the ceiling."""
        rows = self.ceiling_rows(height)
        area = self.evidence.above[rows, self.columns]
        area = area - self.evidence.between[self.directions, rows, self.columns]
        return area - _CEILING_EDGE * self.ceiling_edges(height)


def _row(lat):
    return np.clip((0.5 - lat / np.pi) * ROWS, 0, ROWS - 1).astype(np.intp)


def find_walls(evidence, yaws, *, near=None):
    """Find the chain of walls that the evidence supports best.

    Parameters
    ----------
    evidence : Evidence
    yaws : sequence of float
        Longitudes that walls run along, radians, as `evidence` was gathered for.
    near : float, optional
        A ceiling height to stay near.

    Returns
    -------
    Walls
    """
    normals = np.concatenate([np.asarray(yaws) - np.pi / 2, np.asarray(yaws) + np.pi / 2])
    state = np.repeat(np.arange(len(normals)), len(_DISTANCES))
    candidates = _Candidates(evidence, normals[state], np.tile(_DISTANCES, len(normals)), state % len(yaws))
    vertical = _grouped(evidence.vertical.sum(axis=0)[:, None])[:, 0]
    hidden = 1 - _grouped(evidence.known[_WALL_ROWS].mean(axis=0)[:, None])[:, 0]
    transitions = _transitions(candidates.ranges[::_GROUP], vertical, hidden, candidates.yaws)
    floor_costs = _grouped(candidates.floor_costs())
    heights = _CEILINGS if near is None else near * np.array([0.88, 1.0, 1.13])
    best = (np.inf, None, None)
    for height in heights:
        costs = floor_costs + _grouped(candidates.ceiling_costs(height))
        cost, chain = _cheapest_chain(costs.astype(np.float32), transitions)
        cost += (_HIGH if height > _USUAL else _LOW) * np.log(height / _USUAL) ** 2
        if cost < best[0]:
            best = (cost, chain, height)
    return _refined(candidates, best[1], best[2])


def _grouped(values):
    """Mean over the columns of each step."""
    return values.reshape(_STEPS, _GROUP, -1).mean(axis=1)


def _transitions(ranges, vertical, hidden, yaws):
    """Cost (STEPS, S, S) of going from one candidate to another at the start of each step."""
    logs = np.log(ranges).astype(np.float32)
    apart = np.abs(logs[:, :, None] - logs[:, None, :])
    corner = (_CORNER - 1.5 * np.minimum(vertical / 20, 1) + _UNSEEN * hidden).astype(np.float32)
    costs = corner[:, None, None] + np.clip(25 * (apart - _MEETING), 0, _GAP)
    parallel = np.cos(yaws[:, None] - yaws) > 1 - 1e-9
    costs[:, parallel] = _SAME
    costs[:, np.arange(len(yaws)), np.arange(len(yaws))] = 0
    return costs


def _cheapest_chain(costs, transitions):
    """Cheapest closed chain of states; two laps, of which the middle one is taken."""
    steps = len(costs)
    total, came_from = costs[0], []
    rows = np.arange(costs.shape[1])
    for step in range(1, 2 * steps):
        reach = total[:, None] + transitions[step % steps]
        origin = reach.argmin(axis=0)
        came_from.append(origin)
        total = reach[origin, rows] + costs[step % steps]
    state = int(total.argmin())
    chain = [state]
    for origin in reversed(came_from):
        state = int(origin[state])
        chain.append(state)
    chain = np.array(chain[::-1])
    middle = np.arange(steps // 2, steps // 2 + steps)
    lap = np.empty(steps, int)
    lap[middle % steps] = chain[middle]
    turns = lap != np.roll(lap, 1)
    cost = costs[np.arange(steps), lap].sum()
    cost += transitions[np.flatnonzero(turns), np.roll(lap, 1)[turns], lap[turns]].sum()
    return float(cost), lap


def _refined(candidates, lap, height):
    """Settle distances and ceiling finely for the walls of a chain, and where they meet."""
    states, wall_of_step = np.unique(lap, return_inverse=True)
    wall_of_column = np.repeat(wall_of_step, _GROUP)
    scales = np.exp(np.linspace(-0.1, 0.1, 41))
    heights = height * np.exp(np.linspace(-0.12, 0.12, 25))
    tables = np.empty((len(states), len(scales), len(heights)))
    fine = []
    for wall, state in enumerate(states):
        members = _Candidates(
            candidates.evidence,
            np.full(len(scales), candidates.yaws[state]),
            candidates.distances[state] * scales,
            np.full(len(scales), candidates.directions[state]),
        )
        chosen = wall_of_column == wall
        floor = members.floor_costs()[chosen].sum(axis=0)
        for number, value in enumerate(heights):
            tables[wall, :, number] = floor + members.ceiling_costs(value)[chosen].sum(axis=0)
        fine.append(members)
    best_height = int(tables.min(axis=1).sum(axis=0).argmin())
    best = tables[:, :, best_height].argmin(axis=1)
    distances = candidates.distances[states] * scales[best]
    ceiling = heights[best_height]
    support = np.array(
        [
            _support(members, wall_of_column == wall, int(best[wall]), ceiling)
            for wall, members in enumerate(fine)
        ]
    )
    starts, index = _sectors(wall_of_column, candidates.yaws[states], distances)
    widths = np.bincount(wall_of_column) * (2 * np.pi / COLUMNS)
    yaws = candidates.yaws[states]
    return Walls(yaws, distances, starts, index, float(ceiling), widths, *support.T)


def _support(members, chosen, best, ceiling):
    """Share of a wall's two lines on edges, less what lines a little off have."""
    shares = []
    for edges, rows in (
        (members.floor_edges(), members.floor_rows()),
        (members.ceiling_edges(ceiling), members.ceiling_rows(ceiling)),
    ):
        known = members.evidence.known[rows[:, best], np.arange(COLUMNS)] & chosen
        if known.sum() < 4:
            shares.append(np.nan)
            continue
        here = (edges[known, best] > _SEEN).mean()
        direction = members.directions[0]
        chance = (members.evidence.along[direction][:, known] > _SEEN)[ROWS // 6 : -ROWS // 6].mean()
        shares.append(max(0.0, (here - chance) / (1 - chance + 1e-9)))
    return shares


def _sectors(wall_of_column, yaws, distances):
    """Longitudes where walls take turns: at their intersection where that is near."""
    turns = np.flatnonzero(wall_of_column != np.roll(wall_of_column, 1))
    if not len(turns):
        return np.array([-np.pi]), wall_of_column[:1]
    guesses = (turns / COLUMNS - 0.5) * 2 * np.pi
    walls = wall_of_column[turns - 1], wall_of_column[turns]
    return ordered_sectors(guesses, *walls, yaws=yaws, distances=distances)


def ordered_sectors(guesses, before, after, *, yaws, distances):
    """Sectors that start about where one wall gives way to another, in ascending order."""
    # Both walls are equally far where d₁·cos(λ − λ₂) = d₂·cos(λ − λ₁).
    one = distances[before] * np.exp(1j * yaws[after])
    other = distances[after] * np.exp(1j * yaws[before])
    off = (np.angle(one - other) + np.pi / 2 - guesses + np.pi / 2) % np.pi - np.pi / 2
    starts = guesses + np.where((before != after) & (np.abs(off) < _CORNER_OFF), off, 0)
    starts = (starts + np.pi) % (2 * np.pi) - np.pi
    order = np.argsort(starts)
    return starts[order], after[order]
