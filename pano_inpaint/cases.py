"""What completions are compared on: panorama, hole and truth, found in any folder.

A folder of triples has masks and truths by name, in folders of their own or beside the panoramas; in a set
with furnished/empty pairs the objects are the holes; in any other set holes are drawn on the sphere.
"""

import zlib
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

import cv2
import numpy as np

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.holes import random_sphere_hole
from pano_inpaint.pairs import match_masks, scan_pictures
from pano_inpaint.pano_decoding import read_panorama_item
from pano_inpaint.pano_samples import PanoramaSettings, random_object_hole
from pano_inpaint.pano_sets import SKYBOX, PanoItem, find_panoramas, read_size
from pano_inpaint.panorama import Panorama, read_mask, read_panorama
from pano_inpaint.photos import hash_fraction

PANORAMA_FOLDERS = ("panoramas", "furnished", "before")
MASK_FOLDERS = ("masks", "mask")
TRUTH_FOLDERS = ("truth", "truths", "empty")
TRUTH_ENDINGS = ("_truth", "_empty")
HOLES = 3  # on a panorama without a mask of its own
# Objects of a pair are erased with the margin that a careful hand leaves.
OBJECTS = PanoramaSettings(object_margin=(0.02, 0.02))


@dataclass(frozen=True)
class Case:
    """One hole, or all that one mask marks, in one panorama.

    Attributes
    ----------
    name : str
        Of the panorama, and the number of the hole where it has several.
    panorama : Path or PanoItem
    mask : Path or None
        None draws the hole: some objects of a pair where they are known, any shape elsewhere.
    truth : Path or None
        None compares with the panorama itself, or with the empty room of a pair.
    seed, number : int
        What the hole is drawn from, besides the panorama's name.
    """

    name: str
    panorama: Path | PanoItem
    mask: Path | None = None
    truth: Path | None = None
    seed: int = 0
    number: int = 0

    def read(self, *, width=None):
        """Read the pictures.

        Parameters
        ----------
        width : int, optional
            Wider panoramas are shrunk to so many columns.

        Returns
        -------
        panorama : Panorama
            As it is given to be completed.
        mask : ndarray of bool, shape (H, 2H)
        truth : ndarray, shape (H, 2H, C)
            What should be in the hole.

        Raises
        ------
        FileError
            If a picture cannot be read.
        UsageError
            If sizes do not fit, nothing is marked, or a partial panorama were to be shrunk.
        """
        if isinstance(self.panorama, PanoItem):
            return self._read_item(width)
        panorama = read_panorama(self.panorama)
        truth = panorama if self.truth is None else read_panorama(self.truth)
        if truth.pixels.shape[:2] != panorama.pixels.shape[:2]:
            sizes = ["x".join(map(str, picture.size)) for picture in (panorama, truth)]
            raise UsageError(f"expected a truth of {sizes[0]}, got {sizes[1]}")
        mask = None if self.mask is None else read_mask(self.mask, like=panorama)
        shrinks = width is not None and panorama.pixels.shape[1] > width
        if shrinks and panorama.is_partial:
            raise UsageError("expected a whole sphere to shrink, got a partial panorama")
        if shrinks:
            panorama, truth = (Panorama(_shrunk(picture.pixels, width)) for picture in (panorama, truth))
            mask = None if mask is None else _shrunk(mask.astype(np.float32), width) > 0
        mask = (self._hole(len(panorama.pixels)) if mask is None else mask) & panorama.known
        return panorama, _checked(mask), truth.pixels

    def _read_item(self, width):
        columns, rows = read_size(self.panorama.paths[0])
        height = 2 * rows if self.panorama.kind == SKYBOX else columns // 2
        decoded = read_panorama_item(self.panorama, height if width is None else min(height, width // 2))
        mask = None
        if decoded.objects is not None:
            mask = random_object_hole(self._rng(), decoded.objects, OBJECTS)
        # Where it is not known what the furniture covers, or there is none, the empty room is completed.
        seen = decoded.truth if mask is None else decoded.seen
        mask = self._hole(len(seen)) if mask is None else mask
        return Panorama(seen), _checked(mask & (decoded.valid > 0)), decoded.truth

    def _hole(self, height):
        return random_sphere_hole(self._rng(), height)

    def _rng(self):
        path = self.panorama.name if isinstance(self.panorama, PanoItem) else self.panorama.stem
        return np.random.default_rng((self.seed, zlib.crc32(path.encode()), self.number))


def find_cases(folder, *, masks=None, truths=None, holes=None, only="*", limit=None, seed=0):
    """Find what completions can be compared on.

    Parameters
    ----------
    folder : str or Path
        Panoramas, or a folder with panoramas, masks and truths in folders of these names; or any set that
        `pano_sets.find_panoramas` knows.
    masks, truths : str or Path, optional
        Folders of masks (``lounge.png`` or ``lounge_mask.png`` for ``lounge.jpg``; or one mask for all) and
        of truths, for panoramas that lie in `folder` itself.
    holes : int, optional
        Holes drawn on each panorama that has no mask; 3 if left out, of a furnished/empty pair 1.
    only : str
        Pattern of the panoramas' names, such as ``scene_0015*``.
    limit : int, optional
        At most so many panoramas, those with the smallest hashes of their names: a smaller number's are
        among those of a larger one.
    seed : int
        Another seed draws other holes.

    Returns
    -------
    cases : list of Case
    notes : list of str
        What was found, and what the user should know of it.

    Raises
    ------
    FileError
        If a folder does not exist.
    UsageError
        If there is no panorama, or none of that name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileError(f"expected a folder of panoramas, got {folder}")
    home = _subfolder(folder, PANORAMA_FOLDERS) or folder
    pictures = [] if _is_structured3d(folder) else scan_pictures(home)
    if masks or truths or pictures:
        found, notes = _triples(folder, pictures, masks, truths)
    else:
        found, notes = _items(folder)
    named = [case for case in found if fnmatch(case.name, only)]
    if not named:
        raise UsageError(f"expected panoramas in {folder}, got none" + _named(only))
    named.sort(key=lambda case: hash_fraction(case.name))
    chosen = sorted(named[:limit], key=lambda case: case.name)
    return [each for case in chosen for each in _drawn(case, holes, seed)], notes


def _is_structured3d(folder):
    return any(next(folder.glob(pattern), None) for pattern in ("2D_rendering", "scene_*/2D_rendering"))


def _triples(folder, pictures, masks, truths):
    """Match panoramas, masks and truths by name; a truth or a mask is no panorama."""
    truths = truths or _subfolder(folder, TRUTH_FOLDERS)
    masks = masks or _subfolder(folder, MASK_FOLDERS)
    stems = {path.stem for path in pictures}
    beside = {path for path in pictures if _without(path.stem, TRUTH_ENDINGS) in stems}
    panoramas = [path for path in pictures if path not in beside]
    by_stem = {path.stem: path for path in (scan_pictures(truths) if truths else beside)}
    pairs, alone, unused = match_masks(panoramas, masks or pictures[0].parent)
    if not pairs:
        return [Case(path.stem, path) for path in alone], [f"{len(alone)} panoramas; their holes are drawn"]
    cases = [Case(path.stem, path, mask, _truth_of(path, by_stem)) for path, mask in pairs]
    without = sum(case.truth is None for case in cases)
    notes = [f"{len(cases)} panoramas with a mask, {len(cases) - without} of them with a truth"]
    notes += ["without a truth a panorama is compared with itself"] if without else []
    notes += [f"left out: {path.name}, which has no mask" for path in alone]
    notes += [f"left out: {path.name}, a mask of no panorama" for path in unused if masks]
    return cases, notes


def _truth_of(panorama, truths):
    names = (panorama.stem, *(panorama.stem + ending for ending in TRUTH_ENDINGS))
    return next((truths[name] for name in names if name in truths), None)


def _items(folder):
    found = find_panoramas(folder, min_width=64)
    return [Case(item.name, item) for item in found.items], found.report


def _drawn(case, holes, seed):
    """Return a case for each hole that is to be drawn."""
    if case.mask is not None:
        return [case]
    is_pair = isinstance(case.panorama, PanoItem) and case.panorama.object_mask
    count = holes or (1 if is_pair else HOLES)
    name = f"{case.name}_{{}}" if count > 1 else case.name
    return [replace(case, name=name.format(n), seed=seed, number=n) for n in range(count)]


def _subfolder(folder, names):
    return next((folder / name for name in names if (folder / name).is_dir()), None)


def _without(stem, endings):
    """Cut off the ending a stem has; None if it has none of them."""
    return next((stem.removesuffix(ending) for ending in endings if stem.endswith(ending)), None)


def _named(only):
    return "" if only == "*" else f" named {only}"


def _checked(mask):
    if not mask.any():
        raise UsageError("expected a mask with at least one pixel marked, got an empty one")
    return mask


def _shrunk(pixels, width):
    shrunk = cv2.resize(pixels, (width, width // 2), interpolation=cv2.INTER_AREA)
    return shrunk.reshape(width // 2, width, *pixels.shape[2:])
