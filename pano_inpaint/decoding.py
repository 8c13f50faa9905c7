"""Training pictures from files: decoded small, kept in memory up to a bound, unreadable ones noted."""

import threading

import cv2
import numpy as np
from PIL import Image, ImageOps

from pano_inpaint.errors import FileError

_DEEP_MODES = ("I", "F")  # 16-bit and float pictures: Pillow's RGB would cut them off at 255


class Unreadable:
    """Pictures that could not be decoded, and why; filled by the input pipeline's threads."""

    def __init__(self):
        self._reasons = {}
        self._lock = threading.Lock()

    def __len__(self):
        return len(self._reasons)

    def __contains__(self, name):
        return name in self._reasons

    def add(self, name, reason):
        """Note a picture.

        Parameters
        ----------
        name : str
            Its path or name.
        reason : str
            Why it cannot be used.
        """
        with self._lock:
            self._reasons[name] = reason

    @property
    def reasons(self):
        """Reason by name, in the order they were met (dict of str to str)."""
        with self._lock:
            return dict(self._reasons)


class PictureCache:
    """Decoded pictures by key, up to a bound.

    When it is full it keeps what it has: epochs visit every picture once, so throwing out the oldest
    would throw out just the one needed next.

    Parameters
    ----------
    limit : int
        Bound in bytes; 0 keeps nothing.
    """

    def __init__(self, limit):
        self.limit = limit
        self.used = 0
        self._kept = {}
        self._lock = threading.Lock()

    def get(self, key, load):
        """Return the picture of a key, loading it if it is not kept.

        Parameters
        ----------
        key : hashable
        load : callable
            Called without arguments; returns an object with ``nbytes``.

        Returns
        -------
        object
            What `load` returned, now or earlier.
        """
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        loaded = load()
        with self._lock:
            if key not in self._kept and self.used + loaded.nbytes <= self.limit:
                self._kept[key] = loaded
                self.used += loaded.nbytes
        return loaded


def read_small(path, shorter_side):
    """Decode a picture no larger than needed.

    JPEG is decoded at a half, a quarter or an eighth where that is still large enough; the rest is an
    area average, so nothing aliases. Alpha is dropped, EXIF orientation followed.

    Parameters
    ----------
    path : path
        Picture file.
    shorter_side : int
        Length of the shorter side in pixels; smaller pictures stay as they are.

    Returns
    -------
    ndarray, shape (h, w, 3), uint8
        RGB.

    Raises
    ------
    FileError
        If the file cannot be decoded, or has more than 8 bits in a single channel.
    """
    try:
        with Image.open(path) as picture:
            if picture.mode.startswith(_DEEP_MODES):
                raise FileError(f"Expected an 8-bit picture. Received: {path} of mode {picture.mode}")
            picture.draft(None, (shorter_side, shorter_side))
            pixels = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except FileError:
        raise
    except Exception as error:  # a damaged file makes the decoders raise nearly anything
        raise FileError(f"Cannot decode {path}: {error}") from error
    return shrink(pixels, shorter_side)


def shrink(pixels, shorter_side):
    """Average a picture down until its shorter side has the given length.

    Parameters
    ----------
    pixels : ndarray, shape (h, w, C), uint8
    shorter_side : int
        In pixels; a smaller picture is returned as it is.

    Returns
    -------
    ndarray, shape (h', w', C), uint8
    """
    height, width = pixels.shape[:2]
    if min(height, width) <= shorter_side:
        return pixels
    factor = shorter_side / min(height, width)
    size = (max(shorter_side, round(width * factor)), max(shorter_side, round(height * factor)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
