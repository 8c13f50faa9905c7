"""Recognising which kind of tour a path is."""

import json
import re
from pathlib import Path

from pano_inpaint.errors import FileError, UsageError

from .folder import is_picture_name, read_folder, read_single
from .javascript import parse_literal
from .marzipano import find_data, read_marzipano
from .names import locate
from .pannellum import is_pannellum, read_pannellum
from .sphere_viewer import is_sphere_viewer, read_sphere_viewer
from .zind import is_zind, read_zind

_ZIND_NAME = "zind_data.json"
_MAX_BYTES = 2**26  # of a tour's description; ZInD homes have a few MB
REPORT_NAMES = ("report.json", "pano-inpaint-report.json")


def read_tour(path):
    """Read a tour of any known kind.

    Parameters
    ----------
    path : str or Path
        A folder with a Marzipano export, a ZInD home, a Pannellum or Photo Sphere Viewer JSON, or just
        panoramas; one of those files itself; or a single panorama.

    Returns
    -------
    Tour
        Scenes whose picture cannot be used have a `problem`.

    Raises
    ------
    FileError
        If there is no such file, it is damaged, or there is no scene in it.
    UsageError
        If it is nothing of the above, or a folder holds more than one tour.
    """
    path = Path(path)
    if path.is_dir():
        return _read_directory(path)
    if not path.is_file():
        raise FileError(f"{path}: no such file or folder")
    if is_picture_name(path):
        return read_single(path)
    if path.suffix.lower() == ".js":
        root = path.parent.parent if path.parent.name == "app-files" else path.parent
        return read_marzipano(root, path)
    return _read_description(path, _parse(path), by_name=True)


def _read_directory(folder):
    if (folder / _ZIND_NAME).is_file():
        return _read_description(folder / _ZIND_NAME, _parse(folder / _ZIND_NAME))
    if find_data(folder):
        return read_marzipano(folder, find_data(folder))
    found = {}
    for candidate in sorted(folder.glob("*.json")):
        data = _parse_or_none(candidate)
        if is_pannellum(data) or is_sphere_viewer(data):
            found[candidate] = data
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise UsageError(
            f"{folder}: expected one tour, received {len(found)}: {names}", hint="name the file itself"
        )
    for candidate, data in found.items():
        return _read_description(candidate, data)
    return read_folder(folder)


def _read_description(path, data, *, by_name=False):
    root = path.parent
    if is_zind(data):
        return read_zind(root, data)
    # A description named by itself may lie among things that have nothing to do with it.
    carried = None if not by_name or any(root.glob("*.htm*")) else _named_files(root, path, data)
    if is_pannellum(data):
        return read_pannellum(root, data, title=path.stem, carried=carried)
    if is_sphere_viewer(data):
        return read_sphere_viewer(root, data, title=path.stem, carried=carried)
    raise UsageError(
        f"{path}: expected a Pannellum, Photo Sphere Viewer, Marzipano or ZInD tour, received something else"
    )


def _named_files(root, path, data):
    """Return the description itself and the pictures that it names anywhere."""
    names = {path.name}
    for text in set(re.findall(r'"((?:[^"\\]|\\.){1,300})"', json.dumps(data, ensure_ascii=False))):
        if is_picture_name(text):
            try:
                names.add(locate(root, text))
            except (FileError, UsageError):
                continue  # said where a scene needs it
    return tuple(sorted(names))


def _parse(path):
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise FileError(f"{path}: expected a tour of at most {_MAX_BYTES >> 20} MB")
        return parse_literal(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, FileError) else f"cannot be read: {error}"
        raise FileError(reason if reason.startswith(str(path)) else f"{path}: {reason}") from error


def _parse_or_none(path):
    try:
        return _parse(path) if path.name not in REPORT_NAMES else None
    except FileError:
        return None
