"""`pano-inpaint rooms`: furnished and empty homes, rendered."""

from pathlib import Path
from typing import Annotated

import typer

from pano_inpaint import console


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
    pieces: Annotated[
        int, typer.Option(min=1, help="With --gone: how many pieces are gone in turn, each alone.")
    ] = 1,
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
        "pieces": pieces, "python": python,
    }  # fmt: skip
    with console.progress_bar("rendering", count, unit="homes") as advance:
        render_homes(out, progress=lambda done, total, _seconds: advance(done, total), **settings)
    console.output.print(f"{out}", markup=False)
