import numpy as np
import pytest

from pano_inpaint.seams import join_copies, nearest_labels, solve_poisson


def ramp(height=40, width=50):
    y, x = np.mgrid[:height, :width]
    return (0.3 + 0.004 * x + 0.003 * y)[..., None].repeat(3, 2).astype(np.float32)


def shown(picture):
    """Copies whose colours are off by a tenth of their number."""

    def sample(label, row, column):
        return picture[row, column] + 0.1 * (label[:, None] + 1), np.ones(len(row), bool)

    return sample


def exact(picture):
    return lambda _label, row, column: (picture[row, column], np.ones(len(row), bool))


def test_copies_that_differ_by_a_constant_become_the_original():
    picture, hole = ramp(), np.zeros((40, 50), bool)
    hole[10:30, 12:40] = True
    labels = np.where(hole, (np.arange(50) > 25).astype(int), -1)
    filled = np.where(hole[..., None], picture + 0.1 * (labels[..., None] + 1), picture)
    joined = join_copies(filled.astype(np.float32), hole, labels, shown(picture))
    # Where both copies meet the rim, what they are off by is averaged along it.
    assert np.abs(joined - picture)[hole].mean() < 0.006 and np.abs(joined - picture).max() < 0.02
    np.testing.assert_array_equal(joined[~hole], picture[~hole])


def test_surfaces_do_not_bleed_into_each_other():
    picture, hole = ramp(), np.zeros((40, 50), bool)
    hole[10:30, 12:40] = True
    owners = np.where(hole, (np.arange(40)[:, None] >= 20).astype(int), -1)
    labels = np.where(owners == 1, 1, np.where(hole, 0, -1))
    rims = [~hole & (np.arange(40) < 20)[:, None], ~hole & (np.arange(40) >= 20)[:, None]]
    dark = np.where((np.arange(40) >= 20)[:, None, None], picture * 0.2, picture).astype(np.float32)
    filled = np.where(hole[..., None], dark + 0.1 * (labels[..., None] + 1), dark).astype(np.float32)
    joined = join_copies(filled, hole, labels, shown(dark), owners=owners, rims=rims)
    assert np.abs(joined - dark).max() < 0.006


def test_a_shadow_on_the_rim_stays_at_the_rim():
    picture, hole = ramp(60, 80), np.zeros((60, 80), bool)
    hole[20:40, 20:60] = True
    seen = picture.copy()
    seen[36:, 15:40] -= 0.15
    labels = np.where(hole, 0, -1)
    filled = np.where(hole[..., None], picture + 0.1, seen).astype(np.float32)
    joined = join_copies(filled, hole, labels, shown(picture))
    off = np.abs(joined - picture)[..., 0]
    assert off[22:32, 22:58].max() < 0.02 and off[22:32, 22:58].mean() < 0.006
    assert abs(joined[39, 30, 0] - seen[40, 30, 0]) < 0.06


@pytest.mark.parametrize(
    ("colour", "reach"),
    [((-0.3, -0.3, -0.3), 12), ((0, -0.48, 0), 6), ((-1.2, -1.2, -1.2), 2), ((0, -0.6, 0), 2)],
)
def test_a_shadow_ends_softly_and_a_thing_at_once(colour, reach):
    picture, hole = np.full((60, 80, 3), 0.5, np.float32), np.zeros((60, 80), bool)
    hole[20:50, 20:60] = True
    seen = picture.copy()
    seen[50:, 15:65] += np.float32(colour)
    labels = np.where(hole, 0, -1)
    filled = np.where(hole[..., None], picture, seen).astype(np.float32)
    joined = join_copies(filled, hole, labels, exact(picture), shade=12.0)
    depth = np.abs(joined - picture).mean(axis=2)[:50, 40][::-1]  # upwards from the rim
    assert depth[0] > (0.7 if reach > 2 else 0.3) * np.abs(colour).mean()
    assert np.all(np.diff(depth[:reach]) <= 1e-4)
    assert depth[max(reach - 3, 0)] > 0.002 and depth[reach + 1 :].max() < 0.06 * np.abs(colour).mean()


@pytest.mark.parametrize("share", [0.7, 1.0])
def test_a_rim_that_is_mostly_shadow_darkens_copies_of_unknown_light_only(share):
    picture, hole = ramp(60, 80), np.zeros((60, 80), bool)
    hole[20:40, 20:60] = True
    seen = picture.copy()
    seen[:, : int(20 + 40 * share) + 1] -= 0.3
    labels, owners = np.where(hole, 0, -1), np.where(hole, 0, -1)
    filled = np.where(hole[..., None], picture, seen).astype(np.float32)
    lit, unlit = (
        join_copies(filled, hole, labels, exact(picture), owners=owners, rims=[~hole], lit=[known]) - picture
        for known in (True, False)
    )
    inside = np.s_[26:34, 26:54, 0]
    assert np.abs(lit[inside]).max() < 0.06
    assert unlit[inside].mean() < -0.15


def test_the_dark_end_of_a_wall_is_met_where_shadows_are_lifted():
    picture, hole = ramp(60, 80), np.zeros((60, 80), bool)
    hole[20:40, 20:60] = True
    seen = picture.copy()
    seen[:, :22] -= 0.09
    labels = np.where(hole, 0, -1)
    filled = np.where(hole[..., None], picture, seen).astype(np.float32)
    results = [
        join_copies(filled, hole, labels, exact(picture), lit=[True], shadows_lifted=gone)
        for gone in (False, True)
    ]
    stays, lifted = ((joined - picture)[30, :, 0] for joined in results)
    assert lifted[20] < -0.07 and -0.05 < lifted[30] < -0.02
    assert abs(stays[30]) < 0.4 * abs(lifted[30])


def test_poisson_of_a_known_function():
    y, x = np.mgrid[:33, :33] / 32
    truth = (np.sin(np.pi * x) * np.sin(np.pi * y))[..., None].astype(np.float32)
    unknown = np.zeros((33, 33), bool)
    unknown[1:-1, 1:-1] = True
    sums = np.zeros_like(truth)
    sums[1:-1, 1:-1] = (
        truth[:-2, 1:-1] + truth[2:, 1:-1] + truth[1:-1, :-2] + truth[1:-1, 2:] - 4 * truth[1:-1, 1:-1]
    )
    solved = solve_poisson(-sums * -1, unknown)
    assert np.abs(solved - truth).max() < 0.01


def test_nearest_labels():
    labels = np.full((3, 7), -1)
    labels[1, 0], labels[1, 6] = 4, 2
    region = np.ones((3, 7), bool)
    region[0, 0] = False
    spread = nearest_labels(labels, region)
    assert spread[0, 0] == -1 and (spread[1, :3] == 4).all() and (spread[1, 4:] == 2).all()
