"""A training job small enough for tests; run as a script it trains in a process of its own."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from pano_inpaint.models.completion import CompletionConfig, build_completion_network
from pano_inpaint.models.discriminators import DiscriminatorConfig, build_discriminator
from pano_inpaint.models.gan import CompletionGAN, GanSettings
from pano_inpaint.models.schedule import Schedule, TargetSwitch
from pano_inpaint.models.sheets import build_sheet
from pano_inpaint.models.trainer import LoopSettings, train

SIZE, LOCAL, BATCH = 32, 16, 4


class TinyJob:
    """Noise with square holes; batch k depends on k alone."""

    settings = {"tiny": True}
    _completion = CompletionConfig(width=1 / 16)

    def __init__(self, *, normalised_by_batch=True, steps=(3, 2, 4), normalisation="batch", **settings):
        self._gan = GanSettings(**{"optimizer": "adam", "ema_decay": 0.9} | settings)
        self._discriminator = DiscriminatorConfig(SIZE, LOCAL, 1 / 32, normalisation)
        self.config = {
            "stage": "test",
            "face_size": SIZE,
            "completion": self._completion.to_dict(),
            "discriminator": self._discriminator.to_dict(),
        }
        self.schedule = Schedule(*steps, switch=TargetSwitch(window=2, low=1.35, high=1.45))
        self._normalised_by_batch = normalised_by_batch

    def build(self, replicas):
        completion = build_completion_network(self._completion)
        if not self._normalised_by_batch:
            for layer in completion.layers:
                layer.trainable = not layer.name.endswith("_norm")
        discriminator = build_discriminator(self._discriminator)
        return CompletionGAN(completion, discriminator, self._gan, replicas=replicas)

    def batches(self, start):
        dataset = tf.data.Dataset.range(start, 2**40).map(self._batch)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
        return dataset.with_options(options)

    def sheet(self, completion):
        picture, mask = np.full((1, SIZE, SIZE, 3), 0.5, np.float32), np.zeros((1, SIZE, SIZE, 1), np.float32)
        return build_sheet(picture, mask, np.asarray(completion([picture, mask])))

    @staticmethod
    def _batch(number):
        seed = tf.stack([number, tf.constant(7, tf.int64)])
        picture = tf.random.stateless_uniform((BATCH, SIZE, SIZE, 3), seed)
        mask = tf.pad(tf.ones((BATCH, 10, 12, 1)), [[0, 0], [6, 16], [5, 15], [0, 0]])
        corners = tf.fill((BATCH, 2), 4)
        return {
            "input": picture,
            "truth": picture,
            "mask": mask,
            "weight": tf.ones_like(mask),
            "window": corners,
            "real_window": corners,
        }


def kill_at(step):
    """Return a `watch` that ends the process, without a chance to save, after a step."""

    def watch(progress):
        if progress.step == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return watch


def main(mode, out):
    loop = LoopSettings(precision="float32", log_every=1, sample_every=4, checkpoint_every=2)
    if mode == "killed":
        train(TinyJob(), Path(out), loop, watch=kill_at(5))
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    loop = LoopSettings(precision="float32", strategy=mode, log_every=1)
    job = TinyJob(
        normalised_by_batch=False, steps=(2, 1, 3), normalisation="spectral", gradient_accumulation_steps=2
    )
    train(job, Path(out), loop)


if __name__ == "__main__":
    main(*sys.argv[1:])
