import numpy as np
import pytest

from pano_inpaint.errors import UsageError
from pano_inpaint.sampling import SIDE_LIMIT, remap
from pano_inpaint.sphere import (
    latitude_weights,
    lonlat_to_pixel,
    lonlat_to_vector,
    pixel_to_lonlat,
    rotation_matrix,
    sample_equirectangular,
    to_perspective,
    vector_to_lonlat,
    window_directions,
)

HEIGHT = 256


def smooth(directions):
    """Low-order spherical harmonics, three channels around one half."""
    x, y, z = np.moveaxis(np.asarray(directions, float), -1, 0)
    return np.stack(
        [0.5 + 0.2 * x + 0.15 * y * z, 0.5 + 0.25 * y + 0.1 * x * z, 0.5 + 0.2 * z + 0.1 * (x * x - y * y)],
        -1,
    )


def smooth_panorama(height=HEIGHT):
    return smooth(window_directions((slice(None), 0, 2 * height), height)).astype(np.float32)


def random_directions(count, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_pixel_centres():
    lon, lat = pixel_to_lonlat([0, 3, 7], [0, 1, 3], 8, 4)
    np.testing.assert_allclose(lon, np.pi * np.array([-7, -1, 7]) / 8)
    np.testing.assert_allclose(lat, np.pi * np.array([3, 1, -3]) / 8)
    np.testing.assert_allclose(lonlat_to_pixel(0.0, 0.0, 8, 4), (3.5, 1.5))


def test_angles_and_vectors_round_trip():
    directions = random_directions(1000)
    lon, lat = vector_to_lonlat(3 * directions)
    np.testing.assert_allclose(lonlat_to_vector(lon, lat), directions, atol=1e-12)
    x, y = lonlat_to_pixel(lon, lat, 64, 32)
    np.testing.assert_allclose(pixel_to_lonlat(x, y, 64, 32), (lon, lat), atol=1e-12)


@pytest.mark.parametrize(
    ("lon", "lat", "vector"),
    [(0, 0, (0, 0, 1)), (np.pi / 2, 0, (1, 0, 0)), (0, np.pi / 2, (0, 1, 0)), (np.pi, 0, (0, 0, -1))],
)
def test_axes(lon, lat, vector):
    np.testing.assert_allclose(lonlat_to_vector(lon, lat), vector, atol=1e-12)


def test_rotation_looks_where_it_says():
    rotation = rotation_matrix(0.7, -0.4, 0.3)
    np.testing.assert_allclose(rotation @ [0, 0, 1], lonlat_to_vector(0.7, -0.4), atol=1e-12)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert (rotation_matrix(0, 0, 0.3) @ [0, 1, 0])[0] > 0, "the camera's top tilts to its right"


def test_latitude_weights():
    weights = latitude_weights(4)
    assert weights.shape == (4, 1)
    np.testing.assert_allclose(weights[:, 0], np.cos(np.pi / 8 * np.array([3, 1, 1, 3])))


def test_window_directions_go_on_over_the_seam():
    whole = window_directions((slice(None), 0, 64), 32)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=-1), 1, atol=1e-6)
    part = window_directions((slice(5, 9), 60, 10), 32)
    np.testing.assert_allclose(part, whole[5:9].take(range(60, 70), 1, mode="wrap"), atol=1e-6)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
def test_sampling_at_pixel_centres_returns_the_pixels(interpolation):
    panorama = np.random.default_rng(0).integers(0, 65536, (16, 32, 3)).astype(np.uint16)
    directions = window_directions((slice(None), 0, 32), 16)
    sampled = sample_equirectangular(panorama, directions, interpolation=interpolation)
    assert sampled.dtype == np.uint16
    # float32 directions are good for 1e-6 of a pixel.
    assert np.abs(sampled.astype(int) - panorama).max() <= 2


@pytest.mark.parametrize(("interpolation", "tolerance"), [("bilinear", 1e-4), ("bicubic", 1e-3)])
@pytest.mark.parametrize("place", ["anywhere", "seam", "north", "south"])
def test_sampling_is_as_good_at_seam_and_poles(interpolation, tolerance, place):
    rng, pixel = np.random.default_rng(1), np.pi / HEIGHT
    count = 2000
    lon, lat = rng.uniform(-np.pi, np.pi, count), np.arcsin(rng.uniform(-1, 1, count))
    if place == "seam":
        lon = np.pi + rng.uniform(-2, 2, count) * pixel
    elif place != "anywhere":
        lat = (np.pi / 2 - rng.uniform(0, 3, count) * pixel) * (1 if place == "north" else -1)
    directions = lonlat_to_vector(lon, lat)
    sampled = sample_equirectangular(smooth_panorama(), directions, interpolation=interpolation)
    assert np.abs(sampled - smooth(directions)).max() < tolerance


def test_bilinear_over_the_pole_mixes_opposite_columns():
    panorama = np.zeros((8, 16), np.float32)
    panorama[0] = np.arange(16)
    at_pole = sample_equirectangular(panorama, lonlat_to_vector(*pixel_to_lonlat(3, -0.5, 16, 8))[None])
    np.testing.assert_allclose(at_pole, (3 + 11) / 2, atol=1e-4)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [(), (1,), (3,), (7,)])
def test_any_dtype_and_channel_count(dtype, channels):
    panorama = np.random.default_rng(0).integers(0, 2, (8, 16, *channels)).astype(dtype)
    directions = window_directions((slice(None), 0, 16), 8)
    sampled = sample_equirectangular(panorama, directions)
    assert sampled.dtype == dtype
    np.testing.assert_allclose(sampled.astype(float), panorama.astype(float), atol=1e-3)


def test_any_shape_of_directions():
    panorama = smooth_panorama(16)
    assert sample_equirectangular(panorama, np.array([0, 0, 1.0])).shape == (3,)
    assert sample_equirectangular(panorama, np.ones((0, 3))).shape == (0, 3)
    assert sample_equirectangular(panorama[..., 0], np.ones((2, 3, 4, 3))).shape == (2, 3, 4)


def test_many_directions_are_sampled_in_pieces():
    panorama = np.arange(32 * 64, dtype=np.float32).reshape(32, 64)
    directions = np.tile(random_directions(1000), (1100, 1))
    sampled = sample_equirectangular(panorama, directions, interpolation="nearest")
    np.testing.assert_array_equal(sampled.reshape(1100, 1000)[-1], sampled[:1000])


def test_sources_and_maps_past_the_limits_of_opencv():
    width = SIDE_LIMIT + 5000
    source = np.tile((np.arange(width) % 251).astype(np.float32), (3, 1))
    x = np.arange(-0.25, width - 0.5, 0.9375, dtype=np.float32)
    sampled = remap(source, x, np.ones_like(x), wrap=True)
    left = np.floor(x).astype(int)
    fraction = x - left
    truth = (1 - fraction) * source[1, left % width] + fraction * source[1, (left + 1) % width]
    np.testing.assert_allclose(sampled, truth, atol=0.02)


def test_perspective_view():
    view = to_perspective(smooth_panorama(), yaw=2.9, pitch=-1.2, fov=np.radians(80), size=(60, 40), roll=0.2)
    u = (np.arange(60) + 0.5 - 30) / 30 * np.tan(np.radians(40))
    v = (20 - np.arange(40) - 0.5) / 30 * np.tan(np.radians(40))
    rays = np.stack([*np.meshgrid(u, v), np.ones((40, 60))], -1)
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    np.testing.assert_allclose(view, smooth(rays @ rotation_matrix(2.9, -1.2, 0.2).T), atol=1e-4)


def test_perspective_is_equivariant_under_roll():
    panorama = np.random.default_rng(0).random((64, 128, 3)).astype(np.float32)
    turned = to_perspective(
        np.roll(panorama, 20, 1), yaw=0.5 + 20 * np.pi / 64, pitch=0.3, fov=1.5, size=(40, 30)
    )
    np.testing.assert_allclose(
        turned, to_perspective(panorama, yaw=0.5, pitch=0.3, fov=1.5, size=(40, 30)), atol=1e-4
    )


def test_refusals():
    panorama = smooth_panorama(8)
    with pytest.raises(UsageError, match="Received: \\(8, 15, 3\\)"):
        sample_equirectangular(panorama[:, :-1], np.ones(3))
    with pytest.raises(UsageError, match="interpolation must be one of"):
        sample_equirectangular(panorama, np.ones(3), interpolation="cubic")
    with pytest.raises(UsageError, match="int64"):
        sample_equirectangular(panorama.astype(np.int64), np.ones(3))
    with pytest.raises(UsageError, match="fov"):
        to_perspective(panorama, yaw=0, pitch=0, fov=np.pi, size=(4, 4))
