"""A layer that compares what is seen of a room's planes with what is around it of the same plane."""

import keras
import tensorflow as tf

from pano_inpaint.models.layers import enlarge, halve, sides, widen
from pano_inpaint.room_parts import LAYOUT

_PLANES = [LAYOUT.index(part) for part in ("floor", "wall", "ceiling")]
_LEVELS = 3, 4, 5  # halvings: means over about 8, 16 and 32 pixels
_FEW = 0.01  # of the pixels around: so many more look like the pixel itself, lest chance decide


@keras.saving.register_keras_serializable(package="pano_inpaint")
class Contrast(keras.layers.Layer):
    """Say by how much a pixel is brighter than what is around it of floor, wall or ceiling, if it is of such.

    A shadow is darker than the rest of its floor. A network that only sees what casts it tells how deep such
    things cast theirs in general.

    Parameters
    ----------
    padding_mode : {"zero", "cube"}
        Whether it sees across cube faces.
    """

    def __init__(self, *, padding_mode="zero", **kwargs):
        super().__init__(**kwargs)
        self.padding_mode = padding_mode

    def call(self, colours, mask, layout):
        """Compare.

        Parameters
        ----------
        colours : Tensor, shape (B, H, W, 3), float32
            Log intensity.
        mask : Tensor, shape (B, H, W, 1), float32
            1 = what neither counts nor is compared.
        layout : Tensor, shape (B, H, W, 6), float32
            Logits of `LAYOUT`. Nothing is learnt through them.

        Returns
        -------
        Tensor, shape (B, H, W, 9), float32
            For means over about 8, 16 and 32 pixels; 0 in the mask.
        """
        shares = tf.nn.softmax(tf.stop_gradient(layout)) * (1 - mask)
        shares = [shares[..., plane, None] for plane in _PLANES]
        sums = tf.concat([part for share in shares for part in (share * colours, share)], axis=-1)
        contrasts = []
        for around in self._around(sums):
            planes = zip(shares, tf.split(around, len(_PLANES), axis=-1), strict=True)
            contrasts.append(sum(share * (colours - _mean(plane, colours)) for share, plane in planes))
        return tf.concat(contrasts, axis=-1)

    def _around(self, pictures):
        """Return means around each pixel, one for each of `_LEVELS`."""
        highest = max(_LEVELS)
        height, width = sides(pictures)
        if self.padding_mode == "cube":
            highest = min(highest, (height & -height).bit_length() - 1)  # while it can be halved
        else:
            pictures = widen(pictures, 2**highest)
        pyramid = [pictures]
        for _ in range(highest):
            pyramid.append(halve(pyramid[-1], self.padding_mode))
        for level in (min(level, highest) for level in _LEVELS):
            yield enlarge(pyramid[level], 2**level, self.padding_mode)[:, :height, :width]

    def compute_output_shape(self, colours, *_others):
        """Return the shape of the colours with three times as many channels."""
        return (*colours[:3], colours[3] * len(_LEVELS))

    def get_config(self):
        """Return what rebuilds the layer."""
        return {**super().get_config(), "padding_mode": self.padding_mode}


def _mean(plane, otherwise):
    """Turn a share's sum of colours and its own, (B, H, W, 4), into its mean colour."""
    return (plane[..., :3] + _FEW * otherwise) / (plane[..., 3:] + _FEW)
