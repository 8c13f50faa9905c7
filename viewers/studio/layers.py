"""Completed pixels kept apart from their panorama: small, exact in every depth, laid over it when needed."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pano_inpaint.errors import FileError
from pano_inpaint.files import replacing


@dataclass(frozen=True, eq=False)
class Layer:
    """What an erasing changed.

    Attributes
    ----------
    mask : ndarray, bool, shape (H, 2H)
        Where.
    values : ndarray, shape (n, C)
        The pixels there, row by row, in the panorama's dtype.
    """

    mask: np.ndarray
    values: np.ndarray

    def laid_over(self, panorama):
        """Return the panorama with this layer's pixels.

        Raises
        ------
        FileError
            If the layer belongs to another panorama.
        """
        pixels = panorama.pixels
        fits = self.mask.shape == pixels.shape[:2] and self.values.shape[1:] == pixels.shape[2:]
        if not fits or self.values.dtype != pixels.dtype:
            raise FileError(f"{panorama.path}: expected the picture that was erased from, received another")
        pixels = pixels.copy()
        pixels[self.mask] = self.values
        return panorama.with_pixels(pixels)


def write_layer(path, layer):
    """Write a layer as a compressed NumPy archive; it appears when it is whole.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file, shape=np.array(layer.mask.shape), mask=np.packbits(layer.mask), values=layer.values
            )
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from error


def read_layer(path):
    """Read a layer.

    Raises
    ------
    FileError
        If the file is missing or damaged.
    """
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            height, width = (int(side) for side in archive["shape"])
            mask = np.unpackbits(archive["mask"], count=height * width).astype(bool).reshape(height, width)
            values = archive["values"]
        if values.ndim != 2 or len(values) != np.count_nonzero(mask):
            raise ValueError("its parts do not fit together")
    except (OSError, ValueError, LookupError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise FileError(f"{path}: cannot be read: {error}") from error
    return Layer(mask, values)
