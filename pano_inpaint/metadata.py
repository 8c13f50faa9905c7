"""What travels with a picture besides its pixels: EXIF, ICC profile, XMP packet, resolution.

EXIF blocks are edited in place, byte by byte, because re-serialising them breaks the maker notes that
cameras fill with offsets of their own.
"""

import struct
from dataclasses import dataclass

# Tags of TIFF 6.0 and Exif 2.32.
_ORIENTATION = 0x0112
_EXIF_DIRECTORY = 0x8769
_PIXEL_X, _PIXEL_Y = 0xA002, 0xA003
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_SHORT, _LONG = 3, 4


@dataclass(frozen=True)
class Metadata:
    r"""Metadata blocks of one picture, as bytes, so that they are written back as they came.

    Attributes
    ----------
    exif : bytes or None
        TIFF stream of the EXIF block, without the ``Exif\0\0`` that JPEG puts before it.
    icc : bytes or None
        ICC profile.
    xmp : bytes or None
        XMP packet.
    dpi : tuple of float or None
        Horizontal and vertical resolution, pixels per inch.
    comment : bytes or None
        JPEG comment.
    chunks : tuple of (bytes, bytes)
        Type and content of further PNG chunks: gamma, primaries, texts.
    """

    exif: bytes | None = None
    icc: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    comment: bytes | None = None
    chunks: tuple[tuple[bytes, bytes], ...] = ()


def bare_exif(exif):
    r"""Strip the JPEG identifier from an EXIF block.

    Parameters
    ----------
    exif : bytes or None
        EXIF block with or without a leading ``Exif\0\0``.

    Returns
    -------
    bytes or None
        The TIFF stream; None if there is nothing.
    """
    return (exif or b"").removeprefix(b"Exif\0\0") or None


def read_orientation(exif):
    """Read the EXIF orientation.

    Parameters
    ----------
    exif : bytes or None
        TIFF stream.

    Returns
    -------
    int
        1 to 8 (Exif 2.32, 4.6.4); 1 if absent, out of range or in a damaged block.
    """
    try:
        order, entries, _ = _directory(exif or b"")
        value = _number(exif, order, entries[_ORIENTATION])
    except (struct.error, KeyError):
        return 1
    return value if 1 <= value <= 8 else 1


def upright_exif(exif, width, height):
    """Make an EXIF block fit pixels that were turned upright and repainted.

    Orientation becomes 1, the pixel dimensions become those given, and the thumbnail is blanked: it
    would still show what was erased.

    Parameters
    ----------
    exif : bytes or None
        TIFF stream; a damaged one is returned as it is.
    width, height : int
        Size of the picture it is going to be written with.

    Returns
    -------
    bytes or None
        The edited block, of the same length.
    """
    if not exif:
        return None
    edited = bytearray(exif)
    try:
        order, entries, link = _directory(edited)
        if _ORIENTATION in entries:
            _set_number(edited, order, entries[_ORIENTATION], 1)
        _set_dimensions(edited, order, entries, width, height)
        _blank_thumbnail(edited, order, link)
    except (struct.error, KeyError):
        return exif
    return bytes(edited)


def _set_dimensions(exif, order, entries, width, height):
    if _EXIF_DIRECTORY not in entries:
        return
    _, details, _ = _directory(exif, _number(exif, order, entries[_EXIF_DIRECTORY]))
    for tag, size in ((_PIXEL_X, width), (_PIXEL_Y, height)):
        if tag in details:
            _set_number(exif, order, details[tag], size)


def _blank_thumbnail(exif, order, link):
    (offset,) = struct.unpack_from(order + "I", exif, link)
    if not offset:
        return
    struct.pack_into(order + "I", exif, link, 0)
    _, entries, _ = _directory(exif, offset)
    if _THUMBNAIL_OFFSET in entries and _THUMBNAIL_LENGTH in entries:
        start = _number(exif, order, entries[_THUMBNAIL_OFFSET])
        stop = min(len(exif), start + _number(exif, order, entries[_THUMBNAIL_LENGTH]))
        exif[start:stop] = bytes(max(0, stop - start))


def _directory(exif, offset=None):
    """Return the byte order, {tag: (type, position of its value)} and the position of the next link."""
    order = {b"II": "<", b"MM": ">"}.get(bytes(exif[:2]))
    if order is None:
        raise struct.error("no TIFF header")
    if offset is None:
        (offset,) = struct.unpack_from(order + "I", exif, 4)
    (count,) = struct.unpack_from(order + "H", exif, offset)
    entries = {}
    for position in range(offset + 2, offset + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", exif, position)
        entries[tag] = (kind, position + 8)
    return order, entries, offset + 2 + 12 * count


def _number(exif, order, entry):
    kind, position = entry
    return struct.unpack_from(order + {_SHORT: "H", _LONG: "I"}[kind], exif, position)[0]


def _set_number(exif, order, entry, value):
    kind, position = entry
    if kind == _SHORT and value > 0xFFFF:
        return
    struct.pack_into(order + {_SHORT: "H", _LONG: "I"}[kind], exif, position, value)
