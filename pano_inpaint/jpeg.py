"""JPEG that changes as little as possible: the source's own tables, subsampling and chroma samples.

Decoding and encoding with the same quantisation tables would give back the same coefficients, were it not
for two steps in between: YCbCr is rounded and clipped to RGB, and libjpeg smooths chroma when it enlarges
it but averages when it reduces it. So the untouched part of the frame is taken from the source as YCbCr
with its chroma samples merely repeated, which averaging turns back into exactly those samples.
"""

import io

import cv2
import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from .errors import UsageError
from .gpano import only_gpano
from .metadata import Metadata, bare_exif, read_orientation
from .picture import BAND, Picture, check_size, from_pillow, without_channels

_SIDE_LIMIT = 65500  # libjpeg's JPEG_MAX_DIMENSION
_SEGMENT = 65535 - 2  # a marker's length field counts itself
_XMP_LIMIT = _SEGMENT - len(b"http://ns.adobe.com/xap/1.0/\0")
_FULL, _HALF_WIDTH, _HALF_BOTH = 0, 1, 2  # Pillow's names for 4:4:4, 4:2:2, 4:2:0
_DEFAULT_QUALITY = 95


def decode_jpeg(data):
    """Decode a JPEG file.

    Parameters
    ----------
    data : bytes
        The file; of several pictures in it (MPO, gain maps) the first.

    Returns
    -------
    Picture
        `coding` holds ``qtables``, ``subsampling``, ``progressive`` and ``keep_rgb``.
    """
    image = JpegImageFile(io.BytesIO(data))
    pixels, notes = from_pillow(image)
    if "mp" in image.info:
        notes += ("only the first of the pictures in the file is kept",)
    info = image.info
    exif = bare_exif(info.get("exif"))
    metadata = Metadata(exif, info.get("icc_profile"), info.get("xmp"), _dpi(info), info.get("comment"))
    return Picture(pixels, "JPEG", metadata, read_orientation(exif), _coding(image), notes)


def encode_jpeg(pixels, metadata, coding, *, quality=None, source=None):
    """Encode a JPEG file.

    Parameters
    ----------
    pixels : ndarray, shape (H, W, 1) or (H, W, 3), uint8
        Picture.
    metadata : Metadata
        Written as far as JPEG holds it: EXIF up to 64 KB, and of a longer XMP packet the GPano tags.
    coding : dict
        What `decode_jpeg` found, or empty.
    quality : int, optional
        1 to 100; overrides the source's quantisation tables.
    source : bytes, optional
        The file that the picture was decoded from: what did not change since is taken from there.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    UsageError
        If the picture is larger than a JPEG can be.
    """
    height, width = pixels.shape[:2]
    if max(width, height) > _SIDE_LIMIT:
        raise UsageError(
            f"expected sides of at most {_SIDE_LIMIT} pixels for JPEG, received {width}x{height}"
        )
    options = _options(coding, pixels.shape[-1], quality)
    image = None
    if source is not None and quality is None and pixels.shape[-1] == 3 and not coding.get("keep_rgb"):
        image = _own_samples(source, pixels, coding.get("subsampling"))
    image = image or Image.fromarray(without_channels(pixels))
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options, **_metadata_options(metadata))
    return stream.getvalue()


def _coding(image):
    # Tables in the order of their components: Pillow gives the first to luma, the second to chroma.
    tables = [
        list(image.quantization[layer[3]]) for layer in image.layer[:2] if layer[3] in image.quantization
    ]
    return {
        "qtables": tables,
        "subsampling": get_sampling(image) if len(image.layer) == 3 else _FULL,
        "progressive": "progressive" in image.info,
        "keep_rgb": image.mode == "RGB" and _is_stored_as_rgb(image),
    }


def _is_stored_as_rgb(image):
    return image.info.get("adobe_transform") == 0 or [layer[0] for layer in image.layer] == list(b"RGB")


def _options(coding, channels, quality):
    tables = coding.get("qtables")
    if quality is not None or not tables:
        return {
            "quality": _DEFAULT_QUALITY if quality is None else quality,
            "subsampling": max(_FULL, coding.get("subsampling", _FULL)),
            "progressive": coding.get("progressive", False),
        }
    return {
        "qtables": tables[:1] if channels == 1 else tables,
        # Layouts that Pillow cannot write (4:4:0, 4:1:1) are written without subsampling.
        "subsampling": max(_FULL, coding["subsampling"]),
        "progressive": coding["progressive"],
        "keep_rgb": coding["keep_rgb"] and channels == 3,
    }


def _metadata_options(metadata):
    options = {}
    if metadata.exif and len(metadata.exif) + 6 <= _SEGMENT:
        options["exif"] = b"Exif\0\0" + metadata.exif
    if metadata.icc:
        options["icc_profile"] = metadata.icc
    if metadata.xmp:
        options["xmp"] = metadata.xmp if len(metadata.xmp) <= _XMP_LIMIT else only_gpano(metadata.xmp)
    if metadata.comment:
        options["comment"] = metadata.comment
    if metadata.dpi:
        options["dpi"] = tuple(round(value) for value in metadata.dpi)
    return options


def _dpi(info):
    # Units 1 and 2 are real; Pillow fills the entry from EXIF otherwise, where it is kept anyhow.
    return tuple(map(float, info["dpi"])) if info.get("jfif_unit") in (1, 2) and "dpi" in info else None


def _own_samples(source, pixels, subsampling):
    """Return the frame in YCbCr: the source's own samples, and the new ones where pixels changed.

    Band by band: a whole frame of 16384x8192 takes half a gigabyte, and only one at a time is there.
    """
    changed = _changed(source, pixels)
    if changed is None or subsampling not in (_FULL, _HALF_WIDTH, _HALF_BOTH):
        return None
    frame = _draft(source)
    width, height = frame.size
    # At half the scale libjpeg gives out the chroma samples as they are stored, not enlarged.
    stored = _draft(source, 2) if subsampling == _HALF_BOTH and min(width, height) > 1 else None
    for top in range(0, height, BAND):
        rows = slice(top, min(top + BAND, height))
        band = np.array(frame.crop((0, top, width, rows.stop)))
        if stored is not None:
            _repeat_chroma(band, stored, top)
        elif subsampling == _HALF_WIDTH and width % 2 == 0:
            _unsmooth(band)
        columns = np.flatnonzero(changed[rows].any(0))
        if columns.size:
            # A whole number of chroma cells.
            window = slice(columns[0] & ~1, (columns[-1] | 1) + 1)
            _paste(band[:, window], pixels[rows, window], changed[rows, window], subsampling)
        frame.paste(Image.frombuffer("YCbCr", band.shape[1::-1], band, "raw", "YCbCr", 0, 1), (0, top))
    frame.info.clear()  # what is to be written is given to the encoder
    return frame


def _changed(source, pixels):
    """Find pixels (H, W) that are not as the source has them; None if it is another picture."""
    original = JpegImageFile(io.BytesIO(source))
    if original.mode != "RGB" or original.size != pixels.shape[1::-1]:
        return None
    width, height = original.size
    changed = np.zeros((height, width), bool)
    for top in range(0, height, BAND):
        rows = slice(top, min(top + BAND, height))
        band = np.asarray(original.crop((0, top, width, rows.stop)))
        if not np.array_equal(band, pixels[rows]):
            changed[rows] = (band != pixels[rows]).any(axis=2)
    return changed


def _repeat_chroma(band, stored, top):
    """Put the stored chroma samples into all pixels of their cells."""
    samples = np.asarray(stored.crop((0, top // 2, stored.width, (top + len(band) + 1) // 2)))[..., 1:]
    for row in (0, 1):
        for column in (0, 1):
            part = band[row::2, column::2, 1:]
            part[...] = samples[: part.shape[0], : part.shape[1]]


def _paste(frame, pixels, changed, subsampling):
    fresh = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2YCrCb)[..., [0, 2, 1]]
    frame[changed, 0] = fresh[changed, 0]
    cells = changed
    if subsampling != _FULL:
        cells = _spread(cells, axis=1)
    if subsampling == _HALF_BOTH:
        cells = _spread(cells, axis=0)
    frame[cells, 1:] = fresh[cells, 1:]


def _spread(cells, axis):
    """Mark both of a pair where either is marked; pairs start at even positions."""
    size = cells.shape[axis]
    starts = np.logical_or.reduceat(cells, np.arange(0, size, 2), axis=axis)
    return np.repeat(starts, 2, axis=axis).take(np.arange(size), axis=axis)


def _unsmooth(frame, rows=256):
    """Undo libjpeg's triangle filter along the rows: solve for samples whose enlargement has these means."""
    for top in range(0, frame.shape[0], rows):
        chroma = frame[top : top + rows, :, 1:]
        means = (chroma[:, 0::2].astype(np.float32) + chroma[:, 1::2]) / 2
        samples = means.copy()
        for _ in range(8):  # Jacobi steps; the error at least halves each time
            sides = np.pad(samples, ((0, 0), (1, 1), (0, 0)), mode="edge")
            samples += means - (sides[:, :-2] + 6 * samples + sides[:, 2:]) / 8
        samples = np.clip(np.rint(samples), 0, 255).astype(np.uint8)
        chroma[:, 0::2] = samples
        chroma[:, 1::2] = samples


def _draft(source, reduction=1):
    image = JpegImageFile(io.BytesIO(source))
    check_size(*image.size)
    image.draft("YCbCr", tuple(max(1, side // reduction) for side in image.size))
    return image
