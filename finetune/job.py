"""What fine-tuning gives the training loop: a pretrained network in part frozen, panoramas as faces."""

from dataclasses import replace
from functools import partial

import numpy as np

from pano_inpaint.completer import HEADS
from pano_inpaint.data import PanoramaSettings, Unreadable, panorama_dataset
from pano_inpaint.errors import UsageError
from pano_inpaint.models.completion import CompletionConfig, complete_batch, encoder_layers
from pano_inpaint.models.discriminators import DiscriminatorConfig
from pano_inpaint.models.gan import CompletionGAN, GanSettings, discriminate
from pano_inpaint.models.layers import FusedBatchNormalization
from pano_inpaint.models.presets import build_completion, build_trained_discriminator
from pano_inpaint.models.schedule import build_schedule
from pano_inpaint.models.sheets import build_sheet
from pano_inpaint.pano_sets import balance_kinds
from pano_inpaint.settings import subset

SHEET_OF = 4  # panoramas on a sample sheet


class FinetuneJob:
    """Fine-tuning on panoramas; see `models.trainer.Job`.

    Parameters
    ----------
    settings : FinetuneSettings
    preset : Preset
        Where to start.
    train, val : sequence of PanoItem

    Raises
    ------
    UsageError
        If the settings mean nothing.
    """

    def __init__(self, settings, preset, train, val):
        _check(settings)
        self._settings, self._preset, self._train, self._val = settings, preset, train, val
        self.unreadable = Unreadable()
        self.schedule = build_schedule(settings)
        own = CompletionConfig.from_dict(preset.config["completion"])
        wanted = {name: getattr(settings, name) or getattr(own, name) for name in ("rays", *HEADS)}
        self._completion = replace(own, **wanted)
        pretrained = DiscriminatorConfig(**preset.config["discriminator"])
        self._discriminator = replace(
            pretrained.at(settings.face_size),
            normalisation=settings.discriminator_normalisation or pretrained.normalisation,
        )
        self._gan = subset(GanSettings, settings)
        self.config = preset.config | {
            "stage": "finetune",
            "completion": self._completion.to_dict(),
            "discriminator": self._discriminator.to_dict(),
            "face_size": settings.face_size,
            "padding": settings.padding,
        }

    def build(self, replicas):
        """Return the pretrained networks, frozen as the settings ask."""
        completion = self.pretrained()
        freeze(completion, self._settings.freeze_depth, statistics=self._settings.freeze_statistics)
        if self._settings.shadows_only:
            keep_all_but_shadows(completion)
        discriminator = build_trained_discriminator(self._preset, self._discriminator)
        return CompletionGAN(completion, discriminator, self._gan, replicas=replicas)

    def pretrained(self):
        """Return the completion network as it was before fine-tuning; what is new about it is untrained."""
        settings = self._settings
        return build_completion(
            self._preset, padding=settings.padding, size=settings.face_size, config=self._completion
        )

    def discriminating(self, preset=None):
        """Return what measures a preset's discriminator, or the pretrained one; None if none is trained."""
        if not self._settings.discriminator_steps + self._settings.joint_steps:
            return None
        discriminator = build_trained_discriminator(preset or self._preset, self._discriminator)
        return partial(discriminate, discriminator, kind=self._settings.adversary)

    def batches(self, start):
        """Return the endless stream of panoramas, six faces each, from number `start` on."""
        items = balance_kinds(self._train) if self._settings.balance else self._train
        return self._dataset(items, training=True, start=start)

    def validation(self):
        """Return the held-out panoramas, each with its own fixed rotation and hole."""
        return self._dataset(self._val, training=False)

    def sheet(self, completion):
        """Return *original | with hole | completed* of the faces with holes of some held-out panoramas."""
        triples = [_faces_with_holes(completion, batch) for batch in self._first(SHEET_OF)]
        return build_sheet(*(np.concatenate(parts) for parts in zip(*triples, strict=True)))

    def _first(self, count):
        return self.validation().take(count).as_numpy_iterator()

    def _dataset(self, items, *, training, start=0):
        settings = self._settings
        return panorama_dataset(
            items,
            seed=settings.seed,
            face_size=settings.face_size,
            settings=PanoramaSettings(
                tilt=np.radians(settings.tilt_deg),
                aim_odds=settings.aim_odds,
                exposure=settings.exposure,
                shadow_spread=settings.shadow_spread,
                recolour=settings.recolour,
                close_up=settings.close_up,
                hole_low=np.radians(settings.hole_low_deg),
                hole_high=np.radians(settings.hole_high_deg),
            ),
            local_size=self._discriminator.local_size,
            training=training,
            start=start,
            cache_bytes=settings.cache_megabytes * 2**20,
            unreadable=self.unreadable,
        )


def _check(settings):
    if settings.close_up and settings.padding == "cube":
        raise UsageError(
            "expected padding zero for close-ups, which are no cube, got cube", hint="--set padding=zero"
        )
    if settings.close_up and settings.close_up < 1:
        raise UsageError(f"expected close_up of 1 or more, or 0 for none, got {settings.close_up:g}")


def freeze(completion, depth, *, statistics):
    """Keep the first convolutions from training, and all normalisation if `statistics` is True."""
    for layer in encoder_layers(completion, depth):
        layer.trainable = False
    for layer in completion.layers if statistics else ():
        if isinstance(layer, FusedBatchNormalization):
            layer.trainable = False


def keep_all_but_shadows(completion):
    """Keep all weights from training but those of the layers that tell shadows."""
    for layer in completion.layers:
        layer.trainable = layer.name.startswith("shadows")


def _faces_with_holes(completion, batch):
    completed = np.asarray(complete_batch(completion, batch).completed)
    chosen = batch["mask"].any(axis=(1, 2, 3))
    return batch["truth"][chosen], batch["mask"][chosen], completed[chosen]
