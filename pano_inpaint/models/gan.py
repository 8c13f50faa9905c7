"""One training step of completion network and discriminator, for each training target."""

from contextlib import nullcontext
from dataclasses import dataclass

import keras
import tensorflow as tf

from pano_inpaint.models.completion import complete_batch
from pano_inpaint.models.discriminators import crop_windows
from pano_inpaint.models.layers import held_statistics
from pano_inpaint.models.losses import (
    adversarial_loss,
    discriminator_loss,
    layout_loss,
    reconstruction_loss,
)
from pano_inpaint.models.schedule import DISCRIMINATOR, JOINT

OPTIMIZERS = {"adam": keras.optimizers.Adam, "adadelta": keras.optimizers.Adadelta}


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
    optimizer : {"adam", "adadelta"}
        The paper has "adadelta" with rate 1.
    learning_rate, discriminator_learning_rate : float
    ema_decay : float
        Decay of the moving average of the completion network's weights that is saved and scored;
        0 saves the weights themselves.
    """

    reconstruction: str = "l2"
    adversary: str = "bce"
    adversarial_weight: float = 4e-4
    layout_weight: float = 0.05
    optimizer: str = "adam"
    learning_rate: float = 2e-4
    discriminator_learning_rate: float = 2e-4
    ema_decay: float = 0.0


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
    ``rays``, (B, S, S, 3), and ``layout``, (B, S, S), int32, below 0 where it is unknown. The
    discriminator is shown composites, never the network's raw output.
    """

    def __init__(self, completion, discriminator, settings, *, replicas=1):
        self.completion, self.discriminator = completion, discriminator
        self.settings = settings
        self.replicas = replicas
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

    def step(self, target, batch):
        """Train one step.

        Parameters
        ----------
        target : {"completion", "discriminator", "joint"}
            Whose weights move. Before the discriminator has been trained, use `reconstruct` instead.
        batch : dict of Tensor

        Returns
        -------
        dict of Tensor
            Scalars for the log.
        """
        if target == DISCRIMINATOR:
            return self.discriminate(batch)
        return self.compete(batch, discriminator_moves=target == JOINT)

    def reconstruct(self, batch):
        """Move the completion network by the reconstruction loss alone: the first phase."""
        with tf.GradientTape() as tape:
            completed, layout = complete_batch(self.completion, batch, training=True)
            losses = {"reconstruction": self._reconstruction(completed, batch)}
            losses |= self._layout(layout, batch)
            scaled = self._weighed(losses) / self.replicas
        self._move_completion(tape, scaled)
        return losses

    def discriminate(self, batch):
        """Move the discriminator alone."""
        completed, _ = complete_batch(self.completion, batch, training=False)
        with tf.GradientTape() as tape:
            loss = self._discrimination(self._verdicts(completed, batch), batch)
            scaled = loss / self.replicas
        self._move(self.discriminator, self.discriminator_optimizer, tape, scaled)
        return {"discriminator": loss, "reconstruction": self._reconstruction(completed, batch)}

    def compete(self, batch, *, discriminator_moves):
        """Move the completion network against the discriminator, and that too if it is to move.

        The discriminator's loss is measured in any case, and both see the same completed pictures.
        """
        held = nullcontext() if discriminator_moves else held_statistics(self.discriminator)
        with tf.GradientTape(persistent=True) as tape, held:
            completed, layout = complete_batch(self.completion, batch, training=True)
            verdicts = self._verdicts(completed, batch)
            discrimination = self._discrimination(verdicts, batch)
            losses = {"reconstruction": self._reconstruction(completed, batch)}
            losses |= self._layout(layout, batch)
            losses["adversarial"] = adversarial_loss(
                verdicts[1], _has_hole(batch), kind=self.settings.adversary
            )
            scaled = self._weighed(losses) / self.replicas
            scaled_discrimination = discrimination / self.replicas
        gradients = tape.gradient(scaled, self.completion.trainable_variables)
        if discriminator_moves:
            self._move(self.discriminator, self.discriminator_optimizer, tape, scaled_discrimination)
        self._apply_completion(gradients)
        return {"discriminator": discrimination} | losses

    def averaged_weights(self):
        """Return the completion network's weights to save: the moving average if there is one."""
        values = self.average or [weight.value for weight in self.completion.weights]
        return [value.numpy() for value in values]

    def _verdicts(self, completed, batch):
        """Return the logits of the real and of the completed pictures."""
        real = batch["input"] * (1 - batch["mask"]) + batch["truth"] * batch["mask"]
        return tuple(
            self.discriminator(
                [pictures, crop_windows(pictures, batch[window], self._window_size())], training=True
            )
            for pictures, window in ((real, "real_window"), (completed, "window"))
        )

    def _window_size(self):
        return self.discriminator.inputs[1].shape[1]

    def _reconstruction(self, completed, batch):
        return reconstruction_loss(
            completed, batch["truth"], batch["mask"], batch["weight"], kind=self.settings.reconstruction
        )

    def _layout(self, logits, batch):
        """Return the loss on the layout by its name, or nothing where there is no layout head."""
        if logits is None:
            return {}
        return {"layout": layout_loss(logits, batch["layout"], batch["mask"], batch["weight"])}

    def _weighed(self, losses):
        """Return what the completion network's weights are moved by."""
        weights = {
            "reconstruction": 1.0,
            "layout": self.settings.layout_weight,
            "adversarial": self.settings.adversarial_weight,
        }
        return sum(weights[name] * loss for name, loss in losses.items())

    def _discrimination(self, verdicts, batch):
        return discriminator_loss(*verdicts, _has_hole(batch), kind=self.settings.adversary)

    def _move_completion(self, tape, loss):
        self._apply_completion(tape.gradient(loss, self.completion.trainable_variables))

    def _apply_completion(self, gradients):
        self.completion_optimizer.apply_gradients(
            zip(gradients, self.completion.trainable_variables, strict=True)
        )
        decay = self.settings.ema_decay
        if decay:
            for average, variable in zip(self.average, self.completion.weights, strict=True):
                average.assign(average * decay + variable.value * (1 - decay))

    @staticmethod
    def _move(model, optimizer, tape, loss):
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))


def _has_hole(batch):
    return tf.cast(tf.reduce_any(batch["mask"] > 0, axis=(1, 2)), tf.float32)
