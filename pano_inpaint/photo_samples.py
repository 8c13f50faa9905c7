"""Training samples from photos and from views into panoramas: a square crop, a hole, local windows."""

from dataclasses import dataclass

import cv2
import numpy as np

from pano_inpaint.decoding import read_small, shrink
from pano_inpaint.errors import UsageError
from pano_inpaint.holes import random_box, random_brush, random_silhouette
from pano_inpaint.pano_decoding import read_panorama_item
from pano_inpaint.pano_sets import PanoItem
from pano_inpaint.sphere import to_perspective
from pano_inpaint.streams import Stream

HOLE_KINDS = ("box", "brush", "silhouette")
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


@dataclass(frozen=True)
class HoleSettings:
    """Holes in square pictures.

    Attributes
    ----------
    low, high : int
        Range in pixels of a box's sides, drawn independently, and of a silhouette's body (Iizuka et al.
        2017 at half their scale).
    local_size : int
        Side in pixels of the local window; every hole fits into it.
    kinds : tuple of str
        Among "box", "brush" and "silhouette", drawn with equal odds; naming one twice doubles its odds.
    """

    low: int = 24
    high: int = 48
    local_size: int = 64
    kinds: tuple[str, ...] = HOLE_KINDS

    def __post_init__(self):
        if not 1 <= self.low <= self.high <= self.local_size:
            raise UsageError(
                "Expected 1 <= low <= high <= local_size."
                f" Received: low={self.low}, high={self.high}, local_size={self.local_size}"
            )
        if not self.kinds or not set(self.kinds) <= set(HOLE_KINDS):
            raise UsageError(f"Expected kinds of holes among {', '.join(HOLE_KINDS)}. Received: {self.kinds}")


@dataclass(frozen=True)
class CropSettings:
    """How a square picture is cut from a photo or a panorama while training.

    Attributes
    ----------
    scale : tuple of float
        Range of the crop's side as a share of the photo's shorter side.
    flip : bool
        Mirror half of the pictures left to right.
    brightness, contrast, saturation : float
        Largest change: a share of full scale added, and shares by which the two factors leave 1.
    fov, pitch : tuple of float
        Ranges of field of view and of pitch of views into panoramas, radians.
    """

    scale: tuple[float, float] = (0.5, 1.0)
    flip: bool = True
    brightness: float = 0.05
    contrast: float = 0.1
    saturation: float = 0.1
    fov: tuple[float, float] = (1.05, 1.75)
    pitch: tuple[float, float] = (-0.6, 0.6)


class PhotoStream(Stream):
    """Square pictures with a hole, from photos or from views into panoramas.

    Parameters
    ----------
    sources : sequence
        Paths, `PanoItem` (seen in perspective; the empty one of a pair), or anything with a length whose
        elements are uint8 RGB arrays, such as `data.tfds_photos`.
    size : int
        Side of the pictures in pixels.
    seed : int
    training : bool
        Else one pass: the largest square of the middle, always with the same hole.
    crops : CropSettings
    holes : HoleSettings
    cache_bytes : int
        Bound of the memory for decoded pictures.
    unreadable : Unreadable, optional
        Takes the pictures that could not be decoded; the stream goes on with the next.
    """

    def __init__(
        self, sources, *, size, seed, training=True, crops=None, holes=None, cache_bytes=0, unreadable=None
    ):
        super().__init__(
            sources, seed=seed, training=training, cache_bytes=cache_bytes, unreadable=unreadable
        )
        self.size, self.crops, self.holes = size, crops or CropSettings(), holes or HoleSettings()
        if self.holes.local_size > size:
            raise UsageError(
                f"local_size must be at most the picture's side {size}. Received: {self.holes.local_size}"
            )

    def draw(self, index):
        """Draw a sample.

        Parameters
        ----------
        index : int
            Place in the stream.

        Returns
        -------
        picture : ndarray, shape (S, S, 3), uint8
        mask : ndarray, shape (S, S), bool
        window, real_window : ndarray, shape (2,), int32
            Row and column of the top left corners of the local windows; the first holds the hole.
        """
        position, pixels = self._readable(index)
        rng = self._rng(index, position)
        mask, window = random_hole(rng, self.size, self.holes)
        real_window = rng.integers(0, self.size - self.holes.local_size + 1, 2)
        picture = self._view(rng, pixels) if self._is_panorama(position) else self._crop(rng, pixels)
        if self.training:
            picture = _recoloured(rng, picture, self.crops)
        return np.ascontiguousarray(picture), mask, window, real_window.astype(np.int32)

    def _is_panorama(self, position):
        return isinstance(self.items[position], PanoItem)

    def _name(self, position):
        source = self.items[position] if not hasattr(self.items, "name_of") else self.items.name_of(position)
        return source.name if isinstance(source, PanoItem) else str(source)

    def _load(self, position):
        source = self.items[position]
        if isinstance(source, PanoItem):
            return read_panorama_item(source, 4 * self.size).truth
        side = round(self.size / self.crops.scale[0])  # the smallest crop is still as fine as the sample
        return shrink(source, side) if isinstance(source, np.ndarray) else read_small(source, side)

    def _crop(self, rng, pixels):
        height, width = pixels.shape[:2]
        share = rng.uniform(*self.crops.scale) if self.training else 1.0
        side = max(1, min(min(height, width), round(share * min(height, width))))
        where = rng.random(2) if self.training else np.array([0.5, 0.5])
        top, left = (where * (height - side + 1, width - side + 1)).astype(int)
        crop = pixels[top : top + side, left : left + side]
        if self.training and self.crops.flip and rng.random() < 0.5:
            crop = crop[:, ::-1]
        shape = cv2.INTER_AREA if side > self.size else cv2.INTER_CUBIC
        return cv2.resize(np.ascontiguousarray(crop), (self.size, self.size), interpolation=shape)

    def _view(self, rng, panorama):
        """Look into a panorama at twice the size, then average down: views are coarser than panoramas."""
        yaw, pitch, fov = (
            rng.uniform(-np.pi, np.pi),
            rng.uniform(*self.crops.pitch),
            rng.uniform(*self.crops.fov),
        )
        side = 2 * self.size
        view = to_perspective(panorama, yaw=yaw, pitch=pitch, fov=fov, size=(side, side))
        if self.training and self.crops.flip and rng.random() < 0.5:
            view = np.ascontiguousarray(view[:, ::-1])
        return shrink(view, self.size)


def random_hole(rng, size, settings):
    """Draw a hole and a local window that contains it.

    Parameters
    ----------
    rng : numpy.random.Generator
    size : int
        Side of the picture in pixels.
    settings : HoleSettings

    Returns
    -------
    mask : ndarray, shape (size, size), bool
    window : ndarray, shape (2,), int32
        Row and column of the window's top left corner.
    """
    local = settings.local_size
    kind = settings.kinds[rng.integers(len(settings.kinds))]
    if kind == "box":
        shape = random_box(rng, local, settings.low, settings.high)
    elif kind == "brush":
        shape = random_brush(rng, local)
    else:
        shape = random_silhouette(rng, local, low=settings.low / local, high=settings.high / local)
    rows, columns = np.flatnonzero(shape.any(1)), np.flatnonzero(shape.any(0))
    shape = shape[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # The hole is placed first, anywhere up to the border, then a window around it.
    corner = rng.integers(0, size - np.array(shape.shape) + 1)
    mask = np.zeros((size, size), bool)
    mask[corner[0] : corner[0] + shape.shape[0], corner[1] : corner[1] + shape.shape[1]] = shape
    low, high = np.maximum(corner + shape.shape - local, 0), np.minimum(corner, size - local)
    return mask, rng.integers(low, high + 1).astype(np.int32)


def _recoloured(rng, picture, settings):
    """Change brightness, contrast and saturation a little, in one affine map of the colours."""
    add, contrast, saturation = rng.uniform(-1, 1, 3) * (
        settings.brightness,
        settings.contrast,
        settings.saturation,
    )
    if not (add or contrast or saturation):
        return picture
    mixing = (1 + saturation) * np.eye(3, dtype=np.float32) - saturation * _LUMA
    matrix = np.empty((3, 4), np.float32)
    matrix[:, :3] = (1 + contrast) * mixing
    matrix[:, 3] = 255 * add - 127.5 * contrast
    return cv2.transform(picture, matrix)
