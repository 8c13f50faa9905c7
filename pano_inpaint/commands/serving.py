"""`pano-inpaint serve`, `studio` and `export`: the network behind an address, for programs and for people."""

from pathlib import Path
from typing import Annotated

import typer

from pano_inpaint import console

from .common import Preset


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
