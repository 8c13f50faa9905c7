"""Panoramas of a training set as arrays: what is seen, what is in the hole, objects, parts of the room."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image

from pano_inpaint.cubemap import from_faces
from pano_inpaint.decoding import read_small
from pano_inpaint.errors import FileError
from pano_inpaint.pano_sets import SKYBOX
from pano_inpaint.regions import regions
from pano_inpaint.room_parts import OF_LABELS
from pano_inpaint.sphere import latitude_weights

_BLACK = 8  # levels; a row no brighter than this at a pole is missing, not dark


@dataclass(frozen=True)
class DecodedPanorama:
    """A panorama ready for sampling.

    Attributes
    ----------
    truth : ndarray, shape (H, 2H, 3), uint8
        What should be in the hole: the empty room of a pair, else the picture itself.
    seen : ndarray or None
        What is seen around the hole where that is another picture: the furnished room of a pair.
    objects : ndarray, shape (H, 2H), int32, or None
        Number of the object at each pixel, 0 for none.
    valid : ndarray, shape (H, 2H), uint8
        255 where there is a picture.
    layout : ndarray, shape (H, 2H), int8, or None
        Part of the empty room at each pixel, see `room_parts`; below 0 where unknown.
    things : ndarray, shape (H, 2H), bool, or None
        Where furniture is seen; None if that is not known.
    lacks_objects_only : bool
        Whether the other furniture still stands in `truth`: nothing but the objects is gone.
    """

    truth: np.ndarray
    seen: np.ndarray | None
    objects: np.ndarray | None
    valid: np.ndarray = field(repr=False)
    layout: np.ndarray | None = None
    things: np.ndarray | None = None
    lacks_objects_only: bool = False

    @property
    def nbytes(self):
        """Memory it takes, in bytes."""
        parts = (self.truth, self.seen, self.objects, self.valid, self.layout, self.things)
        return sum(part.nbytes for part in parts if part is not None)


def read_panorama_item(item, height, *, blurred_pole=0.0):
    """Decode a panorama at a given size.

    Parameters
    ----------
    item : PanoItem
    height : int
        Rows wanted; it is twice as wide.
    blurred_pole : float
        Angle from the poles that is not valid in a skybox, radians.

    Returns
    -------
    DecodedPanorama

    Raises
    ------
    FileError
        If one of its files cannot be decoded.
    """
    if item.kind == SKYBOX:
        # A face pixel at the edge is as fine as the panorama's equator when its side is 2H · 2 / (π · 2).
        faces = np.stack([_square(read_small(path, round(height * 0.64))) for path in item.paths])
        truth, seen = from_faces(faces, height), None
        cosine = latitude_weights(height)
        valid = np.where(cosine < np.sin(blurred_pole), 0, 255)
    else:
        seen = _sized(read_small(item.paths[0], height), height)
        truth = seen if item.empty is None else _sized(read_small(item.empty, height), height)
        seen = None if item.empty is None else seen
        valid = np.where(_missing_rows(truth), 0, 255)[:, None]
    valid = np.ascontiguousarray(np.broadcast_to(valid.astype(np.uint8), truth.shape[:2]))
    objects = _read_objects(item.object_mask, height) if item.empty and item.object_mask else None
    layout = _read_layout(item.layout, height) if item.layout else None
    things, some = None, False
    if item.empty and item.things:
        some = objects is not None and item.things != item.object_mask
        things = (_read_objects(item.things, height) if some else objects) > 0
    return DecodedPanorama(truth, seen, objects, valid, layout, things, some)


def _square(face):
    if face.shape[0] != face.shape[1]:
        raise FileError(f"Expected a square face. Received: {face.shape[1]}x{face.shape[0]}")
    return face


def _sized(pixels, height):
    """Bring a panorama that is smaller, or one pixel off, to the size wanted."""
    if pixels.shape[:2] == (height, 2 * height):
        return pixels
    return cv2.resize(pixels, (2 * height, height), interpolation=cv2.INTER_LINEAR)


def _missing_rows(panorama):
    """Tell the rows at the poles that hold no picture, as in Stanford 2D-3D-S."""
    dark = panorama.max(axis=(1, 2)) <= _BLACK
    if dark.all():
        return np.zeros_like(dark)
    return np.logical_and.accumulate(dark) | np.logical_and.accumulate(dark[::-1])[::-1]


def _read_objects(paths, height):
    labels = [_read_labels(path, height) for path in paths]
    if len(labels) == 1:
        background = (labels[0] == 0) | (labels[0] == 65535)
        return np.where(background, 0, labels[0]).astype(np.int32)
    objects = np.zeros((height, 2 * height), np.int32)
    for number, region in enumerate(regions(labels[0] != labels[1]), 1):
        rows, start, width = region.window
        columns = np.arange(start, start + width) % (2 * height)
        part = objects[rows]
        part[:, columns] = np.where(region.mask, number, part[:, columns])
    return objects


def _read_layout(path, height):
    """Read NYU40 labels as parts of a room; None where they are stored as colours of unknown meaning."""
    try:
        with Image.open(path) as picture:
            if picture.mode not in ("L", "P"):
                return None
            labels = np.asarray(picture.resize((2 * height, height), Image.Resampling.NEAREST))
    except OSError as error:
        raise FileError(f"Cannot read {path}: {error}") from error
    parts = np.full(256, -1, np.int8)
    for label, part in OF_LABELS.items():
        parts[label] = part
    return parts[labels]


def _read_labels(path, height):
    """Read a picture of labels as one number per pixel; colours are packed into it."""
    try:
        stored = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error) as error:
        raise FileError(f"Cannot read {path}: {error}") from error
    if stored is None:
        raise FileError(f"Expected a picture of labels. Received: {path}, which cannot be decoded")
    stored = cv2.resize(stored, (2 * height, height), interpolation=cv2.INTER_NEAREST_EXACT)
    if stored.ndim == 2:
        return stored.astype(np.int32)
    blue, green, red = (stored[..., channel].astype(np.int32) for channel in range(3))
    return red << 16 | green << 8 | blue
