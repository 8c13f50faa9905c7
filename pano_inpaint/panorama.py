"""Panoramas and masks as files: read as they came, written back the same but for what was painted."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from .errors import FileError, PanoInpaintError, UsageError
from .files import replacing
from .formats import SUFFIXES, encode_picture, read_picture
from .gpano import Placement, find_placement, read_gpano, write_gpano
from .metadata import Metadata, upright_exif
from .picture import check_size, turned_upright

_DTYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as JPEG's gray


@dataclass(frozen=True, eq=False)
class Panorama:
    """An equirectangular picture of the whole sphere, with what its file said besides.

    Attributes
    ----------
    pixels : ndarray, shape (H, 2H, C), uint8, uint16 or float32 in [0, 1]
        Gray, gray + alpha, RGB or RGBA, in the picture's own depth and colour space.
    metadata : Metadata
        EXIF, ICC, XMP and resolution.
    path : Path or None
        The file it was read from.
    format : str or None
        ``JPEG``, ``PNG``, ``TIFF`` or ``WEBP``; None for a picture that was not read.
    coding : dict
        How the file was packed (quantisation tables, subsampling, lossless, compressed).
    placement : Placement or None
        Where the file's picture lies in the frame; None for a picture that was not read.
    notes : tuple of str
        What reading changed, in words for the user.

    Raises
    ------
    UsageError
        If the pixels have another shape or dtype.
    """

    pixels: np.ndarray
    metadata: Metadata = field(default_factory=Metadata)
    path: Path | None = None
    format: str | None = None
    coding: dict = field(default_factory=dict)
    placement: Placement | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        shape, dtype = np.shape(self.pixels), getattr(self.pixels, "dtype", type(self.pixels))
        if len(shape) != 3 or shape[1] != 2 * shape[0] or not 1 <= shape[2] <= 4 or not shape[0]:
            raise UsageError(f"expected pixels of shape (H, 2H, 1 to 4), received {shape}")
        if dtype not in _DTYPES:
            raise UsageError(f"expected uint8, uint16 or float32 pixels, received {dtype}")

    @property
    def size(self):
        """Width and height of the full frame in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def mode(self):
        """Names of the channels: ``L``, ``LA``, ``RGB`` or ``RGBA``."""
        return ("L", "LA", "RGB", "RGBA")[self.pixels.shape[2] - 1]

    @property
    def bit_depth(self):
        """Bits of a sample: 8, 16 or 32 (float)."""
        return 8 * self.pixels.dtype.itemsize

    @property
    def is_partial(self):
        """Whether the file covered only a part of the sphere."""
        return self.placement is not None and not self.placement.is_full

    @cached_property
    def known(self):
        """Where the sphere was photographed, as a read-only bool array of shape (H, W)."""
        height, width = self.pixels.shape[:2]
        if not self.is_partial:
            return np.broadcast_to(np.True_, (height, width))
        known = np.zeros((height, width), bool)
        known[self.placement.window] = True
        known.flags.writeable = False
        return known

    def with_pixels(self, pixels):
        """Return a copy that has other pixels and the same metadata.

        Parameters
        ----------
        pixels : ndarray, shape and dtype of this panorama's pixels
            The new ones.

        Returns
        -------
        Panorama
            Shares everything else.

        Raises
        ------
        UsageError
            If shape or dtype differ.
        """
        if np.shape(pixels) != self.pixels.shape or pixels.dtype != self.pixels.dtype:
            raise UsageError(
                f"expected {self.pixels.dtype} pixels of shape {self.pixels.shape}, "
                f"received {getattr(pixels, 'dtype', type(pixels))} of {np.shape(pixels)}"
            )
        return replace(self, pixels=pixels)

    def window_rgb(self, window):
        """Return a part of the panorama for processing.

        Parameters
        ----------
        window : tuple
            Index of rows and columns: two slices, or arrays where a window goes over the seam.

        Returns
        -------
        ndarray, shape (h, w, 3), float32 in [0, 1]
            RGB; gray is repeated, alpha left out.
        """
        return to_rgb(self.pixels[window])


def to_rgb(pixels):
    """Turn stored pixels into those that processing wants.

    Parameters
    ----------
    pixels : ndarray, shape (..., C), uint8, uint16 or float32 in [0, 1]
        Gray, gray + alpha, RGB or RGBA. Meant for windows: a whole 16K frame would take 1.6 GB.

    Returns
    -------
    ndarray, shape (..., 3), float32 in [0, 1]
        A copy; gray is repeated, alpha left out.
    """
    channels = pixels.shape[-1]
    colours = pixels[..., :3] if channels > 2 else np.repeat(pixels[..., :1], 3, axis=-1)
    if pixels.dtype.kind == "f":
        return colours.astype(np.float32)
    return colours.astype(np.float32) * np.float32(1 / np.iinfo(pixels.dtype).max)


def from_rgb(rgb, like):
    """Turn processed pixels into those of a file.

    Parameters
    ----------
    rgb : ndarray, shape (..., 3), float in [0, 1]
        Processed; values outside are clipped.
    like : ndarray, shape (..., C)
        What stood there: gives the dtype, gray or colour, and the alpha channel, which stays.

    Returns
    -------
    ndarray, shape (..., C), dtype of `like`
        Gray is the luma of ITU-R BT.601.
    """
    channels = like.shape[-1]
    rgb = np.asarray(rgb, np.float32)
    colours = rgb if channels > 2 else (rgb @ _LUMA)[..., None]
    result = like.copy()
    kept = np.clip(colours, 0, 1)
    if like.dtype.kind == "u":
        kept = np.rint(kept * np.iinfo(like.dtype).max)
    result[..., : colours.shape[-1]] = kept.astype(like.dtype)
    return result


def read_panorama(path):
    """Read a panorama.

    EXIF orientation is applied, palettes become colours, alpha stays. A picture that GPano places on a part
    of the sphere is put there, black around it; `Panorama.known` tells where it is.

    Parameters
    ----------
    path : str or Path
        JPEG, PNG, TIFF or WebP; 8 or 16 bits, TIFF also float.

    Returns
    -------
    Panorama
        In the file's own depth; its pixels are read-only, paint on a copy.

    Raises
    ------
    FileError
        If the file is missing, damaged, or no picture.
    UsageError
        If the picture is not 2:1 and GPano does not place it, if GPano contradicts it, or if it is CMYK.
    """
    picture = read_picture(path)
    pixels = turned_upright(picture.pixels, picture.orientation)
    notes = picture.notes + (("turned upright as EXIF asks",) if picture.orientation != 1 else ())
    height, width = pixels.shape[:2]
    try:
        placement = find_placement(read_gpano(picture.metadata.xmp), width, height)
        check_size(2 * placement.full_height, placement.full_height)
    except PanoInpaintError as error:
        raise type(error)(f"{path}: {error}", hint=error.hint) from error
    if not placement.is_full:
        frame = np.zeros((placement.full_height, 2 * placement.full_height, pixels.shape[2]), pixels.dtype)
        frame[placement.window] = pixels
        pixels = frame
    pixels.flags.writeable = False
    metadata = replace(picture.metadata, exif=upright_exif(picture.metadata.exif, width, height))
    return Panorama(pixels, metadata, Path(path), picture.format, picture.coding, placement, notes)


def read_mask(path, *, like):
    """Read what is to be erased.

    Any mode is understood. Bright (at least half) is erased. If the alpha channel varies, opaque pixels (at
    least half) are erased, whatever colour the brush had; only where opaque pixels are partly dark and
    partly bright do the dark ones not count.

    Parameters
    ----------
    path : str or Path
        Picture of the size of the panorama's file; of a partial panorama also the size of its full frame.
    like : Panorama
        What it is to fit.

    Returns
    -------
    ndarray, shape (H, W), bool
        True = erase; of the full frame.

    Raises
    ------
    FileError
        If the file is missing, damaged, or no picture.
    UsageError
        If the size differs, if nothing is marked, or if nothing is left unmarked.
    """
    picture = read_picture(path)
    painted = _painted(turned_upright(picture.pixels, picture.orientation))
    mask = _placed_mask(painted, like, path)
    if not mask.any():
        raise UsageError(
            f"{path}: expected a mask with something to erase, received one with nothing marked",
            hint="what is to be erased must be white, at least half bright",
        )
    if (mask == like.known).all():
        raise UsageError(
            f"{path}: expected a mask that leaves something to see, received one that covers everything",
            hint="white is erased, black is kept; is the mask inverted?",
        )
    return mask


def write_panorama(path, panorama, *, quality=None):
    """Write a panorama with the metadata it came with, and GPano tags if they were missing.

    PNG and TIFF lose nothing. JPEG is written with the quantisation tables and subsampling of its source,
    and while that still lies where it was read from, unchanged areas are taken from it sample by sample.
    WebP stays lossless if it was. EXIF thumbnails are blanked: they would show what was erased.

    Parameters
    ----------
    path : str or Path
        Its ending chooses the format; missing folders are created. The file appears when it is whole.
    panorama : Panorama
        A partial one is written as the part that came.
    quality : int, optional
        1 to 100, JPEG and WebP only; instead of the source's own.

    Raises
    ------
    UsageError
        If `path` is the source itself, has another ending, or its format cannot hold the pixels.
    FileError
        If the file cannot be written.
    """
    path = Path(path)
    file_format = SUFFIXES.get(path.suffix.lower())
    if file_format is None:
        raise UsageError(f"expected a file ending of {', '.join(SUFFIXES)}; received {path.name!r}")
    _refuse_source(path, panorama.path)
    height = panorama.pixels.shape[0]
    placement = panorama.placement or Placement(height, 0, 0, 2 * height, height)
    pixels = panorama.pixels[placement.window]
    metadata = replace(panorama.metadata, xmp=write_gpano(panorama.metadata.xmp, placement))
    coding, source = {}, None
    if panorama.format == file_format:
        coding = panorama.coding
        source = _bytes_if_there(panorama.path) if file_format == "JPEG" else None
    try:
        data = encode_picture(file_format, pixels, metadata, coding, quality=quality, source=source)
        with replacing(path) as temporary:
            temporary.write_bytes(data)
    except PanoInpaintError as error:
        raise type(error)(f"{path}: {error}", hint=error.hint) from error
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from error


def _painted(pixels):
    top = 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)
    channels = pixels.shape[-1]
    luma = pixels[..., 0]
    if channels > 2:  # OpenCV's weights are those of ITU-R BT.601 too, and it needs no float frame
        luma = cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2GRAY)
    bright = luma >= top / 2
    if channels in (1, 3):
        return bright
    opaque = pixels[..., -1] >= top / 2
    if opaque.all() or not opaque.any():
        return bright & opaque
    return opaque & bright if (opaque & bright).any() and (opaque & ~bright).any() else opaque


def _placed_mask(painted, panorama, path):
    height, width = painted.shape
    if (width, height) == panorama.size:
        return painted & panorama.known
    placement = panorama.placement
    if not panorama.is_partial or (width, height) != (placement.width, placement.height):
        expected = (placement.width, placement.height) if panorama.is_partial else panorama.size
        raise UsageError(
            f"{path}: expected a mask of {expected[0]}x{expected[1]} like its panorama, "
            f"received {width}x{height}"
        )
    mask = np.zeros(panorama.pixels.shape[:2], bool)
    mask[placement.window] = painted
    return mask


def _refuse_source(path, source):
    if source is None or not source.exists() or not path.exists():
        return
    if path.samefile(source):
        raise UsageError(f"{path}: expected another file than the source, received the source itself")


def _bytes_if_there(path):
    try:
        return path.read_bytes()
    except OSError:
        return None
