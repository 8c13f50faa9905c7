"""The command line `pretrain`."""

from pathlib import Path
from typing import Annotated

import typer

from pano_inpaint import console
from pano_inpaint.errors import UsageError
from pano_inpaint.settings import find_recipe, load_settings, parse_assignments
from pretrain.settings import RECIPES, PretrainSettings

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(no_args_is_help=True, epilog="With --debug an error shows its traceback.")
def pretrain(
    out: Annotated[Path, typer.Option("--out", help="Run folder: log, samples, checkpoints, weights.")],
    places_dir: Annotated[
        list[Path] | None,
        typer.Option(
            "--places-dir", help="Places365 in any of its layouts, or any tree of pictures; repeatable."
        ),
    ] = None,
    tfds: Annotated[
        str | None, typer.Option(help="Data set of TensorFlow Datasets, such as places365_small.")
    ] = None,
    views_of: Annotated[
        list[Path] | None,
        typer.Option("--views-of", help="Panoramas to take perspective views of as photos; repeatable."),
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="'indoor', class names with commas, or a file of them.")
    ] = None,
    recipe: Annotated[
        str, typer.Option(help="glcic (the paper), small (two cores, an hour), or a TOML file.")
    ] = "glcic",
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="PRESET|RUN", help="Network to start from, such as a run on smaller pictures."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in --out stopped.")] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Of all that is random.")] = None,
    width: Annotated[float | None, typer.Option(help="Factor on the network's channels.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Pictures a step.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, float32 or bfloat16.")] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting; repeatable.")
    ] = None,
) -> None:
    """Pretrain the completion network on photographs.

    Three phases (Iizuka et al. 2017): the completion network alone, the discriminator alone, both. In the
    third a switch on the discriminator's mean loss says who trains; log.csv says who and why.

    Example: pretrain --places-dir places365 --classes indoor --recipe small --out runs/photos
    """
    overrides = {"seed": seed, "width": width, "batch": batch, "precision": precision}
    settings = load_settings(
        PretrainSettings, find_recipe(recipe, RECIPES), parse_assignments(assignments or []), overrides
    )
    train, val = _sources(places_dir or [], tfds, views_of or [], classes)
    from pano_inpaint.models.presets import find_preset
    from pretrain.run import run

    run(settings, train, val, out, start=find_preset(start) if start else None, resume=resume)


def _sources(folders, tfds, panoramas, classes):
    """Find the pictures, and say what was found."""
    from pano_inpaint.pano_sets import find_panoramas, split_scenes
    from pano_inpaint.photos import find_photos

    train, val = [], []
    if tfds:
        if folders or panoramas:
            raise UsageError("expected --tfds alone, got it with --places-dir or --views-of")
        from pano_inpaint.data import tfds_photos

        return tfds_photos(tfds, "train"), tfds_photos(tfds, "validation")
    for folder in folders:
        photos = find_photos(folder, classes=classes)
        console.report(folder, photos.report)
        train += photos.train
        val += photos.val
    for folder in panoramas:
        found = find_panoramas(folder)
        console.report(folder, found.report)
        parts = split_scenes(found.items, 0.1)
        train += parts[0]
        val += parts[1]
    if not train:
        raise UsageError("expected --places-dir, --views-of or --tfds to train on, got none of them")
    return train, val or train[:12]


def main() -> None:
    """Run the command line."""
    console.run(app)


if __name__ == "__main__":
    main()
