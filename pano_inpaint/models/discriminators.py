"""Global and local discriminator with one verdict between them (Iizuka et al. 2017, tables 2 and 3)."""

import re
from dataclasses import asdict, dataclass, replace

import keras
import tensorflow as tf

from pano_inpaint.errors import UsageError
from pano_inpaint.models.layers import FusedBatchNormalization
from pano_inpaint.models.spectral import SpectralConv2D, SpectralDense

# Channels of 5×5 convolutions of stride 2, at width 1 and for pictures of 128² with a window of 64²;
# for 256² and 128² the paper has one more of 512 each (Iizuka et al. 2017, table 2).
GLOBAL = [64, 128, 256, 512, 512]
LOCAL = [64, 128, 256, 512]
FEATURES = 1024
NORMALISATIONS = ("batch", "spectral")


@dataclass(frozen=True)
class DiscriminatorConfig:
    """What defines the discriminator.

    Attributes
    ----------
    size, local_size : int
        Sides in pixels of the whole picture and of the window around the hole.
    width : float
        Factor on the convolutions' channels.
    normalisation : {"batch", "spectral"}
        Batch normalisation after each convolution, as in the paper; or spectral normalisation of every
        kernel (Miyato et al. 2018), which bounds how fast the verdict can change with the picture.

    Raises
    ------
    UsageError
        If there is no such normalisation.
    """

    size: int = 128
    local_size: int = 64
    width: float = 1.0
    normalisation: str = "batch"

    def __post_init__(self):
        if self.normalisation not in NORMALISATIONS:
            raise UsageError(
                f"expected the discriminator's normalisation among {', '.join(NORMALISATIONS)}, "
                f"got {self.normalisation!r}"
            )

    def at(self, size):
        """Return the settings for pictures of another size, with a window that covers as much of them."""
        return replace(self, size=size, local_size=self.local_size * size // self.size)

    def to_dict(self):
        """Return the settings as JSON types."""
        return asdict(self)


def build_discriminator(config):
    """Build the discriminator.

    Parameters
    ----------
    config : DiscriminatorConfig

    Returns
    -------
    keras.Model
        Inputs ``picture`` (B, size, size, 3) and ``window`` (B, local_size, local_size, 3), float32
        in [0, 1]: a real picture or a completed one, never the raw output. Output (B, 1), float32:
        the logit of "real", from one layer that real and completed pictures share.
    """
    picture = keras.Input((config.size, config.size, 3), name="picture")
    window = keras.Input((config.local_size, config.local_size, 3), name="window")
    whole = _branch(picture, _rows(GLOBAL, config.size // 128), config, "global")
    local = _branch(window, _rows(LOCAL, config.local_size // 64), config, "local")
    both = keras.layers.Concatenate(name="both")([whole, local])
    dense = SpectralDense if config.normalisation == "spectral" else keras.layers.Dense
    verdict = dense(1, dtype="float32", name="verdict")(both)
    return keras.Model([picture, window], verdict, name="discriminator")


def build_judge(discriminator):
    """Build a view of the discriminator that also tells what its convolutions found.

    Parameters
    ----------
    discriminator : keras.Model
        Of `build_discriminator`; the layers are shared.

    Returns
    -------
    keras.Model
        Inputs as the discriminator's; output a dict of ``verdict``, and of ``global`` and ``local``,
        lists of the activations after each convolution of that branch, (B, h, w, c).
    """
    found = {branch: _activations(discriminator, branch) for branch in ("global", "local")}
    return keras.Model(discriminator.inputs, {"verdict": discriminator.output} | found, name="judge")


def build_local_features(discriminator):
    """Build a view of the local branch alone: windows in, activations after each convolution out."""
    return keras.Model(discriminator.inputs[1], _activations(discriminator, "local"), name="local_features")


def crop_windows(pictures, corners, size):
    """Cut one square window out of each picture.

    Parameters
    ----------
    pictures : Tensor, shape (B, H, W, C)
    corners : Tensor, shape (B, 2), int32
        Row and column of each window's top left pixel.
    size : int
        Side of the windows in pixels.

    Returns
    -------
    Tensor, shape (B, size, size, C)
    """
    steps = tf.range(size)
    rows = tf.gather(pictures, corners[:, :1] + steps, axis=1, batch_dims=1)
    turned = tf.transpose(rows, (0, 2, 1, 3))
    columns = tf.gather(turned, corners[:, 1:] + steps, axis=1, batch_dims=1)
    return tf.transpose(columns, (0, 2, 1, 3))


def _rows(channels, factor):
    """Add a convolution for each doubling of the side over the table's."""
    return channels + [512] * max(0, factor.bit_length() - 1)


def _activations(discriminator, branch):
    relu = re.compile(rf"{branch}\d+_relu")
    return [layer.output for layer in discriminator.layers if relu.fullmatch(layer.name)]


def _branch(features, rows, config, name):
    features = keras.layers.Rescaling(2.0, offset=-1.0, name=f"{name}_centred")(features)
    for number, channels in enumerate(rows, start=1):
        features = _convolve(features, max(4, round(channels * config.width)), config, f"{name}{number}")
        features = keras.layers.ReLU(name=f"{name}{number}_relu")(features)
    features = keras.layers.Flatten(name=f"{name}_flat")(features)
    dense = SpectralDense if config.normalisation == "spectral" else keras.layers.Dense
    features = dense(round(FEATURES * config.width), name=f"{name}_features")(features)
    return keras.layers.ReLU(name=f"{name}_features_relu")(features)


def _convolve(features, channels, config, name):
    if config.normalisation == "spectral":
        return SpectralConv2D(channels, 5, 2, name=name)(features)
    features = keras.layers.Conv2D(
        channels,
        5,
        strides=2,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(features)
    return FusedBatchNormalization(name=f"{name}_norm")(features)
