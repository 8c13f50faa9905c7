"""Padding across faces, fused normalisation and hole filling."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pano_inpaint import cubemap
from pano_inpaint.cube import face_directions
from pano_inpaint.models import layers
from pano_inpaint.models.layers import (
    FusedBatchNormalization,
    HoleFill,
    PaddedConv2D,
    PaddedConv2DTranspose,
    held_statistics,
    pad_cube,
)

LAYERS = {
    "5x5": lambda mode: PaddedConv2D(7, 5, padding_mode=mode),
    "stride": lambda mode: PaddedConv2D(7, 3, strides=2, padding_mode=mode),
    "dilated": lambda mode: PaddedConv2D(7, 3, dilation_rate=4, padding_mode=mode),
    "transposed": lambda mode: PaddedConv2DTranspose(7, padding_mode=mode),
}


@pytest.fixture
def faces():
    return np.random.default_rng(0).random((6, 32, 32, 5), dtype=np.float32)


@pytest.mark.parametrize("build", LAYERS.values(), ids=LAYERS)
def test_padding_mode_changes_the_rim_only(build, faces):
    zero, cube = build("zero"), build("cube")
    by_zero = np.asarray(zero(faces))
    cube.build(faces.shape)
    cube.set_weights(zero.get_weights())
    difference = np.abs(by_zero - np.asarray(cube(faces))).max(axis=(0, 3))
    middle = slice(difference.shape[0] // 4, -difference.shape[0] // 4)
    assert difference[middle, middle].max() < 1e-5
    assert difference[0].max() > 0.05
    assert by_zero.shape == zero.compute_output_shape(faces.shape)


def test_cube_padding_equals_the_geometry(faces):
    two_cubes = np.concatenate([faces, faces[::-1]])
    padded = np.asarray(pad_cube(keras.ops.convert_to_tensor(two_cubes), 3))
    np.testing.assert_array_equal(padded[:6], cubemap.pad_faces(faces, 3))
    np.testing.assert_array_equal(padded[6:], cubemap.pad_faces(faces[::-1].copy(), 3))


def test_a_convolution_with_cube_padding_sees_no_edges():
    """A smoothing kernel over the faces of a smooth function stays smooth across every edge."""
    directions = np.asarray(face_directions(32), np.float32)
    layer = PaddedConv2D(3, 3, padding_mode="cube", use_bias=False)
    layer.build(directions.shape)
    kernel = np.zeros((3, 3, 3, 3), np.float32)
    kernel[..., range(3), range(3)] = 1 / 9
    layer.set_weights([kernel])
    smoothed = np.asarray(layer(directions))
    assert np.abs(smoothed - directions).max() < 0.02


@pytest.mark.parametrize("build", LAYERS.values(), ids=LAYERS)
def test_config_round_trip(build):
    layer = build("cube")
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_unknown_padding_mode_is_refused():
    with pytest.raises(ValueError, match="padding_mode='mirror'"):
        PaddedConv2D(4, 3, padding_mode="mirror")


def test_fused_normalisation_equals_keras(faces):
    fused, reference = FusedBatchNormalization(), keras.layers.BatchNormalization()
    for training in (True, False):
        np.testing.assert_allclose(
            fused(faces, training=training), reference(faces, training=training), atol=2e-5
        )
    np.testing.assert_allclose(fused.moving_mean, reference.moving_mean, atol=1e-6)
    count = faces[..., 0].size
    biased = 0.99 + (np.asarray(fused.moving_variance) - 0.99) * (count - 1) / count
    np.testing.assert_allclose(biased, reference.moving_variance, atol=1e-6)


def test_frozen_normalisation_never_moves(faces):
    layer = FusedBatchNormalization()
    layer.build(faces.shape)
    layer.trainable = False
    layer(faces, training=True)
    assert not np.asarray(layer.moving_mean).any()


def test_held_statistics_normalise_by_the_batch_without_moving(faces):
    inputs = keras.Input((32, 32, 5))
    model = keras.Model(inputs, FusedBatchNormalization()(inputs))
    with held_statistics(model):
        held = np.asarray(model(faces, training=True))
    np.testing.assert_allclose(held.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    assert not np.asarray(model.layers[-1].moving_mean).any()
    model(faces, training=True)
    assert np.asarray(model.layers[-1].moving_mean).all()


@pytest.mark.parametrize(("fill", "expected"), [("mean", (0.2, 0.4, 0.6)), ("gray", (0.5, 0.5, 0.5))])
def test_constant_fills(fill, expected):
    picture, mask = np.ones((1, 8, 8, 3), np.float32), np.zeros((1, 8, 8, 1), np.float32)
    mask[:, 2:5, 3:6] = 1
    filled = np.asarray(HoleFill(fill, (0.2, 0.4, 0.6))(picture, mask))
    np.testing.assert_allclose(filled[mask[..., 0] > 0], np.tile(expected, (9, 1)), rtol=1e-6)
    np.testing.assert_array_equal(filled[mask[..., 0] == 0], 1)


def test_prior_continues_a_smooth_picture():
    v, u = np.mgrid[0:64, 0:64] / 64
    picture = np.stack([u, v, (u + v) / 2], axis=-1)[None].astype(np.float32)
    mask = np.zeros((1, 64, 64, 1), np.float32)
    mask[:, 20:40, 16:44] = 1
    error = np.abs(np.asarray(HoleFill("prior")(picture * (1 - mask), mask)) - picture)
    assert error[mask[..., 0] > 0].mean() < 0.05
    assert not error[mask[..., 0] == 0].any()


def test_prior_looks_across_faces_when_a_face_is_all_hole():
    faces = np.full((6, 16, 16, 3), 0.25, np.float32)
    mask = np.zeros((6, 16, 16, 1), np.float32)
    mask[0] = 1
    filled = np.asarray(HoleFill("prior", padding_mode="cube")(faces, mask))
    np.testing.assert_allclose(filled, 0.25, atol=1e-6)


@pytest.mark.parametrize("mode", ["zero", "cube"])
@pytest.mark.parametrize("dilation", [2, 3, 4])
def test_dilated_convolution_trains_where_tensorflow_has_no_gradient_for_it(monkeypatch, mode, dilation):
    pictures = np.random.default_rng(0).random((6, 16, 16, 3), np.float32)
    layer = PaddedConv2D(4, 3, dilation_rate=dilation, padding_mode=mode)
    expected = layer(pictures)
    monkeypatch.setattr(layers, "trains_dilated", lambda: False)
    with tf.GradientTape() as tape:
        outputs = layer(pictures)
        loss = tf.reduce_sum(outputs**2)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    gradient = tape.gradient(loss, layer.kernel.value)
    assert np.abs(gradient.numpy()).min() > 0
