"""`pano-inpaint score` and `evaluate`: completions compared with the truth, and with those of others."""

import math
from pathlib import Path
from typing import Annotated

import typer

from pano_inpaint import console
from pano_inpaint.errors import PanoInpaintError, UsageError

from .common import finish


def score(
    results: Annotated[Path, typer.Argument(help="Folder of completed pictures.")],
    truths: Annotated[Path, typer.Argument(help="Folder of the pictures as they should be, same names.")],
    masks: Annotated[Path | None, typer.Option("--mask", help="Folder of masks, or one for all.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Also write the table to this file.")] = None,
) -> None:
    """Compare completed panoramas with the truth: PSNR, SSIM, LPIPS, L1 and the seam step.

    Scores count the hole only and weigh each pixel by its share of the sphere.

    Example: pano-inpaint score results truth --mask masks
    """
    from pano_inpaint.scoring import score_folders

    with console.progress_bar("scoring", None, unit="pictures") as advance:
        scores = score_folders(results, truths, masks, networks=("alex", "vgg"), progress=advance)
    rows = [*scores.rows, {"name": "mean"} | scores.mean] if scores.rows else []
    console.print_scores(rows)
    if csv:
        console.write_scores(csv, rows)
    for note in scores.notes:
        console.errors.print(note, markup=False)
    finish(
        [PanoInpaintError(problem) for problem in scores.problems], len(scores.rows) + len(scores.problems)
    )


def evaluate(
    folder: Annotated[
        Path, typer.Argument(help="Panoramas, masks and truths by name; a set of pairs; or panoramas alone.")
    ],
    preset: Annotated[
        list[str] | None,
        typer.Option("--preset", metavar="NAME|FOLDER", help="indoor if left out; repeatable."),
    ] = None,
    quality: Annotated[
        list[str] | None, typer.Option(help="draft and standard if left out; repeatable.")
    ] = None,
    peer: Annotated[
        list[str] | None,
        typer.Option(help="smooth, telea, patchmatch, resynthesizer; all installed if left out."),
    ] = None,
    no_peers: Annotated[bool, typer.Option("--no-peers", help="Only our own.")] = False,
    through: Annotated[
        str, typer.Option(help="How peers fill: cube (faces turned to the hole), flat, or both.")
    ] = "both",
    shadows: Annotated[
        float,
        typer.Option(min=0, max=45, metavar="DEGREES", help="Ours also once more, as erase --shadows does."),
    ] = 0.0,
    mask: Annotated[Path | None, typer.Option("--mask", help="Folder of masks, or one for all.")] = None,
    truth: Annotated[Path | None, typer.Option("--truth", help="Folder of truths, same names.")] = None,
    only: Annotated[str, typer.Option(metavar="PATTERN", help="Panoramas whose names fit.")] = "*",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many panoramas.")] = None,
    holes: Annotated[
        int | None, typer.Option(min=1, help="Drawn on each panorama without a mask; 3, of a pair 1.")
    ] = None,
    width: Annotated[int | None, typer.Option(min=64, help="Shrink wider panoramas first.")] = None,
    lpips: Annotated[list[str] | None, typer.Option(help="alex, vgg or none; repeatable.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other holes.")] = 0,
    csv: Annotated[Path | None, typer.Option(help="Write the scores of every hole to this file.")] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="JPEG or PNG to write: views of the holes, before and completed.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Folder for the completed panoramas.")
    ] = None,
) -> None:
    """Compare completions with those of others, on the same holes in one run.

    Mean PSNR, SSIM, LPIPS, L1, sharpness and detail inside the hole and by solid angle, step at the seam,
    seconds.
    Masks and truths are found in folders `masks` and `truth` (or `empty`) or beside the panoramas
    (`lounge_mask.png`, `lounge_truth.png`); in a set of furnished/empty pairs furniture is erased; without
    masks holes are drawn, the same ones in every run.

    Example: pano-inpaint evaluate homes/ --only "scene_0019*" --csv scores.csv --sheet sheet.jpg
    """
    networks = lpips or ["alex"]
    if through not in ("cube", "flat", "both"):
        raise UsageError(f"expected --through cube, flat or both, got {through!r}")
    if not {"alex", "vgg", "none"}.issuperset(networks):
        raise UsageError(f"expected --lpips alex, vgg or none, got {', '.join(networks)}")
    from pano_inpaint.cases import find_cases
    from pano_inpaint.contact_sheet import write_contact_sheet
    from pano_inpaint.evaluation import build_methods
    from pano_inpaint.evaluation import evaluate as run_methods

    cases, notes = find_cases(
        folder, masks=mask, truths=truth, holes=holes, only=only, limit=limit, seed=seed
    )
    ways = ("cube", "flat") if through == "both" else (through,)
    peers = [] if no_peers else peer
    methods, missing = build_methods(
        preset or ["indoor"], quality or ["draft", "standard"], peers, ways, shadows=math.radians(shadows)
    )
    console.report(folder, [*notes, *missing])
    with console.progress_bar("completing", len(cases) * len(methods), unit="holes") as advance:
        result = run_methods(
            cases,
            methods,
            networks=[] if "none" in networks else networks,
            width=width,
            out=out,
            watch=lambda done, note: advance(done, note=note),
        )
    console.print_scores(result.means)
    if csv and result.rows:
        means = [{"case": "mean", "method": mean.pop("name")} | mean for mean in result.means]
        console.write_scores(csv, [*result.rows, *means])
    if sheet and result.sheet:
        write_contact_sheet(sheet, result.sheet)
        console.output.print(f"{sheet}", markup=False)
    for note in result.notes:
        console.errors.print(note, markup=False)
    finish([PanoInpaintError(problem) for problem in result.problems], len(cases))
