"""A tour made ready for the view page: one picture file a scene, the one before it, links and first view."""

import filecmp
from dataclasses import dataclass, field
from pathlib import Path

from pano_inpaint.errors import PanoInpaintError, UsageError
from pano_inpaint.panorama import write_panorama

from .tour import Hotspot, PictureFile, View

_QUALITY = 92  # of panoramas put together from tiles, for looking at only


@dataclass(frozen=True)
class Exhibit:
    """What a page shows of a scene.

    Attributes
    ----------
    id, name : str
        The scene's.
    panorama : Path
        Equirectangular picture file.
    before : Path or None
        The same place in the earlier tour; None if there is none, or nothing changed.
    hotspots : tuple of Hotspot
        Those that lead to another scene of the page, and notes.
    view : View
        Where it is first looked at.
    """

    id: str
    name: str
    panorama: Path
    before: Path | None = None
    hotspots: tuple[Hotspot, ...] = ()
    view: View = field(default_factory=View)


def list_exhibits(tour, folder, *, before=None, tell=None):
    """Collect what a page shows of a tour.

    Parameters
    ----------
    tour : Tour
        What it shows.
    folder : str or Path
        Where panoramas put together from tiles are written, for as long as the page is made.
    before : Tour, optional
        The tour as it was; scenes are matched by their id, or else by the names of their files.
    tell : callable, optional
        ``tell(scene, error)`` is called for a scene whose tiles cannot be read, which is then left out, or
        shown without its past if only that cannot be read.

    Returns
    -------
    list of Exhibit
        Scenes without a usable picture are left out, and so are links to them.

    Raises
    ------
    FileError, UsageError
        If tiles cannot be read and there is nobody to tell, or if the earlier tour has none of the scenes.
    """
    folder = Path(folder)
    shown = [scene for scene in tour.scenes if scene.source is not None]
    ids = {scene.id for scene in shown}
    earlier = _match(shown, before) if before else {}
    exhibits = []
    for number, scene in enumerate(shown):
        was = earlier.get(scene.id)
        if was is not None and _is_same(scene.source, was.source):
            was = None
        panorama = _picture(scene, folder / f"{number}.jpg", tell)
        if panorama is None:
            continue
        past = was and _picture(was, folder / f"{number}-before.jpg", tell)
        links = tuple(spot for spot in scene.hotspots if spot.target is None or spot.target in ids)
        exhibits.append(Exhibit(scene.id, scene.name, panorama, past, links, scene.view))
    return exhibits


def _match(scenes, before):
    """Find each scene in the earlier tour; returns those by the ids of the scenes."""
    past = [scene for scene in before.scenes if scene.source is not None]
    by_id, by_files = ({key(scene): scene for scene in past} for key in (_id_of, _files_of))
    found = {scene.id: by_id.get(scene.id) or by_files.get(_files_of(scene)) for scene in scenes}
    if scenes and not any(found.values()):
        raise UsageError(
            f"expected an earlier tour with the same scenes, received {before.title} with none of them",
            hint="scenes are matched by their ids, or by the names of their files",
        )
    return found


def _id_of(scene):
    return scene.id


def _files_of(scene):
    return tuple(scene.source.files)


def _is_same(source, other):
    """Tell whether two scenes have the same files."""
    if source.files != other.files:
        return False
    pairs = ((source.root / name, other.root / name) for name in source.files)
    try:
        return all(filecmp.cmp(one, two, shallow=False) for one, two in pairs)
    except OSError:  # who reads the file says what is wrong with it
        return False


def _picture(scene, path, tell):
    """Return a scene's picture file, put together if need be; None if that fails and somebody was told."""
    if isinstance(scene.source, PictureFile):
        return scene.source.root / scene.source.name
    try:
        write_panorama(path, scene.read(), quality=_QUALITY)
    except PanoInpaintError as error:
        if tell is None:
            raise
        tell(scene, error)
        return None
    return path
