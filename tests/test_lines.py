import numpy as np
import pytest
from rooms import render_room

from pano_inpaint.lines import Segments, estimate_up, find_segments, wall_directions
from pano_inpaint.sphere import lonlat_to_vector, rotation_matrix


def edges(rng, direction, count):
    """Segments of edges in space along a direction, around the camera."""
    points = rng.uniform(-3, 3, (count, 3)) + 0.1
    ends = points + direction * rng.uniform(0.5, 2, (count, 1))
    return [p / np.linalg.norm(p, axis=1, keepdims=True) for p in (points, ends)]


def test_exact_edges_give_exact_directions():
    rng, yaw = np.random.default_rng(1), 0.3
    along = [lonlat_to_vector(yaw, 0.0), lonlat_to_vector(yaw + np.pi / 2, 0.0), np.array([0.0, 1, 0])]
    parts = [edges(rng, direction, count) for direction, count in zip(along, (80, 40, 20), strict=True)]
    segments = Segments(*(np.concatenate(ends) for ends in zip(*parts, strict=True)))
    yaws, strength = wall_directions(segments)
    np.testing.assert_allclose(yaws[:2], [yaw, yaw + np.pi / 2], atol=np.deg2rad(0.3))
    assert strength > 0.8


def test_no_edges_no_directions():
    nothing = Segments(np.empty((0, 3)), np.empty((0, 3)))
    np.testing.assert_array_equal(estimate_up(nothing), np.eye(3))
    assert wall_directions(nothing)[1] == 0.0


@pytest.mark.parametrize("tilt", [np.eye(3), rotation_matrix(0.3, 0.08, 0.06), rotation_matrix(1, -0.1, 0)])
def test_up_is_found_in_tilted_rooms(tilt):
    room = render_room(rows=256, tilt=tilt, wall="wallpaper")
    found = estimate_up(find_segments(room.furnished, room.mask))
    off = np.arccos(min(1.0, found[1] @ room.structure.up))
    np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-9)
    assert np.rad2deg(off) < 0.5


@pytest.mark.parametrize("yaw", [0.0, 0.4, -1.2])
def test_wall_directions_of_a_turned_room(yaw):
    room = render_room(rows=256, yaw=yaw)
    yaws, strength = wall_directions(find_segments(room.furnished, room.mask))
    off = (yaws[0] - yaw + np.pi / 4) % (np.pi / 2) - np.pi / 4
    assert abs(np.rad2deg(off)) < 0.3
    assert strength > 0.5


def test_edges_of_what_is_erased_are_left_out():
    room = render_room(rows=256, floor="tiles")
    points = find_segments(room.furnished, np.ones_like(room.mask)).starts
    assert len(points) == 0
    assert len(find_segments(room.furnished, room.mask).starts) < len(find_segments(room.furnished).starts)
