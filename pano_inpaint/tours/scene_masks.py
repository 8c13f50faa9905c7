"""Which mask belongs to which scene of a tour, and reading it at any size."""

from collections import Counter
from pathlib import Path

import numpy as np

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.formats import read_picture
from pano_inpaint.pairs import scan_pictures
from pano_inpaint.panorama import Panorama, read_mask
from pano_inpaint.picture import turned_upright

from .folder import MASK_ENDINGS


def match_scene_masks(tour, masks):
    """Find the mask of each scene.

    Parameters
    ----------
    tour : Tour
    masks : str, Path or dict
        A picture for all scenes; a folder, where the picture ``ID.png``, ``NAME.png`` or ``STEM.png``, also
        with ``_mask`` behind it, is the mask of the scene with that id, name, or picture's stem; or a dict
        of scene id → picture or bool array (H, W).

    Returns
    -------
    found : dict of str to (Path or ndarray)
        By scene id; scenes without one are left out.
    unused : list of Path
        Pictures of the folder that belong to no scene.

    Raises
    ------
    FileError
        If `masks` does not exist.
    UsageError
        If two pictures fit a scene equally well, or the dict names a scene that is not there.
    """
    if isinstance(masks, dict):
        return {tour.scene(scene_id).id: mask for scene_id, mask in masks.items()}, []
    masks = Path(masks)
    if masks.is_file():
        return {scene.id: masks for scene in tour.scenes}, []
    if not masks.is_dir():
        raise FileError(f"expected a mask or a folder of masks, received {masks}")
    sources = [scene.source for scene in tour.scenes if scene.source]
    own = {(source.root / name).resolve() for source in sources for name in source.files}
    candidates = [path for path in scan_pictures(masks) if path.resolve() not in own]
    found, names = {}, Counter(scene.name for scene in tour.scenes)
    for scene in tour.scenes:
        mask = _mask_of(scene, candidates, names[scene.name] == 1)
        if mask is not None:
            found[scene.id] = mask
    return found, [path for path in candidates if path not in found.values()]


def _mask_of(scene, candidates, is_only_one):
    """Return the mask of a scene; by its name only where no other scene is called the same."""
    names = [scene.id, scene.name] if is_only_one else [scene.id]
    if scene.source is not None and len(scene.source.files) == 1:
        names.append(Path(scene.source.files[0]).stem)
    for name in dict.fromkeys(names):
        for ending in ("", *MASK_ENDINGS):
            fits = [path for path in candidates if path.stem == name + ending]
            if len(fits) > 1:
                several = ", ".join(path.name for path in fits)
                raise UsageError(f"expected one mask for {scene.name}, received {len(fits)}: {several}")
            if fits:
                return fits[0]
    return None


def read_scene_mask(mask, panorama):
    """Read a mask, and bring it to the panorama's size if it is another picture of the whole sphere.

    Parameters
    ----------
    mask : Path or ndarray, shape (h, 2h), bool
        As `read_mask` takes it, or True = erase.
    panorama : Panorama
        What it is to fit.

    Returns
    -------
    mask : ndarray, shape (H, W), bool
    notes : tuple of str
        Says so if it was scaled; to the nearest pixel.

    Raises
    ------
    FileError, UsageError
        As `read_mask`, and if an array is no bool picture of the whole sphere.
    """
    if isinstance(mask, np.ndarray):
        if mask.dtype != bool or mask.ndim != 2 or mask.shape[1] != 2 * mask.shape[0]:
            raise UsageError(f"expected a bool mask (h, 2h), received {mask.dtype} of {mask.shape}")
        return _fitted(mask, panorama)
    picture = read_picture(mask)
    height, width = turned_upright(picture.pixels, picture.orientation).shape[:2]
    if (width, height) == panorama.size or width != 2 * height:
        return read_mask(mask, like=panorama), ()
    # A stand-in of the mask's own size, so that one reader decides what is marked.
    stand_in = Panorama(np.broadcast_to(np.zeros((1, 1, 1), np.uint8), (height, width, 1)))
    return _fitted(read_mask(mask, like=stand_in), panorama)


def _fitted(mask, panorama):
    width, height = panorama.size
    notes = ()
    if mask.shape != (height, width):
        notes = (f"mask scaled from {mask.shape[1]}x{mask.shape[0]} to {width}x{height}",)
        rows, columns = (
            ((2 * np.arange(size) + 1) * there // (2 * size)).astype(np.intp)
            for size, there in zip((height, width), mask.shape, strict=True)
        )
        mask = mask[rows[:, None], columns]
    mask = mask & panorama.known
    if not mask.any():
        raise UsageError("expected a mask with something to erase, received one with nothing marked")
    return mask, notes
