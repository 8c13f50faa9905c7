"""A stored picture as its file holds it, and what every format's decoder shares."""

from dataclasses import dataclass, field

import numpy as np

from .errors import FileError, UsageError
from .metadata import Metadata

# A guard against decompression bombs; four times a 16384x8192 panorama. Pillow's own guard would stop at
# a third of it, hence the decoders open its plugins directly.
MAX_PIXELS = 2**29
BAND = 256  # rows copied at a time; even, so that bands are whole cells of subsampled chroma


@dataclass
class Picture:
    """Decoded pixels with what is needed to store them the same way again.

    Attributes
    ----------
    pixels : ndarray, shape (H, W, C), uint8, uint16 or float32
        Gray, gray + alpha, RGB or RGBA.
    format : str
        ``JPEG``, ``PNG``, ``TIFF`` or ``WEBP``.
    metadata : Metadata
        EXIF, ICC, XMP and resolution.
    orientation : int
        EXIF orientation of the stored pixels, 1 to 8.
    coding : dict
        How the format packed it: quantisation tables, subsampling, lossless or not, compression.
    notes : tuple of str
        What decoding changed, in words for the user.
    """

    pixels: np.ndarray
    format: str
    metadata: Metadata = field(default_factory=Metadata)
    orientation: int = 1
    coding: dict = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def check_size(width, height):
    """Refuse a picture too large to be decoded, before it is.

    Parameters
    ----------
    width, height : int
        Size that the file's header announces.

    Raises
    ------
    FileError
        If the picture has no pixels or more than `MAX_PIXELS`.
    """
    if width < 1 or height < 1:
        raise FileError(f"expected a picture with pixels, received {width}x{height}")
    if width * height > MAX_PIXELS:
        raise FileError(f"expected at most {MAX_PIXELS // 2**20} megapixels, received {width}x{height}")


def from_pillow(image):
    """Decode what a Pillow plugin opened.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened, of any mode; 16-bit colour must not come this way, Pillow would cut it to 8.

    Returns
    -------
    pixels : ndarray, shape (H, W, C)
        Gray, gray + alpha, RGB or RGBA.
    notes : tuple of str
        What had to be turned into something else.

    Raises
    ------
    UsageError
        If the picture is CMYK or of another colour model that has no RGB of its own.
    """
    check_size(*image.size)
    transparent = "transparency" in image.info
    notes = ()
    if image.mode in ("P", "PA"):
        colours = "RGBA" if transparent or image.mode == "PA" else "RGB"
        image, notes = image.convert(colours), (f"palette colours became {colours}",)
    elif image.mode == "1":
        image, notes = image.convert("L"), ("1-bit pixels became 8-bit gray",)
    elif image.mode in ("L", "RGB") and transparent:
        image = image.convert({"L": "LA", "RGB": "RGBA"}[image.mode])
        notes = ("the transparent colour became an alpha channel",)
    elif image.mode == "RGBX":
        image = image.convert("RGB")
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        raise UsageError(
            f"expected gray or RGB pixels, received {image.mode}",
            hint="convert it to RGB first, for instance: magick IN -profile sRGB.icc OUT",
        )
    return with_channels(to_array(image)), notes


def to_array(image):
    """Copy a Pillow image band by band: NumPy would take it through two more copies of the whole.

    Parameters
    ----------
    image : PIL.Image.Image

    Returns
    -------
    ndarray, shape (H, W) or (H, W, C)
    """
    width, height = image.size
    pixels = None
    for top in range(0, height, BAND):
        band = np.asarray(image.crop((0, top, width, min(top + BAND, height))))
        if pixels is None:
            pixels = np.empty((height, *band.shape[1:]), band.dtype)
        pixels[top : top + BAND] = band
    return pixels


def with_channels(pixels):
    """Give a gray picture its channel axis.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, C)
        Picture.

    Returns
    -------
    ndarray, shape (H, W, C)
        A view.
    """
    return pixels[..., None] if pixels.ndim == 2 else pixels


def without_channels(pixels):
    """Drop the channel axis of a gray picture, as encoders want it.

    Parameters
    ----------
    pixels : ndarray, shape (H, W, C)
        Picture.

    Returns
    -------
    ndarray, shape (H, W) or (H, W, C)
        Contiguous.
    """
    return np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def turned_upright(pixels, orientation):
    """Apply an EXIF orientation.

    Parameters
    ----------
    pixels : ndarray, shape (H, W, C)
        Picture as stored.
    orientation : int
        1 to 8 (Exif 2.32, 4.6.4): which sides of the scene row 0 and column 0 show.

    Returns
    -------
    ndarray, shape (H, W, C) or (W, H, C)
        Upright picture; the same array for orientation 1.
    """
    if orientation == 1:
        return pixels
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
