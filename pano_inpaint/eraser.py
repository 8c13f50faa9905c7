"""Erasing: the one place where geometry, network and blending meet."""

from typing import NamedTuple

import cv2
import numpy as np

from .blending import blend
from .charts import Pyramid
from .completer import load_completer
from .cubemap import from_faces, to_faces
from .detail import paint_hole
from .errors import UsageError
from .hole_tiles import tiles
from .levelling import level
from .models.presets import find_preset
from .panorama import from_rgb, to_rgb
from .regions import regions
from .room_parts import join_faces, join_parts, surfaces_of, widen_things
from .shadows import finer_near, in_contact, lift, no_brighter_than_around, within_reach
from .shrinking import shrink
from .sphere import overlapping, rotation_matrix, sample_equirectangular, window_directions
from .structure import analyse_room

QUALITIES = ("draft", "standard", "fine")
STRUCTURE_HEIGHT = 768  # rows of the copy in which the room's planes are looked for
LEVEL_HEIGHT = 512  # rows of the copy that is completed in views, to take colours from
MERGE_WITHIN = np.radians(10)  # holes nearer than this are completed together
BELIEVED = 0.1  # of the range: by no more does the network miss colours that it sees beside a hole
CONTEXT = 16  # known pixels around a hole's window that the blending sees
# The network completes a pixel more than asked, so that on the hole's edge its colours can be compared
# with those that are known.
_AROUND = np.ones((3, 3), np.uint8)
# Cubes on which shadows are asked for, turned from the hole by radians: where pixels and borders of faces lie
# matters by chance, in the mean less. Measured on 43 pieces: 2 to 4 % more of their shade is explained; on
# 36 others, that on finer faces one cube is as good as five.
_TURNS = [rotation_matrix(yaw, pitch) for yaw, pitch in ((0, 0), (0.5, 0), (-0.5, 0), (0, 0.4), (0, -0.4))]


class Lifted(NamedTuple):
    """A panorama with its shadows lifted, and what is to be erased from it.

    Attributes
    ----------
    panorama : Panorama
    mask : ndarray, shape (H, W), bool
        What was marked, and what lies in its shadow so near that lifting would leave an outline.
    changed : ndarray, shape (H, W), bool
        Where the panorama differs from the original; nowhere under what was marked.
    """

    panorama: object
    mask: np.ndarray
    changed: np.ndarray


class Eraser:
    """Erases marked objects from panoramas.

    Parameters
    ----------
    complete : callable
        Completes six faces, see `completer.load_completer`, with its attributes.
    quality : {"draft", "standard", "fine"}
        "draft" is the network's completion alone. "standard" takes it as the guide for detail at the
        panorama's own resolution, copied from the panorama itself in views around the hole; "fine" looks
        for the room's planes first, and copies on each of them looked at straight.
    seed : int
        Another seed gives another detail.

    Raises
    ------
    UsageError
        If there is no such quality.
    """

    def __init__(self, complete, *, quality="standard", seed=0):
        if quality not in QUALITIES:
            raise UsageError(f"expected a quality of {', '.join(QUALITIES)}, got {quality!r}")
        self._complete, self._quality, self._seed = complete, quality, seed

    @classmethod
    def load(cls, preset="indoor", *, runtime="auto", **options):
        """Load the network of a preset, by name or folder; see `completer.load_completer`."""
        return cls(load_completer(find_preset(preset), runtime=runtime), **options)

    @property
    def tells_shadows(self):
        """Whether its network does, as `lift_shadows` needs."""
        return "shadows" in self._complete.tells

    def erase(
        self, panorama, mask, *, watch=lambda _done, _total: None, seed=None, shadows_lifted=False,
        explanation=None,
    ):  # fmt: skip
        """Complete what is marked.

        Parameters
        ----------
        panorama : Panorama
        mask : ndarray, shape (H, W), bool
            True = erase, such as `read_mask` returns.
        watch : callable, optional
            Told how many holes are done, and how many there are.
        seed : int, optional
            Instead of the eraser's own.
        shadows_lifted : bool
            Whether panorama and mask come from `lift_shadows`. On planes, what is somewhat darker beside the
            mask is then the surface itself, which the hole meets.
        explanation : Explanation, optional
            Told what was understood, if given.

        Returns
        -------
        Panorama
            The same but for the marked pixels: all others are the original's to the bit.

        Raises
        ------
        UsageError
            If the mask does not fit the panorama.
        """
        unseen, holes = _holes(panorama, mask)
        watch(0, len(holes))
        pixels = panorama.pixels.copy()
        small, completions = self._completions(panorama.pixels, unseen, holes)
        structure = parts = None
        if self._quality == "fine" and holes:
            structure, parts = _room(panorama.pixels, unseen, holes, completions, len(small[0]))
        pyramid = None if self._quality == "draft" else Pyramid(panorama.pixels, unseen)
        if explanation is not None:
            explanation.structure = structure
        options = {
            "seed": self._seed if seed is None else seed, "quality": self._quality, "parts": parts,
            "shadows_lifted": shadows_lifted,
        }  # fmt: skip
        guides, covers = [], []
        for done, (hole, completion) in enumerate(zip(holes, completions, strict=True), start=1):
            guide, cover = as_guide(completion.faces, hole.rotation, *small), None
            if pyramid is None:
                fill_hole(pixels, hole, completion.faces, unseen)
            else:
                cover = paint_hole(pixels, pyramid, hole, structure, guide=guide, **options)
            guides.append(guide)
            covers.append(cover)
            if explanation is not None:
                explanation.holes.append((hole, guide, cover))
            watch(done, len(holes))
        if structure is not None and structure.planes:
            views = complete_in_views(panorama.pixels, unseen, holes, guides, seed=options["seed"])
            own = shrink(pixels, unseen & ~mask, LEVEL_HEIGHT)[0]
            for hole, cover in zip(holes, covers, strict=True):
                level(pixels, hole, own, views, keep=cover.is_paint)  # its light is surer than any copy's
        return panorama.with_pixels(pixels)

    def lift_shadows(self, panorama, mask, reach):
        """Light what is beside a mask as if what it marks cast no shadow there.

        Parameters
        ----------
        panorama : Panorama
        mask : ndarray, shape (H, W), bool
            True = what is to be erased.
        reach : float
            How far from the mask, in radians.

        Returns
        -------
        Lifted

        Raises
        ------
        UsageError
            If the mask does not fit the panorama, or the network tells no shadows.
        """
        unseen, holes = _holes(panorama, mask)
        if not holes:
            return Lifted(panorama, mask, np.zeros_like(mask))
        finer = self._complete.finer if len(mask) > 2 * self._complete.face_size else None
        height = min(len(mask), 2 * (finer or self._complete).face_size)
        _, marked = shrink(panorama.pixels, mask, height)
        told, small = _told(self._complete, panorama.pixels, unseen, holes, height, _TURNS)
        if finer is not None:
            fine, small = _told(finer, panorama.pixels, unseen, holes, height, _TURNS[:1])
            told = finer_near(fine, told, marked)
        told, share = no_brighter_than_around(told[..., :3], told[..., 3], small), told[..., 3]
        pixels = panorama.pixels.copy()
        shadows = within_reach(told, share, marked, reach)
        changed = lift(pixels, unseen, shadows)
        wider = mask | in_contact(mask, panorama.known, shadows, pixels)
        return Lifted(panorama.with_pixels(pixels), wider, changed)

    def _completions(self, pixels, unseen, holes):
        """Shrink a panorama as the network sees it, and complete a cube turned towards each hole."""
        small = shrink(pixels, unseen, 2 * self._complete.face_size)
        return small, [completed(self._complete, *small, hole.rotation) for hole in holes]


def _holes(panorama, mask):
    """Tell what is not to be seen of a panorama, and the holes to be completed."""
    if mask.shape != panorama.pixels.shape[:2] or mask.dtype != bool:
        raise UsageError(
            f"expected a bool mask of shape {panorama.pixels.shape[:2]}, got {mask.dtype} of {mask.shape}"
        )
    unseen, marked = mask, mask
    if panorama.is_partial:
        unseen, marked = mask | ~panorama.known, mask & panorama.known
    return unseen, regions(marked, merge_within=MERGE_WITHIN)


def _room(pixels, unseen, holes, completions, height):
    """Find the room's planes, and its parts if the network tells, in `height` rows."""
    parts = join_parts(completions, holes, height)
    structure = find_structure(pixels, unseen, None if parts is None else surfaces_of(parts))
    return structure, None if parts is None else as_map(widen_things(parts))


def _told(network, pixels, unseen, holes, height, turns):
    """Ask for the shadows of holes, see `shadows_told`: a panorama (height, 2 height, 4), the turns' mean.

    Also returns what the network was shown, shrunk, (h, 2h, 3): with what stands there.
    """
    nowhere = np.broadcast_to(np.False_, unseen.shape)
    (small, _), (_, hidden) = (shrink(pixels, part, 2 * network.face_size) for part in (nowhere, unseen))
    told = 0
    for turn in turns:
        cubes = [shadows_told(network, small, hidden, hole.rotation @ turn) for hole in holes]
        if any(cube is None for cube in cubes):
            raise UsageError("expected a network that tells shadows, got one that does not")
        told += join_faces(cubes, holes, height, turn=turn) / len(turns)
    return told, small


def completed(network, small, unseen, rotation):
    """Complete a cube that is turned towards a hole.

    Parameters
    ----------
    network : callable
        See `completer.load_completer`.
    small : ndarray, shape (h, 2h, 3), float32 in [0, 1]
        The panorama, shrunk.
    unseen : ndarray, shape (h, 2h), bool
        What is to be completed; a pixel more is.
    rotation : ndarray, shape (3, 3)
        How the cube is turned.

    Returns
    -------
    Completion
    """
    faces, mask = _cube(network, small, unseen, rotation)
    grown = [cv2.dilate(face, _AROUND) for face in mask]
    return network(faces, np.stack(grown)[..., None], rotation)


def shadows_told(network, small, unseen, rotation):
    """Ask for the shadows on a cube that is turned towards a hole.

    Parameters
    ----------
    network, small, unseen, rotation
        As for `completed`, but the picture shows what is to be completed, and the hole is not a pixel wider,
        so as to hear of its very edge.

    Returns
    -------
    ndarray, shape (6, S, S, 4), float32, or None
        Log intensity, 0 in what is unseen, and 1 outside it; None if the network tells no shadows.
    """
    faces, mask = _cube(network, small, unseen, rotation)
    shadows = network(faces, mask[..., None], rotation).shadows
    if shadows is None:
        return None
    known = 1 - mask[..., None]
    return np.concatenate([shadows * known, known], axis=-1)


def _cube(network, small, unseen, rotation):
    """Six faces (6, S, S, 3), and what of them touches the unseen, (6, S, S), float32."""
    size = network.face_size
    mask = to_faces(unseen.astype(np.float32), size, rotation=rotation)
    return to_faces(small, size, rotation=rotation), (mask > 0).astype(np.float32)


def as_map(parts):
    """Turn a panorama of parts, shape (h, 2h), into a function of directions (..., 3)."""
    return lambda directions: sample_equirectangular(parts, directions, interpolation="nearest")


def fill_hole(pixels, hole, faces, unseen):
    """Write completed faces into a hole, joined to its surroundings.

    Parameters
    ----------
    pixels : ndarray, shape (H, 2H, C)
        The panorama; changed in place, inside the hole only.
    hole : Region
    faces : ndarray, shape (6, S, S, 3), float32 in [0, 1]
        Completed faces of the cube turned by ``hole.rotation``.
    unseen : ndarray, shape (H, 2H), bool
        All that is to be erased or was never photographed, this hole included.
    """
    height = len(pixels)
    for tile in tiles(hole, height, around=CONTEXT):
        fill = from_faces(faces, height, rotation=hole.rotation, interpolation="bicubic", region=tile.window)
        unknown = tile.cut(unseen) & ~tile.written
        blended = blend(to_rgb(tile.cut(pixels)), np.float32(fill), unknown, believed=BELIEVED)
        own = tile.places()
        there = tile.in_panorama(*own)
        pixels[there] = from_rgb(blended[own], pixels[there])


def complete_in_views(pixels, unseen, holes, guides, *, seed):
    """Complete a small copy of a panorama without its planes.

    Parameters
    ----------
    pixels : ndarray, shape (H, 2H, C)
        As stored in a file.
    unseen : ndarray, shape (H, 2H), bool
        All that is to be erased or was never photographed.
    holes : sequence of Region
    guides : sequence of callable
        One for each hole, see `as_guide`.
    seed : int

    Returns
    -------
    ndarray, shape (h, 2h, 3), float32 in [0, 1]
        `LEVEL_HEIGHT` rows, if the panorama has more.
    """
    small, hidden = shrink(pixels, unseen, LEVEL_HEIGHT)
    height, pyramid, completed = len(small), Pyramid(small, hidden), small.copy()
    everywhere = window_directions((slice(0, height), 0, 2 * height), height)
    for hole, guide in zip(holes, guides, strict=True):
        for part in regions(hole.contains(everywhere, len(pixels)), merge_within=np.pi):
            paint_hole(completed, pyramid, part, guide=guide, seed=seed)
    return completed


def find_structure(pixels, unseen, labels=None):
    """Find a room's planes in a copy of the panorama that is small enough to look at as a whole."""
    small, hidden = shrink(pixels, unseen, STRUCTURE_HEIGHT)
    return analyse_room(np.uint8(np.rint(255 * small)), hidden, labels=labels)


def as_guide(faces, rotation, small, unseen):
    """Turn completed faces into a function of directions, which is what detail is guided by.

    Parameters
    ----------
    faces : ndarray, shape (6, S, S, 3), float32 in [0, 1]
    rotation : ndarray, shape (3, 3)
        How the cube is turned.
    small : ndarray, shape (h, 2h, 3), float32 in [0, 1]
        The panorama, shrunk; the faces are joined to it.
    unseen : ndarray, shape (h, 2h), bool
        Where they count.

    Returns
    -------
    callable
        Unit vectors (..., 3) to colours (..., 3).
    """
    completed = np.float32(from_faces(faces, len(small), rotation=rotation))
    joined = blend(
        *(overlapping(picture, CONTEXT) for picture in (small, completed, unseen)), believed=BELIEVED
    )
    joined = np.ascontiguousarray(joined[:, CONTEXT:-CONTEXT])
    return lambda directions: sample_equirectangular(joined, directions)
