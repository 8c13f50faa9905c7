"""Training steps a second beside the same network in plain Keras, in one run.

All train on the same batch by the same loss and optimizer; the plain ones have `keras.layers` only. Timed in
turns, so that a machine whose speed drifts is fair to all; ratios are to plain Keras in float32, its default.

    python -m benchmarks.training [--width 0.5] [--batch 16] [--rounds 5]
"""

import statistics
import time
from typing import Annotated

import keras
import numpy as np
import tensorflow as tf
import typer
from rich.console import Console
from rich.table import Table

from pano_inpaint.models.completion import (
    CompletionConfig,
    build_completion_network,
)
from pano_inpaint.models.precision import dtype_policy, resolve_precision
from pano_inpaint.models.tables import TABLES

SIZE = 128
STEPS = 3  # a round


def main(
    width: Annotated[float, typer.Option(help="Factor on the channels.")] = 0.5,
    batch: Annotated[int, typer.Option(help="Pictures a step.")] = 16,
    rounds: Annotated[int, typer.Option(help="Timed rounds of three steps each.")] = 5,
) -> None:
    """Print images a second of both, and the ratio's median over the rounds."""
    config = CompletionConfig(width=width)
    steps = {}
    for policy in dict.fromkeys(("float32", resolve_precision("auto"))):
        with dtype_policy(policy):
            steps[f"plain Keras, {policy}"] = _step(_plain_network(config), batch)
            steps[f"ours, {policy}"] = _step(build_completion_network(config, size=SIZE), batch)
    seconds = {name: [] for name in steps}
    for step in steps.values():
        step()
    for _ in range(rounds):
        for name, step in steps.items():
            began = time.perf_counter()
            for _ in range(STEPS):
                step()
            seconds[name].append(time.perf_counter() - began)
    _report(seconds, batch)


def _report(seconds, batch):
    base = next(iter(seconds.values()))
    table = Table(box=None)
    for column in ("network", "images/s", "ratio"):
        table.add_column(column)
    for name, times in seconds.items():
        ratios = [theirs / ours for theirs, ours in zip(base, times, strict=True)]
        rate = STEPS * batch / statistics.median(times)
        table.add_row(name, f"{rate:.1f}", f"{statistics.median(ratios):.2f}")
    Console().print(table)


def _step(network, batch):
    rng = np.random.default_rng(0)
    picture = tf.constant(rng.random((batch, SIZE, SIZE, 3), dtype=np.float32))
    mask = tf.constant(np.pad(np.ones((batch, 48, 48, 1), np.float32), [[0, 0], [40, 40], [40, 40], [0, 0]]))
    optimizer = keras.optimizers.Adam(1e-4)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(network([picture, mask], training=True) - picture) * mask)
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return loss

    return lambda: step().numpy()


def _plain_network(config):
    """Return the network of the paper's table in `keras.layers` alone."""
    layers = keras.layers
    picture, mask = keras.Input((SIZE, SIZE, 3)), keras.Input((SIZE, SIZE, 1))
    features = layers.Concatenate()([picture * (1 - mask), mask])

    def normalised(layer, inputs):
        return layers.ReLU()(layers.BatchNormalization()(layer(inputs)))

    table = TABLES[config.table]
    for kernel, dilation, stride, channels in table.encoder + table.middle:
        convolution = layers.Conv2D(
            config.channels(channels), kernel, strides=stride, dilation_rate=dilation, padding="same"
        )
        features = normalised(convolution, features)
    for channels, after in table.decoder:
        upsampling = layers.Conv2DTranspose(config.channels(channels), 4, strides=2, padding="same")
        features = normalised(upsampling, features)
        features = normalised(layers.Conv2D(config.channels(after), 3, padding="same"), features)
    colours = layers.Conv2D(3, 3, padding="same", activation="sigmoid")(features)
    colours = layers.Activation("linear", dtype="float32")(colours)
    return keras.Model([picture, mask], picture * (1 - mask) + colours * mask)


if __name__ == "__main__":
    typer.run(main)
