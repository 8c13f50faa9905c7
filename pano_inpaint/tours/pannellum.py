"""Pannellum's configuration: ``{"default": …, "scenes": {id: …}}``, or that of a single panorama.

Source: Pannellum, "JSON Configuration File Options".
"""

from functools import partial

import numpy as np

from pano_inpaint.errors import FileError, UsageError

from .cubes import LETTERS, CubeTiles, find_level
from .fields import build_scene, record, records, to_number, to_text
from .names import locate
from .tour import Hotspot, PictureFile, Tour, View

_PICTURE_KEYS = ("panorama", "cubeMap", "multiRes")


def is_pannellum(data):
    """Tell whether parsed data is a Pannellum configuration."""
    if not isinstance(data, dict):
        return False
    scenes = record(data.get("scenes")).values()
    return any(key in scene for scene in (data, *map(record, scenes)) for key in _PICTURE_KEYS)


def read_pannellum(root, data, *, title, carried=None):
    """Read a tour from a Pannellum configuration.

    Parameters
    ----------
    root : Path
        The tour's folder.
    data : dict
        Parsed configuration.
    title : str
        What to call the tour if it does not say.
    carried : tuple of str or None
        As in `Tour`.

    Returns
    -------
    Tour
        The first scene first. A scene on another server has a problem instead of a picture.
    """
    default = record(data.get("default"))
    shared = {**{key: value for key, value in data.items() if key not in ("scenes", "default")}, **default}
    scenes = {to_text(key): record(scene) for key, scene in record(data.get("scenes")).items()}
    if not scenes:
        scenes = {to_text(shared.get("title"), title) or title: {}}
    first = to_text(default.get("firstScene"))
    order = sorted(scenes, key=lambda key: key != first)
    found = tuple(_scene(root, key, {**_inherited(shared), **scenes[key]}) for key in order)
    return Tour(to_text(shared.get("title"), title) or title, "pannellum", root, found, carried)


def _inherited(shared):
    # The title of a tour is not that of its scenes.
    return {key: value for key, value in shared.items() if key != "title"}


def _scene(root, scene_id, data):
    notes = ()
    if data.get("preview"):
        notes = ("its preview picture is carried along as it is",)
    return build_scene(
        scene_id,
        to_text(data.get("title"), scene_id) or scene_id,
        lambda: _source(root, data),
        hotspots=tuple(_hotspot(spot) for spot in records(data.get("hotSpots"))),
        view=_view(data),
        notes=notes,
    )


def _hotspot(spot):
    target = to_text(spot.get("sceneId")) or None
    yaw, pitch = (np.radians(to_number(spot.get(key))) for key in ("yaw", "pitch"))
    return Hotspot(float(yaw), float(pitch), target, to_text(spot.get("text")), _arrival(spot))


def _arrival(spot):
    """Return where a link's target is looked at; words such as ``same`` are for Pannellum alone."""
    yaw, pitch, fov = (to_number(spot.get(f"target{key}"), None) for key in ("Yaw", "Pitch", "Hfov"))
    if yaw is None:
        return None
    yaw, pitch = (float(np.radians(angle)) for angle in (yaw, pitch or 0.0))
    return View(yaw, pitch, None if fov is None else float(np.radians(fov)))


def _view(data):
    fov = to_number(data.get("hfov"), None)
    yaw, pitch = (np.radians(to_number(data.get(key))) for key in ("yaw", "pitch"))
    return View(float(yaw), float(pitch), None if fov is None else float(np.radians(fov)))


def _source(root, data):
    base = to_text(data.get("basePath"))
    kind = to_text(data.get("type"), "equirectangular")
    if kind == "equirectangular":
        return PictureFile(root, locate(root, data.get("panorama"), base=base))
    if kind == "cubemap":
        return CubeTiles(root, (_cube(root, data.get("cubeMap"), base),))
    if kind == "multires":
        return CubeTiles(root, _levels(root, record(data.get("multiRes")), base))
    raise UsageError(f"expected type equirectangular, cubemap or multires, received {kind!r}")


def _cube(root, pictures, base):
    if not isinstance(pictures, list) or len(pictures) != 6:
        raise UsageError(f"expected six pictures in cubeMap, received {str(pictures)[:80]}")
    by_letter = dict(zip(LETTERS, pictures, strict=True))  # front, right, back, left, up, down: our order
    names = {letter: locate(root, name, base=base) for letter, name in by_letter.items()}
    return find_level(root, lambda letter, row, column: None if row or column else names[letter])


def _levels(root, tiles, base):
    base = "/".join(filter(None, (base, to_text(tiles.get("basePath")))))
    patterns = [to_text(tiles.get("path")).replace("%l", str(level)) for level in range(_top(tiles), 0, -1)]
    patterns.append(to_text(tiles.get("fallbackPath")))
    ending = "." + to_text(tiles.get("extension"), "jpg")
    found = [
        find_level(root, partial(_named, pattern + ending), base=base) for pattern in patterns if pattern
    ]
    levels = sorted(filter(None, found), key=lambda level: -level.size)
    if not levels:
        raise FileError(f"expected tiles at {base}{patterns[0]}{ending}, received none")
    return tuple(levels)


def _top(tiles):
    return int(min(max(to_number(tiles.get("maxLevel")), 0), 16))


def _named(pattern, letter, row, column):
    if "%x" not in pattern and (row or column):
        return None  # one picture a face
    return pattern.lstrip("/").replace("%s", letter).replace("%y", str(row)).replace("%x", str(column))
