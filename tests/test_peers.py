import importlib

import numpy as np
import pytest

from pano_inpaint.errors import MissingDependencyError, UsageError
from pano_inpaint.masks import spherical_cap
from pano_inpaint.panorama import Panorama
from pano_inpaint.peers import PEERS, WAYS, check_peer, erase_by_peer
from pano_inpaint.sphere import lonlat_to_vector, pixel_to_lonlat

HEIGHT = 64


def build_panorama(dtype=np.uint8):
    """Soft colours on the sphere, so that every peer can continue them."""
    rows, columns = np.mgrid[:HEIGHT, : 2 * HEIGHT]
    directions = lonlat_to_vector(*pixel_to_lonlat(columns, rows, 2 * HEIGHT, HEIGHT))
    return Panorama((np.iinfo(dtype).max * (0.5 + 0.3 * directions)).astype(dtype))


@pytest.mark.parametrize("through", WAYS)
@pytest.mark.parametrize("name", ["smooth", "telea", "patchmatch"])
def test_peers_fill_the_hole_and_nothing_else(name, through):
    panorama, mask = build_panorama(), spherical_cap(0.4, -0.2, 0.3, HEIGHT)
    marked = panorama.pixels.copy()
    marked[mask] = (255, 0, 255)
    result = erase_by_peer(name, panorama.with_pixels(marked), mask, through=through).pixels
    np.testing.assert_array_equal(result[~mask], panorama.pixels[~mask])
    assert np.abs(result[mask].astype(int) - panorama.pixels[mask]).mean() < 16


@pytest.mark.parametrize(("longitude", "latitude"), [(np.pi, 0.1), (0.3, np.pi / 2), (0.0, -1.4)])
def test_through_the_cube_no_place_is_worse_than_another(longitude, latitude):
    panorama, mask = build_panorama(), spherical_cap(longitude, latitude, 0.3, HEIGHT)
    result = erase_by_peer("smooth", panorama, mask).pixels
    assert np.abs(result[mask].astype(int) - panorama.pixels[mask]).max() < 32


def test_a_hole_larger_than_a_face_is_filled():
    panorama, mask = build_panorama(), spherical_cap(0.0, 0.0, 1.3, HEIGHT)
    blank = np.where(mask[..., None], np.uint8(0), panorama.pixels)
    result = erase_by_peer("telea", panorama.with_pixels(blank), mask).pixels
    assert result[mask].min() > 0


def test_depth_and_alpha_stay():
    pixels = build_panorama(np.uint16).pixels
    pixels = np.concatenate([pixels, np.full_like(pixels[..., :1], 40000)], axis=-1)
    mask = spherical_cap(0.0, 0.0, 0.3, HEIGHT)
    result = erase_by_peer("telea", Panorama(pixels), mask).pixels
    assert result.dtype == np.uint16
    np.testing.assert_array_equal(result[..., 3], 40000)
    np.testing.assert_array_equal(result[~mask], pixels[~mask])


def test_unknown_names_are_refused():
    mask = spherical_cap(0.0, 0.0, 0.3, HEIGHT)
    with pytest.raises(UsageError, match="telea.*'magic'"):
        check_peer("magic")
    with pytest.raises(UsageError, match="'sideways'"):
        erase_by_peer("telea", build_panorama(), mask, through="sideways")


@pytest.mark.parametrize("failure", [ImportError("not there"), OSError("no such library")])
def test_a_missing_package_is_named(monkeypatch, failure):
    def refuse(_name):
        raise failure

    monkeypatch.setattr(importlib, "import_module", refuse)
    check_peer("telea")
    for name in PEERS.keys() - {"smooth", "telea"}:
        with pytest.raises(MissingDependencyError) as error:
            check_peer(name)
        assert "pip install" in error.value.hint
