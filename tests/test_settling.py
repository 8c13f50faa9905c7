import numpy as np
import pytest

from pano_inpaint.lines import Segments
from pano_inpaint.settling import settle_walls
from pano_inpaint.walls import Walls

YAWS = np.arange(4) * np.pi / 2  # of the normals: ahead, right, behind, left
DISTANCES = np.array([1.3, 2.1, 1.7, 0.9])
CEILING = 0.8


def true_starts(distances):
    """Longitudes of the corners at which the walls start, from the left end of the one ahead on."""
    ahead, right, behind, left = distances
    return np.arctan2([-left, right, right, -left], [ahead, ahead, -behind, -behind])


def lines_at(height, distances=DISTANCES):
    """Edges of a box's walls at one height, each in two pieces with a gap between them."""
    x = [-distances[3], distances[1], distances[1], -distances[3]]
    z = [distances[0], distances[0], -distances[2], -distances[2]]
    corners = np.stack([x, np.full(4, height), z], 1)
    starts, ends = [], []
    for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        for first, last in ((0.05, 0.4), (0.55, 0.95)):
            starts.append(one + first * (other - one))
            ends.append(one + last * (other - one))
    starts, ends = np.array(starts), np.array(ends)
    return Segments(*(p / np.linalg.norm(p, axis=1, keepdims=True) for p in (starts, ends)))


def joined(*parts):
    return Segments(*(np.concatenate([getattr(p, end) for p in parts]) for end in ("starts", "ends")))


def walls_found(factors, ceiling):
    """The box as found by coarse maps: every distance off by a factor."""
    distances = DISTANCES * factors
    starts = true_starts(distances)
    order = np.argsort(starts)
    supports = np.ones(4), np.ones(4)
    return Walls(YAWS, distances, starts[order], order, ceiling, np.full(4, np.pi / 2), *supports)


def test_walls_and_ceiling_settle_on_their_edges():
    found = walls_found([1.03, 0.96, 1.05, 0.98], CEILING * 1.04)
    settled = settle_walls(found, joined(lines_at(-1.0), lines_at(CEILING)))
    assert settled.distances == pytest.approx(DISTANCES, rel=0.01)
    assert settled.ceiling == pytest.approx(CEILING, rel=0.01)
    assert np.sort(settled.starts) == pytest.approx(np.sort(true_starts(DISTANCES)), abs=0.01)
    assert settled.index[np.argsort(settled.starts)].tolist() == np.argsort(true_starts(DISTANCES)).tolist()


def test_a_wall_stands_at_the_lower_edge_of_its_skirting():
    found = walls_found([1.06, 1.03, 1.05, 1.07], CEILING)
    edges = joined(lines_at(-1.0), lines_at(-0.94), lines_at(CEILING))
    assert settle_walls(found, edges).distances == pytest.approx(DISTANCES, rel=0.01)


def test_walls_without_edges_stay():
    found = walls_found([1.03, 0.96, 1.05, 0.98], CEILING)
    nothing = Segments(np.empty((0, 3)), np.empty((0, 3)))
    settled = settle_walls(found, nothing)
    assert settled.distances == pytest.approx(found.distances) and settled.ceiling == found.ceiling


def test_edges_of_other_directions_and_far_ones_say_nothing():
    found = walls_found([1.03, 1.0, 1.0, 1.0], CEILING)
    # Planks that run towards the wall ahead, and a rug's border half way to it.
    boards = Segments(np.array([[0.1, -1, 0.4], [0.4, -1, 0.4]]), np.array([[0.1, -1, 1.2], [0.4, -1, 1.2]]))
    rug = Segments(np.array([[-0.5, -1, 0.6]]), np.array([[0.9, -1, 0.6]]))
    unit = [
        Segments(*(p / np.linalg.norm(p, axis=1, keepdims=True) for p in (s.starts, s.ends)))
        for s in (boards, rug)
    ]
    assert settle_walls(found, joined(*unit)).distances == pytest.approx(found.distances)


def labels_of(distances=DISTANCES, ceiling=CEILING, height=360):
    """Floor, wall and ceiling of a box as a network would tell them, a third of it covered by things."""
    lon = ((np.arange(2 * height) + 0.5) / height - 1) * np.pi
    lat = (0.5 - (np.arange(height) + 0.5) / height)[:, None] * np.pi
    towards = np.cos(lon - YAWS[:, None])
    away = np.where(towards > 0, distances[:, None] / np.maximum(towards, 1e-9), np.inf).min(axis=0)
    labels = np.where(lat < -np.arctan2(1, away), 0, np.where(lat > np.arctan2(ceiling, away), 2, 1))
    labels[2 * height // 5 :, ::3] = -1
    return labels


@pytest.mark.parametrize("foot", [-1.0, -0.94])
def test_labels_tell_which_of_two_edges_a_wall_stands_at(foot):
    """Whether a skirting's lower edge is the foot, or the upper, and the lower is a border on the floor."""
    found = walls_found([1.03, 0.96, 1.05, 0.98], CEILING * 1.04)
    upper = lines_at(-0.94)
    edges = joined(lines_at(-1.0), upper, upper, lines_at(CEILING))
    distances, ceiling = DISTANCES / -foot, CEILING / -foot
    labels = labels_of(distances, ceiling)
    settled = settle_walls(found, edges, labels, np.ones(labels.shape, bool))
    assert settled.distances == pytest.approx(distances, rel=0.01)
    assert settled.ceiling == pytest.approx(ceiling, rel=0.01)


def test_labels_that_are_seen_outweigh_guesses_in_a_hole():
    found = walls_found([1.0, 1.0, 1.0, 1.0], CEILING)
    nothing = Segments(np.empty((0, 3)), np.empty((0, 3)))
    labels, known = labels_of(), np.ones((360, 720), bool)
    known[:, :360] = False
    labels[:, :360] = labels_of(1.1 * DISTANCES)[:, :360]
    ahead, right, *_ = settle_walls(found, nothing, labels, known).distances / DISTANCES
    assert right == pytest.approx(1, abs=0.01)
    assert ahead == pytest.approx(1, abs=0.02)
