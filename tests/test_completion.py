"""The completion network's table, its merge, and one set of weights for both padding modes."""

import numpy as np
import pytest

from pano_inpaint.models.completion import (
    CompletionConfig,
    LogColours,
    build_completion_network,
    complete_batch,
    encoder_layers,
    output_names,
)
from pano_inpaint.models.layers import Fold
from pano_inpaint.models.precision import dtype_policy
from pano_inpaint.models.tables import TABLES
from pano_inpaint.room_parts import LAYOUT

SMALL = CompletionConfig(width=1 / 16)


@pytest.fixture
def batch():
    rng = np.random.default_rng(1)
    picture = rng.random((6, 32, 32, 3), dtype=np.float32)
    mask = np.zeros((6, 32, 32, 1), np.float32)
    mask[:, 8:20, 10:24] = 1
    return picture, mask


def test_width_one_has_the_papers_parameters():
    network = build_completion_network(CompletionConfig())
    convolutions = [w for w in network.weights if w.path.endswith("kernel")]
    rows = TABLES["glcic"].encoder + TABLES["glcic"].middle
    channels = [4] + [row[3] for row in rows]
    expected = sum(row[0] ** 2 * before * row[3] for row, before in zip(rows, channels, strict=False))
    expected += 16 * 256 * 128 + 9 * 128 * 128 + 16 * 128 * 64 + 9 * 64 * 32 + 9 * 32 * 3
    assert sum(int(np.prod(w.shape)) for w in convolutions) == expected
    assert expected == pytest.approx(6.07e6, rel=0.01)


@pytest.mark.parametrize("fill", ["mean", "gray", "prior"])
@pytest.mark.parametrize("padding", ["zero", "cube"])
@pytest.mark.parametrize("table", TABLES)
def test_known_pixels_are_the_inputs(batch, fill, padding, table):
    config = CompletionConfig(width=1 / 16, hole_fill=fill, table=table)
    network = build_completion_network(config, padding=padding, size=32)
    completed = np.asarray(network(batch))
    known = batch[1][..., 0] == 0
    np.testing.assert_array_equal(completed[known], batch[0][known])
    assert np.isfinite(completed).all()


def test_what_lies_in_the_hole_has_no_influence(batch):
    network = build_completion_network(SMALL)
    picture, mask = batch
    np.testing.assert_array_equal(network([picture, mask]), network([picture * (1 - mask), mask]))


def test_prior_network_starts_as_the_smooth_continuation(batch):
    network = build_completion_network(CompletionConfig(width=1 / 16, hole_fill="prior"), size=32)
    filled = network.get_layer("hole_fill")(*batch)
    np.testing.assert_allclose(network(batch), filled, atol=1e-6)


def test_cube_padding_takes_the_weights_of_zero_padding(batch, tmp_path):
    zero = build_completion_network(SMALL)
    zero.save_weights(tmp_path / "w.weights.h5")
    cube = build_completion_network(SMALL, padding="cube", size=32)
    cube.load_weights(tmp_path / "w.weights.h5")
    for ours, theirs in zip(cube.get_weights(), zero.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert np.abs(np.asarray(cube(batch)) - np.asarray(zero(batch))).max() > 1e-4


def test_any_size_goes_with_zero_padding():
    network = build_completion_network(SMALL)
    picture, mask = np.zeros((1, 40, 64, 3), np.float32), np.ones((1, 40, 64, 1), np.float32)
    assert network([picture, mask]).shape == (1, 40, 64, 3)


@pytest.mark.parametrize(("padding", "size"), [("cube", None), ("zero", 30), ("zero", 2)])
def test_impossible_sizes_are_refused(padding, size):
    with pytest.raises(ValueError, match=f"size={size}"):
        build_completion_network(SMALL, padding=padding, size=size)


def test_mixed_precision_returns_float32(batch):
    with dtype_policy("mixed_bfloat16"):
        network = build_completion_network(SMALL)
    completed = network(batch)
    assert completed.dtype == "float32"
    known = batch[1][..., 0] == 0
    np.testing.assert_array_equal(np.asarray(completed)[known], batch[0][known])


def test_folding_is_undone_by_unfolding():
    pictures = np.random.default_rng(0).random((2, 8, 12, 3), dtype=np.float32)
    folded = Fold(2)(pictures)
    assert folded.shape == (2, 4, 6, 12)
    np.testing.assert_array_equal(Fold(1 / 2)(folded), pictures)


def test_rays_do_not_matter_before_they_are_trained(batch):
    config = CompletionConfig(width=1 / 16, table="folded", rays=True, layout=True)
    network = build_completion_network(config, size=32)
    rays = np.random.default_rng(3).random((6, 32, 32, 3), dtype=np.float32)
    completed, layout = network([*batch, rays])
    assert output_names(network) == ("completed", "layout")
    assert layout.shape == (6, 32, 32, len(LAYOUT))
    np.testing.assert_array_equal(completed, network([*batch, -rays])[0])
    network.get_layer("conv1_rays").kernel.assign(network.get_layer("conv1_rays").kernel + 0.1)
    assert np.abs(np.asarray(network([*batch, -rays])[1]) - np.asarray(layout)).max() > 1e-5


def test_without_training_there_are_no_shadows(batch):
    network = build_completion_network(CompletionConfig(width=1 / 16, table="folded", shadows=True), size=32)
    outputs = complete_batch(network, dict(zip(("input", "mask"), batch, strict=True)))
    assert outputs.layout is None and outputs.shadows.shape == batch[0].shape
    assert not np.asarray(outputs.shadows).any()
    network.get_layer("shadows").bias.assign(np.full_like(network.get_layer("shadows").bias, 0.5))
    again = complete_batch(network, dict(zip(("input", "mask"), batch, strict=True)))
    assert (np.asarray(again.shadows) == 0.5).all()
    np.testing.assert_array_equal(again.completed, outputs.completed)


def test_shadows_go_by_what_stands_in_the_hole_and_nothing_else_does(batch):
    network = build_completion_network(CompletionConfig(width=1 / 8, table="folded", shadows=True), size=32)
    last = network.get_layer("shadows")
    last.kernel.assign(np.random.default_rng(0).normal(0, 0.1, last.kernel.shape))
    picture, mask = batch
    one, other, unmasked = (
        complete_batch(network, {"input": seen, "mask": hole})
        for seen, hole in (
            (picture, mask),
            (np.where(mask > 0, 1 - picture, picture), mask),
            (picture, 0 * mask),
        )
    )
    np.testing.assert_array_equal(one.completed, other.completed)
    for changed in (other, unmasked):
        assert (np.asarray(changed.shadows) != np.asarray(one.shadows)).mean() > 0.5
    two = np.asarray(LogColours()(np.float32([[[[0.18, 0.08, 0.0]]], [[[0.38, 0.18, 0.02]]]])))
    np.testing.assert_allclose(two[1] - two[0], np.log(2) / 2, rtol=1e-5)  # twice as bright, DARK added


def test_unknown_table_is_refused():
    with pytest.raises(ValueError, match="table='resnet'"):
        CompletionConfig(table="resnet")


def test_encoder_layers_are_the_first_convolutions():
    network = build_completion_network(SMALL)
    names = [layer.name for layer in encoder_layers(network, 2)]
    assert names == ["conv1", "conv1_norm", "conv2", "conv2_norm"]
    with pytest.raises(ValueError, match="depth=13"):
        encoder_layers(network, 13)
