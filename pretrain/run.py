"""One pretraining run, watched on the console."""

from dataclasses import asdict

from pano_inpaint import console
from pano_inpaint.models.trainer import LoopSettings, train
from pano_inpaint.settings import subset
from pretrain.job import PretrainJob


def run(settings, train_sources, val_sources, out, *, start=None, resume=False):
    """Train, and say how it ended.

    Parameters
    ----------
    settings : PretrainSettings
    train_sources, val_sources : sequence
        Sources of `data.photo_dataset`.
    out : Path
    start : Preset, optional
        Where to start.
    resume : bool
    """
    job = PretrainJob(settings, train_sources, val_sources, start)
    job.settings = asdict(settings) | {"pictures": len(train_sources)}
    if start is not None:
        job.settings["from"] = str(start.folder)
    with console.training_bar(job.schedule.total_steps) as watch:
        finished = train(job, out, subset(LoopSettings, settings), resume=resume, watch=watch)
    console.report_unreadable(job.unreadable.reasons)
    console.report_end(out, finished)
