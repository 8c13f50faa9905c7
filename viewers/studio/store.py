"""The work on a tour, kept in a hidden folder: marks, results and what was saved, scene by scene.

Every change is on the disk before it is answered, so that neither a reload of the page nor the end of the
server loses anything. Scenes are kept under their picture's name, so that a panorama opened by itself and its
tour share their work.
"""

import hashlib
import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.files import replacing

from .layers import write_layer
from .marks import MOST_MARKS, read_marks

FOLDER = ".pano-inpaint"
_VERSION = 1


class ConflictError(Exception):
    """What is asked does not fit the state things are in."""


@dataclass(frozen=True)
class Result:
    """A completion, as it was asked for.

    Attributes
    ----------
    file : str
        Its layer, in the store's folder.
    marks : list of dict
        What was marked, as JSON.
    seed : int
    quality : str
    share : float
        Part of the sphere, 0 to 1.
    seconds : float
    shadows_deg : float
        How far from the marks their shadows were lifted.
    """

    file: str
    marks: list
    seed: int
    quality: str
    share: float
    seconds: float
    shadows_deg: float = 0.0


@dataclass
class SceneWork:
    """The work on one scene.

    Attributes
    ----------
    marks : list of dict
        All marks, those that were undone at the end.
    shown : int
        How many of them count.
    revision : int
        Goes up with each change of the marks.
    candidate : Result or None
        A completion that is neither accepted nor discarded yet.
    accepted : list of Result
        Oldest first.
    saved : dict or None
        Names of the picture and the mask written last, and the `version` they show.
    written : list of str
        Names of all pictures that were written.
    counter : int
        Number of the last layer.
    source : list of int
        Sizes and times of the picture's files.
    """

    marks: list = field(default_factory=list)
    shown: int = 0
    revision: int = 0
    candidate: Result | None = None
    accepted: list = field(default_factory=list)
    saved: dict | None = None
    written: list = field(default_factory=list)
    counter: int = 0
    source: list = field(default_factory=list)

    @property
    def current_marks(self):
        """Marks that count, as JSON."""
        return self.marks[: self.shown]

    @property
    def version(self):
        """Name of what the scene shows now; "" for the original."""
        return "+".join(result.file for result in self.accepted)

    @property
    def is_saved(self):
        """Whether what it shows is written."""
        return self.saved is not None and self.saved["version"] == self.version

    def edit(self, revision, keep, added, shown):
        """Change the marks.

        Parameters
        ----------
        revision : int
            The one that the change is based on.
        keep : int
            How many of the marks stay.
        added : list of dict
            What comes behind them.
        shown : int
            How many count then.

        Raises
        ------
        ConflictError
            If the marks have changed meanwhile, a result waits for a decision, or the numbers do not fit.
        """
        if self.candidate:
            raise ConflictError("expected the result to be accepted or discarded first")
        if revision != self.revision:
            raise ConflictError(f"expected the marks of revision {self.revision}, received {revision}")
        total = keep + len(added)
        if keep > len(self.marks) or shown > total or total > MOST_MARKS:
            raise ConflictError(f"expected at most {MOST_MARKS} marks that follow on, received others")
        self.marks = [*self.marks[:keep], *added]
        self.shown = shown
        self.revision += 1

    def accept(self):
        """Make the candidate what the scene shows; painting starts anew."""
        if self.candidate is None:
            raise ConflictError("expected a result to accept, found none")
        self.accepted = [*self.accepted, self.candidate]
        self.candidate = None
        self._set_marks([])

    def discard(self):
        """Drop the candidate; the marks stay. Returns the layers' names that are not needed any more."""
        if self.candidate is None:
            raise ConflictError("expected a result to discard, found none")
        dropped, self.candidate = self.candidate, None
        return [dropped.file]

    def reopen(self):
        """Take the last accepted result back and show its marks again; returns its layer's name."""
        if not self.accepted:
            raise ConflictError("expected an accepted result to take back, found none")
        if self.candidate:
            raise ConflictError("expected the result to be accepted or discarded first")
        *self.accepted, last = self.accepted
        self._set_marks(last.marks)
        return [last.file]

    def _set_marks(self, marks):
        self.marks, self.shown = list(marks), len(marks)
        self.revision += 1


class Store:
    """Where the work on a tour is kept.

    Parameters
    ----------
    folder : str or Path
        Created if need be. One store at a time has it.
    tour : Tour

    Raises
    ------
    FileError
        If the folder cannot be written.
    UsageError
        If another server has it.
    """

    def __init__(self, folder, tour):
        self.folder = Path(folder) / FOLDER
        self.tour = tour
        self.notes = []
        self._lock = threading.RLock()
        self._keys = [_key(scene) for scene in tour.scenes]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._guard = _taken(self.folder / "lock")
            self._works = [self._read(number) for number in range(len(tour.scenes))]
        except OSError as error:
            raise FileError(
                f"{self.folder}: cannot be written: {error.strerror or error}",
                hint="name a folder for the work and the results with --out",
            ) from error

    def close(self):
        """Let another server have the folder."""
        self._guard.close()

    def key(self, number):
        """Return the name under which a scene's work is kept."""
        return self._keys[number]

    def look(self, number):
        """Return a copy of a scene's work."""
        with self._lock:
            return SceneWork(**vars(self._works[number]))

    @contextmanager
    def change(self, number):
        """Change a scene's work; what is changed is written at the end, or forgotten after an error."""
        with self._lock:
            work = SceneWork(**vars(self._works[number]))
            yield work
            self._write(number, work)
            self._works[number] = work

    def add_layer(self, number, layer):
        """Keep a layer; returns its name."""
        with self.change(number) as work:
            work.counter += 1
        name = f"{self._keys[number]}-{work.counter}.npz"
        write_layer(self.folder / name, layer)
        return name

    def forget(self, names):
        """Remove layers that are not needed any more."""
        for name in names:
            with suppress(OSError):
                (self.folder / name).unlink()

    def _read(self, number):
        """Read what is kept of a scene; what does not fit any more is set aside and said."""
        path = self.folder / f"{self._keys[number]}.json"
        scene = self.tour.scenes[number]
        fresh = SceneWork(source=fingerprint(scene))
        if not path.is_file():
            return fresh
        try:
            work = _from_json(json.loads(path.read_text("utf-8")))
        except (ValueError, TypeError, LookupError, RecursionError):
            aside = path.with_suffix(".damaged")
            path.replace(aside)
            self.notes.append(f"{scene.name}: the kept work cannot be read and was set aside as {aside.name}")
            return fresh
        missing = not all((self.folder / result.file).is_file() for result in _results(work))
        if missing or (work.source != fresh.source and _results(work)):
            what = "results are missing" if missing else "the picture has changed"
            self.notes.append(f"{scene.name}: {what} since it was worked on; only the marks are kept")
            marks = [mark for result in _results(work) for mark in result.marks] + work.current_marks
            fresh.marks, fresh.shown, fresh.counter = (
                marks[:MOST_MARKS],
                len(marks[:MOST_MARKS]),
                work.counter,
            )
            fresh.written = work.written
            return fresh
        work.source = fresh.source
        return work

    def _write(self, number, work):
        document = {"version": _VERSION, "scene": self.tour.scenes[number].name, **asdict(work)}
        try:
            with replacing(self.folder / f"{self._keys[number]}.json") as temporary:
                temporary.write_text(json.dumps(document, separators=(",", ":")), "utf-8", "replace")
        except OSError as error:
            raise FileError(f"{self.folder}: cannot be written: {error.strerror or error}") from error


def fingerprint(scene):
    """Return sizes and times of a scene's files; empty if it has no usable picture."""
    if scene.source is None:
        return []
    found = []
    for name in scene.source.files:
        with suppress(OSError):
            stat = (scene.source.root / name).stat()
            found += [stat.st_size, stat.st_mtime_ns]
    return found if len(found) <= 2 else [int(hashlib.sha256(repr(found).encode()).hexdigest()[:12], 16)]


def _key(scene):
    """Name a scene's files: readable, and safe whatever the scene is called."""
    name = scene.source.files[0] if scene.source else scene.id
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    plain = "".join(
        letter for letter in Path(name).stem if letter.isascii() and (letter.isalnum() or letter in "-_")
    )
    return f"{plain[:40]}-{digest}"


def _results(work):
    return [*work.accepted, *([work.candidate] if work.candidate else [])]


def _from_json(document):
    if document.pop("version") != _VERSION:
        raise ValueError("another version")
    document.pop("scene")
    document["accepted"] = [Result(**result) for result in document["accepted"]]
    document["candidate"] = Result(**document["candidate"]) if document["candidate"] else None
    work = SceneWork(**document)
    for marks in (work.marks, *(result.marks for result in _results(work))):
        read_marks(marks)
    for result in _results(work):
        if Path(result.file).name != result.file:
            raise ValueError("a layer outside the folder")
    if not 0 <= work.shown <= len(work.marks):
        raise ValueError("more marks shown than there are")
    return work


def _taken(path):
    """Open a file that only one server can hold; where the system has no such locks, nothing is checked."""
    file = path.open("w")
    try:
        import fcntl
    except ImportError:
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise UsageError(
            f"expected a tour that nobody works on, found a studio at work in {path.parent.parent}",
            hint="end that one first, or name another folder with --out",
        ) from error
    return file
