"""Training samples from panoramas: six faces of a cube turned at random, with a hole on the sphere."""

from dataclasses import dataclass

import cv2
import numpy as np

from pano_inpaint.cube import Face, face_directions, face_weights, level_rays
from pano_inpaint.cubemap import to_faces
from pano_inpaint.errors import UsageError
from pano_inpaint.holes import SPHERE_HOLES, random_sphere_hole
from pano_inpaint.masks import grow
from pano_inpaint.pano_decoding import read_panorama_item
from pano_inpaint.regions import regions
from pano_inpaint.room_parts import THING
from pano_inpaint.shadows import DARK
from pano_inpaint.sphere import (
    latitude_weights,
    pixel_to_lonlat,
    rotation_matrix,
    sample_equirectangular,
    vector_to_lonlat,
    without_yaw,
)
from pano_inpaint.streams import Stream

_MIRRORED_FACES = [0, 3, 2, 1, 4, 5]  # right and left change places
_RIM = np.radians(6)  # from a hole, where close-ups look
_EDGE = 0.1  # of a close-up's side
_NEAR = np.radians(25)  # from erased furniture: its shadows are looked for no further away
_SURELY = 0.4, 0.25  # of the distance to the other: shadows are surely of erased, of other furniture
_FASTEST = 10.0  # radians of a wave in each radian of the view: from crest to trough in 18°, or more
_SMALLEST_OBJECT = 5e-4  # share of the sphere; below it an instance is a speck


@dataclass(frozen=True)
class PanoramaSettings:
    """How a panorama becomes six faces with a hole.

    Attributes
    ----------
    tilt : float
        Largest pitch and roll of the cube, drawn uniformly, radians; the yaw is always free.
    aim_odds : float
        How often the cube is turned towards a hole first, as it is for erasing.
    flip : bool
        Mirror half of the panoramas left to right while training.
    exposure : float
        While training, each colour's brightness is changed by a power and a factor drawn from within so
        much of 1, up or down, in logarithms: another camera, another light.
    shadow_spread : float
        While training, the shadows of a pair that lacks one piece are made fainter and deeper, by a factor
        within so much of 1, here more and there less: what casts them then tells nothing of their depth.
    recolour : float
        While training, floor, walls, ceiling and what stands before them are painted anew where they are
        known: the logarithm of each one's colours changes by so much at most.
    close_up : float
        While training, six views around the edge of the hole instead of the faces of a cube, enlarged by 1 to
        so much; 0 for none.
    hole_low, hole_high : float
        Range of the angular radius of random holes, radians.
    hole_kinds : tuple of str
        Among "cap", "brush" and "furniture", drawn with equal odds.
    objects : tuple of int
        Fewest and most objects erased from a furnished/empty pair whose objects are known.
    object_margin : tuple of float
        Range of the angle by which their outlines are widened, radians.
    extra_hole_odds : float
        How often a pair has a random hole besides its objects.
    blurred_pole : float
        Angle from the poles of skyboxes that does not count, radians; an estimate, Matterport's
        stitching blurs there.
    """

    tilt: float = 0.15
    aim_odds: float = 0.7
    flip: bool = True
    exposure: float = 0.0
    shadow_spread: float = 0.0
    recolour: float = 0.0
    close_up: float = 0.0
    hole_low: float = 0.1
    hole_high: float = 0.6
    hole_kinds: tuple[str, ...] = SPHERE_HOLES
    objects: tuple[int, int] = (1, 4)
    object_margin: tuple[float, float] = (0.01, 0.05)
    extra_hole_odds: float = 0.3
    blurred_pole: float = 0.35


class PanoramaStream(Stream):
    """Six faces with a hole, from panoramas.

    Parameters
    ----------
    items : sequence of PanoItem
    face_size : int
        Side of a face in pixels.
    seed : int
    training : bool
        Else one pass: rotation and hole of an item depend on its name and the seed alone.
    settings : PanoramaSettings
    local_size : int
        Side of the local windows in pixels.
    cache_bytes : int
        Bound of the memory for decoded panoramas.
    unreadable : Unreadable, optional
        Takes the panoramas that could not be decoded; the stream goes on with the next.
    """

    def __init__(
        self,
        items,
        *,
        face_size,
        seed,
        training=True,
        settings=None,
        local_size=64,
        cache_bytes=0,
        unreadable=None,
    ):
        super().__init__(items, seed=seed, training=training, cache_bytes=cache_bytes, unreadable=unreadable)
        self.face_size, self.local_size = face_size, local_size
        self.settings = settings or PanoramaSettings()
        if local_size > face_size:
            raise UsageError(
                f"local_size must be at most the face's side {face_size}. Received: {local_size}"
            )

    def draw(self, index):
        """Draw a sample.

        Parameters
        ----------
        index : int
            Place in the stream.

        Returns
        -------
        seen, truth : ndarray, shape (6, S, S, 3), uint8
        mask : ndarray, shape (6, S, S), bool
        weight : ndarray, shape (6, S, S), float32
        window, real_window : ndarray, shape (6, 2), int32
            Row and column of the top left corners of the local windows. A face's first window contains its
            part of the hole, or lies around a pixel of it when it is too large.
        layout : ndarray, shape (6, S, S), int32
            Part of the empty room, or that a thing stands before it outside the hole; below 0 where unknown.
        blame : ndarray, shape (6, S, S), float32
            Share of what truth and seen differ by outside the hole that is due to what the hole hides: 1
            where that is nearer than other furniture, 0 on and near such, below 0 where unknown.
        rays : ndarray, shape (6, S, S, 3), float32
            Direction of each pixel, up being up and the front face to the front.
        """
        position, panorama = self._readable(index)
        rng, settings = self._rng(index, position), self.settings
        hole = self._hole(rng, panorama)
        close_up = self.training and settings.close_up
        sample, rays = self._close_ups(rng, hole) if close_up else self._cube(rng, hole)
        mask, truth = sample(hole, "nearest"), sample(panorama.truth)
        seen = truth if panorama.seen is None else sample(panorama.seen)
        if self.training and settings.exposure:
            seen, truth = _exposed(rng, settings.exposure, seen, truth)
        if self.training and settings.shadow_spread and panorama.lacks_objects_only:
            factor = 1 + settings.shadow_spread * _wave(rng, rays)
            seen = _with_shadows(factor, seen, truth, ~sample(panorama.objects > 0, "nearest"))
        layout = np.full(mask.shape, -1, np.int32)
        if panorama.layout is not None:
            layout = sample(panorama.layout.view(np.uint8), "nearest").view(np.int8).astype(np.int32)
            if panorama.things is not None:
                layout[sample(panorama.things, "nearest") & ~mask] = THING
        if self.training and settings.recolour and panorama.layout is not None:
            seen, truth = _recoloured(rng, settings.recolour, layout + 1, seen, truth)
        weight = (_inside if close_up else face_weights)(self.face_size)
        weight = weight * (sample(panorama.valid) == 255)
        windows = np.stack([self._window(rng, face) for face in mask])
        free = rng.integers(0, self.face_size - self.local_size + 1, (6, 2)).astype(np.int32)
        blame = np.full(mask.shape, -1, np.float32)
        if panorama.things is not None:
            others = panorama.things & ~hole & (not panorama.lacks_objects_only)
            blame = sample(blame_map(panorama.things & hole, others), "nearest")
        return seen, truth, mask, weight.astype(np.float32), windows, free, layout, blame, rays

    def _cube(self, rng, hole):
        """Turn a cube; return what samples a panorama on it, (6, S, S, …), and the directions to be told."""
        rotation = rotation_matrix(*self._turn(rng, hole))
        mirrored = self.training and self.settings.flip and rng.random() < 0.5

        def sample(pixels, interpolation="bilinear"):
            faces = to_faces(pixels, self.face_size, rotation=rotation, interpolation=interpolation)
            return faces[_MIRRORED_FACES][:, :, ::-1] if mirrored else faces

        rays = level_rays(self.face_size, rotation)
        if mirrored:
            rays = rays[_MIRRORED_FACES][:, :, ::-1] * np.float32([-1, 1, 1])
        return sample, rays

    def _turn(self, rng, hole):
        """Draw yaw, pitch and roll of the cube."""
        tilt = self.settings.tilt
        pitch, roll = rng.uniform(-tilt, tilt, 2)
        yaw = rng.uniform(-np.pi, np.pi)
        aimed = rng.random() < self.settings.aim_odds
        holes = regions(hole) if aimed else []
        if not holes:
            return yaw, pitch, roll
        yaw, height = vector_to_lonlat(holes[rng.integers(len(holes))].direction)
        return float(yaw), float(height) + pitch / 4, 0.0

    def _close_ups(self, rng, hole):
        """Look six times at the edge of a hole; returns what `_cube` does."""
        settings = self.settings
        rim = grow(hole, _RIM) & ~hole
        rows, columns = np.nonzero(rim if rim.any() else np.ones_like(hole))
        front, views, rays = face_directions(self.face_size)[Face.FRONT], [], []
        for _ in range(6):
            chosen = rng.integers(len(rows))
            yaw, pitch = pixel_to_lonlat(columns[chosen], rows[chosen], 2 * len(hole), len(hole))
            rotation = rotation_matrix(yaw, pitch, rng.uniform(-settings.tilt, settings.tilt))
            view = front / front[..., 2:] * [*2 * [settings.close_up ** -rng.uniform()], 1]
            view /= np.linalg.norm(view, axis=-1, keepdims=True)
            mirrored = settings.flip and rng.random() < 0.5
            view = view[:, ::-1] if mirrored else view
            views.append(view @ rotation.T)
            side = rotation_matrix(rng.integers(4) * np.pi / 2, 0.0)  # a face of a cube may look that way
            rays.append(view @ (side @ without_yaw(rotation)).T * ([-1, 1, 1] if mirrored else 1))
        views = np.float32(views)

        def sample(pixels, interpolation="bilinear"):
            return sample_equirectangular(pixels, views, interpolation=interpolation)

        return sample, np.float32(rays)

    def _name(self, position):
        return self.items[position].name

    def _load(self, position):
        return read_panorama_item(
            self.items[position], 2 * self.face_size, blurred_pole=self.settings.blurred_pole
        )

    def _hole(self, rng, panorama):
        settings, height = self.settings, len(panorama.truth)
        hole = None if panorama.objects is None else random_object_hole(rng, panorama.objects, settings)
        if panorama.lacks_objects_only:
            hole = grow(panorama.objects > 0, rng.uniform(*settings.object_margin))
        if hole is None or rng.random() < settings.extra_hole_odds:
            kind = settings.hole_kinds[rng.integers(len(settings.hole_kinds))]
            extra = random_sphere_hole(rng, height, kind=kind, low=settings.hole_low, high=settings.hole_high)
            hole = extra if hole is None else hole | extra
        return hole

    def _window(self, rng, mask):
        """Place a local window on a face: around its hole, around a pixel of a large one, or anywhere."""
        local, most = self.local_size, self.face_size - self.local_size
        rows, columns = np.nonzero(mask)
        if not len(rows):
            return rng.integers(0, most + 1, 2).astype(np.int32)
        if max(np.ptp(rows), np.ptp(columns)) >= local:
            chosen = rng.integers(len(rows))
            corner = np.array([rows[chosen], columns[chosen]]) - local // 2
            return np.clip(corner, 0, most).astype(np.int32)
        first = np.array([rows.min(), columns.min()])
        last = np.array([rows.max(), columns.max()])
        low, high = np.maximum(last + 1 - local, 0), np.minimum(first, most)
        return rng.integers(low, high + 1).astype(np.int32)


def _exposed(rng, spread, *pictures):
    """Change the brightness of pictures, uint8 (..., 3), of all alike."""
    power, *factors = np.exp(rng.uniform(-spread, spread, 4))
    levels = np.linspace(0, 1, 256)[:, None] ** power * factors
    table = np.uint8(np.rint(255 * np.minimum(levels, 1)))
    return tuple(table[picture, [0, 1, 2]] for picture in pictures)


def _recoloured(rng, spread, parts, *pictures):
    """Paint each part, int (...), of pictures, uint8 (..., 3), in another colour, in all of them alike."""
    count = parts.max() + 1
    changes = (rng.uniform(-spread, spread, (count, channels)) for channels in (1, 3))
    factors = np.exp(sum(changes) / 2)  # as much in intensity as in colour
    levels = (np.arange(256) / 255 + DARK)[:, None, None] * factors - DARK
    table = np.uint8(np.rint(255 * np.clip(levels, 0, 1)))
    return tuple(table[picture, parts[..., None], [0, 1, 2]] for picture in pictures)


def _inside(size):
    """Weigh a view's pixels, (S, S): none at its edge, where a network knows of nothing beyond."""
    weight = np.zeros((size, size))
    edge = round(_EDGE * size)
    weight[edge : size - edge, edge : size - edge] = 1
    return weight


def _wave(rng, rays):
    """Return a plane wave, (..., 1) of -1 to 1, of any direction and phase, at rays (..., 3)."""
    direction = rng.normal(size=3)
    direction *= rng.uniform(0, _FASTEST) / np.linalg.norm(direction)
    return np.sin(rays @ np.float32(direction) + rng.uniform(0, 2 * np.pi))[..., None]


def _with_shadows(factor, seen, truth, where):
    """Multiply the log intensity by which pictures, uint8 (..., 3), differ, within `where`, bool (...)."""
    one, other = (np.float32(picture) / 255 + DARK for picture in (seen, truth))
    changed = other * (one / other) ** factor - DARK
    return np.where(where[..., None], np.uint8(np.rint(255 * np.clip(changed, 0, 1))), seen)


def random_object_hole(rng, objects, settings):
    """Take some of the objects, widened.

    Parameters
    ----------
    rng : numpy.random.Generator
    objects : ndarray, shape (H, 2H), int32
        Number of the object at each pixel, 0 for none.
    settings : PanoramaSettings
        How many objects, and by how much they are widened.

    Returns
    -------
    ndarray, shape (H, 2H), bool, or None
        None if no object is large enough.
    """
    share = np.broadcast_to(latitude_weights(len(objects)), objects.shape)
    numbers, inverse = np.unique(objects, return_inverse=True)
    areas = np.bincount(inverse.ravel(), share.ravel()) / share.sum()
    numbers = numbers[(numbers > 0) & (areas > _SMALLEST_OBJECT)]
    if not len(numbers):
        return None
    count = min(len(numbers), rng.integers(settings.objects[0], settings.objects[1] + 1))
    return grow(
        np.isin(objects, rng.choice(numbers, count, replace=False)), rng.uniform(*settings.object_margin)
    )


def blame_map(erased, others):
    """Tell where furniture that is erased, and where other furniture, is to blame for shadows.

    Parameters
    ----------
    erased : ndarray, shape (H, 2H), bool
        Where furniture is seen that is erased.
    others : ndarray, shape (H, 2H), bool
        Where other furniture is seen that the truth lacks, too.

    Returns
    -------
    ndarray, shape (H, 2H), float32
        1 where what is erased is, 0 where other furniture is and on it, −1 where neither surely is.
    """
    erased, others = _distances(erased), _distances(others)
    blame = np.full(erased.shape, -1, np.float32)
    blame[erased < _SURELY[0] * others] = 1
    blame[others < _SURELY[1] * erased] = 0
    blame[erased > _NEAR / np.pi * len(erased)] = -1
    return blame


def _distances(region):
    """Distance of every pixel from a region, in pixels; infinite if it is empty."""
    if not region.any():
        return np.full(region.shape, np.inf, np.float32)
    around = region.shape[1] // 4
    outside = np.uint8(~np.pad(region, ((0, 0), (around, around)), "wrap"))
    return cv2.distanceTransform(outside, cv2.DIST_L2, 3)[:, around:-around]
