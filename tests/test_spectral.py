"""Spectral normalisation: what the layers bound, keep and leave alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pano_inpaint.models.layers import held_statistics
from pano_inpaint.models.precision import dtype_policy
from pano_inpaint.models.spectral import SpectralConv2D, SpectralDense

LAYERS = {
    "convolution": (lambda: SpectralConv2D(7, 5, 2), (8, 10, 3)),
    "dense": (lambda: SpectralDense(6), (12,)),
}


@pytest.fixture(params=LAYERS)
def model(request):
    """One layer with a kernel that stretches a lot."""
    tf.keras.utils.set_random_seed(5)
    build, shape = LAYERS[request.param]
    inputs = keras.Input(shape)
    model = keras.Model(inputs, build()(inputs))
    model.layers[-1].kernel.assign(5 * model.layers[-1].kernel)
    return model


def pictures(model):
    return tf.random.stateless_normal((2, *model.inputs[0].shape[1:]), (1, 2))


def singular_values(kernel):
    return np.linalg.svd(np.reshape(kernel, (-1, kernel.shape[-1])), compute_uv=False)


def test_training_bounds_the_largest_singular_value(model):
    layer = model.layers[-1]
    assert singular_values(layer.kernel)[0] > 3
    for _ in range(60):
        model(pictures(model), training=True)
    used = layer.normalised_kernel(training=False)
    assert singular_values(used)[0] == pytest.approx(1, abs=1e-3)
    assert singular_values(layer.kernel)[0] > 3, "the kernel itself is left alone"


def test_outputs_are_those_of_the_normalised_kernel(model):
    layer, x = model.layers[-1], pictures(model)
    layer.bias.assign(np.arange(1, 1 + layer.bias.shape[0]))
    kernel = layer.normalised_kernel(training=False)
    plain = tf.nn.conv2d(x, kernel, 2, "SAME") if x.ndim == 4 else x @ kernel
    np.testing.assert_allclose(model(x), plain + layer.bias, rtol=1e-5, atol=1e-5)
    assert model(x).shape[1:] == model.output.shape[1:]


def test_no_gradient_goes_into_the_kernels_size(model):
    """A kernel twice as large says the same, so moving it along itself cannot matter."""
    layer, x = model.layers[-1], pictures(model)
    for _ in range(60):
        model(x, training=True)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(x, training=True) ** 2)
    gradient = tape.gradient(loss, layer.kernel.value)
    along = float(tf.reduce_sum(gradient * layer.kernel.value))
    assert abs(along) < 1e-3 * float(tf.norm(gradient) * tf.norm(layer.kernel.value))
    before = np.asarray(model(x))
    layer.kernel.assign(2 * layer.kernel)
    np.testing.assert_allclose(model(x), before, rtol=1e-4, atol=1e-5)


def test_the_direction_moves_in_training_unless_it_is_held(model):
    layer, x = model.layers[-1], pictures(model)
    start = np.asarray(layer.direction)
    model(x)
    with held_statistics(model):
        model(x, training=True)
    np.testing.assert_array_equal(layer.direction, start)
    model(x, training=True)
    assert not np.array_equal(layer.direction, start)


def test_layers_survive_the_way_through_a_file(model, tmp_path):
    model(pictures(model), training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(pictures(model)), model(pictures(model)))


def test_bfloat16_arithmetic_normalises_in_float32():
    with dtype_policy("mixed_bfloat16"):
        layer = SpectralConv2D(4, 3)
        outputs = layer(tf.ones((1, 6, 6, 2)), training=True)
    assert outputs.dtype == tf.bfloat16
    assert all(weight.dtype == "float32" for weight in layer.weights)
    assert np.linalg.norm(layer.direction) == pytest.approx(1, abs=1e-5)
