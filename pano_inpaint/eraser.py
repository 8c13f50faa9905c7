"""Erasing: the one place where geometry, network and blending meet."""

import cv2
import numpy as np

from .blending import blend
from .completer import load_completer
from .cubemap import from_faces, to_faces
from .detail import complete_hole
from .errors import UsageError
from .masks import regions
from .models.presets import find_preset
from .panorama import from_rgb, to_rgb
from .sphere import sample_equirectangular
from .structure import analyse_room

QUALITIES = ("draft", "standard", "fine")
STRUCTURE_HEIGHT = 768  # rows of the copy in which the room's planes are looked for
MERGE_WITHIN = np.radians(10)  # holes nearer than this are completed together
CONTEXT = 16  # known pixels around a hole's window that the blending sees
# The network completes a pixel more than asked, so that on the hole's edge its colours can be compared
# with those that are known.
_AROUND = np.ones((3, 3), np.uint8)


class Eraser:
    """Erases marked objects from panoramas.

    Parameters
    ----------
    complete : callable
        Completes six faces, see `completer.load_completer`; with an attribute ``face_size``.
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

    def erase(self, panorama, mask, *, watch=lambda _done, _total: None):
        """Complete what is marked.

        Parameters
        ----------
        panorama : Panorama
        mask : ndarray, shape (H, W), bool
            True = erase, such as `read_mask` returns.
        watch : callable, optional
            Told how many holes are done, and how many there are.

        Returns
        -------
        Panorama
            The same but for the marked pixels: all others are the original's to the bit.

        Raises
        ------
        UsageError
            If the mask does not fit the panorama.
        """
        if mask.shape != panorama.pixels.shape[:2] or mask.dtype != bool:
            raise UsageError(
                f"expected a bool mask of shape {panorama.pixels.shape[:2]}, got {mask.dtype} of {mask.shape}"
            )
        holes = regions(mask & panorama.known, merge_within=MERGE_WITHIN)
        watch(0, len(holes))
        pixels = panorama.pixels.copy()
        unseen = mask | ~panorama.known
        small = shrink(panorama.pixels, unseen, 2 * self._complete.face_size)
        structure = find_structure(panorama.pixels, unseen) if self._quality == "fine" else None
        for done, hole in enumerate(holes, start=1):
            faces = self._completed_faces(*small, hole.rotation)
            if self._quality == "draft":
                fill_hole(pixels, hole, faces, unseen)
            else:
                self._detail(pixels, hole, unseen, structure, as_guide(faces, hole.rotation, *small))
            watch(done, len(holes))
        return panorama.with_pixels(pixels)

    def _detail(self, pixels, hole, unseen, structure, guide):
        """Write a hole's completion at the panorama's own resolution."""
        completed = complete_hole(
            pixels, hole, structure, unknown=unseen, guide=guide, seed=self._seed, quality=self._quality
        )
        rows, start, _ = hole.window
        row, column = np.nonzero(hole.mask)
        places = rows.start + row, (start + column) % pixels.shape[1]
        pixels[places] = from_rgb(completed[row, column], pixels[places])

    def _completed_faces(self, small, unseen, rotation):
        """Complete a cube that is turned towards a hole."""
        size = self._complete.face_size
        faces = to_faces(small, size, rotation=rotation)
        mask = to_faces(unseen.astype(np.float32), size, rotation=rotation)
        grown = [cv2.dilate((face > 0).astype(np.float32), _AROUND) for face in mask]
        return self._complete(faces, np.stack(grown)[..., None])


def shrink(pixels, mask, height):
    """Shrink a panorama without letting what is masked bleed into what is known.

    Parameters
    ----------
    pixels : ndarray, shape (H, 2H, C)
        As stored in a file.
    mask : ndarray, shape (H, 2H), bool
        What is not to be seen.
    height : int
        Rows of the result, if the panorama has more; a smaller one keeps its size.

    Returns
    -------
    small : ndarray, shape (h, 2h, 3), float32 in [0, 1]
        Area averages of the known pixels, black where there are none.
    unseen : ndarray, shape (h, 2h), bool
        Where a masked pixel falls.
    """
    if len(pixels) <= height:
        return to_rgb(pixels) * ~mask[..., None], mask
    known = np.where(mask[..., None], 0, pixels)
    size = (2 * height, height)
    share = cv2.resize((~mask).astype(np.float32), size, interpolation=cv2.INTER_AREA)[..., None]
    colours = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    colours = to_rgb(colours.reshape(*size[::-1], pixels.shape[2]))
    small = np.divide(colours, share, out=np.zeros_like(colours), where=share > 0)
    return np.minimum(small, 1), share[..., 0] < 1


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
    window = with_context(hole, height)
    rows, start, width = window
    columns = np.arange(start, start + width) % (2 * height)
    there = pixels[rows][:, columns]
    fill = from_faces(faces, height, rotation=hole.rotation, interpolation="bicubic", region=window)
    blended = blend(to_rgb(there), np.float32(fill), unseen[rows][:, columns])
    row, column = np.nonzero(hole.mask)
    inside = (row + hole.window[0].start - rows.start, column + hole.window[1] - start)
    pixels[rows.start + inside[0], columns[inside[1]]] = from_rgb(blended[inside], there[inside])


def find_structure(pixels, unseen):
    """Find a room's planes in a copy of the panorama that is small enough to look at as a whole."""
    small, hidden = shrink(pixels, unseen, STRUCTURE_HEIGHT)
    return analyse_room(np.uint8(np.rint(255 * small)), hidden)


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
    joined = blend(*(_overlapping(picture) for picture in (small, completed, unseen)))
    joined = np.ascontiguousarray(joined[:, CONTEXT:-CONTEXT])
    return lambda directions: sample_equirectangular(joined, directions)


def _overlapping(picture):
    """Repeat some columns of a panorama at its other end."""
    return np.concatenate([picture[:, -CONTEXT:], picture, picture[:, :CONTEXT]], axis=1)


def with_context(hole, height):
    """Widen a hole's window by known surroundings.

    A hole all around the viewer gets columns on both sides that repeat those of the other end, so that
    its ends meet.

    Parameters
    ----------
    hole : Region
    height : int
        Rows of the panorama.

    Returns
    -------
    tuple of (slice, int, int)
        Rows, first column and width in columns, as in `Region`; the first column may be negative.
    """
    rows, start, width = hole.window
    above, below = min(CONTEXT, rows.start), min(CONTEXT, height - rows.stop)
    aside = CONTEXT if width < 2 * height else min(rows.stop - rows.start, height)
    return slice(rows.start - above, rows.stop + below), start - aside, width + 2 * aside
