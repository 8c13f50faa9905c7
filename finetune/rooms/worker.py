"""The process that renders: ``python -m finetune.rooms.worker`` reads a task from its input, needs bpy.

One line of JSON comes in (see `Task`) and one scene is rendered. The end of the input, which is the end of
the parent, ends the worker. What Blender keeps from one scene to the next would change the noise, hence a
process for each.
"""

import json
import os
import shutil
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

MISSING_BPY = 3  # exit code: this interpreter has no bpy
DONE = "done.json"  # the last file of a scene; without it the scene counts as unwritten
_REACH = np.radians(30)  # from a piece that is gone: its shadows are rendered no further away


@dataclass
class Task:
    """What a worker is asked to do.

    Attributes
    ----------
    out : str
        Folder of the set.
    scene : int
        Number of the scene to render.
    seed, width, samples, threads : int
        Seed of the set, columns, paths a pixel, threads (0 for all).
    furniture, views : str or None
        Catalogue of furniture; folder or file of outdoor panoramas.
    rooms, cameras : int or None
        Rooms a home, drawn where None; most panoramas a home, all where None.
    noise, pole_blur : float
        Faults of a camera, see `develop`.
    jpeg : int
        JPEG quality the pictures go through, 0 for none.
    gone : bool
        Each panorama also with one piece of furniture gone.
    pieces : int
        How many pieces are gone in turn, each alone.
    """

    out: str
    scene: int
    seed: int
    width: int
    samples: int = 12
    threads: int = 0
    furniture: str | None = None
    views: str | None = None
    rooms: int | None = None
    cameras: int | None = None
    noise: float = 0.0
    pole_blur: float = 0.0
    jpeg: int = 0
    gone: bool = False
    pieces: int = 1


def scene_folder(out, number):
    """Name the folder of a scene as Structured3D does."""
    return Path(out) / f"scene_{number:05d}"


def main():
    """Render the task that comes in on the standard input; return the exit code."""
    task = Task(**json.loads(sys.stdin.readline()))
    try:
        import bpy  # noqa: F401
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return MISSING_BPY
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from finetune.rooms.catalogue import read_catalogue

    render_scene(task, read_catalogue(task.furniture), _view_files(task.views))
    return 0


def _end_with_parent():
    sys.stdin.read()
    os._exit(1)


def _view_files(path):
    if path is None:
        return []
    path = Path(path)
    if path.is_file():
        return [path]
    return sorted(
        file for file in path.iterdir() if file.suffix.lower() in (".jpg", ".jpeg", ".png", ".hdr", ".exr")
    )


def render_scene(task, catalogue, views):
    """Render one home and write it; the folder appears whole or not at all.

    Parameters
    ----------
    task : Task
        Settings.
    catalogue : Catalogue
        Models.
    views : list of Path
        Outdoor panoramas to choose from, or none.
    """
    from finetune.rooms import record, render
    from finetune.rooms.house import build_house
    from finetune.rooms.plan import keep_cameras
    from finetune.rooms.scene import Scene

    number = task.scene
    folder = scene_folder(task.out, number)
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    house = build_house(task.seed, number, catalogue, rooms=task.rooms)
    if task.cameras is not None:
        keep_cameras(house.home, task.cameras, seed=[task.seed, number, 4])
    view = views[house.style.light.view_seed % len(views)] if views else None
    scene = Scene(house, view=view)
    render.set_up(width=task.width, samples=task.samples, threads=task.threads)
    pairs = _render_pairs(house, scene)
    gone = _render_removals(task, house, scene, pairs) if task.gone else {}
    for place, pair in pairs.items():
        _write_pair(partial, task, house, place, pair, gone.get(place, {}))
    _write_json(partial / "home.json", record.home_record(house, seed=task.seed, number=number))
    _write_json(partial / "tour.json", record.tour(house))
    _write_json(partial / "tour_empty.json", record.tour(house, variant="empty"))
    _write_json(partial / DONE, {"pairs": len(pairs), "task": asdict(task)})
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _render_pairs(house, scene):
    """Render all cameras furnished, then all empty: furniture is shown and hidden once."""
    from finetune.rooms import render

    places = [(r, c) for r, room in enumerate(house.home.rooms) for c in range(len(room.cameras))]
    pairs = {place: {} for place in places}
    for variant in ("full", "empty"):
        for room, camera in places:
            scene.show_items(variant == "full", camera=(room, camera))
            pairs[room, camera][variant] = render.render_camera(house.home.rooms[room].cameras[camera])
    return pairs


def _render_removals(task, house, scene, pairs):
    """Render all cameras that have a piece well in view without it, into `pairs`; return what is gone.

    Of several, each is rendered around the piece only: elsewhere it shows what is there with the piece.
    """
    from finetune.rooms import removal, render
    from finetune.rooms.scene import FIRST_ITEM

    gone = {}
    for (room, camera), pair in pairs.items():
        rng = np.random.default_rng([task.seed, task.scene, room, camera, 6])
        shown = pair["full"].index - FIRST_ITEM
        chosen = removal.choose_pieces(shown, house.numbered_items(), rng, most=task.pieces)
        for order, numbers in enumerate(chosen, start=1):
            window = removal.window_around(np.isin(shown, numbers), _REACH) if task.pieces > 1 else None
            scene.show_items(True, camera=(room, camera), without=numbers)
            rendered = render.render_camera(house.home.rooms[room].cameras[camera], window=window)
            variant = f"gone_{order}" if order > 1 else "gone"
            pair[variant] = rendered if window is None else rendered.within(window, pair["full"])
            gone.setdefault((room, camera), {})[variant] = numbers
    return gone


def _write_pair(partial, task, house, place, pair, gone):
    from finetune.rooms import develop, record
    from finetune.rooms.png import write_png
    from finetune.rooms.scene import FIRST_ITEM
    from finetune.rooms.semantics import palette

    room, number = place
    light, camera = house.style.light, house.home.rooms[room].cameras[number]
    folder = partial / "2D_rendering" / record.panorama_name(room, number) / "panorama"
    exposure = develop.exposure_of([pair["full"], pair["empty"]], bias=light.exposure)
    labels = label_table(house, FIRST_ITEM)
    order = ["empty", "full", *gone]
    for variant, rendering in pair.items():
        target = folder / variant
        target.mkdir(parents=True)
        rng = np.random.default_rng([task.seed, room, number, order.index(variant)])
        picture = develop.develop(
            rendering, exposure=exposure, light=light, noise=task.noise, pole_blur=task.pole_blur, rng=rng
        )
        if task.jpeg:
            from finetune.rooms.render import through_jpeg

            picture = through_jpeg(picture, task.jpeg)
        write_png(target / "rgb_rawlight.png", picture)
        write_png(target / "semantic.png", labels[rendering.index], palette=palette())
        write_png(target / "depth.png", np.clip(rendering.depth * 1000, 0, 65535).round().astype(np.uint16))
    instance = np.maximum(pair["full"].index - FIRST_ITEM, 0).astype(np.uint16)
    write_png(folder / "full" / "instance.png", instance)
    for variant, numbers in gone.items():
        piece = np.where(np.isin(instance, numbers), numbers[0], 0)  # one object, with all that rests on it
        write_png(folder / variant / "instance.png", piece.astype(np.uint16))
    position = (1000 * camera.x, 1000 * camera.y, 1000 * camera.z)
    (folder / "camera_xyz.txt").write_text(" ".join(f"{value:.3f}" for value in position) + "\n", "utf-8")
    _write_json(folder / "camera.json", {**record.camera_record(camera), "room": room, "exposure": exposure})


def label_table(house, first_item):
    """Build the table from pass indices to NYU40 ids; what is outdoors is seen through a window.

    Parameters
    ----------
    house : House
        Home.
    first_item : int
        Pass indices below it are NYU40 ids already.

    Returns
    -------
    ndarray, uint8
        Indexed by pass index.
    """
    from finetune.rooms.semantics import IDS

    numbered = house.numbered_items()
    table = np.zeros(first_item + len(numbered) + 1, np.uint8)
    table[: len(IDS) + 1] = np.arange(len(IDS) + 1)
    table[0] = IDS["window"]
    for number, _, item in numbered:
        table[first_item + number] = IDS[item.label]
    return table


def _write_json(path, content):
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
