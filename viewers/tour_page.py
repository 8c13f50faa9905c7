"""A page for a whole tour of any kind that `pano_inpaint.tours` reads."""

import tempfile
from pathlib import Path

from pano_inpaint.errors import UsageError
from pano_inpaint.tours import View, list_exhibits
from viewers.page import MAX_WIDTH, Page, Scene, write_page

PAGE_NAMES = ("view.html", "pano-inpaint-view.html")


def write_tour_page(path, tour, *, before=None, title=None, max_width=MAX_WIDTH, form="auto"):
    """Write a page that walks through a tour.

    Parameters
    ----------
    path : str or Path
        HTML file to write.
    tour : Tour
        From `pano_inpaint.tours.read_tour`.
    before : Tour, optional
        The tour as it was; see `list_exhibits`. Scenes that did not change have no divider.
    title : str, optional
        Heading of the page; the tour's title if left out.
    max_width, form
        As in `write_page`.

    Returns
    -------
    Page
        Scenes whose picture cannot be read are left out and told of in `problems`.

    Raises
    ------
    UsageError, FileError
        If no scene can be shown, or the page cannot be written.
    """
    problems = [f"{scene.name}: {scene.problem}" for scene in tour.scenes if scene.source is None]
    with tempfile.TemporaryDirectory() as folder:
        exhibits = list_exhibits(
            tour, folder, before=before, tell=lambda scene, error: problems.append(f"{scene.name}: {error}")
        )
        if not exhibits:
            raise UsageError(f"expected a scene of {tour.title} that can be shown, received none")
        scenes = [
            Scene(
                exhibit.name,
                exhibit.panorama,
                exhibit.before,
                exhibit.id,
                exhibit.hotspots,
                None if exhibit.view == View() else exhibit.view,  # then GPano may know better
            )
            for exhibit in exhibits
        ]
        page = write_page(
            path, scenes, title=title or tour.title, max_width=max_width, form=form, skip_unreadable=True
        )
    return Page(Path(page.path), page.sidecars, (*problems, *page.problems))


def write_mirror_page(mirror, original, **options):
    """Write the before/after page of a tour into its mirror.

    Parameters
    ----------
    mirror, original : Tour
        As they are and as they were.
    **options
        As in `write_tour_page`.

    Returns
    -------
    list of str
        Names of the files written, the page first: ``view.html``, or ``pano-inpaint-view.html`` if the tour
        has such a file.
    """
    name = next(name for name in PAGE_NAMES if not (mirror.root / name).exists())
    page = write_tour_page(mirror.root / name, mirror, before=original, **options)
    return [path.relative_to(mirror.root).as_posix() for path in (page.path, *page.sidecars)]
