"""Everything about a fine-tuning run that a recipe or the command line can set."""

from dataclasses import dataclass
from pathlib import Path

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class FinetuneSettings:
    """Settings of `finetune`; see the recipes for what they mean together.

    Attributes
    ----------
    face_size : int
        Side of a cube face in pixels; the pretrained network's own is best.
    padding : {"cube", "zero"}
        What convolutions see beyond a face's edge: its neighbours, or nothing.
    rays, layout, shadows : bool
        Give the network directions, a layout head and one for shadows, see `CompletionConfig`. The former
        learns from the labels that rendered rooms and Structured3D come with, the latter from all
        furnished/empty pairs of which it is known where furniture is seen.
    layout_weight, shadows_weight : float
        See `GanSettings`.
    aim_odds : float
        How often the cube is turned towards a hole, as it is for erasing.
    exposure, shadow_spread, recolour, close_up : float
        See `PanoramaSettings`.
    freeze_depth : int
        How many of the first convolutions keep their weights and statistics, see `encoder_layers`.
    freeze_statistics : bool
        Keep the normalisation of all layers as pretrained: the six faces of one room are too alike to
        measure it on.
    shadows_only : bool
        Keep all weights but those that tell shadows.
    val_fraction : float
        Share of the scenes that is held out.
    balance : bool
        Draw furnished/empty pairs and panoramas without an empty picture equally often, however many
        there are of each, see `balance_kinds`.
    min_width : int
        Narrower panoramas are left out; pixels.
    tilt_deg : float
        Largest pitch and roll of the cube; the yaw is free.
    hole_low_deg, hole_high_deg : float
        Range of the angular radius of random holes.
    completion_steps, discriminator_steps, joint_steps, schedule, switch_window, switch_low, switch_high
        See `Schedule` and `TargetSwitch`; a step is one panorama, or as many
        as gradients are accumulated over.
    discriminator_normalisation : {"batch", "spectral"}, optional
        See `DiscriminatorConfig`; the pretrained discriminator's own if left out. Where they differ, or
        `face_size` is not the size it was trained at, the discriminator starts afresh.
    reconstruction, adversary, adversarial_weight, feature_matching_weight, perceptual_weight, \
perceptual_taps, gradient_accumulation_steps, optimizer, learning_rate, discriminator_learning_rate, ema_decay
        See `GanSettings`.
    seed, precision, strategy, log_every, sample_every, checkpoint_every
        See `LoopSettings`.
    cache_megabytes : int
        Bound of the memory for decoded panoramas.
    """

    face_size: int = 128
    padding: str = "cube"
    rays: bool = False
    layout: bool = False
    layout_weight: float = 0.05
    shadows: bool = False
    shadows_weight: float = 1.0
    aim_odds: float = 0.7
    exposure: float = 0.0
    shadow_spread: float = 0.0
    recolour: float = 0.0
    close_up: float = 0.0
    freeze_depth: int = 6
    freeze_statistics: bool = True
    shadows_only: bool = False
    val_fraction: float = 0.2
    balance: bool = False
    min_width: int = 512
    tilt_deg: float = 10.0
    hole_low_deg: float = 6.0
    hole_high_deg: float = 35.0
    completion_steps: int = 2_000
    discriminator_steps: int = 0
    joint_steps: int = 0
    schedule: str = "switch"
    switch_window: int = 10
    switch_low: float = 1.6
    switch_high: float = 1.9
    discriminator_normalisation: str | None = None
    reconstruction: str = "l1"
    adversary: str = "hinge"
    adversarial_weight: float = 4e-3
    feature_matching_weight: float = 0.0
    perceptual_weight: float = 0.0
    perceptual_taps: tuple[str, ...] = ("relu1_2", "relu2_2")
    gradient_accumulation_steps: int = 1
    optimizer: str = "adam"
    learning_rate: float = 2e-4
    discriminator_learning_rate: float = 1e-4
    ema_decay: float = 0.995
    seed: int = 0
    precision: str = "auto"
    strategy: str = "auto"
    log_every: int = 20
    sample_every: int = 500
    checkpoint_every: int = 250
    cache_megabytes: int = 2048
