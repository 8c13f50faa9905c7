"""Reading the uncompressed multilayer OpenEXR files that Blender writes: nothing more is needed here."""

import struct
from pathlib import Path

import numpy as np

from pano_inpaint.errors import FileError

_TILED, _DEEP, _PARTS = 0x02, 0x08, 0x10  # flags in the file's version field
_TYPES = {0: np.dtype("<u4"), 1: np.dtype("<f2"), 2: np.dtype("<f4")}


def read_exr(path):
    """Read all channels of a scan-line OpenEXR file without compression, of one part or many.

    Parameters
    ----------
    path : path-like
        File.

    Returns
    -------
    dict of str to ndarray, shape (H, W), float32
        By channel name, such as "ViewLayer.Combined.R".

    Raises
    ------
    FileError
        If it is not such a file.

    References
    ----------
    .. [1] OpenEXR file layout, https://openexr.com/en/latest/OpenEXRFileLayout.html
    """
    data = Path(path).read_bytes()
    if len(data) < 8 or struct.unpack_from("<I", data)[0] != 20000630 or data[5] & (_TILED | _DEEP):
        raise FileError(f"expected a scan-line OpenEXR file, got {path}")
    several = bool(data[5] & _PARTS)
    headers, offset = _headers(data, several)
    channels = {}
    try:
        for header in headers:
            if header["compression"] != b"\0":
                raise FileError(f"expected an uncompressed OpenEXR file: {path}")
            offset = _read_part(data, offset, header, several, channels)
    except (ValueError, struct.error) as error:
        raise FileError(f"OpenEXR file is cut short: {path}") from error
    return channels


def _headers(data, several):
    """Read the headers of all parts; return them and the offset behind them."""
    headers, offset = [], 8
    while not headers or (several and data[offset]):
        header, offset = _header(data, offset)
        headers.append(header)
    return headers, offset + several


def _read_part(data, offset, header, several, channels):
    """Read one part's rows into `channels`; return the offset of the next part's table of rows."""
    left, top, right, bottom = struct.unpack("<4i", header["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    kinds = _channels(header["channels"])
    row = np.dtype([(name, kind, (width,)) for name, kind in kinds])
    starts = np.frombuffer(data, "<u8", count=height, offset=offset).astype(np.int64)
    rows = np.empty(height, row)
    for start in starts:
        begin = start + 4 * several
        y = struct.unpack_from("<i", data, begin)[0] - top
        rows[y] = np.frombuffer(data, row, count=1, offset=begin + 8)[0]
    channels.update({name: rows[name].astype(np.float32) for name, _ in kinds})
    return offset + 8 * height


def _header(data, offset):
    """Read one part's attributes; return them and the offset behind them."""
    attributes = {}
    while data[offset]:
        name, offset = _text(data, offset)
        _, offset = _text(data, offset)
        size = struct.unpack_from("<i", data, offset)[0]
        attributes[name] = data[offset + 4 : offset + 4 + size]
        offset += 4 + size
    return attributes, offset + 1


def _text(data, offset):
    end = data.index(b"\0", offset)
    return data[offset:end].decode("ascii"), end + 1


def _channels(block):
    channels, offset = [], 0
    while block[offset]:
        name, offset = _text(block, offset)
        channels.append((name, _TYPES[struct.unpack_from("<i", block, offset)[0]]))
        offset += 16
    return channels
