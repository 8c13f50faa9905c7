"""The completion network: picture and mask in, completed picture out (Iizuka et al. 2017, section 3)."""

import re
from dataclasses import asdict, dataclass
from typing import NamedTuple

import keras

from pano_inpaint.completer import HEADS
from pano_inpaint.models.contrast import Contrast
from pano_inpaint.models.layers import (
    Fold,
    FusedBatchNormalization,
    HoleFill,
    PaddedConv2D,
    PaddedConv2DTranspose,
)
from pano_inpaint.models.tables import TABLES
from pano_inpaint.room_parts import LAYOUT
from pano_inpaint.shadows import DARK

NAME = "completion_network"
SHADOW_CHANNELS = 64, 96, 160  # at width 1, of the layers that tell shadows, each at half the resolution


@dataclass(frozen=True)
class CompletionConfig:
    """What defines a completion network's graph and weights.

    Attributes
    ----------
    width : float
        Factor on every layer's channels; 1 is the paper's 6.07 M parameters.
    table : {"glcic", "folded"}
        Name in `tables.TABLES`.
    hole_fill : {"mean", "gray", "prior"}
        What the network sees in the hole, see `layers.HoleFill`. With "prior" it predicts the
        correction of the smooth continuation instead of the colours.
    channel_mean : tuple of 3 float
        Mean colour of the training pictures, subtracted from the input.
    rays : bool
        Whether the first convolution also sees each pixel's direction, up being up. Its kernel for
        that starts at zero: weights trained on photographs, which have no directions, load unchanged.
    layout : bool
        Whether the network also says which part of the room each pixel is, see `room_parts`.
    shadows : bool
        Whether the network also says how much darker each pixel is for what stands in the hole.
    """

    width: float = 1.0
    hole_fill: str = "mean"
    channel_mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    table: str = "glcic"
    rays: bool = False
    layout: bool = False
    shadows: bool = False

    def __post_init__(self):
        if self.table not in TABLES:
            raise ValueError(f"table must be one of {tuple(TABLES)}. Received: table={self.table!r}")

    def to_dict(self):
        """Return the settings as JSON types."""
        return asdict(self) | {"channel_mean": list(self.channel_mean)}

    @classmethod
    def from_dict(cls, values):
        """Build from what `to_dict` returned."""
        return cls(**values | {"channel_mean": tuple(values["channel_mean"])})

    def channels(self, count):
        """Scale a layer's channels by the width, to a multiple of 4 (at least 4)."""
        return max(4, round(count * self.width / 4) * 4)


def build_completion_network(config, *, padding="zero", size=None):
    """Build the completion network.

    Parameters
    ----------
    config : CompletionConfig
        Width and treatment of the hole.
    padding : {"zero", "cube"}
        Zero padding for photographs; with cube padding a batch is the six faces of one or more
        panoramas, and every convolution sees across their edges. The weights are the same.
    size : int, optional
        Side of the square input in pixels, a multiple of 4. Needed for cube padding; without it the
        network takes pictures of any size whose sides are multiples of 4.

    Returns
    -------
    keras.Model
        Inputs ``picture`` (B, H, W, 3), float32 in [0, 1], ``mask`` (B, H, W, 1), float32 with
        1 = hole, and with `config.rays` also ``rays`` (B, H, W, 3), unit vectors. Output (B, H, W, 3):
        the picture itself outside the hole, completed inside. With `config.layout` another output
        (B, H, W, 6), float32: logits of `room_parts.LAYOUT`. With `config.shadows` another (B, H, W, 3),
        float32: logarithm of how much brighter the picture would be if what it shows in the hole were
        gone, its shadows with it; says something outside the hole only, and is the only output that
        depends on what the picture shows inside. See `output_names`.

    Raises
    ------
    ValueError
        If `size` is missing where it is needed or is no multiple of 4.
    """
    table = TABLES[config.table]
    _check_size(size, table.size_divisor, needed=padding == "cube")
    inputs = {
        name: keras.Input((size, size, channels), name=name, dtype="float32")
        for name, channels in (("picture", 3), ("mask", 1), *((("rays", 3),) if config.rays else ()))
    }
    filled = HoleFill(
        config.hole_fill, config.channel_mean, padding_mode=padding, dtype="float32", name="hole_fill"
    )(inputs["picture"], inputs["mask"])
    features = CentredInput(config.channel_mean, name="centred_input")(filled, inputs["mask"])
    features = _features(config, table, padding, features, inputs.get("rays"))
    colours = _colours(config, table, padding, features, filled)
    outputs = [Merge(dtype="float32", name="merge")(inputs["picture"], inputs["mask"], colours)]
    if config.layout:
        outputs.append(_unfolded(table, padding, features, len(LAYOUT), "layout"))
    if config.shadows:
        layout = outputs[-1] if config.layout else None
        outputs.append(_shadows(config, table, padding, features, list(inputs.values()), layout))
    return keras.Model(list(inputs.values()), outputs if len(outputs) > 1 else outputs[0], name=NAME)


class Outputs(NamedTuple):
    """What a completion network makes of a batch.

    Attributes
    ----------
    completed : Tensor, shape (B, H, W, 3)
    layout : Tensor, shape (B, H, W, 6), or None
        None if the network has no such head, here as below.
    shadows : Tensor, shape (B, H, W, 3), or None
    """

    completed: object
    layout: object = None
    shadows: object = None


def output_names(network):
    """Name the outputs of a network of `build_completion_network`, in order, as in `Outputs`."""
    layers = {layer.name for layer in network.layers}
    return ("completed", *(head for head in HEADS if head in layers))


def complete_batch(network, batch, *, training=False):
    """Run a completion network on a batch of the input pipelines.

    Parameters
    ----------
    network : keras.Model
        A network of `build_completion_network`.
    batch : dict of Tensor
        With ``input`` as the picture, ``mask``, and ``rays`` if the network asks for them.
    training : bool

    Returns
    -------
    Outputs
    """
    names = [tensor.name.replace("picture", "input") for tensor in network.inputs]
    outputs = network([batch[name] for name in names], training=training)
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    return Outputs(**dict(zip(output_names(network), outputs, strict=True)))


def encoder_layers(model, depth):
    """Return the layers of the first `depth` convolutions, with their normalisation.

    The kernel for directions is not among them: on panoramas it is new, and frozen it would stay zero.

    Parameters
    ----------
    model : keras.Model
        A network of `build_completion_network`.
    depth : int
        How many of the convolutions of encoder and middle; 6 is the whole encoder of "glcic".

    Raises
    ------
    ValueError
        If there are not that many.
    """
    convolutions = [layer.name for layer in model.layers if re.fullmatch(r"conv\d+", layer.name)]
    if not 0 <= depth <= len(convolutions):
        raise ValueError(f"depth must be between 0 and {len(convolutions)}. Received: depth={depth}")
    parts = [f"{name}{part}" for name in convolutions[:depth] for part in ("", "_norm")]
    there = {layer.name for layer in model.layers}
    return [model.get_layer(name) for name in parts if name in there]


@keras.saving.register_keras_serializable(package="pano_inpaint")
class CentredInput(keras.layers.Layer):
    """Subtract the mean colour and append the mask as a fourth channel."""

    def __init__(self, mean=(0.5, 0.5, 0.5), **kwargs):
        super().__init__(**kwargs)
        self.mean = tuple(float(value) for value in mean)

    def call(self, picture, mask):
        """Return (B, H, W, 4)."""
        mean = keras.ops.convert_to_tensor(self.mean, dtype=picture.dtype)
        return keras.ops.concatenate([picture - mean, mask], axis=-1)

    def get_config(self):
        """Return what rebuilds the layer."""
        return {**super().get_config(), "mean": self.mean}


@keras.saving.register_keras_serializable(package="pano_inpaint")
class LogColours(keras.layers.Layer):
    """Turn colours into log intensity, in which a shadow is a difference, of about −1 to 1."""

    def call(self, picture):
        """Return (B, H, W, 3)."""
        return keras.ops.log(keras.ops.maximum(picture, 0) + DARK) / 2 + 1


@keras.saving.register_keras_serializable(package="pano_inpaint")
class Merge(keras.layers.Layer):
    """Keep the picture where it is known; only the hole is generated."""

    def call(self, picture, mask, colours):
        """Return picture · (1 − mask) + colours · mask."""
        return picture * (1 - mask) + colours * mask


def _check_size(size, divisor, *, needed):
    if size is None and needed:
        raise ValueError("cube padding needs a fixed size. Received: size=None")
    if size is not None and (size < divisor or size % divisor):
        raise ValueError(f"size must be a multiple of {divisor}. Received: size={size}")


def _features(config, table, padding, features, rays):
    """Return what the last layers make colours and layout of."""
    if table.fold > 1:
        features = Fold(table.fold, name="fold")(features)
        rays = rays if rays is None else Fold(table.fold, name="fold_rays")(rays)
    by_resolution = []
    for number, row in enumerate(table.encoder, start=1):
        if row[2] > 1:
            by_resolution.append(features)
        features = _convolution(
            config, row, padding, f"conv{number}", features, rays if number == 1 else None
        )
    for number, row in enumerate(table.middle, start=len(table.encoder) + 1):
        after = _convolution(config, row, padding, f"conv{number}", features)
        features = keras.layers.Add(name=f"sum{number}")([features, after]) if table.residual else after
    for number, (channels, after) in enumerate(table.decoder, start=1):
        features = _upsampling(config, channels, padding, f"up{number}", features)
        if table.skips:
            features = keras.layers.Concatenate(name=f"skip{number}")([features, by_resolution[-number]])
        features = _convolution(config, (3, 1, 1, after), padding, f"up{number}_conv", features)
    return features


def _shadows(config, table, padding, features, seen, layout):
    """Return shadows: a small network of its own, which sees what colours are made of, and what stands there.

    A rug and a box have the same outline, and only one of them casts a shadow. Where the network tells the
    room's parts, it also sees what is darker than the rest of its part. Nothing of the network is normalised:
    it can be trained alone, on batches of one room.
    """
    picture, mask, *_ = seen
    colours = LogColours(dtype="float32", name="log_colours")(picture)
    fine = keras.layers.Concatenate(dtype="float32", name="shadows_seen")([colours, *seen[1:]])
    fine = Fold(table.fold, name="shadows_fold")(fine) if table.fold > 1 else fine
    by_resolution, number = [], 0
    fine = keras.layers.Concatenate(name="shadows_given")([features, fine])

    def layer(kind, channels, *arguments, **options):
        nonlocal number
        number += 1
        return kind(
            config.channels(channels), *arguments, activation="relu", kernel_initializer="he_normal",
            padding_mode=padding, name=f"shadows{number}", **options,
        )  # fmt: skip

    for level, channels in enumerate(SHADOW_CHANNELS):
        fine = layer(PaddedConv2D, channels, 3, strides=2 if level else 1)(fine)
        if not level and layout is not None:
            contrast = Contrast(padding_mode=padding, dtype="float32", name="contrast")
            beside = contrast(colours, mask, layout)
            beside = Fold(table.fold, name="contrast_fold")(beside) if table.fold > 1 else beside
            beside = PaddedConv2D(
                config.channels(channels), 3, kernel_initializer="zeros", padding_mode=padding,
                name="shadows_contrast",
            )(beside)  # fmt: skip
            fine = keras.layers.Add(name="shadows_with_contrast")([fine, beside])
        for dilation in (1,) if level < len(SHADOW_CHANNELS) - 1 else (1, 2, 4):
            after = layer(PaddedConv2D, channels, 3, dilation_rate=dilation)(fine)
            fine = keras.layers.Add(name=f"shadows{number}_sum")([fine, after])
        by_resolution.append(fine)
    for channels, skip in zip(SHADOW_CHANNELS[-2::-1], by_resolution[-2::-1], strict=True):
        fine = layer(PaddedConv2DTranspose, channels)(fine)
        fine = keras.layers.Concatenate(name=f"shadows{number}_skip")([fine, skip])
        fine = layer(PaddedConv2D, channels, 3)(fine)
    # Starts without any.
    return _unfolded(table, padding, fine, 3, "shadows", kernel_initializer="zeros")


def _normalised(features, name):
    """Apply batch normalisation and ReLU."""
    features = FusedBatchNormalization(name=f"{name}_norm")(features)
    return keras.layers.ReLU(name=f"{name}_relu")(features)


def _convolution(config, row, padding, name, features, rays=None):
    kernel, dilation, stride, channels = row

    def layer(name, initializer):
        return PaddedConv2D(
            config.channels(channels),
            kernel,
            strides=stride,
            dilation_rate=dilation,
            use_bias=False,  # the normalisation's offset does its work
            kernel_initializer=initializer,
            padding_mode=padding,
            name=name,
        )

    convolved = layer(name, "he_normal")(features)
    if rays is not None:
        added = layer(f"{name}_rays", "zeros")(rays)
        convolved = keras.layers.Add(name=f"{name}_with_rays")([convolved, added])
    return _normalised(convolved, name)


def _upsampling(config, channels, padding, name, features):
    layer = PaddedConv2DTranspose(
        config.channels(channels),
        use_bias=False,
        kernel_initializer="he_normal",
        padding_mode=padding,
        name=name,
    )
    return _normalised(layer(features), name)


def _unfolded(table, padding, features, channels, name, **options):
    """Return a last convolution's output at the picture's resolution."""
    outputs = PaddedConv2D(
        channels * table.fold**2, 3, padding_mode=padding, dtype="float32", name=name, **options
    )(features)
    return (
        Fold(1 / table.fold, dtype="float32", name=f"{name}_unfold")(outputs) if table.fold > 1 else outputs
    )


def _colours(config, table, padding, features, filled):
    """Return the network's colours: through a sigmoid, or as a correction of the smooth fill."""
    corrects = config.hole_fill == "prior"
    options = {
        "activation": None if corrects else "sigmoid",
        "kernel_initializer": "zeros" if corrects else "glorot_uniform",  # starts as the smooth fill
    }
    raw = _unfolded(table, padding, features, 3, "colours", **options)
    return keras.layers.Add(dtype="float32", name="corrected")([filled, raw]) if corrects else raw
