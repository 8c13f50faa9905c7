"""Choose one of many copies for every pixel of a hole so that the seams between them don't show.

Alpha expansion (Boykov, Veksler and Zabih 2001) with the seam cost of graph-cut textures (Kwatra et
al. 2003): two neighbours that are copied from different places cost what the copies differ by at both.
"""

import numpy as np

FORBIDDEN = 1e6  # cost of a label that a pixel cannot have
_CHANGE = 0.002  # of the range of colours: a seam costs this even where it cannot be seen
_CAPACITY = 1e4  # flows are integers: 0.0001 of the range of colours
_LARGEST = 2**28


def grid_edges(region):
    """List the pairs of neighbours inside a region.

    Parameters
    ----------
    region : ndarray of bool, shape (H, W)

    Returns
    -------
    ndarray of int, shape (E, 2)
        Indices into the region's pixels in row-major order; right and lower neighbours.
    """
    index = np.full(region.shape, -1)
    index[region] = np.arange(np.count_nonzero(region))
    pairs = []
    for one, other in ((index[:, :-1], index[:, 1:]), (index[:-1], index[1:])):
        both = (one >= 0) & (other >= 0)
        pairs.append(np.stack([one[both], other[both]], 1))
    return np.concatenate(pairs)


def choose_labels(costs, colours, edges, *, sweeps=2, rng):
    """Label pixels with copies: cheap ones, with seams where the copies agree.

    Parameters
    ----------
    costs : ndarray of float, shape (K, N)
        What each label costs each pixel; `FORBIDDEN` where it is impossible. Each pixel needs one.
    colours : ndarray of float32, shape (K, N, C)
        What each label would put there.
    edges : ndarray of int, shape (E, 2)
        Pairs of neighbours, such as `grid_edges` gives.
    sweeps : int
        How often every label is offered to all pixels; ends early when nothing changes.
    rng : numpy.random.Generator
        Draws the order in which labels are offered.

    Returns
    -------
    ndarray of int, shape (N,)
    """
    labels = costs.argmin(axis=0)
    offered = np.arange(len(costs))
    for _ in range(sweeps):
        before = labels
        for label in rng.permutation(offered):
            labels = _expand(labels, label, costs, colours, edges)
        if (labels == before).all():
            break
    return labels


def _expand(labels, label, costs, colours, edges):
    """Give a label to the set of pixels that lowers the total cost most."""
    free = (labels != label) & (costs[label] < FORBIDDEN)
    edges = edges[free[edges].any(axis=1)]
    if not len(edges):
        # Pixels on their own take whatever is cheapest.
        better = free & (costs[label] < costs[labels, np.arange(len(labels))])
        return np.where(better, label, labels)
    first, second = edges.T
    here, there = labels[first], labels[second]
    keep = _seam(colours, here, there, first, second)
    taken_second = _seam(colours, here, label, first, second)
    taken_first = _seam(colours, label, there, first, second)
    gain = np.zeros(len(labels))
    pixels = np.flatnonzero(free)
    gain[pixels] = costs[label, pixels] - costs[labels[pixels], pixels]
    both = free[first] & free[second]
    # A pair of which one cannot take the label costs the other alone.
    for own, other, taken in ((first, second, taken_first), (second, first, taken_second)):
        alone = free[own] & ~free[other]
        gain += np.bincount(own[alone], (taken - keep)[alone], len(labels))
    first, second = first[both], second[both]
    keep, taken_first, taken_second = keep[both], taken_first[both], taken_second[both]
    # Where the triangle inequality fails the pair is made submodular (Rother et al. 2005).
    taken_second = np.maximum(taken_second, keep - taken_first)
    gain += np.bincount(first, taken_first - keep, len(labels))
    gain -= np.bincount(second, taken_first, len(labels))
    weight = taken_first + taken_second - keep
    taken = _minimum_cut(pixels, gain, first, second, weight)
    result = labels.copy()
    result[pixels[taken]] = label
    return result


def _seam(colours, one, other, first, second):
    """Cost of a seam between neighbours: how much two copies differ at the one and at the other."""
    cost = np.where(one == other, 0.0, _CHANGE)
    for pixel in (first, second):
        difference = colours[one, pixel] - colours[other, pixel]
        cost += np.sqrt(np.einsum("ec,ec->e", difference, difference))
    return cost


def _minimum_cut(pixels, gain, first, second, weight):
    """Which of the pixels to change: minimal sum of their gains and of the weights of half-changed pairs."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    count = len(pixels)
    position = np.zeros(len(gain), int)
    position[pixels] = np.arange(count)
    gain = gain[pixels]
    worse, better = np.flatnonzero(gain > 0), np.flatnonzero(gain < 0)
    source, sink = count, count + 1
    starts = np.concatenate([position[first], np.full(len(worse), source), better])
    ends = np.concatenate([position[second], worse, np.full(len(better), sink)])
    capacity = np.concatenate([weight, gain[worse], -gain[better]]) * _CAPACITY
    capacity = np.rint(np.minimum(capacity, _LARGEST)).astype(np.int32)
    graph = csr_matrix((capacity, (starts, ends)), shape=(count + 2, count + 2))
    left = graph - maximum_flow(graph, source, sink).flow
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    kept = np.zeros(count + 2, bool)
    kept[breadth_first_order(left, source, return_predecessors=False)] = True
    return ~kept[:count]
