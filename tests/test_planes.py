import numpy as np
import pytest
from rooms import L_PLAN, box_plan, render_room

from pano_inpaint.errors import UsageError
from pano_inpaint.planes import Structure, upright_plane
from pano_inpaint.sphere import lonlat_to_vector, rotation_matrix, window_directions

TILT = rotation_matrix(0.4, 0.06, -0.05)


@pytest.mark.parametrize("kind", ["floor", "wall", "ceiling"])
def test_plane_coordinates_round_trip(kind):
    plane = upright_plane(kind, TILT, 0.7, 1.3, 1.0)
    u, v = np.meshgrid(np.linspace(-4, 4, 9), np.linspace(-3, 3, 7))
    directions = plane.to_directions(u, v)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=-1), 1)
    np.testing.assert_allclose(plane.to_plane(directions), (u, v), atol=1e-9)
    np.testing.assert_allclose(np.cross(plane.u, plane.v), plane.normal, atol=1e-12)
    assert np.isnan(plane.to_plane(-directions)[0]).all()


def test_wall_is_upright_when_looked_at():
    wall = upright_plane("wall", np.eye(3), np.pi / 2, 2.0, 1.0)
    np.testing.assert_allclose(wall.normal, [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(wall.u, [0, 0, -1], atol=1e-12)
    np.testing.assert_allclose(wall.v, [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize("room", [{}, {"plan": L_PLAN, "yaw": 0.6}, {"tilt": TILT}])
def test_plane_index_is_what_rays_hit(room):
    truth = render_room(rows=64, **room)
    index = truth.structure.plane_index((slice(None), 0, 128), 64)
    np.testing.assert_array_equal(index, truth.plane_index)


def test_window_over_the_seam_is_part_of_the_whole():
    structure = render_room(rows=32).structure
    whole = structure.plane_index((slice(0, 64), 0, 128), 64)
    part = structure.plane_index((slice(20, 50), 100, 60), 64)
    np.testing.assert_array_equal(part, whole[20:50].take(np.arange(100, 160), axis=1, mode="wrap"))


def test_boundaries_are_where_walls_end():
    structure = render_room(box_plan(front=2.0), rows=32, roof=0.5).structure
    floor, ceiling = structure.boundaries(np.array([0.0]))
    np.testing.assert_allclose([floor[0], ceiling[0]], np.arctan([-1 / 2, 0.5 / 2]))


def test_points_of_planes_lie_at_the_true_depth():
    truth = render_room(rows=64, tilt=TILT)
    rays = window_directions((slice(None), 0, 128), 64).astype(float)
    for number, plane in enumerate(truth.structure.planes):
        chosen = truth.plane_index == number
        u, v = plane.to_plane(rays[chosen])
        np.testing.assert_allclose(u**2 + v**2 + plane.distance**2, truth.depth[chosen] ** 2, rtol=1e-6)


def test_nothing_known_is_nothing_claimed():
    empty = Structure(np.eye(3))
    assert (empty.plane_index((slice(0, 16), 0, 32), 16) == -1).all()
    assert empty.floor is None
    assert np.isnan(empty.boundaries(np.zeros(1))[0]).all()
    alone = Structure(np.eye(3), (upright_plane("floor", np.eye(3), 0.0, 1.0, 0.2),), reach=1.0)
    lat = np.deg2rad([-60, -46, -44, 0, 60])
    np.testing.assert_array_equal(alone.plane_at(lonlat_to_vector(0.0, lat)), [0, 0, -1, -1, -1])


def test_errors_name_what_was_received():
    with pytest.raises(UsageError, match="'roof'"):
        upright_plane("roof", np.eye(3), 0.0, 1.0, 1.0)
    with pytest.raises(UsageError, match="above 0"):
        upright_plane("wall", np.eye(3), 0.0, 0.0, 1.0)
    with pytest.raises(UsageError, match="rows"):
        Structure(np.eye(3)).plane_index((slice(0, 20), 0, 32), 16)
