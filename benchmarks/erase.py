"""Time, memory and scores of erasing, beside peers, at several widths: whole processes, JPEG to JPEG.

    python -m benchmarks.erase [FOLDER] [--width 2048 --width 4096] [--disc 40] [--peer patchmatch]

FOLDER has panoramas, masks and truths by name, as for ``pano-inpaint evaluate``; the bundled tour if left
out. Each method is a process that reads, completes and writes; all take turns on the same files, and seconds
are medians over rounds and panoramas. Ours are the ablation: network only (draft), detail only (by planes,
without the network), detail without surfaces (standard), all (fine).
"""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import pano_inpaint
from pano_inpaint.cases import find_cases
from pano_inpaint.console import show_error
from pano_inpaint.eraser import find_structure
from pano_inpaint.errors import MissingDependencyError, PanoInpaintError, UsageError
from pano_inpaint.masks import spherical_cap
from pano_inpaint.metrics import sharpness_ratio
from pano_inpaint.panorama import Panorama, read_panorama, to_rgb, write_panorama
from pano_inpaint.peers import PEERS, WAYS, check_peer
from pano_inpaint.regions import regions
from pano_inpaint.scoring import load_lpips, mean_scores, score_pair
from pano_inpaint.sphere import vector_to_lonlat

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = Path(pano_inpaint.__file__).parent / "samples" / "home"
OURS = {  # name: quality of the command, or method of `benchmarks.fill`
    "network only (draft)": "draft",
    "detail only": "detail",
    "detail without surfaces (standard)": "standard",
    "all (fine)": "fine",
}
COMMAND = ("draft", "standard", "fine")
RIVAL = "patchmatch cube"
SURFACES = ("floor", "wall", "ceiling")
JPEG_QUALITY = 92
FRAME, ALLOWANCE = 3, 2**30  # memory aimed at: so many decoded pictures, and bytes besides


@dataclass
class Files:
    """One panorama at one width, written for the methods to read.

    Attributes
    ----------
    name : str
    panorama, mask : Path
    truth : ndarray of uint8, shape (H, 2H, 3)
    hole : ndarray of bool, shape (H, 2H)
    kinds : ndarray of str, shape (H, 2H), or None
        Kind of surface in the truth; None if that is not asked.
    """

    name: str
    panorama: Path
    mask: Path
    truth: np.ndarray
    hole: np.ndarray
    kinds: np.ndarray | None = None


def prepare(case, width, folder, *, disc_deg=None, surfaces=True):
    """Resize a case and write it.

    Parameters
    ----------
    case : Case
    width : int
        Columns of the panorama.
    folder : Path
    disc_deg : float, optional
        Erase a disc of this diameter from the truth, where the case's largest hole is, instead of all holes.
    surfaces : bool
        Whether to find the surfaces in the truth.

    Returns
    -------
    Files
    """
    original, mask, truth = case.read()
    pixels, truth = original.pixels, truth[..., :3]
    if disc_deg is not None:
        largest = max(regions(mask), key=lambda region: np.count_nonzero(region.mask))
        centre = vector_to_lonlat(largest.direction)
        pixels, mask = truth, spherical_cap(*centre, math.radians(disc_deg) / 2, width // 2)
    pixels, truth, mask = (resized(picture, width) for picture in (pixels, truth, mask))
    panorama, marked = (folder / f"{case.name}_{width}{suffix}" for suffix in (".jpg", ".png"))
    files = Files(case.name, panorama, marked, truth, mask)
    write_panorama(files.panorama, Panorama(pixels), quality=JPEG_QUALITY)
    write_panorama(files.mask, Panorama(np.uint8(255) * mask[..., None]))
    if surfaces:
        structure = find_structure(truth, np.zeros_like(mask))
        height = min(width // 2, 1024)
        index = structure.plane_index((slice(0, height), 0, 2 * height), height)
        kinds = np.array([plane.kind for plane in structure.planes] + ["unknown"])[index]
        rows, columns = (np.arange(size) * height // (width // 2) for size in truth.shape[:2])
        files.kinds = kinds[np.ix_(rows, columns)]
    return files


def resized(picture, width):
    """Bring a panorama (H, 2H, C), or a mask (H, 2H) of bool, to so many columns."""
    size = (width, width // 2)
    if picture.shape[1] == width:
        return picture
    shrinks = picture.shape[1] > width
    if picture.dtype == bool:
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return cv2.resize(picture.astype(np.float32), size, interpolation=way) >= 0.5
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def command_of(method, files, target, preset="indoor"):
    """Return the command that completes a panorama by a method, as a list of str."""
    way = OURS.get(method)
    if way in COMMAND:
        options = ["--mask", files.mask, "-o", target, "--quality", way, "--grow", "0", "--preset", preset]
        words = ["pano_inpaint", "erase", files.panorama, *options]
    else:
        words = ["benchmarks.fill", way or method.replace(" ", "-"), files.panorama, files.mask, target]
    return [sys.executable, "-m", *map(str, words)]


def score(result, files, lpips):
    """Score a completed panorama, ``sharpness`` also by surface; see `scoring.score_pair`."""
    scores = score_pair(result, files.truth, files.hole, lpips=lpips)
    if files.kinds is not None:
        luma = to_rgb(result) @ np.float32([0.299, 0.587, 0.114])
        for kind in SURFACES:
            scores[f"sharpness {kind}"] = sharpness_ratio(
                luma, files.hole, among=files.kinds == kind, wrap=True
            )
    return scores


def run(files, methods, folder, *, rounds=1, patience=600.0, preset="indoor", lpips=None):
    """Run all methods on one panorama in turns.

    Parameters
    ----------
    files : Files
    methods : sequence of str
    folder : Path
        For their results.
    rounds : int
    patience : float
        Seconds for one run.
    preset : str
    lpips : list of LPIPS, optional
        Only time and memory are measured if left out.

    Returns
    -------
    dict of dict
        By method: medians of ``wall`` and ``cpu``, the largest ``peak``, and the scores; or ``error``.
    """
    runs = {method: [] for method in methods}
    for _ in range(rounds):
        for method in methods:
            if any(each["error"] for each in runs[method]):
                continue
            command = command_of(method, files, target := _target(folder, method), preset)
            runs[method].append(timed(command, patience))
    rows = {}
    for method, each in runs.items():
        row = {key: statistics.median(one[key] for one in each) for key in ("wall", "cpu")}
        row |= {"peak": max(one["peak"] for one in each), "error": each[-1]["error"]}
        if lpips is not None and not row["error"]:
            target = _target(folder, method)
            row |= score(read_panorama(target).pixels, files, lpips)
        rows[method] = row
    return rows


def timed(command, patience):
    """Run a command by the stopwatch; see `stopwatch.measure`."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]  # these benchmarks, wherever they are started
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    words = [sys.executable, "-m", "benchmarks.stopwatch", str(patience), *command]
    return json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True, env=environment).stdout)


def _target(folder, method):
    return folder / f"{method.split(' (')[0].replace(' ', '_')}.jpg"


def summarise(rows):
    """Sum up one method's rows of several panoramas: medians of times, the largest peak, mean scores."""
    done = [row for row in rows if not row["error"]]
    if not done:
        return {"error": rows[0]["error"]}
    summary = mean_scores([{key: value for key, value in row.items() if key != "error"} for row in done])
    summary |= {key: statistics.median(row[key] for row in done) for key in ("wall", "cpu")}
    return summary | {"peak": max(row["peak"] for row in done), "error": ""}


def verdicts(summaries):
    """Say how the time and memory lines stand.

    Parameters
    ----------
    summaries : dict of dict
        By width, and by method, see `summarise`.

    Returns
    -------
    list of str
    """
    lines, before = [], None
    for width, methods in sorted(summaries.items()):
        limit = memory_limit(width)
        for name in OURS:
            ours = methods.get(name)
            if not ours or ours["error"]:
                continue
            parts = [f"{name}, {width}×{width // 2}: {ours['peak'] / limit:.2f} of the memory aimed at"]
            rival = methods.get(RIVAL)
            if rival and not rival["error"]:
                parts.append(f"{ours['wall'] / rival['wall']:.2f} of {RIVAL}'s time")
            less = (before or {}).get(name)
            if less and not less["error"]:
                parts.append(f"{ours['wall'] / less['wall']:.2f} times that of the width before")
            lines.append("; ".join(parts))
        before = methods
    return lines


def memory_limit(width):
    """Bytes aimed at for a panorama of 8-bit RGB: three decoded pictures and a gigabyte."""
    return FRAME * 3 * width * (width // 2) + ALLOWANCE


def choose_methods(peers, ways, only_ours):
    """Return the names of all methods, peers first, and notes on peers that are not installed."""
    names, notes = [], []
    for peer in dict.fromkeys(peers or PEERS):
        try:
            check_peer(peer)
        except MissingDependencyError as error:
            if peers:
                raise
            notes.append(f"left out: {peer}; {error.hint}")
            continue
        names += [f"{peer} {way}" for way in ways]
    ours = [name for name, way in OURS.items() if not only_ours or way in only_ours]
    return names + ours, notes


def _table(methods):
    table = Table(box=None, pad_edge=False)
    keys = dict.fromkeys(key for row in methods.values() for key in row)
    scores = [key for key in keys if key not in ("wall", "cpu", "peak", "error", "seam_step", "l1", "ssim")]
    table.add_column("method", no_wrap=True)
    for heading in ("wall s", "CPU s", "peak MB", *(key.replace("sharpness ", "") for key in scores)):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, row in methods.items():
        if row["error"]:
            table.add_row(name, row["error"])
            continue
        figures = [f"{row['wall']:.2f}", f"{row['cpu']:.2f}", f"{row['peak'] / 2**20:.0f}"]
        values = [row.get(key, math.nan) for key in scores]
        table.add_row(name, *figures, *("–" if math.isnan(value) else f"{value:.3f}" for value in values))
    return table


def main(
    folder: Annotated[Path, typer.Argument(help="Panoramas, masks and truths.")] = SAMPLES,
    width: Annotated[list[int] | None, typer.Option(min=64, help="Columns; repeatable.")] = None,
    disc: Annotated[
        float | None, typer.Option(min=1, max=180, help="Degrees: one hole of this size in each empty room.")
    ] = None,
    peer: Annotated[list[str] | None, typer.Option(help="Repeatable; all installed if left out.")] = None,
    through: Annotated[str, typer.Option(help="How peers fill: cube, flat or both.")] = "both",
    ours: Annotated[
        list[str] | None, typer.Option(help="draft, detail, standard, fine; repeatable; all if left out.")
    ] = None,
    preset: Annotated[str, typer.Option(metavar="NAME|FOLDER")] = "indoor",
    only: Annotated[str, typer.Option(metavar="PATTERN", help="Panoramas whose names fit.")] = "*",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many panoramas.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each method.")] = 1,
    scores: Annotated[bool, typer.Option("--scores/--no-scores", help="Or time and memory only.")] = True,
    patience: Annotated[float, typer.Option(help="Seconds after which a method is given up.")] = 600,
) -> None:
    """Print a table for each width, and how the time and memory lines stand."""
    if through not in (*WAYS, "both") or not set(OURS.values()).issuperset(ours or []):
        raise UsageError("expected --through cube, flat or both, and --ours draft, detail, standard or fine")
    console = Console(width=max(140, Console().width))
    cases, notes = find_cases(folder, only=only, limit=limit)
    methods, missing = choose_methods(peer, WAYS if through == "both" else (through,), ours)
    lpips, remarks = load_lpips() if scores else (None, [])
    for note in (*notes, *missing, *remarks):
        console.print(note, markup=False)
    summaries = {}
    for columns in sorted(set(width or [1024, 2048, 4096])):
        rows = {method: [] for method in methods}
        for case in cases:
            with tempfile.TemporaryDirectory() as scratch:
                files = prepare(case, columns, Path(scratch), disc_deg=disc, surfaces=scores)
                options = {"rounds": rounds, "patience": patience, "preset": preset, "lpips": lpips}
                for method, row in run(files, methods, Path(scratch), **options).items():
                    rows[method].append(row)
        summaries[columns] = {method: summarise(each) for method, each in rows.items()}
        console.print(f"\n{columns}×{columns // 2}, {len(cases)} panoramas", markup=False)
        console.print(_table(summaries[columns]))
    for line in verdicts(summaries):
        console.print(line, markup=False)


if __name__ == "__main__":
    try:
        typer.run(main)
    except PanoInpaintError as error:
        show_error(error)
        raise SystemExit(error.exit_code) from None
