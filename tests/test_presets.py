"""Presets: found by name or folder, written whole, run with and without TensorFlow."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from pano_inpaint.completer import load_completer
from pano_inpaint.cube import level_rays
from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.models.discriminators import DiscriminatorConfig, build_discriminator
from pano_inpaint.models.presets import (
    build_completion,
    build_trained_discriminator,
    find_preset,
    preset_names,
)
from pano_inpaint.sphere import rotation_matrix


@pytest.fixture
def faces():
    rng = np.random.default_rng(4)
    mask = np.zeros((6, 32, 32, 1), np.float32)
    mask[0, 8:24, 8:28] = 1
    mask[1, :12, :6] = 1
    return rng.random((6, 32, 32, 3), dtype=np.float32), mask


def test_directions_layout_and_shadows_are_the_same_in_both_runtimes(knowing_preset, faces):
    level, turned, tilted = (rotation_matrix(*turn) for turn in ((0, 0), (2, 0), (2, 0.7)))
    completions = {}
    for runtime in ("litert", "keras"):
        complete = load_completer(knowing_preset, runtime=runtime)
        completions[runtime] = [complete(*faces, turn) for turn in (level, turned, tilted)]
    for ours, theirs in zip(*completions.values(), strict=True):
        assert np.abs(ours.faces - theirs.faces).max() < 1 / 255
        assert ours.layout.shape == (6, 32, 32) and ours.layout.dtype == np.uint8
        assert (ours.layout == theirs.layout).mean() > 0.98
        assert np.ptp(theirs.shadows) > 0.01 and np.abs(ours.shadows - theirs.shadows).max() < 0.01
    first, yawed, pitched = completions["keras"]
    np.testing.assert_allclose(first.faces, yawed.faces, atol=1e-5)  # north does not matter
    assert np.abs(first.faces - pitched.faces).max() > 1e-4


def test_finer_faces_are_completed_by_the_same_network_in_both_runtimes(knowing_preset, tiny_preset, faces):
    finer = [load_completer(knowing_preset, runtime=runtime).finer for runtime in ("litert", "keras")]
    assert [complete.face_size for complete in finer] == [64, 64]
    assert [complete.finer for complete in finer] == [None, None]
    enlarged = [np.kron(part, np.ones((1, 2, 2, 1), np.float32)) for part in faces]
    ours, theirs = (complete(*enlarged, rotation_matrix(2, 0.7)) for complete in finer)
    assert np.abs(ours.faces - theirs.faces).max() < 1 / 255
    assert np.ptp(theirs.shadows) > 0.01 and np.abs(ours.shadows - theirs.shadows).max() < 0.01
    expected = build_completion(knowing_preset, padding="cube", size=64)
    told = expected([*enlarged, level_rays(64, rotation_matrix(2, 0.7))], training=False)[2]
    np.testing.assert_allclose(theirs.shadows, told, atol=1e-5)
    for runtime in ("litert", "keras"):  # nothing to be told of shadows
        assert load_completer(tiny_preset, runtime=runtime).finer is None


def test_both_runtimes_give_the_same(tiny_preset, faces):
    by_litert = load_completer(tiny_preset, runtime="litert")
    by_keras = load_completer(tiny_preset, runtime="keras")
    assert by_litert.face_size == by_keras.face_size == 32
    ours, theirs = by_litert(*faces, np.eye(3)), by_keras(*faces, np.eye(3))
    assert np.abs(ours.faces - theirs.faces).max() < 1 / 255
    assert ours.layout is theirs.layout is ours.shadows is theirs.shadows is None


def test_erasing_does_not_import_tensorflow(tiny_preset):
    code = (
        "import sys, numpy as np\n"
        "from pano_inpaint import Eraser, Panorama\n"
        f"eraser = Eraser.load({str(tiny_preset.folder)!r})\n"
        "mask = np.zeros((64, 128), bool); mask[20:40, 30:50] = True\n"
        "eraser.erase(Panorama(np.zeros((64, 128, 3), np.uint8)), mask)\n"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_weights_survive_the_way_through_files(tiny_preset):
    one, other = (build_completion(tiny_preset, padding=mode) for mode in ("zero", "cube"))
    for ours, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert build_trained_discriminator(tiny_preset).count_params() > 0


def test_a_discriminator_trained_before_there_was_a_choice_loads_and_another_starts_afresh(tiny_preset):
    own = {key: value for key, value in tiny_preset.config["discriminator"].items() if key != "normalisation"}
    before = replace(tiny_preset, config=tiny_preset.config | {"discriminator": own})
    pairs = zip(*(build_trained_discriminator(it).get_weights() for it in (before, tiny_preset)), strict=True)
    for old, new in pairs:
        np.testing.assert_array_equal(old, new)
    spectral = build_trained_discriminator(before, DiscriminatorConfig(**own, normalisation="spectral"))
    assert "direction" in {weight.name for weight in spectral.weights}


@pytest.mark.parametrize("name", preset_names())
def test_bundled_presets_can_be_trained_on(name):
    preset = find_preset(name)
    trained = build_trained_discriminator(preset)
    untrained = build_discriminator(DiscriminatorConfig(**preset.config["discriminator"]))
    assert trained.count_params() == untrained.count_params()
    pairs = zip(trained.weights, untrained.weights, strict=True)
    assert all(not np.array_equal(one, other) for one, other in pairs if "kernel" in one.name)
    assert trained.inputs[0].shape[1] == preset.face_size
    assert sum(path.stat().st_size for path in preset.folder.iterdir()) < 30e6


def test_a_preset_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="expected a preset's name"):
        find_preset("nothing")
    with pytest.raises(UsageError, match="expected a preset's name"):
        find_preset(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"face_size": 3}'])
def test_damaged_settings_are_named(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(FileError, match=r"config\.json"):
        find_preset(tmp_path)


def test_damaged_files_are_named(tiny_preset, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(tiny_preset.config))
    (tmp_path / "completion.tflite").write_bytes(b"nothing of the kind")
    (tmp_path / "completion.weights.h5").write_bytes(b"nothing of the kind")
    for runtime, name in (("litert", "completion.tflite"), ("keras", "completion.weights.h5")):
        with pytest.raises(FileError, match=name):
            load_completer(find_preset(tmp_path), runtime=runtime)


def test_unknown_runtime_is_refused(tiny_preset):
    with pytest.raises(ValueError, match="'torch'"):
        load_completer(tiny_preset, runtime="torch")
