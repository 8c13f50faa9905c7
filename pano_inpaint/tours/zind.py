"""A home of the Zillow Indoor Dataset: ``zind_data.json`` and ``panos/*.jpg``.

Source: zillow/zind, "Data Organization" and "Annotation Format".
"""

from pathlib import PurePosixPath

from pano_inpaint.errors import FileError

from .fields import build_scene, record, to_text, without_doubles
from .names import locate
from .tour import PictureFile, Tour


def is_zind(data):
    """Tell whether parsed data is a ZInD home."""
    return isinstance(data, dict) and isinstance(data.get("merger"), dict)


def read_zind(root, data):
    """Read a ZInD home.

    Parameters
    ----------
    root : Path
        The home's folder, carried along as a whole.
    data : dict
        Parsed ``zind_data.json``.

    Returns
    -------
    Tour
        A scene for each panorama, called by its room; no links.

    Raises
    ------
    FileError
        If the file names no panorama.
    """
    scenes = without_doubles(_scene(root, pano) for pano in _panoramas(data["merger"]))
    if not scenes:
        raise FileError(f"{root}: expected panoramas in zind_data.json, received none")
    return Tour(root.resolve().name, "zind", root, scenes)


def _panoramas(merger):
    """Yield the annotations of panoramas: floor → complete room → partial room → panorama."""
    for floor in merger.values():
        for complete in record(floor).values():
            for partial in record(complete).values():
                yield from (pano for pano in map(record, record(partial).values()) if "image_path" in pano)


def _scene(root, pano):
    path = to_text(pano.get("image_path"))
    stem = PurePosixPath(path).stem
    return build_scene(
        stem, to_text(pano.get("label")) or stem, lambda: PictureFile(root, locate(root, path))
    )
