"""Rendering a set of homes: finds what is missing, runs the workers, reports progress."""

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, replace
from pathlib import Path

from finetune.rooms.worker import DONE, MISSING_BPY, Task, scene_folder
from pano_inpaint.errors import FileError, MissingDependencyError, PanoInpaintError, UsageError

SETTINGS = "rooms.json"
HINT = (
    "pip install 'pano-inpaint[rooms]', or pip install bpy into an environment of its own (each release is "
    "for one Python version) and name that interpreter by --python"
)


def render_homes(
    out, *, count, width, seed, furniture=None, workers=1, progress=None, samples=12, start=0, views=None,
    threads=None, rooms=None, cameras=None, noise=0.0, pole_blur=0.0, jpeg=0, gone=False, pieces=1,
    python=None,
):  # fmt: skip
    """Render furnished and empty panoramas of procedural homes in Structured3D's layout.

    What is there already stays; what is missing or half written is rendered. The same settings give the
    same homes, whatever the number of workers.

    Parameters
    ----------
    out : path-like
        Folder of the set; made if need be.
    count : int
        Number of homes, scenes `start` to ``start + count - 1``.
    width : int
        Columns of a panorama, even and at least 64.
    seed : int
        Seed of the set.
    furniture : path-like, optional
        Catalogue zip or folder of glTF models, see `catalogue.read_catalogue`; procedural furniture alone
        if left out.
    workers : int
        Processes.
    progress : callable, optional
        Called with (homes done, homes to do, seconds since the start) at the start and after each home.
    samples : int
        Paths a pixel before denoising.
    start : int
        First scene.
    views : path-like, optional
        Outdoor panorama, or a folder of them, for the windows.
    threads : int, optional
        Threads a worker; the machine's, shared out, if left out.
    rooms : int, optional
        Rooms a home, 1 to 6; drawn if left out.
    cameras : int, optional
        Most panoramas a home, spread over its rooms; one to four a room if left out.
    noise, pole_blur : float
        Sensor noise in 8-bit levels; degrees about the poles that stitching left soft.
    jpeg : int
        JPEG quality the pictures go through before they are stored, 0 for none.
    gone : bool
        Render each panorama once more with one piece of furniture, and what stands on it, gone.
    pieces : int
        Render so many of these, if so many pieces are well in view, each time without another. Of several,
        each is rendered around the piece only, and elsewhere shows what is there with the piece.
    python : path-like, optional
        Interpreter that has bpy; this one if left out.

    Returns
    -------
    list of int
        Scenes rendered now.

    Raises
    ------
    UsageError
        If a setting is impossible or `out` holds a set with other settings.
    MissingDependencyError
        If the interpreter has no bpy.
    PanoInpaintError
        If a worker fails.
    """
    _check(count=count, width=width, samples=samples, workers=workers, rooms=rooms, cameras=cameras)
    out = Path(out)
    share = max(1, (os.cpu_count() or 1) // workers) if threads is None else threads
    task = Task(
        out=str(out.resolve()), scene=start, seed=seed, width=width, samples=samples, threads=share,
        furniture=_absolute(furniture), views=_absolute(views), rooms=rooms, cameras=cameras, noise=noise,
        pole_blur=pole_blur, jpeg=jpeg, gone=gone, pieces=pieces,
    )  # fmt: skip
    _keep_settings(out, task)
    scenes = missing_scenes(out, start, count)
    if scenes:
        _run(task, scenes, workers, python or sys.executable, progress)
    elif progress:
        progress(0, 0, 0.0)
    return scenes


def missing_scenes(out, start, count):
    """List the scenes of a set that are not written in full."""
    return [
        number for number in range(start, start + count) if not (scene_folder(out, number) / DONE).is_file()
    ]


def _check(*, count, width, samples, workers, rooms, cameras):
    if count < 1 or samples < 1 or workers < 1:
        raise UsageError(
            f"expected count, samples and workers of 1 or more, got {count}, {samples}, {workers}"
        )
    if width < 64 or width % 2:
        raise UsageError(f"expected an even width of 64 or more, got {width}")
    if cameras is not None and cameras < 1:
        raise UsageError(f"expected 1 or more cameras a home, got {cameras}")
    if rooms is not None and not 1 <= rooms <= 6:
        raise UsageError(f"expected 1 to 6 rooms a home, got {rooms}")


def _absolute(path):
    if path is None:
        return None
    if not Path(path).exists():
        raise FileError(f"no such file or folder: {path}")
    return str(Path(path).resolve())


def _keep_settings(out, task):
    """Note the settings of the set, or compare them with those it was begun with."""
    settings = {key: value for key, value in asdict(task).items() if key not in ("out", "scene", "threads")}
    for key in ("furniture", "views"):
        settings[key] = Path(settings[key]).name if settings[key] else None
    file = out / SETTINGS
    if file.is_file():
        known = {"gone": False, "pieces": 1} | json.loads(file.read_text("utf-8"))  # older sets do not say
        changed = sorted(key for key in settings if known.get(key) != settings[key])
        if changed:
            was, now = ({key: values.get(key) for key in changed} for values in (known, settings))
            raise UsageError(
                f"{out} was begun with {was}, got {now}; choose another folder or the same settings"
            )
        return
    out.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
    partial.replace(file)


def _run(task, scenes, workers, python, progress):
    """Render some scenes side by side and wait; end them all if one fails or the user interrupts."""
    begin = time.monotonic()
    waiting, running, ended = deque(scenes), [], queue.Queue()
    if progress:
        progress(0, len(scenes), 0.0)
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                running.append(_start(replace(task, scene=waiting.popleft()), python, ended))
            process = ended.get()
            _check_end(process)
            running.remove(process)
            if progress:
                progress(len(scenes) - len(waiting) - len(running), len(scenes), time.monotonic() - begin)
    finally:
        _stop(running)
        for number in scenes:
            folder = scene_folder(task.out, number)
            shutil.rmtree(folder.with_name(f".{folder.name}.partial"), ignore_errors=True)


def _start(task, python, ended):
    """Start a process that renders a scene; it is put into the queue when it has closed its messages."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(  # noqa: S603 -- our own module under the interpreter the caller names
        [str(python), "-m", "finetune.rooms.worker"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    process.errors = []
    process.listener = threading.Thread(target=_listen, args=(process, ended), daemon=True)
    process.listener.start()
    process.stdin.write(json.dumps(asdict(task)) + "\n")
    process.stdin.flush()
    return process


def _listen(process, ended):
    process.errors.extend(process.stderr)
    ended.put(process)


def _check_end(process):
    code = process.wait()
    _close(process)
    if code == MISSING_BPY:
        raise MissingDependencyError("rendering rooms needs Blender as a Python module (bpy)", hint=HINT)
    if code:
        tail = "".join(process.errors[-8:]).strip()
        raise PanoInpaintError(f"a rendering process ended with code {code}: {tail}")


def _stop(processes):
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _close(process)


def _close(process):
    process.listener.join()
    process.stdin.close()
    process.stderr.close()
