"""The completion network: picture and mask in, completed picture out (Iizuka et al. 2017, table 1)."""

from dataclasses import asdict, dataclass

import keras

from pano_inpaint.models.layers import (
    FusedBatchNormalization,
    HoleFill,
    PaddedConv2D,
    PaddedConv2DTranspose,
)

# kernel, dilation, stride, channels at width 1: Iizuka et al. 2017, table 1
ENCODER = [
    (5, 1, 1, 64), (3, 1, 2, 128), (3, 1, 1, 128),
    (3, 1, 2, 256), (3, 1, 1, 256), (3, 1, 1, 256),
]  # fmt: skip
MIDDLE = [
    (3, 2, 1, 256), (3, 4, 1, 256), (3, 8, 1, 256), (3, 16, 1, 256),
    (3, 1, 1, 256), (3, 1, 1, 256),
]  # fmt: skip
DECODER = [  # channels of the transposed convolution, then of the 3×3 one after it
    (128, 128), (64, 32),
]  # fmt: skip

SIZE_DIVISOR = 4  # two strides of 2


@dataclass(frozen=True)
class CompletionConfig:
    """What defines a completion network's graph and weights.

    Attributes
    ----------
    width : float
        Factor on every layer's channels; 1 is the paper's 6.07 M parameters.
    hole_fill : {"mean", "gray", "prior"}
        What the network sees in the hole, see `layers.HoleFill`. With "prior" it predicts the
        correction of the smooth continuation instead of the colours.
    channel_mean : tuple of 3 float
        Mean colour of the training pictures, subtracted from the input.
    """

    width: float = 1.0
    hole_fill: str = "mean"
    channel_mean: tuple[float, float, float] = (0.5, 0.5, 0.5)

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
        Side of the square input in pixels, a multiple of 4. Needed for cube padding and for the
        hole fill "prior"; otherwise any size goes.

    Returns
    -------
    keras.Model
        Inputs ``picture`` (B, H, W, 3), float32 in [0, 1], and ``mask`` (B, H, W, 1), float32 with
        1 = hole. Output (B, H, W, 3): the picture itself outside the hole, completed inside.

    Raises
    ------
    ValueError
        If `size` is missing where it is needed or is no multiple of 4.
    """
    _check_size(size, needed=padding == "cube" or config.hole_fill == "prior")
    picture = keras.Input((size, size, 3), name="picture", dtype="float32")
    mask = keras.Input((size, size, 1), name="mask", dtype="float32")
    filled = HoleFill(
        config.hole_fill, config.channel_mean, padding_mode=padding, dtype="float32", name="hole_fill"
    )(picture, mask)
    features = CentredInput(config.channel_mean, name="centred_input")(filled, mask)
    for number, row in enumerate(ENCODER + MIDDLE, start=1):
        features = _convolution(config, row, padding, f"conv{number}")(features)
    for number, (channels, after) in enumerate(DECODER, start=1):
        features = _upsampling(config, channels, padding, f"up{number}")(features)
        features = _convolution(config, (3, 1, 1, after), padding, f"up{number}_conv")(features)
    colours = _colours(config, padding, features, filled)
    completed = Merge(dtype="float32", name="merge")(picture, mask, colours)
    return keras.Model([picture, mask], completed, name="completion_network")


def encoder_layers(model, depth):
    """Return the layers of the first `depth` convolutions, with their normalisation.

    Parameters
    ----------
    model : keras.Model
        A network of `build_completion_network`.
    depth : int
        How many of the convolutions of encoder and middle, 0 to 12; 6 is the whole encoder.

    Raises
    ------
    ValueError
        If there are not that many.
    """
    most = len(ENCODER) + len(MIDDLE)
    if not 0 <= depth <= most:
        raise ValueError(f"depth must be between 0 and {most}. Received: depth={depth}")
    return [
        model.get_layer(f"conv{number}{part}") for number in range(1, depth + 1) for part in ("", "_norm")
    ]


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
class Merge(keras.layers.Layer):
    """Keep the picture where it is known; only the hole is generated."""

    def call(self, picture, mask, colours):
        """Return picture · (1 − mask) + colours · mask."""
        return picture * (1 - mask) + colours * mask


def _check_size(size, *, needed):
    if size is None and needed:
        raise ValueError("cube padding and the hole fill 'prior' need a fixed size. Received: size=None")
    if size is not None and (size < SIZE_DIVISOR or size % SIZE_DIVISOR):
        raise ValueError(f"size must be a multiple of {SIZE_DIVISOR}. Received: size={size}")


def _normalised(layer, name):
    """Return layer → batch normalisation → ReLU."""

    def apply(features):
        features = layer(features)
        features = FusedBatchNormalization(name=f"{name}_norm")(features)
        return keras.layers.ReLU(name=f"{name}_relu")(features)

    return apply


def _convolution(config, row, padding, name):
    kernel, dilation, stride, channels = row
    layer = PaddedConv2D(
        config.channels(channels),
        kernel,
        strides=stride,
        dilation_rate=dilation,
        use_bias=False,  # the normalisation's offset does its work
        kernel_initializer="he_normal",
        padding_mode=padding,
        name=name,
    )
    return _normalised(layer, name)


def _upsampling(config, channels, padding, name):
    layer = PaddedConv2DTranspose(
        config.channels(channels),
        use_bias=False,
        kernel_initializer="he_normal",
        padding_mode=padding,
        name=name,
    )
    return _normalised(layer, name)


def _colours(config, padding, features, filled):
    """Return the network's colours: through a sigmoid, or as a correction of the smooth fill."""
    corrects = config.hole_fill == "prior"
    raw = PaddedConv2D(
        3,
        3,
        padding_mode=padding,
        dtype="float32",
        activation=None if corrects else "sigmoid",
        kernel_initializer="zeros" if corrects else "glorot_uniform",  # starts as the smooth fill
        name="colours",
    )(features)
    return keras.layers.Add(dtype="float32", name="corrected")([filled, raw]) if corrects else raw
