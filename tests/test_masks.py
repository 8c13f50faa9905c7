"""Masks grow and are painted by exact angles, over the seam and at the poles."""

import numpy as np
import pytest

from pano_inpaint.errors import UsageError
from pano_inpaint.masks import grow, paint_stroke, spherical_cap
from pano_inpaint.sphere import lonlat_to_vector, window_directions

HEIGHT = 40
PIXEL = np.pi / HEIGHT


def directions(height=HEIGHT):
    return window_directions((slice(None), 0, 2 * height), height).astype(float)


def distances(one, other):
    """Angles (n, m) between unit vectors."""
    chord = np.linalg.norm(one[:, None] - other[None], axis=-1)
    return 2 * np.arcsin(np.clip(chord / 2, 0, 1))


@pytest.mark.parametrize("radius", [0, 0.01, PIXEL, 0.17, 0.9, 2.7, np.pi])
@pytest.mark.parametrize("density", [0.0005, 0.005, 0.05])
def test_grow_against_brute_force(radius, density):
    rng = np.random.default_rng(int(1e4 * radius) + int(1e5 * density))
    every = directions().reshape(-1, 3)
    for _ in range(3):
        mask = rng.random((HEIGHT, 2 * HEIGHT)) < density
        near = (distances(every, every[mask.ravel()]) <= radius + 1e-6).any(axis=1)
        np.testing.assert_array_equal(grow(mask, radius), near.reshape(mask.shape))


@pytest.mark.parametrize("pixel", [(0, 5), (HEIGHT - 1, 70), (HEIGHT // 2, 0), (3, 79)])
def test_grow_of_one_pixel_is_a_cap(pixel):
    mask = np.zeros((HEIGHT, 2 * HEIGHT), bool)
    mask[pixel] = True
    lat, lon = (0.5 - (pixel[0] + 0.5) / HEIGHT) * np.pi, ((pixel[1] + 0.5) / (2 * HEIGHT) - 0.5) * 2 * np.pi
    np.testing.assert_array_equal(grow(mask, 0.4), spherical_cap(lon, lat, 0.4, HEIGHT))


def test_grow_leaves_its_input_alone():
    mask = spherical_cap(0, 0, 0.2, HEIGHT)
    before = mask.copy()
    assert grow(mask, 0.2).sum() > before.sum()
    np.testing.assert_array_equal(mask, before)
    assert not grow(np.zeros_like(mask), 1.0).any()


def test_grow_is_equivariant_under_roll():
    mask = np.random.default_rng(0).random((HEIGHT, 2 * HEIGHT)) < 0.01
    np.testing.assert_array_equal(grow(np.roll(mask, 33, 1), 0.3), np.roll(grow(mask, 0.3), 33, 1))


@pytest.mark.parametrize("center", [(0.0, 0.0), (np.pi, 0.4), (9.0, 0.1), (1.0, 1.5), (2.0, -np.pi / 2)])
@pytest.mark.parametrize("radius", [0.001, 0.2, 1.3, np.pi])
def test_cap_against_brute_force(center, radius):
    near = distances(directions().reshape(-1, 3), lonlat_to_vector(*center)[None])[:, 0] <= radius
    cap = spherical_cap(*center, radius, HEIGHT)
    np.testing.assert_array_equal(cap, near.reshape(cap.shape))


def test_a_stroke_follows_the_great_circle():
    """Over the pole: the short way from one side to the other, not round it."""
    height, radius = 90, 0.1
    points = np.array([[0.0, 1.2], [np.pi - 0.3, 1.1]])
    mask = np.zeros((height, 2 * height), bool)
    paint_stroke(mask, points, radius)
    start, end = lonlat_to_vector(*points.T)
    along = np.linspace(0, 1, 300)[:, None]
    arc = (1 - along) * start + along * end
    arc /= np.linalg.norm(arc, axis=1, keepdims=True)
    away = np.arccos((directions(height) @ arc.T).max(axis=-1).clip(-1, 1))
    assert not mask[away > radius + 1e-3].any()
    # Discs a quarter of the radius apart leave scallops of r(1 − cos(asin(1/8))) < r / 100.
    assert mask[away < radius * 0.99].all()


def test_a_stroke_can_take_away():
    mask = np.ones((HEIGHT, 2 * HEIGHT), bool)
    paint_stroke(mask, [(3.0, 0.0), (-3.0, 0.1)], 0.3, value=False)
    painted = np.zeros_like(mask)
    paint_stroke(painted, [(3.0, 0.0), (-3.0, 0.1)], 0.3)
    np.testing.assert_array_equal(mask, ~painted)
    assert 0 < painted.sum() < painted.size / 10


def test_a_stroke_that_stands_still():
    mask = np.zeros((HEIGHT, 2 * HEIGHT), bool)
    paint_stroke(mask, [(1.0, 0.5), (1.0, 0.5)], 0.3)
    np.testing.assert_array_equal(mask, spherical_cap(1.0, 0.5, 0.3, HEIGHT))


def test_refusals():
    mask = np.zeros((8, 16), bool)
    for act in (lambda m: grow(m, 0.1), lambda m: paint_stroke(m, [(0, 0)], 0.1)):
        for wrong in (mask.astype(np.uint8), mask[:, :-1], mask[..., None]):
            with pytest.raises(UsageError, match="bool mask"):
                act(wrong)
    with pytest.raises(UsageError, match="radius"):
        grow(mask, -0.1)
    with pytest.raises(UsageError, match="0 points"):
        paint_stroke(mask, [], 0.1)
    with pytest.raises(UsageError, match="radius"):
        spherical_cap(0, 0, 0, 8)
