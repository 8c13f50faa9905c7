"""JPEG written with its source's tables and samples."""

import numpy as np
import pytest
from pictures import XMP, W, noise, smooth, stored
from PIL import Image

from pano_inpaint.errors import UsageError
from pano_inpaint.gpano import read_gpano
from pano_inpaint.panorama import Panorama, read_panorama, write_panorama
from pano_inpaint.picture import BAND


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [60, 85])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_keeps_tables_and_the_pixels_away_from_the_hole(tmp_path, subsampling, quality, progressive):
    pixels = smooth(128, 256) // 2 + noise(3, shape=(128, 256)) // 8 + 40
    options = {"quality": quality, "subsampling": subsampling, "progressive": progressive}
    Image.fromarray(pixels).save(tmp_path / "a.jpg", comment=b"hello", **options)
    panorama = read_panorama(tmp_path / "a.jpg")
    painted = panorama.pixels.copy()
    painted[40:71, 33:90] = (200, 60, 90)
    write_panorama(tmp_path / "b.jpg", panorama.with_pixels(painted))
    with Image.open(tmp_path / "a.jpg") as before, Image.open(tmp_path / "b.jpg") as after:
        assert before.quantization == after.quantization
        assert [layer[:3] for layer in before.layer] == [layer[:3] for layer in after.layer]
        assert ("progressive" in after.info) == progressive
        assert after.info["comment"] == b"hello"
        result = np.asarray(after).astype(int)
    far = np.ones((128, 256), bool)
    far[30:82, 30:98] = False  # the blocks that the hole touches, and the chroma filter's reach
    changed = (result != panorama.pixels).any(-1)
    assert changed[far].mean() < 0.02
    assert np.abs(result[45:65, 40:85] - (200, 60, 90)).mean() < 8


def test_jpeg_with_odd_sides_and_the_hole_in_the_corner(tmp_path):
    picture = Image.fromarray(smooth(33, 66))
    picture.save(tmp_path / "a.jpg", quality=85, subsampling=2)
    panorama = read_panorama(tmp_path / "a.jpg")
    painted = panorama.pixels.copy()
    painted[30:, 60:] = 255
    write_panorama(tmp_path / "b.jpg", panorama.with_pixels(painted))
    result = read_panorama(tmp_path / "b.jpg").pixels
    assert (result[:, :40] == panorama.pixels[:, :40]).all()
    assert result[32, 65].min() > 200


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpeg_with_a_hole_in_two_bands(tmp_path, subsampling):
    height = 2 * BAND + 3
    pixels = smooth(height, 2 * height) // 2 + 40  # within what YCbCr and RGB both hold
    Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=90, subsampling=subsampling)
    panorama = read_panorama(tmp_path / "a.jpg")
    painted = panorama.pixels.copy()
    painted[BAND - 17 : BAND + 18, 101:150] = (200, 60, 90)
    write_panorama(tmp_path / "b.jpg", panorama.with_pixels(painted))
    result = read_panorama(tmp_path / "b.jpg").pixels.astype(int)
    far = np.ones(result.shape[:2], bool)
    far[BAND - 34 : BAND + 34, 78:178] = False
    assert (result != panorama.pixels).any(-1)[far].mean() < 0.02
    assert np.abs(result[BAND - 8 : BAND + 8, 110:140] - (200, 60, 90)).max() < 8


def test_jpeg_stored_as_rgb(tmp_path):
    Image.fromarray(smooth()).save(tmp_path / "a.jpg", quality=90, keep_rgb=True)
    panorama = read_panorama(tmp_path / "a.jpg")
    write_panorama(tmp_path / "b.jpg", panorama)
    difference = np.abs(read_panorama(tmp_path / "b.jpg").pixels.astype(int) - panorama.pixels)
    assert difference.max() <= 2
    assert (difference > 0).mean() < 0.03


def test_jpeg_without_its_source(tmp_path):
    Image.fromarray(smooth()).save(tmp_path / "a.jpg", quality=90)
    panorama = read_panorama(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").unlink()
    write_panorama(tmp_path / "b.jpg", panorama)
    result = read_panorama(tmp_path / "b.jpg")
    assert result.coding == panorama.coding
    assert np.abs(result.pixels.astype(int) - panorama.pixels).max() < 12


def test_quality_overrides_the_tables(tmp_path):
    panorama = read_panorama(stored(tmp_path / "a.jpg", noise(3)))
    write_panorama(tmp_path / "b.jpg", panorama, quality=20)
    assert (tmp_path / "b.jpg").stat().st_size < (tmp_path / "a.jpg").stat().st_size / 2


@pytest.mark.parametrize(("name", "quality"), [("b.png", 90), ("b.jpg", 0), ("b.jpg", 101)])
def test_impossible_quality_is_refused(tmp_path, name, quality):
    with pytest.raises(UsageError, match="expected a quality"):
        write_panorama(tmp_path / name, Panorama(noise(3)), quality=quality)


def test_xmp_too_long_for_jpeg_keeps_its_gpano_tags(tmp_path):
    long = XMP.replace(b"\xc3\x89tage", b"x" * 70000)
    panorama = read_panorama(stored(tmp_path / "a.png", smooth(), xmp=long))
    write_panorama(tmp_path / "b.jpg", panorama)
    assert read_gpano(read_panorama(tmp_path / "b.jpg").metadata.xmp)["FullPanoWidthPixels"] == str(W)
