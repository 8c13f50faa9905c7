"""Layers whose kernel is divided by its largest singular value: spectral normalisation.

Keras' own wrapper overwrites the kernel with every call, also while another network trains through it, and
leaves the largest singular value out of the gradient; these layers keep the kernel and do neither.
"""

import keras
import tensorflow as tf

_register = keras.saving.register_keras_serializable(package="pano_inpaint")


class _SpectralLayer(keras.layers.Layer):
    """Kernel, bias, and the direction in which the kernel stretches most.

    One power iteration a call finds that direction (Miyato et al. 2018, algorithm 1); it is kept from call
    to call in training, unless `update_statistics` is False, see `layers.held_statistics`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.update_statistics = True

    def add_kernel(self, shape):
        """Create the weights; the kernel's last axis counts the outputs."""
        weight = {"dtype": "float32", "autocast": False}
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="he_normal", **weight)
        self.bias = self.add_weight(name="bias", shape=shape[-1:], initializer="zeros", **weight)
        self.direction = self.add_weight(
            name="direction",
            shape=(1, shape[-1]),
            initializer="random_normal",
            trainable=False,
            aggregation="only_first_replica",  # all have the same kernel, hence the same direction
            **weight,
        )

    def normalised_kernel(self, training):
        """Return the kernel over its largest singular value as a matrix of inputs by outputs."""
        matrix = tf.reshape(self.kernel.value, (-1, self.kernel.shape[-1]))
        fixed = tf.stop_gradient(matrix)
        left = tf.math.l2_normalize(tf.matmul(self.direction.value, fixed, transpose_b=True))
        right = tf.math.l2_normalize(tf.matmul(left, fixed))
        if training and self.update_statistics:
            self.direction.assign(right)
        largest = tf.matmul(tf.matmul(left, matrix), right, transpose_b=True)
        return tf.cast(self.kernel.value / tf.reshape(largest, ()), self.compute_dtype)

    def add_bias(self, outputs):
        """Add the bias in the arithmetic's precision."""
        return tf.nn.bias_add(outputs, tf.cast(self.bias.value, self.compute_dtype))


@_register
class SpectralConv2D(_SpectralLayer):
    """Convolution with spectral normalisation and zero padding.

    Parameters
    ----------
    filters, kernel_size, strides : int
        As in `keras.layers.Conv2D` with ``padding="same"``.
    """

    def __init__(self, filters, kernel_size, strides=1, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides

    def build(self, input_shape):
        """Create the weights."""
        self.add_kernel((self.kernel_size, self.kernel_size, input_shape[-1], self.filters))

    def call(self, inputs, training=False):
        """Convolve."""
        return self.add_bias(tf.nn.conv2d(inputs, self.normalised_kernel(training), self.strides, "SAME"))

    def compute_output_shape(self, input_shape):
        """Return the input's shape with its sides divided by the stride."""
        batch, *sides, _ = input_shape
        return (batch, *(s and -(-s // self.strides) for s in sides), self.filters)

    def get_config(self):
        """Return what rebuilds the layer."""
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "strides": self.strides}
        return super().get_config() | own


@_register
class SpectralDense(_SpectralLayer):
    """Fully connected layer with spectral normalisation.

    Parameters
    ----------
    units : int
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        """Create the weights."""
        self.add_kernel((input_shape[-1], self.units))

    def call(self, inputs, training=False):
        """Multiply."""
        return self.add_bias(tf.matmul(inputs, self.normalised_kernel(training)))

    def compute_output_shape(self, input_shape):
        """Return the input's shape with its last axis replaced."""
        return (*input_shape[:-1], self.units)

    def get_config(self):
        """Return what rebuilds the layer."""
        return super().get_config() | {"units": self.units}
