"""Which file holds which format: decoding by content, encoding by file ending."""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.WebPImagePlugin import WebPImageFile

from .errors import FileError, PanoInpaintError, UsageError
from .jpeg import decode_jpeg, encode_jpeg
from .metadata import Metadata, bare_exif, read_orientation
from .picture import Picture, check_size, from_pillow, without_channels
from .png import SIGNATURE, decode_png, encode_png
from .tiff import decode_tiff, encode_tiff

SUFFIXES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}
_WEBP_SIDE = 16383  # VP8 and VP8L store sides in 14 bits
_WEBP_QUALITY = 95
# What decoders raise on damaged files, from headers that make no sense to streams that end too early.
_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    SyntaxError,
    RuntimeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def read_picture(path):
    """Read a picture file of any known format, whatever its ending says.

    Parameters
    ----------
    path : str or Path
        JPEG, PNG, TIFF or WebP.

    Returns
    -------
    Picture
        As stored: EXIF orientation is not applied yet.

    Raises
    ------
    FileError
        If there is no such file, or it is not a whole picture of a known format.
    UsageError
        If its colours cannot be worked on; the message names the file.
    """
    data = read_bytes(path)
    decode = _decoder(data)
    if decode is None:
        raise FileError(f"{path}: expected a JPEG, PNG, TIFF or WebP picture, received something else")
    try:
        # Decoders warn about oddities that either do not matter or end in an error anyway.
        with warnings.catch_warnings(action="ignore"):
            return decode(data)
    except PanoInpaintError as error:
        raise type(error)(f"{path}: {error}", hint=error.hint) from error
    except _DAMAGE as error:
        raise FileError(f"{path}: the picture is damaged or cut off ({_one_line(error)})") from error


def read_bytes(path):
    """Read a whole file.

    Parameters
    ----------
    path : str or Path
        File, or a link to one.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    FileError
        If it is missing, empty, a folder, or may not be read.
    """
    path = Path(path)
    if path.is_dir():
        raise FileError(f"{path}: expected a picture file, received a folder")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FileError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not data:
        raise FileError(f"{path}: expected a picture file, received an empty one")
    return data


def encode_picture(format, pixels, metadata, coding, *, quality=None, source=None):
    """Encode a picture file.

    Parameters
    ----------
    format : str
        ``JPEG``, ``PNG``, ``TIFF`` or ``WEBP``.
    pixels : ndarray, shape (H, W, C)
        Picture.
    metadata : Metadata
        Written as far as the format holds it.
    coding : dict
        How the source of the same format was packed; empty for another format.
    quality : int, optional
        1 to 100, JPEG and WebP only.
    source : bytes, optional
        The JPEG file the picture came from.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    UsageError
        If the format cannot hold the pixels, or has no quality to choose.
    """
    if quality is not None and (format not in ("JPEG", "WEBP") or not 1 <= quality <= 100):
        raise UsageError(
            f"expected a quality from 1 to 100, for JPEG or WebP; received {quality} for {format}"
        )
    pixels = _suited(pixels, format)
    if format == "JPEG":
        return encode_jpeg(pixels, metadata, coding, quality=quality, source=source)
    if format == "PNG":
        return encode_png(pixels, metadata)
    if format == "TIFF":
        return encode_tiff(pixels, metadata, coding)
    return _encode_webp(pixels, metadata, coding, quality)


def _decoder(data):
    if data.startswith(b"\xff\xd8\xff"):
        return decode_jpeg
    if data.startswith(SIGNATURE):
        return decode_png
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return decode_tiff
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _decode_webp
    return None


def _decode_webp(data):
    image = WebPImageFile(io.BytesIO(data))
    check_size(*image.size)
    if getattr(image, "n_frames", 1) > 1:
        raise UsageError("expected one picture, received an animation")
    pixels, notes = from_pillow(image)
    info = image.info
    exif = bare_exif(info.get("exif"))
    metadata = Metadata(exif, info.get("icc_profile"), info.get("xmp"))
    return Picture(pixels, "WEBP", metadata, read_orientation(exif), {"lossless": _is_lossless(data)}, notes)


def _is_lossless(data):
    position = 12
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind in (b"VP8L", b"VP8 "):
            return kind == b"VP8L"
        position += 8 + length + length % 2
    return False


def _encode_webp(pixels, metadata, coding, quality):
    height, width = pixels.shape[:2]
    if max(width, height) > _WEBP_SIDE:
        raise UsageError(
            f"expected sides of at most {_WEBP_SIDE} pixels for WebP, received {width}x{height}",
            hint="write JPEG, PNG or TIFF instead",
        )
    lossless = quality is None and coding.get("lossless", False)
    # At lossless, quality is effort: 50 takes a third of 100's time for a few per cent of size.
    options = {"lossless": lossless, "quality": 50 if lossless else quality or _WEBP_QUALITY, "exact": True}
    stream = io.BytesIO()
    Image.fromarray(without_channels(pixels)).save(
        stream,
        "WEBP",
        **options,
        icc_profile=metadata.icc or b"",
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
    )
    return stream.getvalue()


def _suited(pixels, format):
    """Return the pixels as the format can hold them, without losing anything."""
    deepest = {"JPEG": 1, "WEBP": 1, "PNG": 2, "TIFF": 4}[format]
    if pixels.dtype.itemsize > deepest:
        raise UsageError(
            f"expected {8 * deepest}-bit pixels for {format}, received {pixels.dtype}",
            hint="write TIFF, or PNG for up to 16 bits",
        )
    if format == "JPEG" and pixels.shape[-1] in (2, 4):
        if not (pixels[..., -1] == 255).all():
            raise UsageError(
                "expected opaque pixels for JPEG, received an alpha channel", hint="write PNG or TIFF"
            )
        return np.ascontiguousarray(pixels[..., :-1])
    if format == "WEBP" and pixels.shape[-1] < 3:  # WebP has no gray
        gray, alpha = pixels[..., :1], pixels[..., 1:]
        return np.concatenate([gray, gray, gray, alpha], axis=-1)
    return pixels


def _one_line(error):
    return " ".join(str(error).split()) or type(error).__name__
