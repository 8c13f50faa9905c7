"""Everything about a pretraining run that a recipe or the command line can set."""

from dataclasses import dataclass
from pathlib import Path

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class PretrainSettings:
    """Settings of `pretrain`; see the recipes for what they mean together.

    Attributes
    ----------
    size, local_size : int
        Sides in pixels of the training pictures and of the discriminator's local window.
    batch : int
        Pictures a step, over all replicas; with accumulated gradients so many times as many.
    width, discriminator_width : float
        Factors on the channels, see `CompletionConfig` and `DiscriminatorConfig`.
    discriminator_normalisation : {"batch", "spectral"}
        See `DiscriminatorConfig`.
    table : {"glcic", "folded"}
        The network's layers, see `models.tables`.
    hole_fill : {"mean", "gray", "prior"}
        What the network sees in the hole, see `CompletionConfig`.
    hole_low, hole_high : int
        Range in pixels of a box's sides, drawn independently.
    hole_kinds : tuple of str
        Kinds of holes, drawn with equal odds: "box", "brush", "silhouette".
    completion_steps, discriminator_steps, joint_steps : int
        The three phases, see `Schedule`.
    schedule : {"switch", "fixed"}
        The article's training-target switch in the third phase, or both networks in every step.
    switch_window, switch_low, switch_high
        See `TargetSwitch`.
    reconstruction, adversary, adversarial_weight, feature_matching_weight, perceptual_weight, \
perceptual_taps, gradient_accumulation_steps, optimizer, learning_rate, discriminator_learning_rate, ema_decay
        See `GanSettings`.
    seed, precision, strategy, log_every, sample_every, checkpoint_every
        See `LoopSettings`.
    crop_low, crop_high : float
        Range of a crop's side as a share of the photograph's shorter side.
    cache_megabytes : int
        Bound of the memory for decoded pictures; small sets are then decoded once.
    """

    size: int = 128
    local_size: int = 64
    batch: int = 16
    width: float = 1.0
    discriminator_width: float = 1.0
    discriminator_normalisation: str = "batch"
    table: str = "glcic"
    hole_fill: str = "mean"
    hole_low: int = 24
    hole_high: int = 48
    hole_kinds: tuple[str, ...] = ("box", "brush", "silhouette")
    completion_steps: int = 90_000
    discriminator_steps: int = 10_000
    joint_steps: int = 400_000
    schedule: str = "switch"
    switch_window: int = 10
    switch_low: float = 0.9
    switch_high: float = 1.2
    reconstruction: str = "l2"
    adversary: str = "bce"
    adversarial_weight: float = 4e-4
    feature_matching_weight: float = 0.0
    perceptual_weight: float = 0.0
    perceptual_taps: tuple[str, ...] = ("relu1_2", "relu2_2")
    gradient_accumulation_steps: int = 1
    optimizer: str = "adam"
    learning_rate: float = 2e-4
    discriminator_learning_rate: float = 2e-4
    ema_decay: float = 0.0
    seed: int = 0
    precision: str = "auto"
    strategy: str = "auto"
    log_every: int = 20
    sample_every: int = 500
    checkpoint_every: int = 250
    crop_low: float = 0.5
    crop_high: float = 1.0
    cache_megabytes: int = 1024
