"""The command line `pano-inpaint`: the porch, from which every room is reached."""

from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer

from pano_inpaint import __version__, console
from pano_inpaint.errors import PanoInpaintError, UsageError

app = typer.Typer(
    name="pano-inpaint",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="With --debug an error shows its traceback.",
)

Preset = Annotated[
    str, typer.Option("--preset", metavar="NAME|FOLDER", help="Bundled network, or a training run's folder.")
]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Erase objects from 360° room tours."""
    if version:
        console.output.print(f"pano-inpaint {__version__}")
        raise typer.Exit


@app.command()
def erase(
    panorama: Annotated[Path, typer.Argument(help="2:1 JPEG, PNG, TIFF or WebP, or a folder.")],
    mask: Annotated[
        Path,
        typer.Option(
            "--mask", help="White = erase. A picture for all panoramas, or a folder: matched by name."
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Result, or the folder for the results.")],
    preset: Preset = "indoor",
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="JPEG and WebP quality; the source's own if left out.")
    ] = None,
) -> None:
    """Erase what a mask marks; nothing outside it changes.

    Bit depth, EXIF, ICC and GPano metadata stay. A folder goes on past a bad picture, names it at the
    end, and then exits with 1.

    Example: pano-inpaint erase lounge.jpg --mask sofa.png -o empty/lounge.jpg
    """
    from pano_inpaint.eraser import Eraser
    from pano_inpaint.pairs import match_masks, scan_pictures

    if panorama.is_dir():
        pairs, without, unused = match_masks(scan_pictures(panorama), mask)
        jobs = [(source, its_mask, out / source.name) for source, its_mask in pairs]
        problems: list[PanoInpaintError] = [
            UsageError(f"expected a mask for {path.name}, found none in {mask}") for path in without
        ]
        for path in unused:
            console.errors.print(f"warning: no panorama for the mask {path.name}", style="yellow")
    else:
        jobs, problems = [(panorama, mask, out)], []
    if not jobs and not problems:
        raise UsageError(f"expected pictures in {panorama}, found none")
    total = len(jobs) + len(problems)
    eraser = Eraser.load(preset) if jobs else None
    for job in jobs:
        try:
            _erase_one(eraser, *job, quality)
        except PanoInpaintError as error:
            if not panorama.is_dir():
                raise
            problems.append(error)
    _finish(problems, total)


def _erase_one(eraser, source, mask_file, target, quality):
    """Read, erase and write one panorama, and tell what happened."""
    from pano_inpaint.panorama import read_mask, read_panorama, write_panorama

    picture = read_panorama(source)
    for note in picture.notes:
        console.errors.print(f"{source.name}: {note}", markup=False)
    mask = read_mask(mask_file, like=picture)
    with console.progress_bar(source.name, None, unit="holes") as advance:
        result = eraser.erase(picture, mask, watch=advance)
    write_panorama(target, result, quality=quality)
    console.output.print(f"{target}", markup=False)


@app.command()
def view(
    panoramas: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Panoramas to show.")],
    before: Annotated[
        list[Path] | None,
        typer.Option("--before", help="The panorama as it was; once for each FILE, in their order."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Page to write; FILE.html if left out.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Heading of the page.")] = None,
    open_it: Annotated[
        bool, typer.Option("--open/--no-open", help="Show the page in the browser when it is written.")
    ] = True,
) -> None:
    """Write a self-contained 360° page, with a before/after divider, that opens without a server.

    Example: pano-inpaint view empty/lounge.jpg --before lounge.jpg
    """
    from viewers.page import Scene, open_page, write_page

    if before and len(before) != len(panoramas):
        raise UsageError(f"expected --before once for each of {len(panoramas)} panoramas, got {len(before)}")
    pairs = zip_longest(panoramas, before or [])
    page = out or panoramas[0].with_suffix(".html")
    write_page(page, [Scene(path.stem, path, was) for path, was in pairs], title=title)
    console.output.print(f"{page}", markup=False)
    if open_it and not open_page(page):
        console.errors.print("no browser found; open the page by hand", style="yellow")


@app.command()
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
    _finish(
        [PanoInpaintError(problem) for problem in scores.problems], len(scores.rows) + len(scores.problems)
    )


def _finish(problems, total):
    """Report what failed, and exit with 1 if anything did."""
    for problem in problems:
        console.show_error(problem)
    if problems:
        console.errors.print(f"{len(problems)} of {total} failed", style="red")
        raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    console.run(app)
