"""How well rooms are understood: ``python -m benchmarks.structure RENDERED_SET [--pictures FOLDER]``.

For rooms of ``finetune rooms`` (home.json tells the truth): share of the sphere and of the furniture's pixels
on the right plane and on the right kind of plane, wall directions and the floor's border in degrees, CPU
seconds. Rooms with a sloped ceiling are left out.
"""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np

from pano_inpaint.planes import Structure, upright_plane
from pano_inpaint.sphere import latitude_weights
from pano_inpaint.structure import analyse_room, draw_structure

COLUMNS = ("plane", "kind", "hole plane", "hole kind", "unknown", "yaw deg", "border deg", "cpu s")


def true_structure(home, camera):
    """Structure of the room that a camera of a rendered home stands in, and None where it is no prism."""
    room = home["rooms"][camera["room"]]
    if room["slope"] is not None:
        return None
    right, up, forward = np.array(camera["axes"]).T
    scale = camera["position"][2]
    corners = (np.array(room["polygon"]) - camera["position"][:2]) / scale
    plan = np.stack([corners @ right[:2], corners @ forward[:2]], 1)
    planes = [upright_plane("floor", np.eye(3), 0.0, 1.0, 1.0)]
    planes.append(upright_plane("ceiling", np.eye(3), 0.0, room["height"] / scale - 1, 1.0))
    edges = list(zip(plan, np.roll(plan, -1, axis=0), strict=True))
    starts = np.sort(np.arctan2(*plan.T))
    ends = np.append(starts[1:], starts[0] + 2 * np.pi)
    index, numbers = [], {}
    for middle in (starts + ends) / 2:
        ray = np.array([np.sin(middle), np.cos(middle)])
        nearest = min(range(len(edges)), key=lambda number: _distance(ray, *edges[number]))
        if nearest not in numbers:
            numbers[nearest] = len(planes)
            start, end = edges[nearest]
            normal = np.array([end[1] - start[1], start[0] - end[0]])
            normal *= np.sign(normal @ start) / np.linalg.norm(normal)
            planes.append(upright_plane("wall", np.eye(3), np.arctan2(*normal), normal @ start, 1.0))
        index.append(numbers[nearest])
    return Structure(np.eye(3), tuple(planes), starts, np.array(index))


def _distance(ray, start, end):
    along = end - start
    matrix = np.stack([ray, -along], 1)
    if abs(np.linalg.det(matrix)) < 1e-12:
        return np.inf
    distance, position = np.linalg.solve(matrix, start)
    return distance if distance > 0 and -1e-9 <= position <= 1 + 1e-9 else np.inf


def score(found, true, mask):
    """Return the scores of one room, in the order of `COLUMNS` but for the time."""
    height = len(mask)
    everything = (slice(0, height), 0, 2 * height)
    index, truth = (structure.plane_index(everything, height) for structure in (found, true))
    same = np.array([_nearest(plane, true.planes) for plane in found.planes] + [-2])
    kinds = [np.array([plane.kind for plane in s.planes] + ["unknown"]) for s in (found, true)]
    right = same[index] == truth
    right_kind = kinds[0][index] == kinds[1][truth]
    weights = latitude_weights(height) * np.ones(mask.shape)
    inside = weights * mask
    shares = [(weights * share).sum() / weights.sum() for share in (right, right_kind)]
    shares += [(inside * share).sum() / max(inside.sum(), 1e-9) for share in (right, right_kind)]
    longitudes = np.linspace(-np.pi, np.pi, 720, endpoint=False)
    border = np.abs(found.boundaries(longitudes)[0] - true.boundaries(longitudes)[0])
    border = np.nan if np.isnan(border).all() else np.rad2deg(np.nanmedian(border))
    return [*shares, (weights * (index < 0)).sum() / weights.sum(), _yaw_error(found, true), border]


def _nearest(plane, planes):
    """Index of the true plane that a found one is, −2 where there is none within 15 %."""
    foot = plane.normal * plane.distance
    off = [np.linalg.norm(foot - other.normal * other.distance) for other in planes]
    best = int(np.argmin(off))
    return best if off[best] < 0.15 * planes[best].distance + 0.05 else -2


def _yaw_error(found, true):
    walls = [[p.normal for p in s.planes if p.kind == "wall"] for s in (found, true)]
    errors = [np.arccos(min(1, max(normal @ other for other in walls[1]))) for normal in walls[0]]
    return np.rad2deg(np.median(errors)) if errors else np.nan


def main():
    """Score every room of a set and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=Path, help="folder for pictures of what was understood")
    arguments = parser.parse_args()
    rows = []
    print(f"{'room':24}" + "".join(f"{name:>12}" for name in COLUMNS))
    for path in sorted(arguments.folder.rglob("camera.json")):
        home = next(folder for folder in path.parents if (folder / "home.json").is_file())
        true = true_structure(*(json.loads(file.read_text()) for file in (home / "home.json", path)))
        pictures = sorted(path.parent.glob("*/rgb_rawlight.png"))
        if true is None or len(pictures) != 2:
            continue
        empty, full = (cv2.imread(str(picture))[..., ::-1].copy() for picture in pictures)
        labels = [cv2.imread(str(picture.with_name("semantic.png")), -1) for picture in pictures]
        mask = labels[0] != labels[1]
        mask = mask if mask.ndim == 2 else mask.any(axis=2)
        started = time.process_time()
        found = analyse_room(full, mask)
        seconds = time.process_time() - started
        rows.append([*score(found, true, mask), seconds])
        room = path.parents[1] if path.parent.name == "panorama" else path.parent
        name = f"{home.name[-5:]}/{room.name}"
        print(f"{name:24}" + "".join(f"{value:12.3f}" for value in rows[-1]), flush=True)
        if arguments.pictures:
            target = arguments.pictures / f"{name.replace('/', '_')}.jpg"
            cv2.imwrite(str(target), draw_structure(full, found)[..., ::-1])
    print(f"{'mean of ' + str(len(rows)):24}" + "".join(f"{v:12.3f}" for v in np.nanmean(rows, axis=0)))
    print(f"{'median':24}" + "".join(f"{v:12.3f}" for v in np.nanmedian(rows, axis=0)))


if __name__ == "__main__":
    main()
