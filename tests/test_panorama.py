"""Panoramas and masks: modes, orientation, partial panoramas."""

import cv2
import numpy as np
import pytest
import tifffile
from pictures import H, W, noise, packet, smooth, stored
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pano_inpaint.errors import UsageError
from pano_inpaint.gpano import Placement, read_gpano
from pano_inpaint.panorama import Panorama, from_rgb, read_mask, read_panorama, to_rgb, write_panorama


def test_palette_becomes_colours_and_says_so(tmp_path):
    Image.fromarray(smooth()).quantize(16).save(tmp_path / "a.png")
    panorama = read_panorama(tmp_path / "a.png")
    assert panorama.mode == "RGB"
    assert panorama.notes == ("palette colours became RGB",)


def test_one_bit_becomes_gray(tmp_path):
    Image.fromarray(noise(1)[..., 0]).convert("1").save(tmp_path / "a.png")
    assert set(np.unique(read_panorama(tmp_path / "a.png").pixels)) == {0, 255}


def test_transparent_colour_becomes_alpha(tmp_path):
    Image.fromarray(smooth()).save(tmp_path / "a.png", transparency=tuple(int(v) for v in smooth()[0, 0]))
    panorama = read_panorama(tmp_path / "a.png")
    assert panorama.mode == "RGBA"
    assert panorama.pixels[0, 0, 3] == 0


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_cmyk_is_refused(tmp_path, name):
    Image.new("CMYK", (W, H)).save(tmp_path / name)
    with pytest.raises(UsageError, match=r"expected gray or RGB.*received CMYK") as caught:
        read_panorama(tmp_path / name)
    assert "convert it to RGB" in caught.value.hint


def test_float_beyond_one_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((H, W, 3), 4, np.float32), photometric="rgb")
    with pytest.raises(UsageError, match="from 0 to 1, received 4 to 4"):
        read_panorama(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("name", "dtype", "channels"),
    [("b.jpg", np.uint16, 3), ("b.webp", np.uint16, 3), ("b.png", np.float32, 3), ("b.jpg", np.uint8, 4)],
)
def test_pixels_a_format_cannot_hold_are_refused(tmp_path, name, dtype, channels):
    with pytest.raises(UsageError) as caught:
        write_panorama(tmp_path / name, Panorama(noise(channels, dtype)))
    assert "TIFF" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_opaque_alpha_goes_into_a_jpeg(tmp_path):
    pixels = noise(4)
    pixels[..., 3] = 255
    write_panorama(tmp_path / "b.jpg", Panorama(pixels))
    assert read_panorama(tmp_path / "b.jpg").mode == "RGB"


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((4, 8), np.uint8), ((4, 9, 3), np.uint8), ((4, 8, 5), np.uint8), ((4, 8, 3), np.float64)],
)
def test_panorama_checks_its_pixels(shape, dtype):
    with pytest.raises(UsageError, match="expected"):
        Panorama(np.zeros(shape, dtype))


def test_with_pixels_wants_the_same_kind():
    panorama = Panorama(noise(3))
    with pytest.raises(UsageError, match=r"expected uint8 pixels of shape .*received float32"):
        panorama.with_pixels(panorama.pixels.astype(np.float32))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_rgb_and_back(dtype, channels):
    pixels = noise(channels, dtype)
    rgb = to_rgb(pixels)
    assert (rgb.dtype, rgb.shape) == (np.float32, (H, W, 3))
    np.testing.assert_allclose(from_rgb(rgb, pixels), pixels, atol=1e-6 if dtype == np.float32 else 0)


def test_new_pixels_keep_alpha_and_are_clipped():
    pixels = noise(4)
    result = from_rgb(np.full((H, W, 3), 1.5), pixels)
    assert (result[..., :3] == 255).all()
    np.testing.assert_array_equal(result[..., 3], pixels[..., 3])


def test_window_over_the_seam():
    panorama = Panorama(noise(3))
    columns = np.arange(W - 4, W + 4) % W
    expected = np.roll(panorama.pixels, 4, axis=1)[3:6, :8]
    window = panorama.window_rgb((slice(3, 6), columns))
    np.testing.assert_allclose(window, expected / 255, atol=1e-6)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_partial_panorama_comes_back_as_the_part(tmp_path, suffix):
    part = smooth(20, 40)
    xmp = packet((W, H), (40, 20), (11, 6))
    if suffix == ".tif":
        tifffile.imwrite(tmp_path / "a.tif", part, metadata=None, extratags=[(700, 1, len(xmp), xmp, True)])
    elif suffix == ".png":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        Image.fromarray(part).save(tmp_path / "a.png", pnginfo=info)
    else:
        Image.fromarray(part).save(tmp_path / "a.jpg", xmp=xmp, quality=90)
    panorama = read_panorama(tmp_path / f"a{suffix}")
    assert panorama.size == (W, H)
    assert panorama.is_partial
    assert panorama.known.sum() == part.shape[0] * part.shape[1]
    assert panorama.known[6, 11] and not panorama.known[5, 11]
    assert not panorama.pixels[~panorama.known].any()
    write_panorama(tmp_path / f"b{suffix}", panorama)
    again = read_panorama(tmp_path / f"b{suffix}")
    assert again.placement == panorama.placement
    assert again.metadata.xmp == xmp
    if suffix != ".jpg":
        np.testing.assert_array_equal(again.pixels[6:26, 11:51], part)


def test_full_tags_of_another_size_are_rewritten(tmp_path):
    panorama = read_panorama(
        stored(tmp_path / "a.png", smooth(), xmp=packet((8000, 4000), (8000, 4000), (0, 0)))
    )
    assert not panorama.is_partial
    assert panorama.known.all()
    write_panorama(tmp_path / "b.png", panorama)
    assert read_gpano(read_panorama(tmp_path / "b.png").metadata.xmp)["FullPanoWidthPixels"] == str(W)


@pytest.mark.parametrize("size", [(64, 31), (60, 32), (1, 1), (32, 64)])
def test_not_two_to_one_is_refused_with_both_sizes(tmp_path, size):
    Image.new("RGB", size).save(tmp_path / "a.png")
    with pytest.raises(UsageError, match=f"twice as wide as high, received {size[0]}x{size[1]}") as caught:
        read_panorama(tmp_path / "a.png")
    assert "a.png" in str(caught.value)


@pytest.fixture
def marked():
    mask = np.zeros((H, W), bool)
    mask[5:12, 58:] = True
    return mask


def mask_file(path, mask, mode):
    gray = np.where(mask, 255, 0).astype(np.uint8)
    if mode == "I;16":
        cv2.imwrite(str(path), gray.astype(np.uint16) * 257)
    elif mode == "paint":  # a red stroke on a transparent layer, as drawing programs save it
        layer = np.zeros((*mask.shape, 4), np.uint8)
        layer[mask] = (255, 0, 0, 255)
        Image.fromarray(layer).save(path)
    elif mode == "layer":  # black and white on a layer that is transparent elsewhere
        layer = np.zeros((*mask.shape, 4), np.uint8)
        layer[:20] = (0, 0, 0, 255)
        layer[mask] = 255
        Image.fromarray(layer).save(path)
    else:
        Image.fromarray(gray).convert(mode).save(path)
    return path


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "paint", "layer"])
def test_masks_of_every_mode(tmp_path, marked, mode):
    path = mask_file(tmp_path / "mask.png", marked, mode)
    result = read_mask(path, like=Panorama(noise(3)))
    assert result.dtype == bool
    np.testing.assert_array_equal(result, marked)


def test_gray_masks_are_cut_at_half(tmp_path, marked):
    Image.fromarray(np.where(marked, 128, 127).astype(np.uint8)).save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png", like=Panorama(noise(3))), marked)


def test_mask_of_another_size_is_refused_with_both(tmp_path):
    Image.new("L", (W, H + 1), 255).save(tmp_path / "mask.png")
    with pytest.raises(UsageError, match=f"of {W}x{H} like its panorama, received {W}x{H + 1}"):
        read_mask(tmp_path / "mask.png", like=Panorama(noise(3)))


@pytest.mark.parametrize(
    ("value", "message"), [(0, "nothing marked"), (1, "nothing marked"), (255, "covers everything")]
)
def test_masks_of_nothing_and_of_everything_are_refused(tmp_path, value, message):
    Image.new("L", (W, H), value).save(tmp_path / "mask.png")
    with pytest.raises(UsageError, match=message):
        read_mask(tmp_path / "mask.png", like=Panorama(noise(3)))


@pytest.mark.parametrize("whole_frame", [False, True])
def test_mask_of_a_partial_panorama(tmp_path, whole_frame):
    pixels = np.zeros((H, W, 3), np.uint8)
    panorama = Panorama(pixels, placement=Placement(H, 10, 4, 20, 16))
    mask = np.zeros((H, W) if whole_frame else (16, 20), np.uint8)
    mask[:6, :12] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    expected = np.zeros((H, W), bool)
    expected[4 : 6 if whole_frame else 10, 10 : 12 if whole_frame else 22] = True
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png", like=panorama), expected)
