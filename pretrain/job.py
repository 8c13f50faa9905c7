"""What pretraining gives the training loop: networks, batches of photographs, sample sheets."""

import numpy as np

from pano_inpaint.data import CropSettings, HoleSettings, Unreadable, photo_dataset
from pano_inpaint.models.completion import CompletionConfig, build_completion_network, complete_batch
from pano_inpaint.models.discriminators import DiscriminatorConfig, build_discriminator
from pano_inpaint.models.gan import CompletionGAN, GanSettings
from pano_inpaint.models.presets import COMPLETION_WEIGHTS, load_weights
from pano_inpaint.models.schedule import build_schedule
from pano_inpaint.models.sheets import build_sheet
from pano_inpaint.settings import subset

MEAN_OF = 64  # pictures whose mean colour stands for the set's
SHEET_OF = 12  # pictures on a sample sheet


class PretrainJob:
    """Pretraining on photographs; see `models.trainer.Job`.

    Parameters
    ----------
    settings : PretrainSettings
    train, val : sequence
        Sources of `photo_dataset`.
    start : Preset, optional
        Weights to start from, of a network like the one asked for; at any size of pictures.
    """

    def __init__(self, settings, train, val, start=None):
        self._settings, self._train, self._val, self._start = settings, train, val, start
        self.unreadable = Unreadable()
        if start is not None:
            mean = start.config["completion"]["channel_mean"]
        else:
            mean = self._mean_colour() if settings.hole_fill == "mean" else (0.5, 0.5, 0.5)
        self._completion = CompletionConfig(settings.width, settings.hole_fill, tuple(mean), settings.table)
        self._discriminator = DiscriminatorConfig(
            settings.size,
            settings.local_size,
            settings.discriminator_width,
            settings.discriminator_normalisation,
        )
        self._gan = subset(GanSettings, settings)
        self.schedule = build_schedule(settings)
        self.config = {
            "stage": "pretrain",
            "face_size": settings.size,
            "completion": self._completion.to_dict(),
            "discriminator": self._discriminator.to_dict(),
        }

    def build(self, replicas):
        """Return networks with fresh weights, or the completion network with those it starts from."""
        completion = build_completion_network(self._completion, size=self._settings.size)
        if self._start is not None:
            load_weights(completion, self._start.folder / COMPLETION_WEIGHTS)
        discriminator = build_discriminator(self._discriminator)
        return CompletionGAN(completion, discriminator, self._gan, replicas=replicas)

    def batches(self, start):
        """Return the endless stream of training batches from number `start` on."""
        return self._dataset(self._train, self._settings.batch, training=True, start=start)

    def sheet(self, completion):
        """Return *original | with hole | completed* of the same validation pictures every time."""
        dataset = self._dataset(self._val[:SHEET_OF], SHEET_OF, training=False)
        batch = next(dataset.as_numpy_iterator())
        completed = complete_batch(completion, batch).completed
        return build_sheet(batch["truth"], batch["mask"], np.asarray(completed))

    def _dataset(self, sources, batch, *, training, start=0):
        settings = self._settings
        return photo_dataset(
            sources,
            batch=batch,
            seed=settings.seed,
            size=settings.size,
            crops=CropSettings(scale=(settings.crop_low, settings.crop_high)),
            holes=HoleSettings(
                kinds=settings.hole_kinds,
                low=settings.hole_low,
                high=settings.hole_high,
                local_size=settings.local_size,
            ),
            training=training,
            start=start,
            cache_bytes=settings.cache_megabytes * 2**20,
            unreadable=self.unreadable,
        )

    def _mean_colour(self):
        dataset = self._dataset(self._train, MEAN_OF, training=True)
        pictures = next(dataset.as_numpy_iterator())["truth"]
        return tuple(round(float(value), 4) for value in pictures.mean(axis=(0, 1, 2)))
