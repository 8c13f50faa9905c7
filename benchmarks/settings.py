"""Each setting of the network family alone, at equal computing time, on the same held-out panoramas.

    python -m benchmarks.settings HOMES --real PANORAMAS --photos PHOTOS --out RUN --minutes 3

A small network (folded table, width ¼, faces of 64 px) is pretrained on photographs and on views of some of
the real panoramas, then fine-tuned on rendered pairs and those real panoramas together, and at last against
a discriminator, on the same panoramas and for twice as long. Each time every variant differs from it in
one setting. Time is the process's own, on one thread, so that what else the machine does costs no variant a
picture; building its graph is not counted. Scores are hole-only and sphere-weighted, through cube faces, on
held-out homes and real panoramas.

RUN keeps each score by itself: started again, the benchmark goes on with what is missing.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import keras
import tensorflow as tf
import typer

from benchmarks.short_runs import (
    SIZE,
    TABLE,
    WIDTH,
    Judge,
    Learner,
    divide,
    find_pictures,
    keep,
    photo_settings,
    read_kept,
)
from finetune.job import FinetuneJob
from finetune.settings import FinetuneSettings
from pano_inpaint import console
from pano_inpaint.errors import PanoInpaintError
from pano_inpaint.models.completion import CompletionConfig, Merge, build_completion_network
from pano_inpaint.models.layers import HoleFill
from pano_inpaint.models.presets import find_preset, write_preset
from pano_inpaint.models.tables import TABLES
from pretrain.job import PretrainJob

PRIOR = "the prior alone"
AS_IT_IS = "as it is"
AVERAGING = "weights not averaged"  # scored after the same run as it is
PLAIN = f"{TABLE}, without skips"
NARROW = f"{TABLE}, with a bottleneck"
AGAINST = "discriminator"
ALONE = "none, reconstruction goes on"
PERCEPTUAL = 1.0
MATCHING = 0.04  # ten times the adversarial weight, as Wang et al. 2018, section 3.2
LONGER = 2  # of the stage with a discriminator
FIRST = 0.2  # share of that time in which the discriminator trains alone
PAPER = {  # Iizuka et al. 2017, table 1 and sections 3.2, 3.4 and 4
    "table": "glcic",
    "hole_fill": "mean",
    "reconstruction": "l2",
    "optimizer": "adadelta",
    "learning_rate": 1.0,
}
VARIANTS = {
    "photographs": {
        AS_IT_IS: {},
        AVERAGING: None,
        "gray in the hole, not the prior": {"hole_fill": "gray"},
        "the paper's table": {"table": "glcic"},
        "no skips": {"table": PLAIN},
        "squared error, not absolute": {"reconstruction": "l2"},
        "gradients of four batches": {"gradient_accumulation_steps": 4},
        "VGG16's perceptual loss": {"perceptual_weight": PERCEPTUAL},
        "half the width": {"width": WIDTH / 2},
        "twice the width": {"width": WIDTH * 2},
        "a bottleneck, the middle half as wide": {"table": NARROW},
        "all as in the paper": PAPER,
    },
    "panoramas": {
        AS_IT_IS: {},
        AVERAGING: None,
        "directions": {"rays": True},
        "layout head": {"layout": True},
        "directions and layout head": {"rays": True, "layout": True},
        "pairs and others balanced": {"balance": True},
        "gradients of four panoramas": {"gradient_accumulation_steps": 4},
        "VGG16's perceptual loss": {"perceptual_weight": PERCEPTUAL},
    },
    AGAINST: {
        AS_IT_IS: {},
        "spectral normalisation": {"discriminator_normalisation": "spectral"},
        "feature matching": {"feature_matching_weight": MATCHING},
        "both": {"discriminator_normalisation": "spectral", "feature_matching_weight": MATCHING},
        ALONE: {},
        "cross entropy, not hinge": {"adversary": "bce"},
    },
}


def main(
    homes: Annotated[Path, typer.Argument(help="Rendered homes, as `pano-inpaint rooms` writes them.")],
    real: Annotated[Path, typer.Option(help="Real panoramas: some to train on, the others held out.")],
    photos: Annotated[Path, typer.Option(help="Photographs to pretrain on.")],
    out: Annotated[Path, typer.Option(help="The run's folder.")],
    minutes: Annotated[float, typer.Option(help="Computing time of each training.")] = 3.0,
    only: Annotated[
        list[str] | None, typer.Option(help="Variants with this in their name, and what they start from.")
    ] = None,
) -> None:
    """Train, score, and print the table."""
    TABLES[PLAIN] = replace(TABLES[TABLE], skips=False)
    TABLES[NARROW] = _with_bottleneck(TABLES[TABLE])
    order, validation, views = divide(homes, real, out)
    judge, pictures = Judge(validation), find_pictures(photos, views)
    if not (out / "scores" / "prior.json").exists():
        keep({"name": PRIOR, "pictures": 0} | judge.score(build_prior()), out / "scores" / "prior.json")
    grid = [
        (stage, name)
        for stage, variants in VARIANTS.items()
        for name in variants
        if name == AS_IT_IS or (name != AVERAGING and _is_asked(f"{stage}: {name}", only))
    ]
    with console.progress_bar("training", len(grid), unit="runs") as advance:
        for done, (stage, name) in enumerate(grid):
            advance(done, note=f"{stage}: {name}")
            if not _file(out, stage, name).exists():
                if stage == "photographs":
                    job = PretrainJob(photo_settings(**VARIANTS[stage][name]), *pictures)
                else:
                    job = _finetuning(out, [*order(0), *views], stage, VARIANTS[stage][name])
                _measure(job, judge, out, stage, name, minutes)
        advance(len(grid))
    rows = _compared(out)
    console.write_scores(out / "settings.csv", rows)
    console.print_scores(rows)


def for_minutes(batches, minutes):
    """Yield batches until the process has computed for so long; the first, which builds the graph, free."""
    batches = iter(batches)
    yield next(batches)
    end = time.process_time() + 60 * minutes
    while time.process_time() < end:
        yield next(batches)


def _with_bottleneck(table):
    """Halve the channels of a table's middle, and of the convolution that leads to it."""
    encoder, middle = table.encoder[:-1], (table.encoder[-1], *table.middle)
    narrow = tuple((*row[:-1], row[-1] // 2) for row in middle)
    return replace(table, encoder=(*encoder, narrow[0]), middle=narrow[1:])


def build_prior():
    """Return a network of no weights: the smooth continuation that others correct."""
    picture = keras.Input((SIZE, SIZE, 3), name="picture")
    mask = keras.Input((SIZE, SIZE, 1), name="mask")
    filled = HoleFill("prior", (0.5, 0.5, 0.5), padding_mode="cube", dtype="float32")(picture, mask)
    return keras.Model([picture, mask], Merge(dtype="float32")(picture, mask, filled))


def _is_asked(name, only):
    return not only or any(part in name for part in only)


def _finetuning(out, items, stage, changes):
    settings = FinetuneSettings(
        face_size=SIZE,
        min_width=2 * SIZE,
        freeze_depth=0,
        learning_rate=5e-4,
        discriminator_learning_rate=5e-4,
        ema_decay=0.98,
    )
    start = find_preset(out / ("panoramas" if stage == AGAINST else "photographs"))
    return FinetuneJob(replace(settings, **changes), start, items, items)


def _train(learner, batches, stage, name, minutes):
    """Train as the stage does, and return how many pictures moved the completion network."""
    groups = learner.groups(batches)
    if stage != AGAINST:
        return learner.learn(for_minutes(groups, minutes))
    if name == ALONE:
        return learner.learn(for_minutes(groups, LONGER * minutes))
    learner.learn(for_minutes(groups, FIRST * LONGER * minutes), "discriminator")
    return learner.learn(for_minutes(groups, (1 - FIRST) * LONGER * minutes), "joint")


def _measure(job, judge, out, stage, name, minutes):
    """Train for a time and keep the scores; of what others differ from also the network."""
    tf.keras.utils.set_random_seed(0)
    learner = Learner(job)
    learner.start(learner.gan.completion.get_weights())
    pictures = _train(learner, job.batches(0), stage, name, minutes)

    def score(name, weights):
        network = build_completion_network(
            CompletionConfig.from_dict(job.config["completion"]), padding="cube", size=SIZE
        )
        network.set_weights(weights)
        row = {"name": f"{stage}: {name}", "pictures": pictures} | judge.score(network)
        if learner.discriminator_loss is not None:
            row["discriminator"] = learner.discriminator_loss
        keep(row, _file(out, stage, name))

    own = learner.gan.completion.get_weights()
    if AVERAGING in VARIANTS[stage] and name == AS_IT_IS:
        score(AVERAGING, own)
        write_preset(
            out / stage,
            job.config,
            completion=learner.averaged(),
            discriminator=learner.gan.discriminator,
        )
    score(name, learner.gan.averaged_weights())


def _file(out, stage, name):
    return out / "scores" / f"{stage}_{list(VARIANTS[stage]).index(name)}.json"


def _compared(out):
    """Read all scores in the variants' order, with the gain over the prior."""
    rows = {row["name"]: row for row in read_kept(out / "scores")}
    prior = rows[PRIOR]
    order = [PRIOR, *(f"{stage}: {name}" for stage, variants in VARIANTS.items() for name in variants)]
    return [
        {"name": name, "pictures": rows[name]["pictures"]}
        | {
            key: value
            for place in ("homes", "real")
            for key, value in (
                (f"{place}_psnr", rows[name][f"{place}_psnr"]),
                (f"{place}_over_prior", rows[name][f"{place}_psnr"] - prior[f"{place}_psnr"]),
                (f"{place}_lpips", rows[name].get(f"{place}_lpips_alex")),
            )
        }
        for name in order
        if name in rows
    ]


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    try:
        typer.run(main)
    except PanoInpaintError as error:
        console.show_error(error)
        raise SystemExit(error.exit_code) from None
