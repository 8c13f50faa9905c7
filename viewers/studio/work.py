"""Erasing behind the page: jobs in the shared worker's queue, watched and cancelled."""

import math
import threading
import time
from dataclasses import dataclass, field

from pano_inpaint.errors import PanoInpaintError, UsageError
from pano_inpaint.masks import share_of_sphere
from pano_inpaint.strokes import draw_marks
from viewers.worker import CancelledJobError

from .layers import Layer
from .marks import read_marks
from .store import ConflictError, Result

_REMEMBERED = 200  # finished tasks
ACTIVE = ("waiting", "working")


@dataclass
class Task:
    """An erasing that was asked for.

    Attributes
    ----------
    id : int
    scene : int
        Its number.
    seed : int
    quality : str
    shadows_deg : float
        How far from the marks their shadows are lifted.
    state : str
        ``waiting``, ``working``, ``done``, ``failed`` or ``cancelled``.
    stage : str
        What is being done, for a person to read.
    done, total : int
        Holes; 0 of 0 while nothing is known.
    seconds : float
        Time it has worked.
    error : str or None
        Why it failed.
    """

    id: int
    scene: int
    seed: int
    quality: str
    shadows_deg: float = 0.0
    state: str = "waiting"
    stage: str = "waiting"
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    error: str | None = None
    job: object = field(default=None, repr=False)
    started: float = 0.0

    def to_json(self):
        """Return what the page is told."""
        hidden = ("job", "started")
        told = {name: value for name, value in vars(self).items() if name not in hidden}
        if self.state == "working":
            told["seconds"] = time.monotonic() - self.started
        return told | {"seconds": round(told["seconds"], 2)}


class Tasks:
    """Erasings of a tour.

    Parameters
    ----------
    store : Store
    pictures : Pictures
    make_eraser : callable
        ``make_eraser(quality, seed, check)`` returns an `Eraser`, or whatever has its method; called in the
        worker. ``check()`` raises once the task was cancelled, and may be called as often as one likes.
    """

    def __init__(self, store, pictures, make_eraser):
        self._store, self._pictures, self._make_eraser = store, pictures, make_eraser
        self._lock = threading.Lock()
        self._tasks = {}
        self._count = int(time.time())  # so that a page still open from before meets no number twice

    def start(self, worker, scene, *, seed, quality, shadows_deg=0.0):
        """Put an erasing into the queue.

        Parameters
        ----------
        worker : Worker
        scene : int
            Number of the scene, with something marked.
        seed : int
        quality : str
        shadows_deg : float
            How far from the marks their shadows are lifted.

        Returns
        -------
        Task

        Raises
        ------
        ConflictError
            If the scene is being worked on, or nothing is marked.
        QueueFullError, ClosedError
            If the worker takes nothing more.
        """
        work = self._store.look(scene)
        marks = work.candidate.marks if work.candidate else work.current_marks
        if not marks:
            raise ConflictError("expected something marked to erase, found nothing")
        with self._lock:
            if any(task.scene == scene for task in self._active()):
                raise ConflictError("expected a scene that is not being worked on")
            self._count += 1
            task = Task(self._count, scene, seed, quality, shadows_deg)
            task.job = worker.submit(lambda job: self._run(task, marks, job))
            self._tasks[task.id] = task
            for old in [one.id for one in self._tasks.values() if one.state not in ACTIVE][:-_REMEMBERED]:
                del self._tasks[old]
        return task

    def find(self, number):
        """Return the task of a number, or None."""
        return self._tasks.get(number)

    def list(self):
        """Return all tasks that are remembered, oldest first."""
        with self._lock:
            return list(self._tasks.values())

    def is_busy(self, scene):
        """Tell whether a scene is waiting or worked on."""
        with self._lock:
            return any(task.scene == scene for task in self._active())

    def cancel(self, task):
        """Take a task out of the queue, or stop it at its next step; its result is dropped in any case."""
        with self._lock:
            if task.state in ACTIVE:
                task.state = task.stage = "cancelled"
        task.job.cancel()

    def _active(self):
        return [task for task in self._tasks.values() if task.state in ACTIVE]

    def _run(self, task, marks, job):
        with self._lock:
            if task.state != "waiting":
                return
            task.state, task.stage, task.started = "working", "reading the picture", time.monotonic()
        try:
            layer, share = self._erase(task, marks, job)
            self._finish(task, marks, layer, share)
        except CancelledJobError:
            self._end(task, "cancelled")
        except PanoInpaintError as error:
            self._end(task, "failed", f"{error}; {error.hint}" if error.hint else str(error))
        except MemoryError:
            self._end(task, "failed", "not enough memory")
        except Exception:
            self._end(task, "failed", "internal error; the server's log says more")
            raise

    def _erase(self, task, marks, job):
        panorama = self._pictures.current(task.scene)
        mask = draw_mask(marks, panorama)
        task.stage = "loading the network"
        eraser = self._make_eraser(task.quality, task.seed, job.check)

        def watch(done, total):
            task.done, task.total = done, total
            task.stage = f"hole {min(done + 1, total)} of {total}" if done < total else "finishing"
            job.watch(done, total)

        job.check()
        lit, lifted, options = panorama, False, {}
        if task.shadows_deg:
            task.stage = "lifting shadows"
            lit, mask, lifted = eraser.lift_shadows(panorama, mask, math.radians(task.shadows_deg))
            options["shadows_lifted"] = True
            job.check()
        changed = mask | lifted
        completed = eraser.erase(lit, mask, watch=watch, **options)
        job.check()
        return Layer(changed, completed.pixels[changed]), round(share_of_sphere(changed), 6)

    def _finish(self, task, marks, layer, share):
        name = self._store.add_layer(task.scene, layer)
        with self._lock:
            if task.state != "working":
                self._store.forget([name])
                return
            seconds = time.monotonic() - task.started
            with self._store.change(task.scene) as work:
                earlier = [work.candidate.file] if work.candidate else []
                work.candidate = Result(
                    name, marks, task.seed, task.quality, share, round(seconds, 2), task.shadows_deg
                )
            self._store.forget(earlier)
            task.state, task.stage, task.seconds = "done", "done", seconds

    def _end(self, task, state, error=None):
        with self._lock:
            if task.state in ACTIVE:
                task.state, task.stage, task.error = state, state, error
                task.seconds = time.monotonic() - task.started


def draw_mask(marks, panorama):
    """Draw marks on a panorama's own grid.

    Parameters
    ----------
    marks : list of dict
        As JSON.
    panorama : Panorama

    Returns
    -------
    ndarray, bool, shape (H, W)

    Raises
    ------
    UsageError
        If nothing that was photographed is marked, or all of it.
    """
    mask = draw_marks([mark.to_mark() for mark in read_marks(marks)], len(panorama.pixels)) & panorama.known
    if not mask.any():
        raise UsageError("expected something marked to erase, found nothing")
    if (mask == panorama.known).all():
        raise UsageError("expected something left unmarked, found all of the picture marked")
    return mask
