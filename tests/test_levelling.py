import numpy as np
import pytest

from pano_inpaint.levelling import level
from pano_inpaint.masks import spherical_cap
from pano_inpaint.regions import regions
from pano_inpaint.sphere import lonlat_to_vector, pixel_to_lonlat

HEIGHT = 128


def angles(lon, lat):
    """Angle of each pixel's direction to a direction."""
    x, y = np.meshgrid(np.arange(2 * HEIGHT), np.arange(HEIGHT))
    rays = lonlat_to_vector(*pixel_to_lonlat(x, y, 2 * HEIGHT, HEIGHT))
    return np.arccos(np.clip(rays @ lonlat_to_vector(lon, lat), -1, 1))


@pytest.mark.parametrize(("lon", "lat"), [(0.0, 0.0), (np.pi, 0.3), (1.0, -np.pi / 2)])
def test_colours_move_halfway_and_detail_stays(lon, lat):
    rng = np.random.default_rng(3)
    grain = rng.uniform(-0.05, 0.05, (HEIGHT, 2 * HEIGHT, 1)).astype(np.float32)
    own = np.broadcast_to(0.3 + grain, (HEIGHT, 2 * HEIGHT, 3)).copy()
    other = np.full_like(own, 0.5)
    mask = spherical_cap(lon, lat, np.radians(25), HEIGHT)
    pixels = np.rint(own * 65535).astype(np.uint16)
    before = pixels.copy()
    for hole in regions(mask):
        level(pixels, hole, own, other)
    assert np.array_equal(pixels[~mask], before[~mask])
    inner = angles(lon, lat) < np.radians(24)
    result = pixels[inner].astype(float) / 65535
    dark = 8 / 255
    assert abs(result.mean() - (np.sqrt((0.3 + dark) * (0.5 + dark)) - dark)) < 0.01
    assert np.corrcoef(result[:, 0], own[inner][:, 0])[0, 1] > 0.95


def test_what_looks_right_is_kept():
    own, other = (np.full((HEIGHT, 2 * HEIGHT, 3), value, np.float32) for value in (0.3, 0.6))
    pixels = own.copy()
    (hole,) = regions(spherical_cap(0.0, 0.0, np.radians(30), HEIGHT))
    level(pixels, hole, own, other, keep=lambda rays: rays[:, 1] > 0)
    assert np.allclose(pixels[HEIGHT // 2 - 16, HEIGHT], 0.3, atol=0.002)
    assert (pixels[HEIGHT // 2 + 16, HEIGHT] > 0.4).all()


def test_equal_completions_change_nothing():
    rng = np.random.default_rng(4)
    own = rng.uniform(0, 1, (HEIGHT, 2 * HEIGHT, 3)).astype(np.float32)
    pixels = np.rint(own * 255).astype(np.uint8)
    before = pixels.copy()
    (hole,) = regions(spherical_cap(0.5, 0.2, np.radians(20), HEIGHT))
    level(pixels, hole, own, own)
    assert np.array_equal(pixels, before)


def test_a_panorama_larger_than_what_it_is_worked_out_on():
    own, other = np.full((64, 128, 3), 0.6, np.float32), np.full((64, 128, 3), 0.3, np.float32)
    mask = spherical_cap(np.pi, 0.0, np.radians(30), HEIGHT)
    pixels = np.full((HEIGHT, 2 * HEIGHT, 1), 153, np.uint8)
    (hole,) = regions(mask)
    level(pixels, hole, own, other)
    assert (pixels[~mask] == 153).all() and pixels[angles(np.pi, 0) < np.radians(25)].max() < 125
