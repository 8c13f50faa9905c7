"""`pretrain` and `finetune` from end to end, as their users run them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pano_inpaint.eraser import Eraser
from pano_inpaint.errors import UsageError
from pano_inpaint.masks import spherical_cap
from pano_inpaint.models.completion import encoder_layers
from pano_inpaint.models.presets import build_completion, find_preset
from pano_inpaint.models.run_folder import read_log
from pano_inpaint.panorama import Panorama
from pano_inpaint.sphere import window_directions

TINY = {
    "size": 32, "local_size": 16, "hole_low": 6, "hole_high": 12, "batch": 2, "width": 0.0625,
    "discriminator_width": 0.03125, "completion_steps": 2, "discriminator_steps": 1, "joint_steps": 2,
    "sample_every": 3, "checkpoint_every": 2, "log_every": 1,
}  # fmt: skip


def run(program, *arguments, settings):
    assignments = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    command = [sys.executable, "-m", program, *map(str, arguments), *assignments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """A run of `pretrain` on a tree of pictures, one of them damaged."""
    folder = tmp_path_factory.mktemp("pretrain")
    rng = np.random.default_rng(0)
    for name in ("kitchen", "bedroom"):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(3):
            pixels = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / name / f"{number}.png")
    (folder / "photos" / "kitchen" / "damaged.jpg").write_bytes(b"no picture")
    done = run(
        "pretrain", "--places-dir", folder / "photos", "--out", folder / "run", "--seed", 1, settings=TINY
    )
    assert done.returncode == 0, done.stderr
    return folder / "run", done


@pytest.fixture(scope="module")
def panoramas(tmp_path_factory):
    """Twelve smooth panoramas of colours that tell where one looks."""
    folder = tmp_path_factory.mktemp("panoramas")
    rays = window_directions((slice(0, 64), 0, 128), 64)
    for number in range(12):
        pixels = np.rint(127 + 100 * np.roll(rays, number, axis=2)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"room{number}.png")
    return folder


def test_pretrain_says_what_it_found_and_names_what_it_could_not_read(pretrained):
    run_folder, done = pretrained
    assert "found 7 pictures" in done.stdout
    assert "damaged.jpg" in done.stderr
    assert str(run_folder) in done.stdout


def test_pretrain_leaves_a_network_that_erases(pretrained):
    run_folder, _ = pretrained
    assert len(read_log(run_folder / "log.csv")) == 5
    assert (run_folder / "samples" / "step_0000003.png").exists()
    panorama, mask = Panorama(np.full((64, 128, 3), 90, np.uint8)), spherical_cap(0.4, 0.2, 0.3, 64)
    erased = Eraser.load(run_folder).erase(panorama, mask)
    np.testing.assert_array_equal(erased.pixels[~mask], 90)


def test_pretrain_goes_on_from_a_run_on_smaller_pictures(pretrained, tmp_path):
    start, _ = pretrained
    settings = TINY | {
        "size": 48, "completion_steps": 1, "discriminator_steps": 0, "joint_steps": 0, "learning_rate": 0,
    }  # fmt: skip
    photos = start.parent / "photos"
    done = run(
        "pretrain", "--places-dir", photos, "--from", start, "--out", tmp_path / "run", settings=settings
    )
    assert done.returncode == 0, done.stderr
    before, after = find_preset(start), find_preset(tmp_path / "run")
    assert (before.face_size, after.face_size) == (32, 48)
    assert before.config["completion"] == after.config["completion"]
    kernels = [build_completion(preset).get_layer("colours").kernel for preset in (before, after)]
    np.testing.assert_array_equal(*kernels)


def test_finetune_scores_before_and_after_and_keeps_the_frozen_layers(pretrained, panoramas, tmp_path):
    settings = {
        "face_size": 32, "min_width": 64, "val_fraction": 0.3, "completion_steps": 2,
        "discriminator_steps": 1, "joint_steps": 2, "sample_every": 3, "checkpoint_every": 2, "ema_decay": 0,
        "log_every": 1, "rays": "true", "layout": "true",
    }  # fmt: skip
    arguments = ["--pano-dir", panoramas, "--from", pretrained[0], "--out", tmp_path / "run"]
    done = run("finetune", *arguments, "--freeze-depth", 3, settings=settings)
    assert done.returncode == 0, done.stderr
    assert "found 12 panoramas, used 12 in 12 scenes" in done.stdout
    table = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in table if line and line[0] in ("before", "after")] == ["before", "after"]
    samples = {path.name for path in (tmp_path / "run" / "samples").iterdir()}
    assert {f"panorama_0_{stage}.jpg" for stage in ("original", "hole", "completed")} <= samples
    assert "layout" in read_log(tmp_path / "run" / "log.csv")[0]
    before, after = (build_completion(find_preset(folder)) for folder in (pretrained[0], tmp_path / "run"))
    assert [tensor.name for tensor in after.inputs] == ["picture", "mask", "rays"]
    assert len(after.outputs) == 2
    for one, other in zip(encoder_layers(before, 3), encoder_layers(after, 3), strict=True):
        for old, new in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
    assert np.any(after.get_layer("conv1_rays").kernel)
    assert not np.array_equal(before.get_layer("colours").kernel, after.get_layer("colours").kernel)
    assert find_preset(tmp_path / "run").inference_form


@pytest.mark.parametrize(
    ("program", "arguments", "message"),
    [
        ("pretrain", [], "expected --places-dir"),
        ("pretrain", ["--places-dir", ".", "--recipe", "nothing"], "glcic"),
        ("pretrain", ["--places-dir", ".", "--set", "colour=red"], "got colour"),
        ("finetune", ["--pano-dir", ".", "--from", "nothing"], "'nothing'"),
    ],
)
def test_bad_input_gets_one_clear_line(tmp_path, program, arguments, message):
    done = run(program, *arguments, "--out", tmp_path / "run", settings={})
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"adversary": "lsgan"}, "expected adversary among bce, hinge, got 'lsgan'"),
        ({"gradient_accumulation_steps": 0}, "expected gradient_accumulation_steps of 1 or more, got 0"),
        ({"discriminator_normalisation": "layer"}, "among batch, spectral, got 'layer'"),
        ({"schedule": "none"}, "expected schedule 'switch' or 'fixed', got 'none'"),
    ],
)
def test_bad_settings_get_one_clear_line(pretrained, tmp_path, settings, message):
    photos = pretrained[0].parent / "photos"
    done = run("pretrain", "--places-dir", photos, "--out", tmp_path / "run", settings=TINY | settings)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_finetune_judges_faces_of_another_size_by_a_discriminator_of_that_size(tiny_preset):
    from finetune.job import FinetuneJob
    from finetune.settings import FinetuneSettings

    job = FinetuneJob(FinetuneSettings(face_size=64, joint_steps=1), tiny_preset, [], [])
    before = tiny_preset.config["discriminator"]
    assert job.config["discriminator"]["size"] == 64
    assert job.config["discriminator"]["local_size"] == 2 * before["local_size"]
    picture, window = job.build(1).discriminator.inputs
    assert picture.shape[1:3] == (64, 64)
    assert window.shape[1] == job.config["discriminator"]["local_size"]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"close_up": 2.0}, "padding zero"), ({"close_up": 0.5, "padding": "zero"}, "close_up of 1 or more")],
)
def test_finetune_refuses_close_ups_that_mean_nothing(tiny_preset, options, message):
    from finetune.job import FinetuneJob
    from finetune.settings import FinetuneSettings

    with pytest.raises(UsageError, match=message):
        FinetuneJob(FinetuneSettings(**options), tiny_preset, [], [])


def test_finetune_moves_nothing_but_what_tells_shadows_when_asked(tiny_preset):
    from finetune.job import FinetuneJob
    from finetune.settings import FinetuneSettings

    settings = FinetuneSettings(
        face_size=32, shadows=True, shadows_only=True, freeze_statistics=False, ema_decay=0.999
    )
    gan = FinetuneJob(settings, tiny_preset, [], []).build(1)
    rng = np.random.default_rng(0)
    batch = {name: rng.random((6, 32, 32, 3), np.float32) for name in ("input", "truth")}
    batch |= {
        "mask": np.float32(rng.random((6, 32, 32, 1)) > 0.7),
        "weight": np.ones((6, 32, 32, 1), np.float32),
    }
    batch["blame"] = np.ones((6, 32, 32), np.float32)
    before = {layer.name: layer.get_weights() for layer in gan.completion.layers if layer.weights}
    for _ in range(8):  # after one only the last layer has moved, which started at zero
        assert np.isfinite(gan.reconstruct(batch)["shadows"])
    moved = {
        layer.name for layer in gan.completion.layers if layer.name in before
        and any((old != new).any() for old, new in zip(before[layer.name], layer.get_weights(), strict=True))
    }  # fmt: skip
    assert moved == {name for name in before if name.startswith("shadows")} and len(moved) > 5
    for weight, average in zip(gan.completion.weights, gan.averaged_weights(), strict=True):
        if not weight.path.startswith("shadows"):
            np.testing.assert_array_equal(average, weight)  # what is saved has not drifted either


def test_finetune_takes_another_normalisation_and_starts_its_discriminator_afresh(tiny_preset):
    from finetune.job import FinetuneJob
    from finetune.settings import FinetuneSettings

    gans = [
        FinetuneJob(
            FinetuneSettings(face_size=32, discriminator_normalisation=wanted), tiny_preset, [], []
        ).build(1)
        for wanted in (None, "batch", "spectral")
    ]
    kernels = [np.asarray(gan.discriminator.get_layer("global1").kernel) for gan in gans]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])


@pytest.mark.parametrize(("balance", "drawn"), [(False, 4), (True, 6)])
def test_finetune_balances_pairs_and_other_panoramas_when_asked(tiny_preset, monkeypatch, balance, drawn):
    from finetune import job
    from finetune.settings import FinetuneSettings
    from pano_inpaint.pano_sets import PanoItem

    pairs = [PanoItem("home", f"pair {number}", "", (), empty=Path("empty.png")) for number in range(3)]
    hall = PanoItem("hall", "hall", "", ())
    monkeypatch.setattr(job, "panorama_dataset", lambda items, **_: items)
    settings = FinetuneSettings(face_size=32, balance=balance)
    items = job.FinetuneJob(settings, tiny_preset, [*pairs, hall], [hall]).batches(0)
    assert len(items) == drawn and items.count(hall) == drawn - 3
