"""The command line `finetune`."""

from pathlib import Path
from typing import Annotated

import typer

from finetune.settings import RECIPES, FinetuneSettings
from pano_inpaint import console
from pano_inpaint.errors import UsageError
from pano_inpaint.settings import find_recipe, load_settings, parse_assignments

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(no_args_is_help=True, epilog="With --debug an error shows its traceback.")
def finetune(
    pano_dir: Annotated[
        list[Path],
        typer.Option(
            "--pano-dir",
            help="2:1 pictures, Structured3D, ZInD, Matterport skyboxes or Stanford 2D-3D-S; repeatable.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Run folder: log, samples, checkpoints, weights.")],
    start: Annotated[
        str, typer.Option("--from", metavar="PRESET|RUN", help="Pretrained network to start from.")
    ] = "photos",
    recipe: Annotated[str, typer.Option(help="rooms, or a TOML file.")] = "rooms",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in --out stopped.")] = False,
    freeze_depth: Annotated[
        int | None, typer.Option(min=0, max=13, help="Convolutions, from the first, that stay as they are.")
    ] = None,
    padding: Annotated[str | None, typer.Option(help="cube (across face borders) or zero.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of all that is random.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, float32 or bfloat16.")] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting; repeatable.")
    ] = None,
) -> None:
    """Transfer a pretrained completion network to equirectangular panoramas.

    The six faces of a panorama are one batch, padded by each other; the first layers are frozen;
    furnished/empty pairs are used as pairs. Scenes, not pictures, are held out for validation.

    Example: finetune --pano-dir tours --from photos --out runs/tours
    """
    overrides = {"freeze_depth": freeze_depth, "padding": padding, "seed": seed, "precision": precision}
    settings = load_settings(
        FinetuneSettings, find_recipe(recipe, RECIPES), parse_assignments(assignments or []), overrides
    )
    from pano_inpaint.models.presets import find_preset

    preset = find_preset(start)
    train, val = _panoramas(pano_dir, settings)
    from finetune.run import run

    run(settings, preset, train, val, out, resume=resume)


def _panoramas(folders, settings):
    """Find the panoramas, say what was found, and split them by scene."""
    from pano_inpaint.pano_sets import find_panoramas, split_scenes

    train, val = [], []
    for folder in folders:
        found = find_panoramas(folder, min_width=settings.min_width)
        console.report(folder, found.report)
        parts = split_scenes(found, settings.val_fraction, settings.seed)
        train += parts[0]
        val += parts[1]
    if not train or not val:
        raise UsageError(
            f"expected scenes to train on and to validate with, got {len(train)} and {len(val)} panoramas"
        )
    return train, val


def main() -> None:
    """Run the command line."""
    console.run(app)


if __name__ == "__main__":
    main()
