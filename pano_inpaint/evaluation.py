"""Completions beside their peers', on the same panoramas and holes, in one run."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from pano_inpaint.completer import load_completer
from pano_inpaint.contact_sheet import SheetRow, look_at_hole
from pano_inpaint.eraser import Eraser
from pano_inpaint.errors import MissingDependencyError, PanoInpaintError
from pano_inpaint.models.presets import find_preset
from pano_inpaint.panorama import Panorama, write_panorama
from pano_inpaint.peers import PEERS, WAYS, check_peer, erase_by_peer
from pano_inpaint.scoring import load_lpips, mean_scores, score_pair

SHEET_ROWS = 12  # cases on the contact sheet


@dataclass
class Evaluation:
    """What comparing methods gave.

    Attributes
    ----------
    rows : list of dict
        For each case and method: their names (``case``, ``method``), the scores of `scoring.score_pair`, and
        the wall-clock ``seconds`` of the completion, with all reprojection.
    problems : list of str
        Cases that are left out for all methods, each with the reason.
    notes : list of str
    sheet : list of SheetRow
        Views of some of the cases.
    """

    rows: list[dict] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sheet: list[SheetRow] = field(default_factory=list)

    @property
    def means(self):
        """Mean scores of each method, its ``name`` first (list of dict)."""
        methods = dict.fromkeys(row["method"] for row in self.rows)
        return [
            {"name": method} | mean_scores([row for row in self.rows if row["method"] == method])
            for method in methods
        ]


def build_methods(presets, qualities, peers=None, ways=WAYS, *, shadows=0.0):
    """Gather what is to be compared.

    Parameters
    ----------
    presets : sequence of str
        Networks, each with all the qualities.
    qualities : sequence of {"draft", "standard", "fine"}
    peers : sequence of str, optional
        Names in `peers.PEERS`; all that are installed if left out.
    ways : sequence of {"cube", "flat"}
    shadows : float
        Radians. If there are any, each of ours that tells shadows comes once more, with those lifted first
        that reach out of the mask up to so far; scores still count the mask alone.

    Returns
    -------
    methods : dict of callable
        By name, peers first: functions of panorama and mask that return the completed panorama.
    notes : list of str
        Peers that are not there.

    Raises
    ------
    UsageError
        If a preset, quality or peer is unknown.
    MissingDependencyError
        If a peer that was asked for by name is not installed.
    """
    methods, notes = {}, []
    for name in dict.fromkeys(PEERS if peers is None else peers):
        try:
            check_peer(name)
        except MissingDependencyError as error:
            if peers is not None:
                raise
            notes.append(f"left out: {name}; {error.hint}")
            continue
        methods |= {f"{name} {way}": _peer(name, way) for way in ways}
    for preset in presets:
        completer = load_completer(find_preset(preset))
        for quality in qualities:
            eraser, name = Eraser(completer, quality=quality), f"{Path(preset).name} {quality}"
            methods[name] = eraser.erase
            if shadows and not eraser.tells_shadows:
                notes.append(f"left out: {name}, shadows; the network tells none")
            elif shadows:
                methods[f"{name}, shadows"] = _without_shadows(eraser, shadows)
    return methods, notes


def evaluate(cases, methods, *, networks=("alex",), width=None, out=None, watch=lambda *_: None):
    """Complete all cases by all methods, and score them inside the hole and by solid angle.

    Parameters
    ----------
    cases : sequence of Case
    methods : dict of callable
        See `build_methods`.
    networks : sequence of {"alex", "vgg"}
        Of LPIPS; left out with a note where their weights are not installed.
    width : int, optional
        Wider panoramas are shrunk to so many columns first.
    out : Path, optional
        Folder for all completed panoramas, one folder a method.
    watch : callable, optional
        Told how many completions are done, and a note.

    Returns
    -------
    Evaluation
        A case that cannot be read, or that one method fails on, is a problem and counts for no method.
    """
    result = Evaluation()
    evaluators, result.notes = load_lpips(networks)
    shown = set(np.linspace(0, len(cases) - 1, min(SHEET_ROWS, len(cases))).round().astype(int).tolist())
    for number, case in enumerate(cases):
        try:
            panorama, mask, truth = case.read(width=width)
            rows, views = [], look_at_hole(mask, before=panorama.pixels)
            for place, (name, complete) in enumerate(methods.items()):
                watch(number * len(methods) + place, f"{case.name}: {name}")
                completed, seconds = _timed(name, complete, panorama, mask)
                scores = score_pair(completed.pixels, truth, mask, lpips=evaluators)
                rows.append({"case": case.name, "method": name} | scores | {"seconds": seconds})
                views.add(name, completed.pixels, scores)
                if out:
                    write_panorama(_file(out, name, case.name), Panorama(completed.pixels))
        except (PanoInpaintError, ValueError) as error:
            result.problems.append(f"{case.name}: {error}")
            continue
        result.rows += rows
        if number in shown:
            views.add("truth", truth)
            result.sheet.append(SheetRow(case.name, views.pictures))
    watch(len(cases) * len(methods), "")
    return result


def _timed(name, complete, panorama, mask):
    """Return the completed panorama and the seconds it took."""
    began = time.perf_counter()
    try:
        completed = complete(panorama, mask)
    except (RuntimeError, OSError, cv2.error) as error:  # what strangers' libraries raise
        raise PanoInpaintError(f"{name} failed: {error}") from error
    return completed, time.perf_counter() - began


def _without_shadows(eraser, reach):
    def erase(panorama, mask):
        lifted = eraser.lift_shadows(panorama, mask, reach)
        return eraser.erase(lifted.panorama, lifted.mask, shadows_lifted=True)

    return erase


def _peer(name, way):
    return lambda panorama, mask: erase_by_peer(name, panorama, mask, through=way)


def _file(out, method, case):
    return Path(out) / method.replace(" ", "_") / f"{case.replace('/', '_')}.png"
