"""The training loop: resuming, interruptions, what a run folder holds, several replicas."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jobs import TinyJob
from PIL import Image

from pano_inpaint.errors import UsageError
from pano_inpaint.models.perceptual import has_weights
from pano_inpaint.models.presets import build_completion, build_trained_discriminator, find_preset
from pano_inpaint.models.run_folder import read_log
from pano_inpaint.models.trainer import LoopSettings, train

LOOP = LoopSettings(precision="float32", log_every=1, sample_every=4, checkpoint_every=2)
SCRIPT = Path(__file__).with_name("jobs.py")


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """A run from the first step to the last."""
    folder = tmp_path_factory.mktemp("straight") / "run"
    assert train(TinyJob(), folder, LOOP)
    return folder


def weights(folder):
    return build_completion(find_preset(folder)).get_weights()


def numbers(folder):
    """The log without what depends on the clock."""
    return [
        {k: v for k, v in row.items() if k != "images_per_second"} for row in read_log(folder / "log.csv")
    ]


def assert_same_run(folder, other):
    assert numbers(folder) == numbers(other)
    for one, two in zip(weights(folder), weights(other), strict=True):
        np.testing.assert_array_equal(one, two)


def test_run_folder_holds_what_a_reader_needs(straight):
    rows = numbers(straight)
    assert [row["phase"] for row in rows] == ["completion"] * 3 + ["discriminator"] * 2 + ["joint"] * 4
    assert {row["target"] for row in rows[5:]} <= {"completion", "discriminator"}
    assert all(row["reason"] for row in rows)
    assert all(row["discriminator"] for row in rows[3:])
    with Image.open(straight / "curve.png") as curve:
        assert curve.size == (800, 500)
    sheets = sorted(path.name for path in (straight / "samples").iterdir())
    assert sheets == ["step_0000004.png", "step_0000008.png", "step_0000009.png"]
    assert (straight / "settings.json").exists()
    assert (straight / "versions.json").exists()
    assert not list(straight.rglob(".part*"))


@pytest.mark.parametrize("stop", [4, 7])
def test_stopped_by_a_signal_and_resumed_equals_a_straight_run(straight, tmp_path, stop):
    def interrupt(progress):
        if progress.step == stop:
            os.kill(os.getpid(), (signal.SIGTERM, signal.SIGINT)[stop % 2])

    assert not train(TinyJob(), tmp_path / "run", LOOP, watch=interrupt)
    assert numbers(tmp_path / "run")[-1]["step"] == str(stop)
    assert train(TinyJob(), tmp_path / "run", LOOP, resume=True)
    assert_same_run(tmp_path / "run", straight)


def test_with_every_setting_on_a_resumed_run_equals_a_straight_one(tmp_path):
    def job():
        seen = {"perceptual_weight": 0.1, "perceptual_taps": ("relu1_2",)} if has_weights() else {}
        return TinyJob(
            steps=(1, 1, 2),
            normalisation="spectral",
            adversary="hinge",
            feature_matching_weight=0.1,
            gradient_accumulation_steps=2,
            **seen,
        )

    def interrupt(progress):
        if progress.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    assert train(job(), tmp_path / "straight", LOOP)
    assert not train(job(), tmp_path / "run", LOOP, watch=interrupt)
    assert train(job(), tmp_path / "run", LOOP, resume=True)
    assert_same_run(tmp_path / "run", tmp_path / "straight")
    assert find_preset(tmp_path / "run").config["discriminator"]["normalisation"] == "spectral"
    discriminators = [
        build_trained_discriminator(find_preset(tmp_path / name)).get_weights()
        for name in ("run", "straight")
    ]
    for one, two in zip(*discriminators, strict=True):
        np.testing.assert_array_equal(one, two)


def test_killed_and_resumed_equals_a_straight_run(straight, tmp_path):
    killed = subprocess.run([sys.executable, SCRIPT, "killed", tmp_path / "run"], capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert train(TinyJob(), tmp_path / "run", LOOP, resume=True)
    assert_same_run(tmp_path / "run", straight)


def test_two_replicas_have_the_numbers_of_one(tmp_path):
    for strategy in ("single", "mirrored"):
        subprocess.run([sys.executable, SCRIPT, strategy, tmp_path / strategy], check=True)
    for one, two in zip(weights(tmp_path / "single"), weights(tmp_path / "mirrored"), strict=True):
        np.testing.assert_allclose(one, two, atol=3e-4)


def test_a_second_run_in_the_same_folder_is_refused(straight):
    with pytest.raises(UsageError, match="got a run in") as caught:
        train(TinyJob(), straight, LOOP)
    assert "--resume" in caught.value.hint


def test_resuming_with_other_settings_is_refused(straight, tmp_path):
    job = TinyJob()
    job.settings = {"tiny": False}
    with pytest.raises(UsageError, match="tiny=True"):
        train(job, straight, LOOP, resume=True)
    with pytest.raises(UsageError, match="got none"):
        train(TinyJob(), tmp_path / "nothing", LOOP, resume=True)
