"""Scores of completed pictures against the truth: one pair, or folders matched by name."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .errors import MissingDependencyError, PanoInpaintError, UsageError
from .formats import read_picture
from .metrics import PROJECTIONS, detail_ratio, l1, psnr, score_weights, seam_step, sharpness_ratio, ssim
from .pairs import match_masks, scan_pictures
from .panorama import read_mask, read_panorama, to_rgb
from .picture import turned_upright

COLUMNS = {  # name of a score: what it is, and which way is better
    "psnr": "dB, higher is better",
    "ssim": "at most 1, higher is better",
    "lpips_alex": "LPIPS with AlexNet, lower is better",
    "lpips_vgg": "LPIPS with VGG16, lower is better",
    "l1": "share of the range, lower is better",
    "seam_step": "levels of 255 at ±180° above those beside it, 0 is best",
    "sharpness": "high-pass inside the hole over outside, 1 is best",
    "detail": "high-pass inside the hole over the truth's, 1 is best",
}
MARGIN = 48  # rows around a hole that are converted: more than any score looks around it


@dataclass
class Scores:
    """What scoring folders gave.

    Attributes
    ----------
    rows : list of dict
        Per picture: its ``name`` and a float per score; NaN where a score says nothing.
    mean : dict
        Mean of each score over the rows where it is a number; empty if there is no row.
    problems : list of str
        Pictures that could not be scored, each with its reason.
    notes : list of str
        What else the user should know, such as how to get LPIPS.
    """

    rows: list[dict] = field(default_factory=list)
    mean: dict = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def load_lpips(networks=("alex",)):
    """Load the LPIPS networks, if their weights are installed.

    Parameters
    ----------
    networks : sequence of {"alex", "vgg"}

    Returns
    -------
    evaluators : list of LPIPS
        Empty if the weights are not there.
    notes : list of str
        What to do about it then.

    Raises
    ------
    ValueError
        If a network is unknown.
    FileError
        If the weights are there and damaged.
    """
    if not networks:
        return [], []
    from .models.lpips import LPIPS

    try:
        return [LPIPS(network) for network in networks], []
    except MissingDependencyError as error:
        return [], [f"no LPIPS columns: {error}; {error.hint}"]


def score_pair(result, truth, mask=None, *, projection="equirectangular", lpips=()):
    """Score one completed picture.

    Parameters
    ----------
    result, truth : ndarray, shape (H, W, C), uint8, uint16 or float32 in [0, 1]
        The depths may differ; gray counts as colour and alpha is left out.
    mask : ndarray of bool, shape (H, W), optional
        Only pixels where it is True count; all if left out.
    projection : {"equirectangular", "perspective"}
        Equirectangular scores are weighted by solid angle, LPIPS is taken on cube faces, and the seam is
        measured. Perspective pictures are scored as they lie.
    lpips : sequence of LPIPS
        Such as `load_lpips` gives.

    Returns
    -------
    dict
        ``psnr``, ``ssim``, ``l1`` and ``lpips_<network>``; if equirectangular, ``seam_step`` (NaN if the mask
        does not touch the seam); with a mask, ``sharpness`` and ``detail``.

    Raises
    ------
    UsageError
        If sizes differ, the mask is empty, the projection is unknown, or equirectangular and not 2:1.
    ValueError
        If a side is too short for SSIM (11 px) or LPIPS (32 px).
    """
    result, truth = np.asarray(result), np.asarray(truth)
    _check_sizes(result, truth, mask, projection)
    weights = score_weights(truth.shape, mask, projection=projection)
    rows = _rows_around(weights)
    sphere = projection == "equirectangular"
    a, b, weight = to_rgb(result[rows]), to_rgb(truth[rows]), weights[rows]
    scores = {"psnr": psnr(a, b, weight), "ssim": ssim(a, b, weight, wrap=sphere), "l1": l1(a, b, weight)}
    for evaluator in lpips:
        scores[f"lpips_{evaluator.network}"] = _lpips_score(evaluator, result, truth, mask, projection)
    if sphere:
        scores["seam_step"] = seam_step(a, None if mask is None else mask[rows])
    if mask is not None:
        scores["sharpness"] = sharpness_ratio(a, mask[rows], wrap=sphere)
        scores["detail"] = detail_ratio(a, b, mask[rows], wrap=sphere)
    return scores


def score_folders(
    results, truths, masks=None, *, projection="equirectangular", networks=("alex",), progress=None
):
    """Score a folder of completed pictures against a folder of truths, matched by name without ending.

    Parameters
    ----------
    results, truths : str or Path
        Folders; ``lounge.png`` is compared with ``lounge.jpg``.
    masks : str or Path, optional
        Folder where ``lounge.png`` or ``lounge_mask.png`` belongs to ``lounge``, or one mask for all. Whole
        pictures are scored if left out.
    projection : {"equirectangular", "perspective"}
        As for `score_pair`.
    networks : sequence of {"alex", "vgg"}
        LPIPS networks; their columns are missing if the weights are not installed.
    progress : callable, optional
        Called with (pictures done, pictures in all) after each.

    Returns
    -------
    Scores
        A picture that cannot be scored is named in ``problems`` and does not stop the others.

    Raises
    ------
    FileError
        If one of the folders does not exist.
    UsageError
        If no name of the two folders matches, or the projection is unknown.
    """
    _check_projection(projection)
    scores = Scores()
    trios = _matched(results, truths, masks, scores.problems)
    if not trios:
        raise UsageError(
            f"expected a folder of results and one of truths with common names; nothing to score in "
            f"{results} and {truths}",
            hint="; ".join(scores.problems[:3]) or None,
        )
    evaluators, scores.notes = load_lpips(networks)
    for done, (result, truth, mask) in enumerate(trios, start=1):
        try:
            row = _score_files(result, truth, mask, projection, evaluators)
            scores.rows.append({"name": result.stem, **row})
        except (PanoInpaintError, ValueError) as error:
            scores.problems.append(f"{result.name}: {error}")
        if progress is not None:
            progress(done, len(trios))
    scores.mean = mean_scores(scores.rows)
    return scores


def mean_scores(rows):
    """Average rows of scores.

    Parameters
    ----------
    rows : sequence of dict
        Such as `score_pair` gives; entries that are not numbers, such as a name, are left out.

    Returns
    -------
    dict
        Mean of each score over the rows where it is not NaN; NaN if there is none. A PSNR of infinity
        (equal pictures) makes the mean infinite.
    """
    keys = dict.fromkeys(key for row in rows for key, value in row.items() if not isinstance(value, str))
    known = {key: [row[key] for row in rows if not math.isnan(row.get(key, math.nan))] for key in keys}
    return {key: float(np.mean(values)) if values else math.nan for key, values in known.items()}


def _matched(results, truths, masks, problems):
    """Pair files by stem; what is missing goes to the problems."""
    results, truths = _by_stem(results, problems), _by_stem(truths, problems)
    problems += [f"{p.name}: no truth of that name" for stem, p in results.items() if stem not in truths]
    problems += [f"{p.name}: no result of that name" for stem, p in truths.items() if stem not in results]
    common = [path for stem, path in results.items() if stem in truths]
    if masks is None:
        return [(path, truths[path.stem], None) for path in common]
    pairs, without, _ = match_masks(common, masks)
    problems += [f"{path.name}: no mask of that name" for path in without]
    return [(path, truths[path.stem], mask) for path, mask in pairs]


def _by_stem(folder, problems):
    """Map the pictures of a folder by stem; of two with one stem the first is taken."""
    found = {}
    for path in scan_pictures(folder):
        if path.stem in found:
            problems.append(f"{path.name}: same name as {found[path.stem].name}, which is taken")
        found.setdefault(path.stem, path)
    return found


def _score_files(result, truth, mask, projection, evaluators):
    if projection == "perspective":
        pixels = [_read_pixels(path) for path in (result, truth)]
        hole = None if mask is None else to_rgb(_read_pixels(mask)).mean(axis=-1) >= 0.5
    else:
        panoramas = [read_panorama(path) for path in (result, truth)]
        pixels = [panorama.pixels for panorama in panoramas]
        # Where a partial panorama shows nothing there is nothing to score.
        hole = None if all(panorama.known.all() for panorama in panoramas) else panoramas[1].known
        if mask is not None:
            hole = read_mask(mask, like=panoramas[1])
    return score_pair(*pixels, hole, projection=projection, lpips=evaluators)


def _read_pixels(path):
    picture = read_picture(Path(path))
    return turned_upright(picture.pixels, picture.orientation)


def _lpips_score(evaluator, result, truth, mask, projection):
    from .models.lpips import lpips_flat, lpips_sphere

    if projection == "equirectangular":
        return lpips_sphere(evaluator, result, truth, mask)
    weights = score_weights(truth.shape, mask, projection=projection)
    return lpips_flat(evaluator, to_rgb(result), to_rgb(truth), weights)


def _rows_around(weights):
    rows = np.flatnonzero(weights.any(axis=1))
    return slice(max(0, rows[0] - MARGIN), rows[-1] + MARGIN + 1)


def _check_projection(projection):
    if projection not in PROJECTIONS:
        raise UsageError(f"Expected projection {' or '.join(PROJECTIONS)}. Received: {projection!r}")


def _check_sizes(result, truth, mask, projection):
    _check_projection(projection)
    if result.ndim != 3 or result.shape[:2] != truth.shape[:2] or truth.ndim != 3:
        raise UsageError(
            f"Expected result and truth (H, W, C) of one size. Received: {result.shape}, {truth.shape}"
        )
    if mask is not None and (mask.shape != truth.shape[:2] or mask.dtype != bool):
        raise UsageError(
            f"Expected a bool mask of shape {truth.shape[:2]}. Received: {mask.dtype} {mask.shape}"
        )
    if mask is not None and not mask.any():
        raise UsageError("Expected a mask with at least one masked pixel. Received an empty one")
    if projection == "equirectangular" and truth.shape[1] != 2 * truth.shape[0]:
        raise UsageError(
            f"Expected equirectangular pictures twice as wide as high. Received: {truth.shape[:2]}",
            hint="score flat pictures as perspective views",
        )
