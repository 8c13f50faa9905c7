"""Erasing through a whole tour: scene by scene into a mirror, with a report."""

import hashlib
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import pano_inpaint
from pano_inpaint.errors import FileError, PanoInpaintError, UsageError
from pano_inpaint.masks import share_of_sphere, widen

from .mirror import Mirror
from .scene_masks import match_scene_masks, read_scene_mask
from .tour import Tour


@dataclass(frozen=True)
class Progress:
    """How far a tour is.

    Attributes
    ----------
    scene : Scene
        The one that is worked on.
    number, count : int
        Which of how many scenes with a mask; from 1.
    done, total : int
        Its holes.
    """

    scene: object
    number: int
    count: int
    done: int
    total: int


@dataclass(frozen=True)
class SceneReport:
    """What became of a scene.

    Attributes
    ----------
    id, name : str
        The scene's.
    state : str
        ``erased``, ``untouched`` (no mask) or ``failed`` (kept as it was).
    erased_share : float
        Part of the sphere that was erased, 0 to 1.
    seconds : float
        Time it took; of an interrupted run if the scene was taken over.
    taken_over : bool
        Whether an interrupted run had finished it.
    files : int
        How many files changed: one, or the tiles of all levels.
    problem : str or None
        Why it failed, or why a scene without a mask cannot be used.
    hint : str or None
        What the user may do about it.
    notes : tuple of str
        What the user should know.
    """

    id: str
    name: str
    state: str
    erased_share: float = 0.0
    seconds: float = 0.0
    taken_over: bool = False
    files: int = 0
    problem: str | None = None
    hint: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TourReport:
    """What became of a tour.

    Attributes
    ----------
    tour : Tour
        The original.
    mirror : Path or None
        The new one, which `read_tour` reads; None if no scene could be erased.
    scenes : tuple of SceneReport
        All scenes, in the tour's order.
    unused_masks : tuple of str
        Names of masks that belong to no scene.
    page : Path or None
        The view page in the mirror, if one was written.
    """

    tour: Tour
    mirror: Path | None
    scenes: tuple[SceneReport, ...]
    unused_masks: tuple[str, ...] = ()
    page: Path | None = None

    @property
    def failed(self):
        """Reports of the scenes that failed."""
        return tuple(scene for scene in self.scenes if scene.state == "failed")


def erase_tour(
    tour, masks, eraser, out, *, watch=lambda _progress: None, overwrite=False, settings="", quality=None,
    grow_deg=0.0, shadows_deg=0.0, write_page=None,
):  # fmt: skip
    """Erase what masks mark from a tour's scenes, and write the mirror.

    Parameters
    ----------
    tour : Tour
        From `read_tour`; never changed.
    masks : str, Path or dict
        As in `match_scene_masks`: one picture for all, a folder, or a dict by scene id. A mask of another
        size than its panorama is scaled. Scenes that share a picture share their masks.
    eraser : Eraser
        Or anything with its method ``erase(panorama, mask, *, watch)``; if shadows are to be lifted, with
        ``lift_shadows``, too, and ``erase`` told by ``shadows_lifted`` that they are.
    out : str or Path
        Folder of the mirror; appears, with ``report.json`` in it, when it is whole.
    watch : callable, optional
        Told the `Progress`. What it raises stops the run; the scenes done so far stay for the next one.
    overwrite : bool
        Whether an earlier mirror at `out` may be replaced.
    settings : str
        Whatever else decides what the eraser does (preset, seed): an interrupted run's scenes are taken over
        only if it is the same.
    quality : int, optional
        1 to 100, JPEG and WebP only; instead of the source's own.
    grow_deg : float
        Degrees by which masks are widened, see `masks.widen`; reported.
    shadows_deg : float
        Degrees from there within which shadows are lifted, see `Eraser.lift_shadows`; reported.
    write_page : callable, optional
        Writes a page into the mirror, see `Mirror.finish`.

    Returns
    -------
    TourReport
        A scene that fails is in it with its reason, and the others go on.

    Raises
    ------
    UsageError
        If there is no mask for any scene, or `out` is the tour, lies in it, or is taken.
    FileError
        If the masks do not exist, or the mirror cannot be written.
    """
    found, unused = match_scene_masks(tour, masks)
    if not found:
        raise UsageError(
            f"expected a mask for a scene of {tour.title}, received none",
            hint=f"masks are matched by name: {tour.scenes[0].id}.png",
        )
    mirror = Mirror(tour, out, overwrite=overwrite)
    run = _Run(eraser, mirror, watch, settings, quality, grow_deg, shadows_deg)
    reports = {scene.id: _untouched(scene) for scene in tour.scenes if scene.id not in found}
    groups = _by_picture(tour, found)
    for number, scenes in enumerate(groups, start=1):
        report = run.erase(scenes, [found[scene.id] for scene in scenes], number, len(groups))
        reports |= {scene.id: _named(report, scene) for scene in scenes}
    ordered = tuple(reports[scene.id] for scene in tour.scenes)
    names = tuple(path.name for path in unused)
    if not any(report.state == "erased" for report in ordered):
        mirror.discard()
        return TourReport(tour, None, ordered, names)
    pages = []

    def remember_page(mirrored):
        pages.extend(write_page(mirrored))
        return pages

    written = mirror.finish(
        _to_json(ordered, names, grow_deg, shadows_deg), write_page=write_page and remember_page
    )
    return TourReport(tour, written, ordered, names, written / pages[0] if pages else None)


class _Run:
    """What all scenes of one run share."""

    def __init__(self, eraser, mirror, watch, settings, quality, grow_deg, shadows_deg):
        self._eraser, self._mirror, self._watch, self._quality = eraser, mirror, watch, quality
        self._settings = f"{pano_inpaint.__version__} {settings} {quality} {shadows_deg}"
        self._radius, self._reach = np.radians(grow_deg), np.radians(shadows_deg)

    def erase(self, scenes, masks, number, count):
        """Erase one picture; the report of a failure is as good as any."""
        scene = scenes[0]
        try:
            return self._erase(scene, masks, number, count)
        except PanoInpaintError as error:
            return SceneReport(
                scene.id, scene.name, "failed", problem=str(error), hint=error.hint, notes=scene.notes
            )
        except MemoryError:
            return SceneReport(scene.id, scene.name, "failed", problem="not enough memory", notes=scene.notes)

    def _erase(self, scene, masks, number, count):
        start = time.perf_counter()
        panorama = scene.read()
        mask, notes = _union(masks, panorama)
        mask = widen(mask, self._radius, panorama.known)
        key = _key(scene, mask, self._settings)
        earlier = self._mirror.take_over(key)
        if earlier is not None:
            return _erased(scene, earlier, taken_over=True)

        lit, lifted, options = panorama, False, {}
        if self._reach:
            lit, mask, lifted = self._eraser.lift_shadows(panorama, mask, self._reach)
            options["shadows_lifted"] = True
        changed = mask | lifted

        def watch(done, total, *_):
            self._watch(Progress(scene, number, count, done, total))

        completed = self._eraser.erase(lit, mask, watch=watch, **options)
        record = {
            "erased_share": round(share_of_sphere(changed), 6),
            "notes": [*scene.notes, *panorama.notes, *notes],
        }
        files = self._mirror.write(scene, completed, panorama, quality=self._quality)
        record |= {"files": len(files), "seconds": round(time.perf_counter() - start, 2)}
        self._mirror.remember(key, files, record)
        return _erased(scene, record)


def _by_picture(tour, found):
    """Group the scenes that have a mask by their picture."""
    groups = defaultdict(list)
    for scene in tour.scenes:
        if scene.id in found:
            groups[scene.source.files if scene.source else (None, scene.id)].append(scene)
    return list(groups.values())


def _union(masks, panorama):
    union, notes = None, ()
    for mask in {id(mask): mask for mask in masks}.values():
        mask, said = read_scene_mask(mask, panorama)
        union, notes = mask if union is None else union | mask, notes + said
    if (union == panorama.known).all():
        raise UsageError("expected a mask that leaves something to see, received one that covers everything")
    return union, notes


def _key(scene, mask, settings):
    """Name picture, mask and settings, so that an interrupted run's result is known to be the same."""
    digest = hashlib.sha256(_bytes(f"{settings}\0{scene.id}\0{mask.shape}"))
    digest.update(np.packbits(mask).tobytes())
    for name in scene.source.files:
        try:
            stat = (scene.source.root / name).stat()
        except OSError as error:
            raise FileError(f"{name}: cannot be read: {error.strerror or error}") from error
        digest.update(_bytes(f"\0{name}\0{stat.st_size}\0{stat.st_mtime_ns}"))
    return digest.hexdigest()


def _bytes(text):
    return text.encode("utf-8", "surrogatepass")  # names may hold bytes that are no UTF-8


def _erased(scene, record, **details):
    return SceneReport(
        scene.id, scene.name, "erased", **{**record, "notes": tuple(record["notes"])}, **details
    )


def _untouched(scene):
    return SceneReport(scene.id, scene.name, "untouched", problem=scene.problem, notes=scene.notes)


def _named(report, scene):
    return SceneReport(**{**asdict(report), "id": scene.id, "name": scene.name})


def _to_json(reports, unused, grow_deg, shadows_deg):
    scenes = [{key: value for key, value in asdict(report).items() if value} for report in reports]
    totals = {"erased": 0, "untouched": 0, "failed": 0}
    for report in reports:
        totals[report.state] += 1
    totals["seconds"] = round(sum(report.seconds for report in reports), 2)
    described = {
        "version": pano_inpaint.__version__,
        "grow_deg": grow_deg,
        "shadows_deg": shadows_deg,
        "totals": totals,
        "scenes": scenes,
    }
    return {**described, "unused_masks": list(unused)} if unused else described
