"""`pano-inpaint view`: a page of a tour or of panoramas."""

from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer

from pano_inpaint import console
from pano_inpaint.errors import UsageError

from .common import is_tour


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
    if any(map(is_tour, panoramas)):
        page = _view_tour(target, panoramas, before, **options)
    else:
        page = _view_files(target, panoramas, before, **options)
    for problem in page.problems:
        console.errors.print(f"warning: left out {problem}", style="yellow", markup=False)
    beside = f" and {page.sidecars[0].parent.name}/" if page.sidecars else ""
    console.output.print(f"{page.path}{beside}", markup=False)
    if open_it and not open_page(page.path):
        console.errors.print("no browser found; open the page by hand", style="yellow")


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
