"""What several verbs share."""

from typing import Annotated

import typer

from pano_inpaint import console

Preset = Annotated[
    str, typer.Option("--preset", metavar="NAME|FOLDER", help="Bundled network, or a training run's folder.")
]


def is_tour(path):
    """Tell a tour, a folder or a viewer's file, from a panorama."""
    return path.is_dir() or path.suffix.lower() in (".json", ".js")


def finish(problems, total):
    """Report what failed, and exit with 1 if anything did."""
    for problem in problems:
        console.show_error(problem)
    if problems:
        console.errors.print(f"{len(problems)} of {total} failed", style="red")
        raise typer.Exit(1)
