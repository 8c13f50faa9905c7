import itertools

import numpy as np

from pano_inpaint.labelling import FORBIDDEN, choose_labels, grid_edges


def total(labels, costs, colours, edges):
    cost = costs[labels, np.arange(len(labels))].sum()
    for first, second in edges:
        one, other = labels[first], labels[second]
        if one != other:
            cost += 0.002 + sum(np.linalg.norm(colours[one, p] - colours[other, p]) for p in (first, second))
    return cost


def test_two_labels_are_solved_exactly():
    rng = np.random.default_rng(0)
    edges = grid_edges(np.ones((3, 4), bool))
    for _ in range(5):
        costs, colours = rng.uniform(0, 1, (2, 12)), rng.uniform(0, 1, (2, 12, 3)).astype(np.float32) * 0.3
        best = min(total(np.array(p), costs, colours, edges) for p in itertools.product((0, 1), repeat=12))
        found = choose_labels(costs, colours, edges, sweeps=5, rng=rng)
        assert abs(total(found, costs, colours, edges) - best) < 1e-3


def test_more_labels_never_cost_more_than_each_pixel_for_itself():
    rng = np.random.default_rng(1)
    edges = grid_edges(np.ones((8, 8), bool))
    costs, colours = rng.uniform(0, 1, (6, 64)), rng.uniform(0, 1, (6, 64, 3)).astype(np.float32)
    found = choose_labels(costs, colours, edges, rng=rng)
    assert total(found, costs, colours, edges) < total(costs.argmin(0), costs, colours, edges)


def test_forbidden_labels_are_not_taken():
    rng = np.random.default_rng(2)
    costs = np.stack([np.full(16, 0.9), np.where(np.arange(16) % 2, FORBIDDEN, 0)])
    found = choose_labels(
        costs, rng.uniform(0, 1, (2, 16, 3)).astype(np.float32), grid_edges(np.ones((4, 4), bool)), rng=rng
    )
    assert not found[1::2].any()


def test_edges_join_neighbours_inside_the_region_only():
    region = np.array([[1, 1, 0], [0, 1, 1]], bool)
    assert sorted(map(tuple, grid_edges(region))) == [(0, 1), (1, 2), (2, 3)]
