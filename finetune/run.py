"""One fine-tuning run, watched on the console: train, score before and after, write sample panoramas."""

from dataclasses import asdict

import numpy as np

from finetune.job import FinetuneJob
from finetune.validation import load_evaluators, score_network
from pano_inpaint import console
from pano_inpaint.eraser import Eraser
from pano_inpaint.holes import random_sphere_hole
from pano_inpaint.models.export import write_inference_form
from pano_inpaint.models.presets import build_completion, find_preset
from pano_inpaint.models.trainer import LoopSettings, train
from pano_inpaint.pano_decoding import read_panorama_item
from pano_inpaint.panorama import Panorama, write_panorama
from pano_inpaint.settings import subset

SAMPLES = 3  # panoramas written at the end


def run(settings, preset, train_items, val_items, out, *, resume):
    """Fine-tune, and say how it ended and what it brought.

    Parameters
    ----------
    settings : FinetuneSettings
    preset : Preset
        Where to start.
    train_items, val_items : sequence of PanoItem
    out : Path
    resume : bool
    """
    job = FinetuneJob(settings, preset, train_items, val_items)
    job.settings = asdict(settings) | {"from": str(preset.folder), "panoramas": len(train_items)}
    with console.training_bar(job.schedule.total_steps) as watch:
        finished = train(job, out, subset(LoopSettings, settings), resume=resume, watch=watch)
    console.report_unreadable(job.unreadable.reasons)
    if finished:
        report_gain(job, find_preset(out), settings)
        write_inference_form(find_preset(out))
        write_samples(find_preset(out), val_items[:SAMPLES], settings)
    console.report_end(out, finished)


def report_gain(job, tuned, settings):
    """Print validation scores before and after, and keep them in the run's folder."""
    evaluators, notes = load_evaluators()
    after = build_completion(tuned, padding=settings.padding, size=settings.face_size)
    stages = {"before": (job.pretrained(), job.discriminating()), "after": (after, job.discriminating(tuned))}
    rows = [
        {"name": name} | score_network(network, job.validation(), evaluators, discriminate=discriminate)
        for name, (network, discriminate) in stages.items()
    ]
    console.print_scores(rows)
    console.write_scores(tuned.folder / "validation.csv", rows)
    for note in notes:
        console.errors.print(note, markup=False)


def write_samples(preset, items, settings):
    """Erase a random hole from held-out panoramas, and write them before, with hole and completed."""
    eraser = Eraser.load(preset.folder)
    for number, item in enumerate(items):
        truth = read_panorama_item(item, 4 * settings.face_size).truth
        hole = random_sphere_hole(np.random.default_rng((settings.seed, number)), len(truth))
        panorama = Panorama(truth)
        masked = panorama.with_pixels(np.where(hole[..., None], np.uint8(255), truth))
        stages = {"original": panorama, "hole": masked, "completed": eraser.erase(panorama, hole)}
        for stage, picture in stages.items():
            write_panorama(preset.folder / "samples" / f"panorama_{number}_{stage}.jpg", picture)
