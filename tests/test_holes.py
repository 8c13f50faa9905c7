import numpy as np
import pytest

from pano_inpaint.errors import UsageError
from pano_inpaint.holes import (
    SPHERE_HOLES,
    random_box,
    random_boxes,
    random_brush,
    random_silhouette,
    random_sphere_hole,
)
from pano_inpaint.regions import regions

FLAT = {
    "box": lambda rng: random_box(rng, 128, 24, 48),
    "boxes": lambda rng: random_boxes(rng, 128),
    "brush": lambda rng: random_brush(rng, 128),
    "silhouette": lambda rng: random_silhouette(rng, 128),
}


@pytest.mark.parametrize("kind", FLAT)
def test_flat_holes(kind):
    masks = [FLAT[kind](np.random.default_rng(seed)) for seed in range(100)]
    assert all(mask.shape == (128, 128) and mask.dtype == bool for mask in masks)
    assert all(mask.any() and not mask.all() for mask in masks)
    assert len({mask.tobytes() for mask in masks}) == 100
    np.testing.assert_array_equal(masks[7], FLAT[kind](np.random.default_rng(7)))
    assert np.all(sum(masks) > 0, where=np.pad(np.ones((64, 64), bool), 32)), (
        "the middle is reached everywhere"
    )


def test_boxes_have_the_sides_asked_for():
    rng = np.random.default_rng(0)
    sides = []
    for _ in range(400):
        mask = random_box(rng, 20, 3, 5)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        assert mask.sum() == len(rows) * len(columns) == np.ptp(rows + 1) * len(columns) + len(columns)
        sides.append((len(rows), len(columns)))
    assert set(sides) == {(height, width) for height in (3, 4, 5) for width in (3, 4, 5)}


def test_a_box_may_fill_the_picture():
    assert random_box(np.random.default_rng(0), 8, 8, 8).all()


@pytest.mark.parametrize("draw", [random_brush, random_silhouette, random_boxes])
def test_holes_scale_with_the_picture(draw):
    shares = [
        np.mean([draw(np.random.default_rng(seed), size).mean() for seed in range(60)]) for size in (64, 256)
    ]
    assert shares[0] == pytest.approx(shares[1], rel=0.1)


@pytest.mark.parametrize("kind", SPHERE_HOLES)
def test_sphere_holes_lie_anywhere(kind):
    masks = [random_sphere_hole(np.random.default_rng(seed), 32, kind=kind) for seed in range(300)]
    assert all(mask.shape == (32, 64) and mask.dtype == bool and mask.any() for mask in masks)
    assert any((mask[:, 0] & mask[:, -1]).any() for mask in masks), "over the seam"
    assert random_sphere_hole(np.random.default_rng(0), 8, kind=kind, low=0.01, high=0.01).any()
    assert sum(masks)[[0, -1]].any(axis=1).all(), "over both poles"
    assert max(regions(mask)[0].radius for mask in masks) < 1.2
    np.testing.assert_array_equal(masks[3], random_sphere_hole(np.random.default_rng(3), 32, kind=kind))


def test_all_kinds_are_drawn():
    rng = np.random.default_rng(0)
    holes = [random_sphere_hole(rng, 32, low=0.3, high=0.3) for _ in range(30)]
    assert len({hole.tobytes() for hole in holes}) == 30


def test_refusals():
    rng = np.random.default_rng(0)
    with pytest.raises(UsageError, match="Received: 5, 4, 8"):
        random_box(rng, 8, 5, 4)
    with pytest.raises(UsageError, match="kind must be one of"):
        random_sphere_hole(rng, 32, kind="box")
    with pytest.raises(UsageError, match="radians"):
        random_sphere_hole(rng, 32, low=0.5, high=0.2)
