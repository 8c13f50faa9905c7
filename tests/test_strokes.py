"""Marks painted by hand, against the rule itself: the angle from every pixel's centre."""

import numpy as np
import pytest

from pano_inpaint.errors import UsageError
from pano_inpaint.masks import grow, spherical_cap
from pano_inpaint.sphere import lonlat_to_vector, rotation_matrix, window_directions
from pano_inpaint.strokes import Clear, Grow, Lasso, Stroke, draw_marks

HEIGHT = 64
RAYS = window_directions((slice(None), 0, 2 * HEIGHT), HEIGHT).astype(float)


def angle(one, other):
    return 2 * np.arcsin(np.clip(np.linalg.norm(one - other, axis=-1) / 2, 0, 1))


def near_arc(start, end, radius):
    """Pixels whose nearest point on an arc, found by projection on its plane, lies within a radius."""
    normal = np.cross(start, end)
    normal /= np.linalg.norm(normal)
    foot = RAYS - (RAYS @ normal)[..., None] * normal
    foot /= np.linalg.norm(foot, axis=-1, keepdims=True)
    inside = (np.cross(normal, start) @ np.moveaxis(foot, -1, 0).reshape(3, -1)).reshape(RAYS.shape[:2]) >= 0
    inside &= (foot @ np.cross(end, normal)) >= 0
    return inside & (angle(RAYS, foot) <= radius)


def expected_stroke(points):
    vectors = lonlat_to_vector(points[:, 0], points[:, 1])
    mask = np.zeros(RAYS.shape[:2], bool)
    for vector, radius in zip(vectors, points[:, 2], strict=True):
        mask |= angle(RAYS, vector) <= radius
    for start, end, one, other in zip(vectors[:-1], vectors[1:], points[:-1, 2], points[1:, 2], strict=True):
        mask |= near_arc(start, end, min(one, other))
    return mask


@pytest.mark.parametrize(
    "place", [(0.0, 0.0), (np.pi, 0.1), (0.4, -np.pi / 2), (2.0, np.pi / 2), (-2.0, 1.2)]
)
def test_a_single_record_is_the_cap(place):
    drawn = draw_marks([Stroke(np.array([[*place, 0.31]]))], HEIGHT)
    np.testing.assert_array_equal(drawn, angle(RAYS, lonlat_to_vector(*place)) <= 0.31)
    np.testing.assert_array_equal(drawn, spherical_cap(*place, 0.31, HEIGHT))


STROKES = {
    "along the equator": [[-1.0, 0.0, 0.2], [1.2, 0.0, 0.2]],
    "over the seam": [[3.0, 0.1, 0.13], [-2.7, -0.3, 0.13], [-2.5, 0.4, 0.13]],
    "over the pole": [[0.0, 1.2, 0.1], [np.pi - 0.3, 1.1, 0.1]],
    "along a meridian": [[0.7, -1.3, 0.15], [0.7, 1.0, 0.15]],
    "round the nadir": [[a, -1.4, 0.05] for a in np.linspace(0, 5, 9)],
    "with pressure": [[0.1, 0.1, 0.05], [0.5, 0.3, 0.2], [1.2, -0.4, 0.1]],
    "a long way": [[-1.5, 0.3, 0.3], [1.5, 0.2, 0.3]],
    "a wide brush": [[0.5, -1.0, 1.3], [2.0, -0.6, 1.3]],
    "standing still": [[1.0, 0.5, 0.3], [1.0, 0.5, 0.3]],
}


@pytest.mark.parametrize("name", STROKES)
def test_a_stroke_is_what_lies_within_its_radius(name):
    points = np.array(STROKES[name])
    if name == "standing still":
        expected = angle(RAYS, lonlat_to_vector(1.0, 0.5)) <= 0.3
    else:
        expected = expected_stroke(points)
    np.testing.assert_array_equal(draw_marks([Stroke(points)], HEIGHT), expected)


def test_random_strokes_are_what_lies_within_their_radius():
    rng = np.random.default_rng(4)
    for _ in range(60):
        steps = rng.normal(0, 0.3, (4, 2)).cumsum(axis=0)
        middle = np.array([rng.uniform(-np.pi, np.pi), rng.uniform(-1.3, 1.3)])
        lonlat = middle + steps
        vectors = lonlat_to_vector(lonlat[:, 0], lonlat[:, 1])
        lat, lon = np.arcsin(vectors[:, 1]), np.arctan2(vectors[:, 0], vectors[:, 2])
        points = np.stack([lon, lat, rng.uniform(0.02, 0.5, 4)], 1)
        np.testing.assert_array_equal(draw_marks([Stroke(points)], HEIGHT), expected_stroke(points))


def winding(points):
    """How often a polygon winds round each pixel, seen from it: the angles its edges span, summed."""
    vectors = lonlat_to_vector(points[:, 0], points[:, 1])
    up = np.where(np.abs(RAYS[..., 1:2]) < 0.9, [0.0, 1.0, 0.0], [1.0, 0.0, 0.0])
    right = np.cross(up, RAYS)
    right /= np.linalg.norm(right, axis=-1, keepdims=True)
    above = np.cross(RAYS, right)
    bearing = np.arctan2(np.einsum("hwc,nc->hwn", right, vectors), np.einsum("hwc,nc->hwn", above, vectors))
    steps = np.roll(bearing, -1, axis=-1) - bearing
    steps = (steps + np.pi) % (2 * np.pi) - np.pi
    return np.rint(steps.sum(axis=-1) / (2 * np.pi)).astype(int)


LASSOS = {
    "at the equator": (0.2, 0.1),
    "over the seam": (3.1, -0.2),
    "round the nadir": (0.9, -1.5),
    "round the zenith": (-2.0, 1.45),
}


@pytest.mark.parametrize("place", LASSOS)
def test_a_lasso_fills_what_it_winds_round(place):
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    reach = 0.35 + 0.15 * np.cos(3 * turn)
    local = np.stack([np.sin(reach) * np.cos(turn), np.sin(reach) * np.sin(turn), np.cos(reach)], 1)
    vectors = local @ rotation_matrix(*LASSOS[place]).T
    points = np.stack([np.arctan2(vectors[:, 0], vectors[:, 2]), np.arcsin(vectors[:, 1])], 1)
    near = (RAYS @ vectors.mean(axis=0)) > 0  # behind the viewer the polygon is seen from its other side
    for corners in (points, points[::-1]):
        drawn = draw_marks([Lasso(corners)], HEIGHT)
        np.testing.assert_array_equal(drawn, near & (winding(corners) != 0))
        assert drawn.any()


def test_a_lasso_of_fewer_than_three_corners_is_nothing():
    assert not draw_marks([Lasso(np.array([[0.0, 0.0], [1.0, 0.5]]))], HEIGHT).any()


def test_marks_are_drawn_in_their_order():
    disc, hole = np.array([[3.1, 0.0, 0.4]]), np.array([[3.1, 0.0, 0.2]])
    ring = draw_marks([Stroke(disc), Stroke(hole, value=False)], HEIGHT)
    np.testing.assert_array_equal(
        ring, spherical_cap(3.1, 0, 0.4, HEIGHT) & ~spherical_cap(3.1, 0, 0.2, HEIGHT)
    )
    np.testing.assert_array_equal(
        draw_marks([Stroke(hole), Grow(0.3)], HEIGHT), grow(spherical_cap(3.1, 0, 0.2, HEIGHT), 0.3)
    )
    assert not draw_marks([Stroke(disc), Clear()], HEIGHT).any()
    assert draw_marks([Stroke(disc), Clear(), Stroke(hole)], HEIGHT).any()


@pytest.mark.parametrize("points", [np.zeros((0, 3)), [[0, 0, 0]], [[0, 0, 4]], [[0, 0, np.nan]]])
def test_strokes_that_cannot_be(points):
    with pytest.raises(UsageError, match="records"):
        draw_marks([Stroke(np.array(points))], HEIGHT)
