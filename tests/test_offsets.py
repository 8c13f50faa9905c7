import numpy as np

from pano_inpaint.offsets import OffsetSearch, best_offsets, candidate_offsets


def test_differences_equal_those_worked_out_one_by_one():
    rng = np.random.default_rng(0)
    picture = rng.uniform(0, 1, (9, 12, 3)).astype(np.float32)
    source = rng.uniform(size=(9, 12)) < 0.9
    part = np.zeros((9, 12), bool)
    part[3:6, 4:8] = True
    table = OffsetSearch(picture, source).differences(part)
    for row, column in ((0, 0), (2, -3), (-3, 4)):
        squares, count = 0.0, 0
        for y, x in np.argwhere(part):
            if source[y + row, x + column]:
                squares += np.square(picture[y, x] - picture[y + row, x + column]).sum()
                count += 1
        if count >= 0.8 * part.sum():
            np.testing.assert_allclose(table[row + 8, column + 11], squares / count, atol=1e-4)
        else:
            assert np.isinf(table[row + 8, column + 11])


def test_the_period_of_a_texture_is_the_best_offset():
    rng = np.random.default_rng(1)
    tile = rng.uniform(0, 1, (11, 14, 3)).astype(np.float32)
    picture = np.tile(tile, (5, 5, 1))
    known = np.ones(picture.shape[:2], bool)
    part = np.zeros_like(known)
    part[20:30, 30:40] = True
    found = best_offsets(OffsetSearch(picture, known).differences(part), 4)
    assert all(row % 11 == 0 and column % 14 == 0 for row, column in found)


def test_candidates_hold_the_period():
    rng = np.random.default_rng(2)
    picture = np.tile(rng.uniform(0, 1, (10, 12, 3)).astype(np.float32), (7, 7, 1))
    hole = np.zeros(picture.shape[:2], bool)
    hole[25:45, 30:55] = True
    found = candidate_offsets(np.where(hole[..., None], 0, picture), hole, ~hole, ~hole)
    assert (0, 36) in map(tuple, found) or (0, -36) in map(tuple, found) or (30, 0) in map(tuple, found)
