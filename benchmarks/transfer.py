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

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import tensorflow as tf
import typer

from benchmarks.transfer_plot import draw_curves
from finetune.job import FinetuneJob
from finetune.settings import FinetuneSettings
from finetune.validation import load_evaluators, score_network
from pano_inpaint import console
from pano_inpaint.data import panorama_dataset
from pano_inpaint.errors import PanoInpaintError, UsageError
from pano_inpaint.files import replacing
from pano_inpaint.models.completion import CompletionConfig, build_completion_network
from pano_inpaint.models.discriminators import DiscriminatorConfig, build_discriminator
from pano_inpaint.models.presets import build_completion, find_preset, write_preset
from pano_inpaint.models.tables import TABLES
from pano_inpaint.models.trainer import LoopSettings, train
from pano_inpaint.pano_sets import find_panoramas, split_scenes
from pano_inpaint.photos import find_photos, hash_fraction
from pano_inpaint.settings import subset
from pretrain.job import PretrainJob
from pretrain.settings import PretrainSettings

SIZE = 64  # pixels of a face
TABLE = "folded"
ENCODER = len(TABLES[TABLE].encoder)
HOLE_SEEDS = (0, 1)  # each validation panorama is scored with one hole of each
HELD_OUT = {"homes": 0.25, "real": 0.4}  # of the scenes


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
    order, validation, views = _divide(homes, real, out)
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
                with replacing(file) as temporary:
                    temporary.write_text(json.dumps(row, indent=1) + "\n")
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
        self._sets = {
            name: [
                batch
                for seed in HOLE_SEEDS
                for batch in panorama_dataset(
                    items, seed=seed, face_size=SIZE, local_size=SIZE // 2, training=False
                ).as_numpy_iterator()
            ]
            for name, items in validation.items()
        }
        self._settings = FinetuneSettings(
            face_size=SIZE, min_width=2 * SIZE, completion_steps=steps, learning_rate=rate, ema_decay=0.98
        )
        self._evaluators, notes = load_evaluators()
        for note in notes:
            console.errors.print(note, markup=False)
        self._learners = {}

    def score(self, name, preset, items, seed):
        """Train an arm's network on some panoramas, and return its scores."""
        settings = replace(self._settings, seed=seed, **ARMS[name].settings)
        job = FinetuneJob(settings, preset, items, items)
        if name not in self._learners:
            self._learners[name] = _Learner(job)
        weights = build_completion(preset, size=SIZE).get_weights()
        steps = settings.completion_steps if items else 0
        network = self._learners[name].learn(weights, job, steps)
        return {
            f"{place}_{key}": value
            for place, batches in self._sets.items()
            for key, value in score_network(network, batches, self._evaluators).items()
        }


class _Learner:
    """Networks and optimizer of an arm, and the compiled step that moves them."""

    def __init__(self, job):
        self._gan = job.build(1)
        self._step = tf.function(self._gan.reconstruct)
        self._optimizer = [variable.numpy() for variable in self._gan.completion_optimizer.variables]

    def learn(self, weights, job, steps):
        """Train from given weights and a fresh optimizer; return the network with its averaged weights."""
        gan = self._gan
        gan.completion.set_weights(weights)
        for variable, value in zip(gan.completion_optimizer.variables, self._optimizer, strict=True):
            variable.assign(value)
        for variable, value in zip(gan.average, weights, strict=True):
            variable.assign(value)
        for batch in job.batches(0).take(steps) if steps else ():
            self._step(batch)
        gan.completion.set_weights(gan.averaged_weights())
        return gan.completion


def _divide(homes, real, out):
    """Divide scenes into training and validation once; homes rendered later only train.

    Returns
    -------
    order : callable
        Seed to the training pairs in their order, home by home.
    validation : dict of list of PanoItem
        Pairs of held-out ``homes``, and ``real`` panoramas.
    views : sequence of PanoItem
        Real panoramas for pretraining.
    """
    pairs = [
        item for item in find_panoramas(homes, min_width=4 * SIZE).items if item.empty and item.object_mask
    ]
    views, held_real = split_scenes(find_panoramas(real), HELD_OUT["real"])
    file = out / "homes.json"
    kept = json.loads(file.read_text()) if file.exists() else {"validation": [], "training": []}
    if not kept["validation"]:
        kept["validation"] = sorted({item.scene for item in split_scenes(pairs, HELD_OUT["homes"])[1]})
    seen = {*kept["validation"], *(scene for batch in kept["training"] for scene in batch)}
    if new := sorted({item.scene for item in pairs} - seen):
        kept["training"].append(new)
    with replacing(file) as temporary:
        temporary.write_text(json.dumps(kept, indent=1) + "\n")
    with console.progress_bar("shrinking", len(pairs), unit="pairs") as advance:
        small = {}
        for done, item in enumerate(pairs, start=1):
            small.setdefault(item.scene, []).append(_shrunk(item, out / "small"))
            advance(done)

    def order(seed):
        batches = (
            sorted(batch, key=lambda scene: hash_fraction(scene, seed=seed)) for batch in kept["training"]
        )
        return [item for batch in batches for scene in batch for item in small.get(scene, ())]

    held_homes = [item for scene in kept["validation"] for item in small.get(scene, ())]
    if not order(0) or not held_homes:
        raise UsageError(f"expected pairs of at least two homes in {homes}, got {len(pairs)} pairs")
    return order, {"homes": held_homes, "real": held_real}, views


def _shrunk(item, folder):
    """Copy a pair at the size it is trained at, so that each run need not decode the large one."""
    folder = folder / item.name
    full, empty, objects = (folder / f"{part}.png" for part in ("full", "empty", "instance"))
    size = (4 * SIZE, 2 * SIZE)
    for source, copy, how in (
        (item.paths[0], full, cv2.INTER_AREA),
        (item.empty, empty, cv2.INTER_AREA),
        (item.object_mask[0], objects, cv2.INTER_NEAREST_EXACT),
    ):
        if not copy.exists():
            with replacing(copy) as temporary:
                stored = cv2.imread(str(source), cv2.IMREAD_UNCHANGED)
                cv2.imwrite(str(temporary), cv2.resize(stored, size, interpolation=how))
    return replace(item, paths=(full,), empty=empty, object_mask=(objects,), layout=None)


def _pretrained(photos, views, out, steps):
    """Pretrain on photographs and views into panoramas, or take what was pretrained before."""
    settings = PretrainSettings(
        size=SIZE,
        local_size=SIZE // 2,
        width=0.25,
        discriminator_width=1 / 16,
        table=TABLE,
        hole_fill="prior",
        hole_low=SIZE // 5,
        hole_high=SIZE // 2,
        completion_steps=steps,
        discriminator_steps=0,
        joint_steps=0,
        reconstruction="l1",
        learning_rate=1e-3,
        ema_decay=0.99,
        sample_every=steps,
    )
    found = find_photos(photos)
    job = PretrainJob(settings, [*found.train, *found.val, *views], list(found.val) or list(views))
    job.settings = {"pictures": len(found.train) + len(found.val) + len(views)}
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
    rows = [json.loads(path.read_text()) for path in sorted((out / "scores").glob("*.json"))]
    rows.sort(key=lambda row: (list(ARMS).index(row["arm"]), row["panoramas"], row["seed"]))
    with replacing(out / "transfer.csv") as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
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
