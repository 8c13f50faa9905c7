"""Is transfer learning the answer to few panoramas? Scores against the number of training panoramas.

    python -m benchmarks.transfer HOMES --real PANORAMAS --photos PHOTOS --out RUN [--plot transfer.png]

A small network (folded table, width ¼, faces of 64 px) is pretrained on photographs and on views of some of
the real panoramas, then fine-tuned on N rendered furnished/empty pairs in four ways, with the networks,
batches and scores of `finetune`. Each way takes equally many steps, whatever N. Panoramas are nested: those
of N = 10 are among those of N = 30. Homes, not panoramas, are held out, and each seed has its own order of
homes, holes and turns. Scores are hole-only and sphere-weighted, on held-out homes and on real panoramas
that no network saw.

RUN keeps each score by itself: started again, the benchmark goes on with what is missing, also with homes
that were rendered meanwhile.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tensorflow as tf
import typer

from benchmarks.short_runs import (
    SIZE,
    TABLE,
    Judge,
    Learner,
    divide,
    find_pictures,
    keep,
    photo_settings,
    read_kept,
)
from benchmarks.transfer_plot import draw_curves
from finetune.job import FinetuneJob
from finetune.settings import FinetuneSettings
from pano_inpaint import console
from pano_inpaint.errors import PanoInpaintError
from pano_inpaint.models.completion import CompletionConfig, build_completion_network
from pano_inpaint.models.discriminators import DiscriminatorConfig, build_discriminator
from pano_inpaint.models.presets import build_completion, find_preset, write_preset
from pano_inpaint.models.tables import TABLES
from pano_inpaint.models.trainer import LoopSettings, train
from pano_inpaint.settings import subset
from pretrain.job import PretrainJob

ENCODER = len(TABLES[TABLE].encoder)


@dataclass(frozen=True)
class Arm:
    """A way to train on panoramas.

    Attributes
    ----------
    settings : dict
        Of `FinetuneSettings`.
    from_scratch : bool
        Fresh weights instead of the pretrained ones.
    """

    settings: dict
    from_scratch: bool = False


ARMS = {
    "encoder frozen": Arm({"freeze_depth": ENCODER}),
    "all layers": Arm({"freeze_depth": 0}),
    # What was never trained has no statistics to keep.
    "from scratch": Arm({"freeze_depth": 0, "freeze_statistics": False}, from_scratch=True),
    "encoder frozen, zero padding": Arm({"freeze_depth": ENCODER, "padding": "zero"}),
}


def main(
    homes: Annotated[Path, typer.Argument(help="Rendered homes, as `pano-inpaint rooms` writes them.")],
    real: Annotated[Path, typer.Option(help="Real panoramas: some for pretraining, the others held out.")],
    photos: Annotated[Path, typer.Option(help="Photographs to pretrain on.")],
    out: Annotated[Path, typer.Option(help="The run's folder.")],
    count: Annotated[list[int] | None, typer.Option(help="N; 0, 10, 30, 100, 300 if left out.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each.")] = 2,
    steps: Annotated[int, typer.Option(min=1, help="Of fine-tuning, one panorama each.")] = 200,
    pretrain_steps: Annotated[int, typer.Option(min=1, help="Of 16 pictures each.")] = 800,
    rate: Annotated[float, typer.Option(help="Learning rate of fine-tuning.")] = 5e-4,
    plot: Annotated[Path | None, typer.Option(help="PNG to draw; transfer.png in RUN if left out.")] = None,
) -> None:
    """Train, score, and draw the curves."""
    order, validation, views = divide(homes, real, out)
    presets = {False: _pretrained(photos, views, out / "photos", pretrain_steps)}
    counts = sorted(count or (0, 10, 30, 100, 300))
    grid = [
        (seed, number, name)
        for seed in range(seeds)
        for number in counts
        if number <= len(order(seed))
        for name in ARMS
    ]
    bench = _Bench(validation, steps, rate)
    with console.progress_bar("fine-tuning", len(grid), unit="runs") as advance:
        for done, (seed, number, name) in enumerate(grid):
            advance(done, note=f"{name}, N = {number}, seed {seed}")
            file = out / "scores" / f"{name.replace(', ', '_').replace(' ', '-')}_{number}_{seed}.json"
            if not file.exists():
                presets[True] = _fresh(presets[False], out / f"fresh_{seed}", seed)
                row = {"arm": name, "panoramas": number, "seed": seed, "steps": steps if number else 0}
                row |= bench.score(name, presets[ARMS[name].from_scratch], order(seed)[:number], seed)
                keep(row, file)
        advance(len(grid))
    rows = _collect(out)
    console.print_scores(_means(rows))
    draw_curves(rows, plot or out / "transfer.png")
    missing = [number for number in counts if number > len(order(0))]
    if missing:
        console.errors.print(f"left out: N = {missing}, as there are {len(order(0))} panoramas to train on")


class _Bench:
    """Fine-tunes and scores; one graph for all runs of an arm."""

    def __init__(self, validation, steps, rate):
        self._judge = Judge(validation)
        self._settings = FinetuneSettings(
            face_size=SIZE, min_width=2 * SIZE, completion_steps=steps, learning_rate=rate, ema_decay=0.98
        )
        self._learners = {}

    def score(self, name, preset, items, seed):
        """Train an arm's network on some panoramas, and return its scores."""
        settings = replace(self._settings, seed=seed, **ARMS[name].settings)
        job = FinetuneJob(settings, preset, items, items)
        if name not in self._learners:
            self._learners[name] = Learner(job)
        learner = self._learners[name]
        learner.start(build_completion(preset, size=SIZE).get_weights())
        learner.learn(learner.groups(job.batches(0).take(settings.completion_steps)) if items else ())
        return self._judge.score(learner.averaged())


def _pretrained(photos, views, out, steps):
    """Pretrain on photographs and views into panoramas, or take what was pretrained before."""
    settings = photo_settings(completion_steps=steps, sample_every=steps)
    pictures, shown = find_pictures(photos, views)
    job = PretrainJob(settings, pictures, shown)
    job.settings = {"pictures": len(pictures)}
    resume = (out / "settings.json").exists()
    with console.training_bar(job.schedule.total_steps) as watch:
        if not train(job, out, subset(LoopSettings, settings), resume=resume, watch=watch):
            console.report_end(out, False)
    return find_preset(out)


def _fresh(preset, out, seed):
    """Write the same network with fresh weights."""
    if not (out / "config.json").exists():
        tf.keras.utils.set_random_seed(seed)
        config = CompletionConfig.from_dict(preset.config["completion"])
        discriminator = DiscriminatorConfig(**preset.config["discriminator"])
        write_preset(
            out,
            preset.config | {"stage": "fresh"},
            completion=build_completion_network(config, size=SIZE),
            discriminator=build_discriminator(discriminator),
        )
    return find_preset(out)


def _collect(out):
    """Read all scores, and write them as one table."""
    rows = read_kept(out / "scores")
    rows.sort(key=lambda row: (list(ARMS).index(row["arm"]), row["panoramas"], row["seed"]))
    console.write_scores(out / "transfer.csv", rows)
    return rows


def _means(rows):
    """Average the seeds of each arm and N."""
    shown = ("homes_psnr", "homes_lpips_alex", "real_psnr", "real_lpips_alex")
    cells = {}
    for row in rows:
        cells.setdefault(f"{row['arm']}, N = {row['panoramas']}", []).append(row)
    return [
        {"name": name} | {key: float(np.mean([row[key] for row in cell])) for key in shown if key in cell[0]}
        for name, cell in cells.items()
    ]


if __name__ == "__main__":
    try:
        typer.run(main)
    except PanoInpaintError as error:
        console.show_error(error)
        raise SystemExit(error.exit_code) from None
