"""The training loop that pretraining and fine-tuning share: tf.distribute, checkpoints, log, samples."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import tensorflow as tf

from pano_inpaint.models.precision import dtype_policy, resolve_precision
from pano_inpaint.models.presets import write_preset
from pano_inpaint.models.run_folder import RunFolder
from pano_inpaint.models.schedule import COMPLETION, Schedule

STRATEGIES = ("auto", "single", "mirrored", "multi-worker")


@dataclass(frozen=True)
class LoopSettings:
    """How a run is carried out; nothing here but the seed, batch and precision changes its numbers.

    Attributes
    ----------
    seed : int
    precision : {"auto", "float32", "bfloat16"}
    strategy : {"auto", "single", "mirrored", "multi-worker"}
        "auto" takes several workers where TF_CONFIG is set, all GPUs where there are several.
    log_every, sample_every, checkpoint_every : int
        Intervals in steps; a killed run loses at most the last one.
    """

    seed: int = 0
    precision: str = "auto"
    strategy: str = "auto"
    log_every: int = 20
    sample_every: int = 500
    checkpoint_every: int = 250


@dataclass(frozen=True)
class Progress:
    """Where a run stands, for whoever watches it."""

    step: int
    total_steps: int
    phase: str
    target: str
    reason: str
    losses: dict = field(default_factory=dict)


class Job(Protocol):
    """What an application gives the loop to train."""

    settings: dict
    """Everything the run's numbers depend on, JSON types; kept in the run folder."""
    config: dict
    """The preset's settings, see `presets.Preset`."""
    schedule: Schedule

    def build(self, replicas: int):
        """Return the `CompletionGAN` to train."""

    def batches(self, start: int):
        """Return a tf.data.Dataset of the batches from number `start` on, see `CompletionGAN`."""

    def sheet(self, completion):
        """Return a sample sheet of the completion network as it is, uint8 (H, W, 3)."""


def build_strategy(name="auto"):
    """Return the tf.distribute strategy of that name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in STRATEGIES:
        raise ValueError(f"strategy must be one of {STRATEGIES}. Received: {name!r}")
    if name == "auto":
        several = len(tf.config.list_logical_devices("GPU")) > 1
        name = "multi-worker" if "TF_CONFIG" in os.environ else "mirrored" if several else "single"
    if name == "multi-worker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "mirrored":
        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        return tf.distribute.MirroredStrategy([d.name for d in tf.config.list_logical_devices(kind)])
    return tf.distribute.get_strategy()


def train(job, out, loop, *, resume=False, watch: Callable[[Progress], None] = lambda _: None):
    """Train a job to its end, or until the process is asked to stop.

    Parameters
    ----------
    job : Job
    out : Path
        The run's folder.
    loop : LoopSettings
    resume : bool
        Go on from the folder's last checkpoint, with the numbers a straight run would have.
    watch : callable, optional
        Told a `Progress` after every step.

    Returns
    -------
    bool
        True if the run is complete, False if Ctrl-C or SIGTERM ended it early; then it was
        checkpointed at the step it had reached.

    Raises
    ------
    UsageError
        If the folder does not fit: see `RunFolder.start`.
    """
    policy = resolve_precision(loop.precision)
    run = RunFolder(out)
    run.start(job.settings | {"seed": loop.seed, "dtype_policy": policy}, resume=resume)
    tf.keras.utils.set_random_seed(loop.seed)
    strategy = build_strategy(loop.strategy)
    with strategy.scope(), dtype_policy(policy):
        gan = job.build(strategy.num_replicas_in_sync)
        session = _Session(job, run, loop, strategy, gan)
    if resume:
        session.restore()
    with _stop_signals() as stop:
        return session.run_until(stop, watch)


class _Session:
    """One stretch of a run, from a checkpoint to the end or the next interruption."""

    def __init__(self, job, run, loop, strategy, gan):
        self.job, self.run, self.loop, self.strategy, self.gan = job, run, loop, strategy, gan
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.state = tf.Variable(json.dumps(job.schedule.state()), dtype=tf.string, trainable=False)
        checkpoint = tf.train.Checkpoint(step=self.step, state=self.state, **gan.trackables())
        self.manager = tf.train.CheckpointManager(checkpoint, self._checkpoint_folder(), max_to_keep=2)
        self.functions = {}

    def restore(self):
        """Go on from the last checkpoint; from the start if the run was killed before its first."""
        if self.manager.latest_checkpoint:
            self.manager.checkpoint.restore(self.manager.latest_checkpoint).assert_consumed()
            self.job.schedule.restore(json.loads(self.state.numpy()))

    def run_until(self, stop, watch):
        """Train; return whether the schedule was finished."""
        step, total = int(self.step.numpy()), self.job.schedule.total_steps
        parts = self.gan.settings.gradient_accumulation_steps
        if self._is_chief():
            self.run.open_log(step)
        batches = iter(self.strategy.experimental_distribute_dataset(self.job.batches(step * parts)))
        began, since, last = time.perf_counter(), step, None
        while step < total and not stop.is_set:
            decision = self.job.schedule.decide(step)
            losses = self._train_step(decision, tuple(next(batches) for _ in range(parts)))
            self.job.schedule.observe(step, losses.get("discriminator"))
            step += 1
            if step % self.loop.log_every == 0 or decision != last or step == total:
                now = time.perf_counter()
                rate = (step - since) * self._batch_size / (now - began)
                self._log(step, decision, losses | {"images_per_second": rate})
                began, since, last = now, step, decision
            self._keep(step, total)
            watch(Progress(step, total, decision.phase, decision.target, decision.reason, losses))
        self._checkpoint(step)
        return step == total

    def _train_step(self, decision, batches):
        name = "reconstruct" if decision.phase == COMPLETION else decision.target
        if name not in self.functions:
            self.functions[name] = tf.function(self._replicated(name), reduce_retracing=True)
        if not hasattr(self, "_batch_size"):
            parts = self.strategy.experimental_local_results(batches[0]["mask"])
            self._batch_size = len(batches) * sum(int(part.shape[0]) for part in parts)
        return {key: float(value) for key, value in self.functions[name](*batches).items()}

    def _replicated(self, name):
        gan = self.gan

        def one(*batches):
            return gan.reconstruct(*batches) if name == "reconstruct" else gan.step(name, *batches)

        def everywhere(*batches):
            losses = self.strategy.run(one, batches)
            mean = tf.distribute.ReduceOp.MEAN
            return {key: self.strategy.reduce(mean, value, axis=None) for key, value in losses.items()}

        return everywhere

    def _log(self, step, decision, values):
        if self._is_chief():
            told = {"phase": decision.phase, "target": decision.target, "reason": decision.reason}
            self.run.log({"step": step, **told} | {key: round(v, 6) for key, v in values.items()})

    def _keep(self, step, total):
        """Write what is due after this step."""
        if self._is_chief() and (step % self.loop.sample_every == 0 or step == total):
            with self._averaged():
                self.run.save_sheet(f"step_{step:07d}", self.job.sheet(self.gan.completion))
        if step % self.loop.checkpoint_every == 0 and step < total:
            self._checkpoint(step)

    def _checkpoint(self, step):
        self.step.assign(step)
        self.state.assign(json.dumps(self.job.schedule.state()))
        self.manager.save(checkpoint_number=step)
        if self._is_chief():
            with self._averaged():
                config = self.job.config | {"step": step}
                write_preset(
                    self.run.path,
                    config,
                    completion=self.gan.completion,
                    discriminator=self.gan.discriminator,
                )
            self.run.draw_curve()

    @contextmanager
    def _averaged(self):
        """Let the completion network carry the averaged weights within this context."""
        if not self.gan.settings.ema_decay:
            yield
            return
        own = self.gan.completion.get_weights()
        self.gan.completion.set_weights(self.gan.averaged_weights())
        try:
            yield
        finally:
            self.gan.completion.set_weights(own)

    def _is_chief(self):
        resolver = self.strategy.cluster_resolver
        return resolver is None or not resolver.task_type or (resolver.task_id or 0) == 0

    def _checkpoint_folder(self):
        """Every worker has to save, but what the others write is thrown away."""
        if self._is_chief():
            return str(self.run.path / "checkpoints")
        return tempfile.mkdtemp(prefix="pano-inpaint-worker-")


class _Stop:
    is_set = False


@contextmanager
def _stop_signals():
    """Turn Ctrl-C and SIGTERM into a request that the loop reads between two steps."""
    stop = _Stop()

    def ask(_signal, _frame):
        stop.is_set = True

    try:
        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread, where signals cannot be handled
        before = {}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
