"""TIFF of 8, 16 and 32-bit float samples, written Deflate-compressed (or plain, if the source was plain).

tifffile decodes 16-bit colour, which Pillow cannot; compressions it has no decoder for (LZW, JPEG, …) go
to Pillow for 8 bits and to OpenCV for 16.
"""

import io
import logging
import struct

import cv2
import numpy as np
import tifffile
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from .errors import FileError, UsageError
from .metadata import Metadata, read_orientation
from .picture import Picture, check_size, from_pillow, with_channels, without_channels

_DIRECT = (tifffile.COMPRESSION.NONE, tifffile.COMPRESSION.ADOBE_DEFLATE, tifffile.COMPRESSION.DEFLATE)
_PHOTOMETRIC = ("MINISWHITE", "MINISBLACK", "RGB")
_XMP, _ICC, _IPTC, _ORIENTATION = 700, 34675, 33723, 274
_DIRECTORIES = (34665, 34853)  # EXIF and GPS
_LEVEL = 4  # of Deflate, as in PNG
_STAND_IN = 1  # tifffile leaves the two out; the code before each is free, and keeps the tags sorted
_INTEROPERABILITY = 40965
# What belongs to the stored pixels or is kept elsewhere; everything else in the first directory is EXIF.
_STRUCTURE = {
    *range(254, 260), 262, 263, 264, 265, 266, 273, *range(277, 285), 290, 291, 292, 293, 296, 317, 320,
    *range(321, 331), *range(332, 348), 347, 512, *range(513, 522), 529, 530, 531, 532, _XMP, _IPTC, _ICC,
    34377, 37724, 50838, 50839,
}  # fmt: skip


def decode_tiff(data):
    """Decode a TIFF file.

    Parameters
    ----------
    data : bytes
        The file; of several pages the first.

    Returns
    -------
    Picture
        `coding` holds ``compressed`` and ``premultiplied``.

    Raises
    ------
    UsageError
        If the samples are neither gray nor RGB of 8, 16 or 32-bit float.
    """
    _hush_tifffile()
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        check_size(page.imagewidth, page.imagelength)
        pixels, notes = _pixels(page, data)
        if len(file.pages) > 1:
            notes += ("only the first page of the file is kept",)
        exif = _read_exif(data)
        metadata = Metadata(exif, page.iccprofile, _bytes(page, _XMP), _dpi(page))
        coding = {
            "compressed": page.compression != tifffile.COMPRESSION.NONE,
            "premultiplied": tifffile.EXTRASAMPLE.ASSOCALPHA in (page.extrasamples or ()),
        }
    if pixels.dtype == np.float32:
        _check_range(pixels)
    return Picture(pixels, "TIFF", metadata, read_orientation(exif), coding, notes)


def encode_tiff(pixels, metadata, coding):
    """Encode a TIFF file, without loss.

    Parameters
    ----------
    pixels : ndarray, shape (H, W, C), uint8, uint16 or float32
        Picture.
    metadata : Metadata
        Written as far as TIFF holds it.
    coding : dict
        What `decode_tiff` found, or empty.

    Returns
    -------
    bytes
        The file.
    """
    channels = pixels.shape[-1]
    tags, directories = _exif_tags(metadata.exif)
    if metadata.xmp:
        tags.append((_XMP, 1, len(metadata.xmp), metadata.xmp, True))
    compressed = coding.get("compressed", True)
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        without_channels(pixels),
        byteorder="<",
        photometric="rgb" if channels > 2 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=[1 if coding.get("premultiplied") else 2] if channels in (2, 4) else None,
        compression="zlib" if compressed else None,
        compressionargs={"level": _LEVEL} if compressed else None,
        predictor=2 if compressed and pixels.dtype.kind == "u" else None,
        resolution=metadata.dpi,
        resolutionunit="INCH" if metadata.dpi else None,
        iccprofile=metadata.icc,
        metadata=None,
        software=False,
        extratags=tags,
    )
    for tag, directory in directories.items():
        _append_directory(stream, tag, directory)
    return stream.getvalue()


def _hush_tifffile():
    """Keep tifffile's log of a damaged file off the terminal of those who configured no logging."""
    logger = tifffile.logger()
    if not logger.hasHandlers():
        logger.addHandler(logging.NullHandler())


def _pixels(page, data):
    photometric = tifffile.PHOTOMETRIC(page.photometric).name
    if photometric == "SEPARATED":
        raise UsageError(
            "expected gray or RGB pixels, received CMYK",
            hint="convert it to RGB first, for instance: magick IN -profile sRGB.icc OUT",
        )
    wide = page.dtype in (np.dtype(np.uint16), np.dtype(np.float32))
    if page.compression in _DIRECT and photometric in _PHOTOMETRIC and (wide or page.dtype == np.uint8):
        return _plain_pixels(page, photometric, page.asarray()), ()
    if page.bitspersample <= 8:
        return from_pillow(TiffImageFile(io.BytesIO(data)))
    if wide and photometric in _PHOTOMETRIC:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if pixels is None or pixels.dtype != page.dtype:
            raise FileError(
                f"the TIFF is damaged, or its {page.compression.name} compression is unknown here"
            )
        swap = [2, 1, 0, 3][: pixels.shape[2]] if pixels.ndim == 3 else None
        return with_channels(pixels if swap is None else pixels[..., swap]), ()
    raise UsageError(
        "expected gray or RGB samples of 8, 16 or 32-bit float, "
        f"received {photometric} of {page.dtype or page.bitspersample}"
    )


def _plain_pixels(page, photometric, pixels):
    pixels = with_channels(pixels)
    if pixels.ndim == 3 and page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and page.samplesperpixel > 1:
        pixels = np.ascontiguousarray(np.moveaxis(pixels, 0, -1))
    if pixels.ndim != 3 or pixels.shape[-1] > 4:
        raise UsageError(f"expected 1 to 4 samples a pixel, received {page.samplesperpixel}")
    if photometric == "MINISWHITE":
        pixels = pixels.copy()
        top = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
        pixels[..., 0] = top - pixels[..., 0]
    return pixels


def _check_range(pixels):
    low, high = float(pixels.min()), float(pixels.max())
    if not (low >= 0 and high <= 1):
        raise UsageError(
            f"expected float samples from 0 to 1, received {low:g} to {high:g}",
            hint="tone-map a high dynamic range panorama first, for instance to 16 bits",
        )


def _read_exif(data):
    """Return the descriptive tags as an EXIF block of their own, None if there are none."""
    exif = Image.Exif()
    try:
        exif.load_from_fp(io.BytesIO(data))
        block = Image.Exif()
        block.endian = "<"
        for tag, value in exif.items():
            if tag not in _STRUCTURE and tag not in _DIRECTORIES:
                block[tag] = value
        for tag in _DIRECTORIES:
            details = dict(exif.get_ifd(tag))
            details.pop(_INTEROPERABILITY, None)
            if details:
                block[tag] = details
        return block.tobytes().removeprefix(b"Exif\0\0") if len(block) else None
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        return None


def _exif_tags(exif):
    """Split an EXIF block into tags of the first directory and the directories it points to."""
    tags, directories = [], {}
    if not exif:
        return tags, directories
    block = Image.Exif()
    try:
        block.load(b"Exif\0\0" + exif)
        first = _as_directory(block)
        for tag in _DIRECTORIES:
            if details := dict(block.get_ifd(tag)):
                details.pop(_INTEROPERABILITY, None)
                directories[tag] = details
                tags.append((tag - _STAND_IN, 4, 1, 0, True))
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        return [], {}
    for tag, (kind, value) in first.items():
        tags.append((tag, kind, _count(kind, value), _flat(kind, value), True))
    return tags, directories


def _as_directory(block):
    typed = ImageFileDirectory_v2()
    plain = {}
    for tag, value in block.items():
        if tag in _STRUCTURE or tag in _DIRECTORIES:
            continue
        typed[tag] = value
        if typed.tagtype.get(tag) in (1, 2, 3, 4, 5, 7):
            plain[tag] = (typed.tagtype[tag], value)
    return plain


def _count(kind, value):
    if kind == 2:
        return 0  # tifffile counts text itself
    if kind in (1, 7):
        return len(value) if isinstance(value, bytes) else 1
    return len(value) if isinstance(value, tuple) else 1


def _flat(kind, value):
    if kind != 5:
        return value
    rationals = value if isinstance(value, tuple) else (value,)
    return tuple(number for rational in rationals for number in (rational.numerator, rational.denominator))


def _append_directory(stream, tag, details):
    """Put a directory behind the file, and make its stand-in the tag that points at it."""
    directory = ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    for key, value in details.items():
        directory[key] = value
    end = stream.seek(0, io.SEEK_END)
    start = end + end % 2
    stream.write(bytes(start - end) + directory.tobytes(start))
    stream.seek(0)
    with tifffile.TiffFile(stream) as file:
        stand_in = file.pages.first.tags[tag - _STAND_IN]
    stream.seek(stand_in.offset)
    stream.write(struct.pack("<HHII", tag, 4, 1, start))


def _bytes(page, tag):
    value = page.tags.get(tag)
    if value is None:
        return None
    return value.value if isinstance(value.value, bytes) else bytes(value.value)


def _dpi(page):
    unit = {2: 1.0, 3: 2.54}.get(page.tags.valueof(296, 2))
    x, y = page.tags.valueof(282), page.tags.valueof(283)
    if unit is None or not x or not y or not x[1] or not y[1]:
        return None
    return (x[0] / x[1] * unit, y[0] / y[1] * unit)
