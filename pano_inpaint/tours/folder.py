"""A plain folder of panoramas, or a single one."""

from pathlib import Path

from pano_inpaint.errors import FileError
from pano_inpaint.formats import SUFFIXES
from pano_inpaint.pairs import scan_pictures

from .fields import build_scene
from .names import locate
from .tour import PictureFile, Tour

MASK_ENDINGS = ("_mask", "-mask", ".mask")  # those of `pano_inpaint.pairs`


def read_folder(folder):
    """Read a folder of panoramas; pictures named as the mask of another are no scenes.

    Parameters
    ----------
    folder : Path
        Not searched in depth, but carried along as a whole.

    Returns
    -------
    Tour

    Raises
    ------
    FileError
        If there is no picture in it.
    """
    pictures = scan_pictures(folder)
    stems = {path.stem for path in pictures}
    scenes = [_scene(folder, path) for path in pictures if not _is_mask(path, stems)]
    if not scenes:
        raise FileError(f"{folder}: expected a tour or a folder of panoramas, received no picture in it")
    return Tour(folder.resolve().name, "folder", folder, tuple(scenes))


def read_single(path):
    """Read one panorama as a tour of one scene.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Tour
        Of which nothing else is carried along.
    """
    return Tour(path.stem, "folder", path.parent, (_scene(path.parent, path),), carried=())


def is_picture_name(path):
    """Tell whether a file's ending is that of a picture."""
    return Path(path).suffix.lower() in SUFFIXES


def _scene(root, path):
    return build_scene(path.name, path.stem, lambda: PictureFile(root, locate_name(root, path.name)))


def locate_name(root, name):
    """Find a file that was listed, not named: its name is taken as it is."""
    return locate(root, "./" + name)


def _is_mask(path, stems):
    return any(
        path.stem.endswith(ending) and path.stem.removesuffix(ending) in stems for ending in MASK_ENDINGS
    )
