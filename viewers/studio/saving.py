"""Writing results under new names, never over anything: pictures beside originals, or a tour's mirror."""

import re
import threading
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from pano_inpaint.errors import FileError, PanoInpaintError
from pano_inpaint.files import replacing
from pano_inpaint.metadata import Metadata
from pano_inpaint.panorama import write_panorama
from pano_inpaint.png import encode_png
from pano_inpaint.tours.mirror import Mirror
from viewers.tour_page import write_mirror_page

from .store import ConflictError

ENDING = "_erased"
_PLAIN = r"[\w-][\w .-]{0,79}"  # ids that make file names


class Saver:
    """Writes what is accepted.

    Parameters
    ----------
    store : Store
    pictures : Pictures
    out : Path or None
        Folder for what is written; beside the originals if None.
    """

    def __init__(self, store, pictures, out=None):
        self._store, self._pictures, self._out = store, pictures, out
        self._lock = threading.Lock()

    @property
    def writes_mirror(self):
        """Whether the tour is written as a whole, because its files say how they belong together."""
        return self._store.tour.format != "folder"

    def save(self, scenes):
        """Write scenes that have something accepted.

        Parameters
        ----------
        scenes : sequence of int
            Their numbers; of a tour that is written as a whole all are written.

        Returns
        -------
        list of dict
            Of each scene its number and the paths of ``picture`` and ``mask``; what is written already is
            named and not written again.

        Raises
        ------
        ConflictError
            If nothing is accepted.
        FileError, UsageError
            If something cannot be written.
        """
        tour = self._store.tour
        with self._lock:
            wanted = range(len(tour.scenes)) if self.writes_mirror else scenes
            accepted = [number for number in wanted if self._store.look(number).accepted]
            if not accepted:
                raise ConflictError("expected an accepted result to save, found none")
            if self.writes_mirror:
                return self._save_mirror(accepted)
            return [self._save_picture(number) for number in accepted]

    def _save_picture(self, number):
        scene, work = self._store.tour.scenes[number], self._store.look(number)
        name = Path(scene.source.files[0])
        folder = self._out or (scene.source.root / name).parent
        if work.is_saved and all(Path(work.saved[kind]).is_file() for kind in ("picture", "mask")):
            return {"scene": number, "picture": work.saved["picture"], "mask": work.saved["mask"]}
        picture, mask = _free_names(folder, name)
        write_panorama(picture, self._pictures.current(number))
        self._write_mask(mask, number)
        self._note(number, picture, mask)
        return {"scene": number, "picture": str(picture), "mask": str(mask)}

    def _save_mirror(self, accepted):
        tour = self._store.tour
        works = [self._store.look(number) for number in accepted]
        if len({work.saved and work.saved["picture"] for work in works}) == 1 and all(
            work.is_saved and Path(work.saved["picture"]).is_dir() for work in works
        ):
            return [{"scene": n, **_paths(work.saved)} for n, work in zip(accepted, works, strict=True)]
        root = tour.root.resolve()
        target, masks = _free_folders(self._out or root.parent, root.name)
        mirror = Mirror(tour, target)
        reports = []
        for number in accepted:
            scene = tour.scenes[number]
            files = mirror.write(scene, self._pictures.current(number), self._pictures.original(number))
            reports.append({"id": scene.id, "name": scene.name, "state": "erased", "files": len(files)})
        mirror.finish({"scenes": reports}, write_page=self._write_page)
        saved = []
        for number in accepted:
            mask = masks / _mask_name(tour.scenes[number], self._store.key(number))
            self._write_mask(mask, number)
            self._note(number, target, mask)
            saved.append({"scene": number, "picture": str(target), "mask": str(mask)})
        return saved

    def _write_page(self, mirrored):
        """Write the mirror's before/after page; what was erased is worth more than the page."""
        try:
            return write_mirror_page(mirrored, self._store.tour)
        except PanoInpaintError:
            return []

    def _write_mask(self, path, number):
        original = self._pictures.original(number)
        mask = self._pictures.erased(number)
        if original.placement is not None:
            mask = mask[original.placement.window]
        try:
            with replacing(path) as temporary:
                temporary.write_bytes(
                    encode_png(np.uint8(255) * mask[..., None].astype(np.uint8), Metadata())
                )
        except OSError as error:
            raise FileError(f"{path}: cannot be written: {error.strerror or error}") from error

    def _note(self, number, picture, mask):
        with self._store.change(number) as work:
            work.saved = {"picture": str(picture), "mask": str(mask), "version": work.version}
            work.written = [*work.written, Path(picture).name]


def _paths(saved):
    return {kind: saved[kind] for kind in ("picture", "mask")}


def _free_names(folder, name):
    """Names beside a picture that nothing has yet: of the result and of its mask."""
    pairs = ((folder / f"{stem}{name.suffix}", folder / f"{stem}_mask.png") for stem in _stems(name.stem))
    return next(pair for pair in pairs if not any(path.exists() for path in pair))


def _free_folders(folder, name):
    """Names that nothing has yet: of the mirror and of the folder of its masks."""
    pairs = ((folder / stem, folder / f"{stem}_masks") for stem in _stems(name))
    # A mirror in the making, perhaps another program's, has a hidden folder beside its final name.
    return next(
        pair for pair in pairs if not any(path.exists() for path in (*pair, folder / f".part.{pair[0].name}"))
    )


def _stems(stem):
    """Yield lounge_erased, lounge_erased_2, lounge_erased_3, and so on."""
    yield f"{stem}{ENDING}"
    yield from (f"{stem}{ENDING}_{number}" for number in count(2))


def _mask_name(scene, key):
    """Name a scene's mask as `match_scene_masks` finds it, where its id makes a file name."""
    return f"{scene.id if re.fullmatch(_PLAIN, scene.id) else key}.png"


def without_results(tour):
    """Leave out of a folder's tour what a studio wrote into it: results are no scenes of their own.

    Parameters
    ----------
    tour : Tour

    Returns
    -------
    Tour
    """
    if tour.format != "folder" or len(tour.scenes) < 2:
        return tour
    names = {scene.id for scene in tour.scenes}
    scenes = [scene for scene in tour.scenes if _origin(scene.id) not in names]
    return replace(tour, scenes=tuple(scenes))


def _origin(name):
    """Name of the picture that a result's name was made from; None if it is none."""
    path = Path(name)
    found = re.fullmatch(rf"(.+){ENDING}(_[0-9]+)?", path.stem)
    return found and f"{found[1]}{path.suffix}"
