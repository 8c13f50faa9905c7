"""`pano-inpaint erase`: from panoramas or a tour, and what the console says of it."""

import math
from pathlib import Path
from typing import Annotated

import typer

from pano_inpaint import console
from pano_inpaint.errors import PanoInpaintError, UsageError

from .common import Preset, finish, is_tour

GROW = 1.0  # degrees


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
            help="Also lift the shadows that what is erased casts around it, up to so far from the mask.",
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
    """Erase what a mask marks; nothing outside the mask, widened by --grow, changes but by --shadows.

    Bit depth, EXIF, ICC and GPano metadata stay. A tour (a folder, a Pannellum or Photo Sphere Viewer
    JSON, a Marzipano export, a ZInD home) is written as a mirror with the same names and links, with a
    before/after page (view.html) and a report; it goes on past a scene that fails, names it at the end,
    and then exits with 1.

    Example: pano-inpaint erase lounge.jpg --mask sofa.png -o empty/lounge.jpg
    """
    whole_tour = is_tour(panorama)
    if whole_tour and (variants > 1 or explain):
        raise UsageError("expected a single panorama for --variants and --explain, got a tour")
    if variants > 1 and quality == "draft":
        raise UsageError("expected --quality standard or fine for --variants, got draft, which has only one")
    eraser = _load_eraser(preset, backend, quality=quality, seed=seed)
    if shadows and not eraser.tells_shadows:
        raise UsageError(f"expected a network that tells shadows for --shadows, got {backend or preset}")
    if grow:
        console.errors.print(f"masks widened by {grow:g}° (--grow 0 keeps to the pixel)", markup=False)
    if shadows:
        console.errors.print(f"and their shadows lifted within {shadows:g}° of them", markup=False)
    if whole_tour:
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
    finish(problems, len(report.scenes))


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
    seen, options = picture, {"shadows_lifted": reach > 0}
    if reach:
        seen, marked, _ = eraser.lift_shadows(picture, marked, reach)
    for seed, target in targets.items():
        explanation = Explanation() if explain else None
        with console.progress_bar(target.name, None, unit="holes") as advance:
            result = eraser.erase(seen, marked, watch=advance, seed=seed, explanation=explanation, **options)
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
