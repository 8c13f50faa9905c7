"""A Marzipano export: ``data.js`` with ``APP_DATA``, and ``tiles/SCENE/LEVEL/{f,r,b,l,u,d}/Y/X.jpg``.

Source: google/marzipano, src/sources/ImageUrl.js, src/views/Rectilinear.js and the Marzipano Tool's exports.
"""

from functools import partial

import numpy as np

from pano_inpaint.errors import FileError
from pano_inpaint.formats import SUFFIXES

from .cubes import CubeTiles, find_level, inside_or_none
from .fields import build_scene, record, records, to_number, to_text, without_doubles
from .javascript import parse_literal
from .names import inside
from .tour import Hotspot, Tour, View

_ASPECT = 16 / 9  # screen for which the tour's vertical field of view is given as a horizontal one
_TOP_LEVEL = 16
DATA_NAMES = ("data.js", "app-files/data.js")  # in the Marzipano Tool's archive the tour is in app-files


def find_data(folder):
    """Find a Marzipano tour's data in a folder; None if there is none."""
    return next((folder / name for name in DATA_NAMES if (folder / name).is_file()), None)


def read_marzipano(root, data_path):
    """Read a Marzipano export.

    Parameters
    ----------
    root : Path
        The tour's folder, carried along as a whole.
    data_path : Path
        Its ``data.js``.

    Returns
    -------
    Tour

    Raises
    ------
    FileError
        If the file holds no scenes.
    """
    try:
        data = record(parse_literal(data_path.read_text("utf-8-sig")))
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{data_path}: cannot be read: {error}") from error
    except FileError as error:
        raise FileError(f"{data_path}: {error}") from error
    base = data_path.parent.relative_to(root).as_posix()
    scenes = without_doubles(_scene(root, base, scene) for scene in records(data.get("scenes")))
    if not scenes:
        raise FileError(f"{data_path}: expected scenes, received none")
    return Tour(to_text(data.get("name")) or root.resolve().name, "marzipano", root, scenes)


def _scene(root, base, data):
    scene_id = to_text(data.get("id"))
    links = [*records(data.get("linkHotspots")), *records(data.get("hotspots"))]
    notes = [_hotspot(spot, "title") for spot in records(data.get("infoHotspots"))]
    return build_scene(
        scene_id,
        to_text(data.get("name")) or scene_id,
        lambda: _tiles(root, base, scene_id),
        hotspots=tuple([_hotspot(spot, "text") for spot in links] + notes),
        view=_view(record(data.get("initialViewParameters"))),
    )


def _angles(data):
    # In Marzipano's code pitch grows downwards, whatever its reference says.
    return to_number(data.get("yaw")), 0.0 - to_number(data.get("pitch"))


def _hotspot(spot, text):
    return Hotspot(*_angles(spot), to_text(spot.get("target")) or None, to_text(spot.get(text)))


def _view(data):
    vertical = to_number(data.get("fov"), None)
    if vertical is None or not 0 < vertical < np.pi:
        return View(*_angles(data))
    return View(*_angles(data), float(2 * np.arctan(_ASPECT * np.tan(vertical / 2))))


def _tiles(root, base, scene_id):
    folder = inside(f"tiles/{scene_id}", base=base)
    if folder == inside("tiles", base=base) or not (root / folder).is_dir():
        raise FileError(f"expected tiles in tiles/{scene_id[:80]}, received no such folder")
    # Levels are measured: exports number them from 1 without the fallback level, other tools count it too.
    found = [_level(root, f"{folder}/{number}") for number in range(_TOP_LEVEL)]
    levels = sorted(filter(None, found), key=lambda level: -level.size)
    if not levels:
        raise FileError(f"expected tiles like {folder}/1/f/0/0.jpg, received none")
    previews = (inside_or_none(root, f"{folder}/preview{end}", "") for end in SUFFIXES)
    return CubeTiles(root, tuple(levels), next(filter(None, previews), None))


def _level(root, folder):
    ending = next((end for end in SUFFIXES if (root / folder / f"f/0/0{end}").is_file()), None)
    return ending and find_level(root, partial(_named, folder, ending))


def _named(folder, ending, letter, row, column):
    return f"{folder}/{letter}/{row}/{column}{ending}"
