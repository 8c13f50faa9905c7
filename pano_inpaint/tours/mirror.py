"""A tour's mirror: the same names, format and links with new pictures; everything else byte for byte.

A mirror grows in a hidden folder beside its final name and is renamed when it is whole. Interrupted, that
folder stays, and a later run takes over those scenes whose picture, mask and settings are the same.
"""

import json
import shutil
from pathlib import Path

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.files import replacing

from .reading import REPORT_NAMES

PROGRAM = "pano-inpaint"  # what a report of ours says it was written by
_STATE = ".pano-inpaint.json"
_STUDIO = ".pano-inpaint"  # where a studio keeps its work on the tour


def write_tour(tour, results, out, *, overwrite=False, quality=None):
    """Write a tour with other pictures.

    Parameters
    ----------
    tour : Tour
        From `read_tour`; never changed.
    results : dict of str to Panorama
        Scene id → completed panorama, of the size and dtype that the scene's own has.
    out : str or Path
        Folder of the mirror; appears when it is whole.
    overwrite : bool
        Whether an earlier mirror at `out` may be replaced. Nothing else ever is.
    quality : int, optional
        1 to 100, JPEG and WebP only; instead of the source's own.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    UsageError
        If a result belongs to no scene or does not fit it, or `out` is the tour, lies in it, or is taken.
    FileError
        If a file cannot be read or written.
    """
    scenes = {scene_id: tour.scene(scene_id) for scene_id in results}
    mirror = Mirror(tour, out, overwrite=overwrite)
    for scene_id, completed in results.items():
        scene = scenes[scene_id]
        mirror.write(scene, completed, scene.read(), quality=quality)
    return mirror.finish({"scenes": [{"id": scene_id, "state": "replaced"} for scene_id in results]})


class Mirror:
    """A mirror in the making.

    Parameters
    ----------
    tour : Tour
    out : str or Path
        Where it is to be.
    overwrite : bool
        As in `write_tour`.

    Raises
    ------
    UsageError
        If `out` is the tour, lies in it, or is taken.
    FileError
        If the folder cannot be made.
    """

    def __init__(self, tour, out, *, overwrite=False):
        self._tour, self._out = tour, Path(out)
        self._overwrite = overwrite
        self._check_place()
        self._folder = self._out.with_name(f".part.{self._out.name}")
        self._earlier = self._read_state()
        self._scenes = {}
        self._written = set()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._save_state()
        except OSError as error:
            raise FileError(f"{self._out}: cannot be written: {error.strerror or error}") from error

    def take_over(self, key):
        """Take over a scene that an interrupted run finished.

        Parameters
        ----------
        key : str
            What `remember` was given for it.

        Returns
        -------
        dict or None
            The record that `remember` was given; None if there is no such scene, or files of it are missing.
        """
        earlier = self._earlier.get(key)
        if earlier is None or not all((self._folder / name).is_file() for name in earlier["files"]):
            return None
        self.remember(key, earlier["files"], earlier["record"])
        return earlier["record"]

    def write(self, scene, completed, original, *, quality=None):
        """Write a scene's completed panorama.

        Parameters
        ----------
        scene : Scene
        completed, original : Panorama
        quality : int, optional
            1 to 100, JPEG and WebP only.

        Returns
        -------
        list of str
            Names of the files written.
        """
        files = scene.source.write(completed, original, self._folder, quality=quality)
        self._written.update(files)
        return files

    def remember(self, key, files, record):
        """Note that a scene is done, so that a later run can take it over.

        Parameters
        ----------
        key : str
            Names picture, mask and settings.
        files : list of str
            What `write` returned.
        record : dict
            Kept with them; values that JSON holds.
        """
        self._written.update(files)
        self._scenes[key] = {"files": files, "record": record}
        self._save_state()

    def finish(self, report, *, write_page=None):
        """Copy what was not written, add the page and the report, and give the mirror its name.

        Parameters
        ----------
        report : dict
            Becomes ``report.json``, or ``pano-inpaint-report.json`` if the tour has such a file.
        write_page : callable, optional
            ``write_page(tour)`` is given the mirror as it stands, writes a page into its root, and returns
            the names of the files it wrote, the page first.

        Returns
        -------
        Path
            The mirror.

        Raises
        ------
        FileError
            If something cannot be copied or written.
        """
        try:
            left_out = self._copy_the_rest()
            report = {"program": PROGRAM, "tour": self._tour.title, "format": self._tour.format, **report}
            if left_out:
                report["left_out"] = left_out
            pages = write_page(self._tour.moved(self._folder)) if write_page else []
            self._written.update(pages)
            if pages:
                report["page"] = list(pages)
            name = next(name for name in REPORT_NAMES if name not in self._written)
            _write_json(self._folder / name, report)
            self._remove_others({*self._written, name})
            self._give_name()
        except OSError as error:
            raise FileError(f"{self._out}: cannot be written: {error.strerror or error}") from error
        return self._out

    def discard(self):
        """Remove what was written so far."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _check_place(self):
        out, root = self._out.resolve(), self._tour.root.resolve()
        if out == root or root.is_relative_to(out):
            raise UsageError(f"expected a new folder for the mirror, received the tour's own: {self._out}")
        if self._tour.carried is None and out.is_relative_to(root):
            raise UsageError(f"expected a folder outside the tour, received {self._out} inside {root.name}")
        if self._out.is_dir() and not any(self._out.iterdir()):
            return
        if self._out.exists() and not (self._overwrite and _is_mirror(self._out)):
            hint = "it may be replaced on request" if _is_mirror(self._out) else "choose another name"
            raise UsageError(f"expected a new or empty folder, received a taken one: {self._out}", hint=hint)

    def _read_state(self):
        if not self._folder.exists():
            return {}
        state = _read_json(self._folder / _STATE)
        if state is None and any(self._folder.iterdir()):
            raise UsageError(f"expected {self._folder} to be ours or absent, received another folder")
        return state or {}

    def _save_state(self):
        _write_json(self._folder / _STATE, {**self._earlier, **self._scenes})

    def _copy_the_rest(self):
        left_out = []
        root = self._tour.root.resolve()
        for name in _names(self._tour):
            if name in self._written:
                continue
            if not (root / name).resolve().is_relative_to(root):
                left_out.append(f"{name}: a link that leads out of the tour")
                continue
            with replacing(self._folder / name) as temporary:
                shutil.copy2(root / name, temporary)
            self._written.add(name)
        return left_out

    def _remove_others(self, kept):
        for path in sorted(self._folder.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(self._folder).as_posix() not in kept:
                path.unlink()

    def _give_name(self):
        if not self._out.exists():
            self._folder.rename(self._out)
        elif not any(self._out.iterdir()):
            self._out.rmdir()
            self._folder.rename(self._out)
        else:
            old = self._out.with_name(f".old.{self._out.name}")
            self._out.rename(old)
            self._folder.rename(self._out)
            shutil.rmtree(old)


def _names(tour):
    """Names of all files of a tour, without reports of ours and repositories' innards."""
    if tour.carried is not None:
        own = [name for scene in tour.scenes if scene.source for name in scene.source.files]
        return sorted({*tour.carried, *own})
    root = tour.root
    names = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    # A folder behind a link is not walked through, but scenes may lie in it.
    names |= {name for scene in tour.scenes if scene.source for name in scene.source.files}
    for name in REPORT_NAMES:
        if _is_report(root / name):  # a mirror's: its report and page are about what was erased before
            pages = _read_json(root / name).get("page")
            names -= {name, *(page for page in pages or () if isinstance(page, str))}
    return sorted(name for name in names if not {".git", _STATE, _STUDIO} & set(name.split("/")))


def _is_mirror(folder):
    return any(_is_report(folder / name) for name in REPORT_NAMES)


def _is_report(path):
    return (_read_json(path) or {}).get("program") == PROGRAM


def _read_json(path):
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _write_json(path, value):
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", "utf-8")
