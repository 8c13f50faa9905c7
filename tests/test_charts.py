import numpy as np
import pytest
from rooms import render_room

from pano_inpaint.charts import Panels, Pyramid, camera_pixels, chart_around, panel_beside, view_chart
from pano_inpaint.sphere import lonlat_to_vector, window_directions


@pytest.fixture(scope="module")
def room():
    return render_room(rows=128)


def rays_of(room, number):
    rays = window_directions((slice(None), 0, 256), 128)
    return rays[room.mask & (room.plane_index == number)]


def test_pixels_and_directions_are_inverse(room):
    plane = room.structure.floor
    rays = rays_of(room, 0)
    chart = chart_around(plane, rays, 128, 10_000)
    x, y = chart.pixels(rays)
    assert x.min() > 0 and y.min() > 0 and x.max() < chart.size[0] and y.max() < chart.size[1]
    np.testing.assert_allclose(chart.directions(x, y), rays, atol=1e-5)


def test_camera_pixels_have_the_area_of_their_solid_angle(room):
    plane, lon, lat = room.structure.floor, 0.3, -0.7
    size = 1e-3
    corners = lonlat_to_vector(
        lon + size / np.cos(lat) * np.array([0, 1, 0]), lat + size * np.array([0, 0, 1])
    )
    u, v = plane.to_plane(corners)
    area = abs((u[1] - u[0]) * (v[2] - v[0]) - (u[2] - u[0]) * (v[1] - v[0]))
    expected = camera_pixels(plane, u[0], v[0], np.pi / size) ** 2
    np.testing.assert_allclose(area, expected, rtol=0.01)


def test_panels_of_walls_share_their_heights(room):
    walls = [plane for plane in room.structure.planes if plane.kind == "wall"]
    chart = chart_around(
        walls[0], walls[0].to_directions(np.array([-0.5, 0.5]), np.array([-1, 0])), 128, 5000
    )
    beside = panel_beside(chart, walls[1], 1.0)
    panels = Panels((chart, beside))
    x = np.array([3.0, chart.size[0] + 4.0])
    rays = panels.directions(x, np.array([7.0, 7.0]))
    heights = [plane.to_plane(ray)[1] for plane, ray in zip(walls, rays, strict=False)]
    np.testing.assert_allclose(heights[0], heights[1], atol=1e-5)
    assert (panels.camera_pixels(x, np.array([7.0, 7.0]), 128) > 0).all()


def test_a_view_looks_straight_at_the_middle():
    rays = lonlat_to_vector(np.array([3.0, 3.2, 3.1]), np.array([0.4, 0.5, 0.45])).astype(np.float32)
    chart = view_chart(rays, 256, 1000)
    x, y = chart.pixels(rays)
    assert np.isfinite(x).all() and 0 < x.min() and x.max() < chart.size[0] and 0 < y.min()


def test_a_coarse_sample_of_the_pyramid_is_a_mean_and_keeps_clear_of_the_unknown():
    checker = ((np.indices((64, 128)).sum(axis=0) % 2) * 255).astype(np.uint8)[..., None].repeat(3, 2)
    unknown = np.zeros((64, 128), bool)
    unknown[32, 64] = True
    pyramid = Pyramid(checker, unknown)
    rays = window_directions((slice(16, 48), 32, 64), 64)
    colours, known = pyramid.sample(rays, 4.0)
    assert np.abs(colours - 0.5).max() < 0.01 and not known[16, 32] and known[0, 0]
