import numpy as np
import pytest

from pano_inpaint.blending import smooth_fill
from pano_inpaint.metrics import psnr
from pano_inpaint.texture import complete_texture, find_copies


def tiles(size=160, side=23):
    y, x = np.mgrid[:size, :size]
    picture = np.where(((y // side + x // side) % 2)[..., None], (0.8, 0.75, 0.7), (0.4, 0.42, 0.45))
    picture[(y % side < 2) | (x % side < 2)] = 0.2
    return (picture + np.random.default_rng(0).normal(0, 0.01, picture.shape)).astype(np.float32)


def hole_in(picture, box=np.s_[50:105, 60:120]):
    hole = np.zeros(picture.shape[:2], bool)
    hole[box] = True
    return hole


def test_tiles_go_on_through_a_hole():
    truth = tiles()
    hole = hole_in(truth)
    spoilt = np.where(hole[..., None], np.float32(1), truth)
    filled = complete_texture(spoilt, hole)
    smooth = smooth_fill(spoilt, hole)
    assert psnr(filled, truth, hole) > psnr(smooth, truth, hole) + 10
    np.testing.assert_array_equal(filled[~hole], truth[~hole])


def test_what_is_in_the_hole_is_not_looked_at():
    truth = tiles()
    hole = hole_in(truth)
    first, second = (complete_texture(np.where(hole[..., None], np.float32(v), truth), hole) for v in (0, 1))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("box", [np.s_[:40, :50], np.s_[70:71, 20:140], np.s_[80:82, 90:93]])
def test_holes_at_the_border_thin_and_tiny(box):
    truth = tiles()
    hole = hole_in(truth, box)
    assert psnr(complete_texture(truth, hole), truth, hole) > 20


def test_copies_come_from_sources_only():
    truth = tiles()
    hole = hole_in(truth)
    source = np.zeros_like(hole)
    source[:, 125:] = True
    copies = find_copies(truth, hole, source=source, quality="draft")
    row, column = np.nonzero(hole)
    to = np.stack([row, column], 1) + copies.offsets[copies.labels[hole]]
    there = source[tuple(np.clip(np.rint(to).astype(int), 0, 159).T)]
    assert there.mean() > 0.97 and (copies.labels[~hole] == -1).all()


def test_a_guide_decides_between_two_materials():
    rng = np.random.default_rng(3)
    picture = np.where((np.arange(120) < 60)[None, :, None], 0.3, 0.7) + rng.normal(0, 0.02, (120, 120, 3))
    picture = picture.astype(np.float32)
    hole = hole_in(picture, np.s_[40:80, 30:90])
    means = [
        complete_texture(picture, hole, guide=np.full_like(picture, value))[hole].mean()
        for value in (0.3, 0.7)
    ]
    assert means[0] < 0.47 and means[1] > 0.5 and means[1] > means[0] + 0.05


def test_the_same_seed_gives_the_same_completion():
    truth = tiles()
    hole = hole_in(truth)
    first, second = (complete_texture(truth, hole, seed=5, quality="draft") for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_wrong_input():
    truth = tiles(64)
    hole = hole_in(truth, np.s_[20:30, 20:30])
    with pytest.raises(ValueError, match="quality"):
        complete_texture(truth, hole, quality="best")
    with pytest.raises(ValueError, match="something to copy"):
        complete_texture(truth, np.ones_like(hole))
    with pytest.raises(ValueError, match="masks"):
        complete_texture(truth, hole[:-1])
