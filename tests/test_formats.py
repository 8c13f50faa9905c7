"""Round trips of every format, depth and metadata; files that are damaged or no pictures."""

import io
import os
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from pictures import ICC, XMP, H, W, exif_block, noise, smooth, stored
from PIL import Image

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.panorama import Panorama, read_panorama, write_panorama

DEPTHS = [
    (".png", np.uint8, 1),
    (".png", np.uint8, 2),
    (".png", np.uint8, 3),
    (".png", np.uint8, 4),
    (".png", np.uint16, 1),
    (".png", np.uint16, 3),
    (".png", np.uint16, 4),
    (".tif", np.uint8, 1),
    (".tif", np.uint8, 2),
    (".tif", np.uint8, 3),
    (".tiff", np.uint8, 4),
    (".tif", np.uint16, 1),
    (".tif", np.uint16, 2),
    (".tif", np.uint16, 3),
    (".tif", np.uint16, 4),
    (".tif", np.float32, 3),
]


@pytest.mark.parametrize(("suffix", "dtype", "channels"), DEPTHS)
def test_lossless_formats_keep_pixels_and_metadata(tmp_path, suffix, dtype, channels):
    pixels = noise(channels, dtype)
    source = stored(
        tmp_path / f"source{suffix}", pixels, exif=exif_block(), icc=ICC, xmp=XMP, dpi=(300.0, 300.0)
    )
    panorama = read_panorama(source)
    np.testing.assert_array_equal(panorama.pixels, pixels)
    assert panorama.pixels.dtype == dtype
    assert not panorama.pixels.flags.writeable

    changed = panorama.pixels.copy()
    changed[4:9, 60:] = 0
    write_panorama(tmp_path / "out" / f"result{suffix}", panorama.with_pixels(changed))
    result = read_panorama(tmp_path / "out" / f"result{suffix}")
    np.testing.assert_array_equal(result.pixels, changed)
    assert result.metadata.icc == ICC
    assert result.metadata.xmp == panorama.metadata.xmp
    assert b"\xc3\x89tage" in result.metadata.xmp
    assert result.metadata.dpi == pytest.approx((300, 300), abs=0.1)
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + result.metadata.exif)
    assert exif[0x010F] == "Cam"
    assert exif.get_ifd(0x8769)[0xA002] == W


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_lossy_formats_keep_metadata(tmp_path, suffix, channels):
    pixels = smooth()[..., :channels]
    panorama = read_panorama(stored(tmp_path / f"a{suffix}", pixels, exif=exif_block(), icc=ICC, xmp=XMP))
    write_panorama(tmp_path / f"b{suffix}", panorama)
    result = read_panorama(tmp_path / f"b{suffix}")
    assert (result.metadata.exif, result.metadata.icc) == (panorama.metadata.exif, ICC)
    assert result.metadata.xmp == panorama.metadata.xmp
    assert result.mode == ("L" if (suffix, channels) == (".jpg", 1) else "RGB")
    assert np.abs(result.pixels.astype(int) - pixels).mean() < 6


@pytest.mark.parametrize(
    ("suffix", "other"), [(".jpg", ".png"), (".png", ".tif"), (".tif", ".webp"), (".webp", ".jpg")]
)
def test_changed_format_keeps_metadata(tmp_path, suffix, other):
    panorama = read_panorama(stored(tmp_path / f"a{suffix}", smooth(), exif=exif_block(), icc=ICC, xmp=XMP))
    write_panorama(tmp_path / f"b{other}", panorama)
    result = read_panorama(tmp_path / f"b{other}")
    assert result.metadata.icc == ICC
    assert result.metadata.xmp == panorama.metadata.xmp
    assert b"Cam\0" in result.metadata.exif


def test_pillow_and_opencv_agree_with_our_files(tmp_path):
    eight, sixteen = noise(3), noise(3, np.uint16)
    stored(tmp_path / "8.png", eight, icc=ICC, xmp=XMP)
    stored(tmp_path / "16.png", sixteen, icc=ICC, xmp=XMP)
    with Image.open(tmp_path / "8.png") as image:
        np.testing.assert_array_equal(np.asarray(image), eight)
        assert image.info["icc_profile"] == ICC
        assert b"equirectangular" in image.info["xmp"]
    decoded = cv2.imread(str(tmp_path / "16.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(decoded[..., ::-1], sixteen)


def test_png_keeps_gamma_and_texts_and_applies_neither(tmp_path):
    pixels = noise(3, np.uint16)
    chunks = ((b"gAMA", struct.pack(">I", 100000)), (b"tEXt", b"Author\0me"))
    panorama = read_panorama(stored(tmp_path / "a.png", pixels, chunks=chunks))
    np.testing.assert_array_equal(panorama.pixels, pixels)
    write_panorama(tmp_path / "b.png", panorama)
    assert read_panorama(tmp_path / "b.png").metadata.chunks == chunks


def test_compressed_png_xmp_is_understood(tmp_path):
    path = stored(tmp_path / "a.png", noise(3))
    content = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)
    chunk = struct.pack(">I", len(content)) + b"iTXt" + content
    chunk += struct.pack(">I", zlib.crc32(b"iTXt" + content))
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk + data[33:])
    assert read_panorama(path).metadata.xmp == XMP


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "raw"])
def test_eight_bit_tiff_compressions(tmp_path, compression):
    pixels = noise(3)
    Image.fromarray(pixels).save(tmp_path / "a.tif", compression=compression)
    panorama = read_panorama(tmp_path / "a.tif")
    np.testing.assert_array_equal(panorama.pixels, pixels)
    write_panorama(tmp_path / "b.tif", panorama)
    np.testing.assert_array_equal(read_panorama(tmp_path / "b.tif").pixels, pixels)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert (file.pages.first.compression == tifffile.COMPRESSION.NONE) == (compression == "raw")


def test_sixteen_bit_lzw_tiff(tmp_path):
    pixels = noise(3, np.uint16)
    data = cv2.imencode(".tiff", pixels[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])[1]
    (tmp_path / "a.tif").write_bytes(data.tobytes())
    np.testing.assert_array_equal(read_panorama(tmp_path / "a.tif").pixels, pixels)


@pytest.mark.parametrize("options", [{"tile": (16, 16)}, {"planarconfig": "separate"}, {"byteorder": ">"}])
def test_tiff_layouts(tmp_path, options):
    pixels = noise(3, np.uint16)
    data = np.moveaxis(pixels, -1, 0) if "planarconfig" in options else pixels
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb", metadata=None, **options)
    np.testing.assert_array_equal(read_panorama(tmp_path / "a.tif").pixels, pixels)


def test_tiff_with_white_as_zero(tmp_path):
    pixels = noise(1)
    tifffile.imwrite(tmp_path / "a.tif", 255 - pixels[..., 0], photometric="miniswhite", metadata=None)
    np.testing.assert_array_equal(read_panorama(tmp_path / "a.tif").pixels, pixels)


def test_lossless_webp_stays_lossless(tmp_path):
    pixels = noise(4)
    Image.fromarray(pixels).save(tmp_path / "a.webp", lossless=True, exact=True)
    panorama = read_panorama(tmp_path / "a.webp")
    write_panorama(tmp_path / "b.webp", panorama)
    np.testing.assert_array_equal(read_panorama(tmp_path / "b.webp").pixels, pixels)


def sample(suffix):
    stream = io.BytesIO()
    Image.fromarray(noise(3)).save(
        stream, {".jpg": "JPEG", ".png": "PNG", ".tif": "TIFF", ".webp": "WEBP"}[suffix]
    )
    return stream.getvalue()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_truncated_files(tmp_path, suffix, share):
    data = sample(suffix)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(FileError) as caught:
        read_panorama(path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


@pytest.mark.parametrize(("suffix", "dtype"), [(".png", np.uint16), (".tif", np.uint16)])
def test_truncated_sixteen_bit_files(tmp_path, suffix, dtype):
    path = stored(tmp_path / f"a{suffix}", noise(3, dtype))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(FileError):
        read_panorama(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_damaged_headers_never_escape_as_anything_else(tmp_path, suffix):
    data = bytearray(sample(suffix))
    rng = np.random.default_rng(3)
    path = tmp_path / f"a{suffix}"
    for _ in range(60):
        damaged = data.copy()
        for position in rng.integers(4, min(len(data), 400), 3):
            damaged[position] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            read_panorama(path)
        except (FileError, UsageError) as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("content", [b"", b"hello, I am a text", b"GIF89a" + bytes(40), b"RIFF____WAVE"])
def test_files_that_are_no_pictures(tmp_path, content):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(FileError, match="expected a"):
        read_panorama(path)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(FileError, match="no such file"):
        read_panorama(tmp_path / "nothing.jpg")
    with pytest.raises(FileError, match="received a folder"):
        read_panorama(tmp_path)


def test_wrong_suffix_and_unicode_names_are_fine(tmp_path):
    path = tmp_path / "Küche 居間.jpg"
    path.write_bytes(sample(".png"))
    panorama = read_panorama(path)
    assert panorama.format == "PNG"
    write_panorama(tmp_path / "näch ste" / "résultat.png", panorama)
    assert read_panorama(tmp_path / "näch ste" / "résultat.png").size == (W, H)


def test_decompression_bomb_is_refused_before_decoding(tmp_path):
    data = bytearray(sample(".png"))
    data[16:24] = struct.pack(">II", 2**30, 2**29)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(FileError, match="expected at most 512 megapixels"):
        read_panorama(tmp_path / "a.png")


def test_sizes_where_pillow_would_stop_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", H * W * 2 // 3)
    for suffix in (".jpg", ".png", ".tif", ".webp"):
        (tmp_path / f"a{suffix}").write_bytes(sample(suffix))
        assert read_panorama(tmp_path / f"a{suffix}").size == (W, H)


@pytest.mark.parametrize("kind", ["same", "symlink", "hardlink", "dots"])
def test_the_source_is_never_overwritten(tmp_path, kind):
    source = stored(tmp_path / "a.png", noise(3))
    before = source.read_bytes()
    target = {"same": source, "dots": tmp_path / ".." / tmp_path.name / "a.png"}.get(kind, tmp_path / "b.png")
    if kind == "symlink":
        target.symlink_to(source)
    elif kind == "hardlink":
        os.link(source, target)
    with pytest.raises(UsageError, match="received the source itself"):
        write_panorama(target, read_panorama(source))
    assert source.read_bytes() == before


def test_unknown_endings_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"expected a file ending of .*received 'a.gif'"):
        write_panorama(tmp_path / "a.gif", Panorama(noise(3)))


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="cannot be written"):
        write_panorama(tmp_path / "file" / "a.png", Panorama(noise(3)))
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(FileError, match="cannot be written"):
        write_panorama(tmp_path / "folder.png", Panorama(noise(3)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.png"]


def test_too_wide_for_webp_is_refused(tmp_path):
    with pytest.raises(UsageError, match="at most 16383 pixels for WebP, received 16384x8192"):
        write_panorama(tmp_path / "a.webp", Panorama(np.broadcast_to(np.uint8(0), (8192, 16384, 3))))
