"""Pictures made ready for a page: bytes a browser shows, their place on the sphere, first view, thumbnail."""

import base64
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.gpano import find_placement, read_gpano
from pano_inpaint.panorama import read_panorama

THUMBNAIL = (272, 136)  # twice the size at which the scene list shows it, for dense screens
JPEG_QUALITY = 95
_MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@dataclass(frozen=True)
class Picture:
    """A picture as a page embeds it.

    Attributes
    ----------
    path : Path
        Where it comes from.
    media_type : str
        Of the embedded bytes.
    content : bytes or None
        Those bytes; None if they are the file's own, which are read when they are written.
    crop : dict or None
        Where a partial panorama lies: ``left``, ``top``, and ``width``, ``height`` of the whole sphere.
    start : dict
        First view in degrees: ``yaw``, ``pitch``, and ``fov``, which may be None.
    thumbnail : str
        Small JPEG of the whole sphere as a data URI.
    """

    path: Path
    media_type: str
    content: bytes | None
    crop: dict | None
    start: dict
    thumbnail: str

    @property
    def size(self):
        """Bytes that are embedded."""
        return self.path.stat().st_size if self.content is None else len(self.content)

    def open(self):
        """Open the bytes that are embedded, for reading."""
        return self.path.open("rb") if self.content is None else io.BytesIO(self.content)


def read_embedded(path, max_width):
    """Make a picture file ready for a page.

    Parameters
    ----------
    path : Path
        JPEG, PNG, TIFF or WebP, 2:1 or with GPano crop tags.
    max_width : int
        A whole sphere that is wider becomes a scaled copy.

    Returns
    -------
    Picture

    Raises
    ------
    UsageError
        If it is no panorama.
    FileError
        If it cannot be read.
    """
    image, media_type, tags = _open(path)
    try:
        with image:
            return _embed(path, image, media_type, tags, max_width)
    except UsageError as error:
        raise type(error)(f"{path}: {error}", hint=error.hint) from error
    except (OSError, SyntaxError) as error:  # Pillow reports damaged PNG chunks as SyntaxError
        raise FileError(f"cannot read {path}: {error}") from error


def _embed(path, image, media_type, tags, max_width):
    placement = find_placement(tags, *_upright_size(image))
    content = None
    if 2 * placement.full_height > max_width or media_type is None:
        image = _scaled(image, min(1, max_width / (2 * placement.full_height)))
        placement = find_placement(tags, *image.size)
        content, media_type = _encode(image)
    thumbnail = _thumbnail(image, placement)
    return Picture(path, media_type, content, _crop(placement), _start(tags), thumbnail)


def _open(path):
    """Open a picture the browser can show lazily, or decode one that it cannot.

    Returns the picture, its media type (None if its bytes are not for the browser) and its GPano tags.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # 16384x8192 is no bomb here
            image = Image.open(path, formats=list(_MEDIA_TYPES))
    except Image.DecompressionBombError as error:
        raise FileError(f"cannot read {path}: {error}") from error
    except OSError as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise FileError(f"cannot read {path}: {error.strerror}") from error
        return _decode(path)
    return image, _MEDIA_TYPES[image.format], read_gpano(_xmp(image))


def _decode(path):
    """Decode what no browser shows, such as TIFF, to 8 bits of the whole sphere."""
    panorama = read_panorama(path)
    pixels = panorama.pixels
    if pixels.dtype.kind == "f":
        pixels = np.clip(pixels, 0, 1) * 255
    elif pixels.dtype == np.uint16:
        pixels = pixels / 257  # 65535 becomes 255
    pixels = np.round(pixels).astype(np.uint8)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    tags = read_gpano(panorama.metadata.xmp)
    return image, None, {name: value for name, value in tags.items() if "Pixels" not in name}


def _xmp(image):
    xmp = image.info.get("xmp")
    return xmp.encode() if isinstance(xmp, str) else xmp


def _upright_size(image):
    turned = image.getexif().get(0x0112, 1) >= 5  # Exif orientations 5 to 8 swap the sides
    return image.size[::-1] if turned else image.size


def _scaled(image, scale):
    image = _rgb(ImageOps.exif_transpose(image))
    size = [max(1, round(side * scale)) for side in image.size]
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)


def _rgb(image):
    """Reduce to 8-bit RGB; Pillow alone would clip 16-bit gray at 255."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image, np.uint32) >> 8).astype(np.uint8))
    return image.convert("RGB")


def _encode(image):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return stream.getvalue(), _MEDIA_TYPES["JPEG"]


def _thumbnail(image, placement):
    """Return the whole sphere as a small JPEG's data URI; decoding it also proves the file whole."""
    image.draft("RGB", (THUMBNAIL[0] * 2, THUMBNAIL[1] * 2))
    image = _rgb(ImageOps.exif_transpose(image))
    scale = THUMBNAIL[1] / placement.full_height
    box = [round(side * scale) for side in (placement.left, placement.top, placement.width, placement.height)]
    whole = Image.new("RGB", THUMBNAIL)
    whole.paste(image.resize([max(1, side) for side in box[2:]], Image.Resampling.LANCZOS), tuple(box[:2]))
    stream = io.BytesIO()
    whole.save(stream, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _crop(placement):
    if placement.is_full:
        return None
    size = {"width": 2 * placement.full_height, "height": placement.full_height}
    return {"left": placement.left, "top": placement.top, **size}


def _start(tags):
    """Work out the first view in degrees.

    The initial heading counts from north, as the pose of the picture's centre does, and from the centre
    where no pose is given. Source: Google, "Photo Sphere XMP Metadata", GPano parameter reference.
    """
    heading = _degrees(tags.get("InitialViewHeadingDegrees"))
    yaw = 0.0 if heading is None else heading - (_degrees(tags.get("PoseHeadingDegrees")) or 0.0)
    return {
        "yaw": (yaw + 180) % 360 - 180,
        "pitch": max(-90.0, min(90.0, _degrees(tags.get("InitialViewPitchDegrees")) or 0.0)),
        "fov": _degrees(tags.get("InitialHorizontalFOVDegrees")),
    }


def _degrees(value):
    try:
        angle = float(value)
    except (TypeError, ValueError):
        return None
    return angle if np.isfinite(angle) else None
