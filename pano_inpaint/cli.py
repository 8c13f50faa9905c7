"""The command line `pano-inpaint`: the porch, from which every room is reached."""

import math
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

GROW = 1.0  # degrees
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
    panorama: Annotated[Path, typer.Argument(help="2:1 JPEG, PNG, TIFF or WebP, or a tour.")],
    mask: Annotated[
        Path,
        typer.Option("--mask", help="White = erase. A picture for all scenes, or a folder: matched by name."),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Result, or the folder for the tour's mirror.")],
    preset: Preset = "indoor",
    backend: Annotated[
        str | None, typer.Option(metavar="URL", help="TensorFlow Serving to run the network on.")
    ] = None,
    quality: Annotated[
        str, typer.Option(help="draft (the network alone, soft), standard, or fine (by the room's planes).")
    ] = "standard",
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives another detail.")] = 0,
    grow: Annotated[
        float,
        typer.Option(
            min=0,
            max=45,
            metavar="DEGREES",
            help="Widen the mask, for the shadow along an object's edge; 0 keeps to it, to the pixel.",
        ),
    ] = GROW,
    shadows: Annotated[
        float,
        typer.Option(
            min=0,
            max=45,
            metavar="DEGREES",
            help="Also erase shadows on floor and walls that reach out of the mask, up to so far from it.",
        ),
    ] = 0.0,
    variants: Annotated[
        int, typer.Option(min=1, metavar="N", help="Write OUT_1 to OUT_N to choose from, each with its seed.")
    ] = 1,
    explain: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write pictures of what was understood: planes, guide, sources."),
    ] = None,
    jpeg_quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="JPEG and WebP only; the source's own if left out.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier mirror of a tour.")
    ] = False,
    page: Annotated[
        bool, typer.Option("--page/--no-page", help="Add the before/after page to a tour's mirror.")
    ] = True,
) -> None:
    """Erase what a mask marks; nothing outside the mask, widened by --grow and --shadows, changes.

    Bit depth, EXIF, ICC and GPano metadata stay. A tour (a folder, a Pannellum or Photo Sphere Viewer
    JSON, a Marzipano export, a ZInD home) is written as a mirror with the same names and links, with a
    before/after page (view.html) and a report; it goes on past a scene that fails, names it at the end,
    and then exits with 1.

    Example: pano-inpaint erase lounge.jpg --mask sofa.png -o empty/lounge.jpg
    """
    is_tour = _is_tour(panorama)
    if is_tour and (variants > 1 or explain):
        raise UsageError("expected a single panorama for --variants and --explain, got a tour")
    if variants > 1 and quality == "draft":
        raise UsageError("expected --quality standard or fine for --variants, got draft, which has only one")
    eraser = _load_eraser(preset, backend, quality=quality, seed=seed)
    if grow:
        console.errors.print(f"masks widened by {grow:g}° (--grow 0 keeps to the pixel)", markup=False)
    if shadows:
        console.errors.print(f"and over shadows within {shadows:g}° of them", markup=False)
    if is_tour:
        settings = f"{backend or preset} {quality} {seed}"
        options = {"quality": jpeg_quality, "overwrite": overwrite, "settings": settings}
        _erase_tour(eraser, panorama, mask, out, grow_deg=grow, shadows_deg=shadows, page=page, **options)
    else:
        targets = {seed + number: target for number, target in enumerate(_variant_names(out, variants))}
        _erase_one(eraser, panorama, (mask, grow, shadows), targets, quality=jpeg_quality, explain=explain)


def _load_eraser(preset, backend, **options):
    """Load the network, or the way to a server that has one."""
    from pano_inpaint.eraser import Eraser

    if backend is None:
        return Eraser.load(preset, **options)
    from pano_inpaint.backend import RemoteCompleter

    return Eraser(RemoteCompleter(backend), **options)


def _erase_tour(eraser, source, masks, out, *, page, **options):
    """Erase through a tour, write its mirror, and tell what happened to each scene."""
    from pano_inpaint.tours import erase_tour, read_tour

    tour = read_tour(source)

    def write_page(mirror):
        from viewers.tour_page import write_mirror_page

        try:
            return write_mirror_page(mirror, tour)
        except PanoInpaintError as error:  # what was erased is worth more than the page
            console.errors.print(f"warning: no page was written: {error}", style="yellow", markup=False)
            return []

    with console.progress_bar(tour.title, None, unit="holes") as advance:
        report = erase_tour(
            tour,
            masks,
            eraser,
            out,
            watch=lambda now: advance(now.done, now.total, f"{now.number}/{now.count} {now.scene.name}"),
            write_page=write_page if page else None,
            **options,
        )
    for name in report.unused_masks:
        console.errors.print(f"warning: no panorama for the mask {name}", style="yellow", markup=False)
    if report.mirror:
        console.output.print(f"{report.mirror}", markup=False)
    if report.page:
        console.output.print(f"{report.page}", markup=False)
    problems = [
        PanoInpaintError(f"{scene.name}: {scene.problem}", hint=scene.hint) for scene in report.failed
    ]
    _finish(problems, len(report.scenes))


def _variant_names(out, count):
    """Name the results: OUT itself, or OUT_1 to OUT_N."""
    if count == 1:
        return [out]
    return [out.with_name(f"{out.stem}_{number}{out.suffix}") for number in range(1, count + 1)]


def _erase_one(eraser, source, mask, targets, *, quality, explain):
    """Read, erase and write one panorama, once for each seed, and tell what happened."""
    from pano_inpaint.explanation import Explanation
    from pano_inpaint.masks import widen
    from pano_inpaint.panorama import read_mask, read_panorama, write_panorama

    mask_file, *degrees = mask
    radius, reach = map(math.radians, degrees)
    picture = read_panorama(source)
    for note in picture.notes:
        console.errors.print(f"{source.name}: {note}", markup=False)
    marked = widen(read_mask(mask_file, like=picture), radius, picture.known)
    if reach:
        marked = eraser.with_shadows(picture, marked, reach)
    for seed, target in targets.items():
        explanation = Explanation() if explain else None
        with console.progress_bar(target.name, None, unit="holes") as advance:
            result = eraser.erase(picture, marked, watch=advance, seed=seed, explanation=explanation)
        write_panorama(target, result, quality=quality)
        console.output.print(f"{target}", markup=False)
        if explanation:
            _write_explanation(explain, target.stem, explanation.pictures(picture))


def _write_explanation(folder, name, pictures):
    """Write pictures of what was understood."""
    from pano_inpaint.panorama import Panorama, write_panorama

    for what, pixels in pictures.items():
        path = folder / f"{name}_{what}.jpg"
        write_panorama(path, Panorama(pixels))
        console.output.print(f"{path}", markup=False)


@app.command()
def view(
    panoramas: Annotated[list[Path], typer.Argument(metavar="TOUR|FILE...", help="A tour, or panoramas.")],
    before: Annotated[
        list[Path] | None,
        typer.Option("--before", help="The tour as it was; with files, one for each, in their order."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Page to write, or a folder for it; TOUR.html if left out."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Heading of the page.")] = None,
    form: Annotated[
        str, typer.Option(help="file (all in the page), folder (pictures beside it), or auto: by size.")
    ] = "auto",
    max_width: Annotated[
        int, typer.Option(min=1024, max=16384, help="Columns; wider panoramas are shown smaller.")
    ] = 8192,
    open_it: Annotated[
        bool, typer.Option("--open/--no-open", help="Show the page in the browser when it is written.")
    ] = True,
) -> None:
    """Write a 360° page, with hotspots and a before/after divider, that opens without a server.

    Example: pano-inpaint view empty/ --before tour/
    """
    from viewers.page import open_page

    target = _page_path(panoramas[0], out)
    options = {"title": title, "form": form, "max_width": max_width}
    if any(map(_is_tour, panoramas)):
        page = _view_tour(target, panoramas, before, **options)
    else:
        page = _view_files(target, panoramas, before, **options)
    for problem in page.problems:
        console.errors.print(f"warning: left out {problem}", style="yellow", markup=False)
    beside = f" and {page.sidecars[0].parent.name}/" if page.sidecars else ""
    console.output.print(f"{page.path}{beside}", markup=False)
    if open_it and not open_page(page.path):
        console.errors.print("no browser found; open the page by hand", style="yellow")


def _is_tour(path):
    return path.is_dir() or path.suffix.lower() in (".json", ".js")


def _page_path(shown, out):
    """Return the page's file: beside what it shows, or where the user wants it."""
    if out is None:
        shown = shown.resolve() if shown.is_dir() else shown
        return shown.with_name(f"{shown.name if shown.is_dir() else shown.stem}.html")
    return out if out.suffix.lower() in (".html", ".htm") else out / "index.html"


def _view_tour(target, tours, before, **options):
    from pano_inpaint.tours import read_tour
    from viewers.tour_page import write_tour_page

    if len(tours) != 1 or len(before or []) > 1:
        raise UsageError(f"expected one tour and one --before, got {len(tours)} and {len(before or [])}")
    past = read_tour(before[0]) if before else None
    return write_tour_page(target, read_tour(tours[0]), before=past, **options)


def _view_files(target, panoramas, before, **options):
    from viewers.page import Scene, write_page

    if before and len(before) != len(panoramas):
        raise UsageError(f"expected --before once for each of {len(panoramas)} panoramas, got {len(before)}")
    pairs = zip_longest(panoramas, before or [])
    return write_page(target, [Scene(path.stem, path, was) for path, was in pairs], **options)


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


@app.command()
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

    Mean PSNR, SSIM, LPIPS, L1 and sharpness inside the hole and by solid angle, step at the seam, seconds.
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
    methods, missing = build_methods(preset or ["indoor"], quality or ["draft", "standard"], peers, ways)
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
    _finish([PanoInpaintError(problem) for problem in result.problems], len(cases))


@app.command()
def serve(
    preset: Preset = "indoor",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    cors: Annotated[
        list[str] | None, typer.Option(metavar="ORIGIN", help="Let pages of this origin ask; repeatable.")
    ] = None,
) -> None:
    """Serve the network by the REST protocol of TensorFlow Serving.

    Models: completion (one picture and mask) and panorama (a whole panorama). Ctrl-C ends it.

    Example: pano-inpaint serve --port 8501
    """
    from viewers.server import build_model_app
    from viewers.server import serve as run_server

    def announce(url):
        console.output.print(f"{url}/v1/models/completion  {url}/v1/models/panorama", markup=False)

    run_server(build_model_app(preset, cors=cors or []), host=host, port=port, announce=announce)


@app.command()
def studio(
    tour: Annotated[Path, typer.Argument(help="A panorama, a folder of them, or a tour's file.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Folder for results and work; beside the tour if left out."),
    ] = None,
    preset: Preset = "indoor",
    quality: Annotated[
        str, typer.Option(help="What the page offers first: draft, standard or fine.")
    ] = "standard",
    backend: Annotated[
        str | None, typer.Option(metavar="URL", help="TensorFlow Serving to run the network on.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 takes that of the last time, or a free one.")
    ] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Show the page in the browser.")] = True,
) -> None:
    """Paint over objects in the browser, erase, compare and save. Ctrl-C ends it; nothing is lost.

    Results are written beside the originals as NAME_erased, or a tour with links as a mirror TOUR_erased;
    originals are never touched. Work is kept in .pano-inpaint and goes on where it was left. Also serves
    the models of `pano-inpaint serve`.

    Example: pano-inpaint studio tour/
    """
    from viewers.studio.launch import run_studio

    def announce(url):
        console.output.print(f"{url}", markup=False)

    run_studio(
        tour,
        announce=announce,
        open_page=open_it,
        **{"out": out, "preset": preset, "quality": quality, "backend": backend, "port": port, "host": host},
    )


@app.command()
def rooms(
    out: Annotated[Path, typer.Argument(help="Folder of the set; what is there already stays.")],
    count: Annotated[int, typer.Option(min=1, help="Number of homes.")],
    width: Annotated[int, typer.Option(min=64, help="Columns of a panorama.")] = 1024,
    seed: Annotated[int, typer.Option(min=0, help="Of the set.")] = 1,
    start: Annotated[int, typer.Option(min=0, help="Number of the first home.")] = 0,
    rooms_each: Annotated[
        int | None, typer.Option("--rooms", min=1, max=6, help="Rooms a home; drawn if left out.")
    ] = None,
    cameras: Annotated[
        int | None, typer.Option(min=1, help="Most panoramas a home; 1 to 4 a room if left out.")
    ] = None,
    furniture: Annotated[
        Path | None, typer.Option(help="Catalogue zip of OBJ models, or a folder of glTF ones.")
    ] = None,
    views: Annotated[
        Path | None, typer.Option(help="Outdoor panoramas for the windows: a file or a folder.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Paths a pixel before denoising.")] = 12,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    noise: Annotated[float, typer.Option(min=0, help="Sensor noise in 8-bit levels.")] = 0.0,
    pole_blur: Annotated[float, typer.Option(min=0, help="Degrees about the poles left soft.")] = 0.0,
    jpeg: Annotated[int, typer.Option(min=0, max=100, help="JPEG quality to go through; 0 = none.")] = 0,
    gone: Annotated[
        bool, typer.Option("--gone", help="Each panorama also with one piece of furniture gone.")
    ] = False,
    python: Annotated[
        Path | None, typer.Option(help="Interpreter that has bpy, Blender as a module; this one if left out.")
    ] = None,
) -> None:
    """Render furnished and empty 360° tours of procedural homes, with exact truth.

    Written in Structured3D's layout, so that `finetune --pano-dir OUT` uses the pairs without a flag. The
    same seed gives the same homes; started again, it goes on with what is missing.

    Example: pano-inpaint rooms homes/ --count 1000 --width 512 --cameras 2
    """
    from finetune.rooms.homes import render_homes

    settings = {
        "count": count, "width": width, "seed": seed, "start": start, "rooms": rooms_each,
        "cameras": cameras, "furniture": furniture, "views": views, "samples": samples,
        "workers": workers, "noise": noise, "pole_blur": pole_blur, "jpeg": jpeg, "gone": gone,
        "python": python,
    }  # fmt: skip
    with console.progress_bar("rendering", count, unit="homes") as advance:
        render_homes(out, progress=lambda done, total, _seconds: advance(done, total), **settings)
    console.output.print(f"{out}", markup=False)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where models.config and completion/N are written.")],
    preset: Preset = "indoor",
    version: Annotated[
        int | None, typer.Option(min=1, help="Number of the version; the next one if left out.")
    ] = None,
    served_from: Annotated[
        str | None, typer.Option(help="Absolute path of FOLDER on the server, for models.config.")
    ] = None,
) -> None:
    """Write a SavedModel that a stock TensorFlow Serving loads as it is.

    Example: pano-inpaint export models/ --served-from /models
    """
    from pano_inpaint.models.presets import find_preset
    from pano_inpaint.models.serving_export import write_serving_export

    written = write_serving_export(find_preset(preset), folder, version=version, served_from=served_from)
    console.output.print(f"{written}", markup=False)


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
