"""The benchmark of erasing: what it prepares, measures and concludes."""

import sys

import cv2
import numpy as np
import pytest
from pictures import smooth

from benchmarks.erase import (
    RIVAL,
    choose_methods,
    command_of,
    memory_limit,
    prepare,
    run,
    summarise,
    timed,
    verdicts,
)
from pano_inpaint.cases import find_cases
from pano_inpaint.errors import MissingDependencyError
from pano_inpaint.panorama import read_mask, read_panorama


@pytest.fixture
def case(tmp_path):
    furnished = smooth(64, 128)
    mask = np.zeros((64, 128), np.uint8)
    mask[30:44, 50:80] = 255
    furnished[mask > 0] = 0
    pictures = {"a.png": furnished, "a_mask.png": mask, "a_truth.png": smooth(64, 128)}
    for name, picture in pictures.items():
        cv2.imwrite(str(tmp_path / name), picture[..., ::-1] if picture.ndim == 3 else picture)
    return find_cases(tmp_path)[0][0]


def test_peak_memory_is_that_of_the_command():
    ballast = np.ones(2**25)  # 256 MB of whoever measures
    small, large = (timed([sys.executable, "-c", f"bytearray({n} * 2**20)"], 60)["peak"] for n in (1, 200))
    assert 190 * 2**20 < large - small < 210 * 2**20
    assert small < ballast.nbytes / 2


def test_commands_that_fail_or_do_not_end_are_named():
    failed = timed([sys.executable, "-c", "raise SystemExit('no such picture')"], 60)
    assert failed["error"] == "no such picture"
    assert timed([sys.executable, "-c", "while True: pass"], 0.2)["error"] == "not done in 0.2 s"


@pytest.mark.parametrize("width", [64, 128, 256])
def test_cases_are_written_at_any_width(tmp_path, case, width):
    files = prepare(case, width, tmp_path)
    panorama = read_panorama(files.panorama)
    assert panorama.pixels.shape == files.truth.shape == (width // 2, width, 3)
    assert files.kinds.shape == files.hole.shape == (width // 2, width)
    np.testing.assert_array_equal(read_mask(files.mask, like=panorama), files.hole)
    assert files.hole.mean() == pytest.approx(14 * 30 / (64 * 128), rel=0.05)
    assert panorama.pixels[files.hole].mean() < 20


def test_a_disc_is_erased_from_the_truth(tmp_path, case):
    files = prepare(case, 256, tmp_path, disc_deg=40, surfaces=False)
    rows, columns = np.nonzero(files.hole)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(129.5, abs=2)
    assert rows.max() - rows.min() + 1 == pytest.approx(256 * 40 / 360, abs=2)
    difference = read_panorama(files.panorama).pixels.astype(int) - files.truth
    assert np.abs(difference)[files.hole].mean() < 6


def test_methods_run_as_processes_and_are_scored(tmp_path, case):
    files = prepare(case, 128, tmp_path)
    rows = run(files, ["smooth flat", "nothing flat"], tmp_path, lpips=[])
    assert rows["smooth flat"]["error"] == ""
    assert 10 < rows["smooth flat"]["psnr"] < 60
    assert {"sharpness", "sharpness wall"} < set(rows["smooth flat"])
    assert rows["smooth flat"]["wall"] > 0
    assert rows["smooth flat"]["peak"] > 2**20
    assert "nothing" in rows["nothing flat"]["error"]


def test_ours_are_the_command_line_and_the_ablation_is_not(tmp_path, case):
    files = prepare(case, 128, tmp_path, surfaces=False)
    command = command_of("all (fine)", files, tmp_path / "b.jpg")
    assert command[1:4] == ["-m", "pano_inpaint", "erase"]
    assert command[command.index("--quality") + 1] == "fine"
    assert command_of("detail only", files, "b.jpg")[2:4] == ["benchmarks.fill", "detail"]
    assert command_of(RIVAL, files, "b.jpg")[2:4] == ["benchmarks.fill", "patchmatch-cube"]


def test_peers_that_are_not_installed_are_left_out_unless_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "patchmatch", None)
    names, notes = choose_methods(None, ("cube",), ["draft"])
    assert "patchmatch cube" not in names
    assert {"telea cube", "network only (draft)"} < set(names)
    assert any("patchmatch" in note for note in notes)
    with pytest.raises(MissingDependencyError):
        choose_methods(["patchmatch"], ("cube",), None)


def test_summaries_leave_out_what_failed():
    rows = [{"wall": wall, "cpu": 1.0, "peak": wall, "psnr": 20 + wall, "error": ""} for wall in (1, 2, 6)]
    broken = {"wall": 99.0, "cpu": 99.0, "peak": 99, "error": "no"}
    summary = summarise([*rows, broken])
    assert (summary["wall"], summary["peak"], summary["psnr"]) == (2, 6, 23)
    assert summarise([broken]) == {"error": "no"}


def test_verdicts_tell_time_growth_and_memory():
    def row(wall, peak=0):
        return {"wall": wall, "peak": peak, "error": ""}

    ours = "all (fine)"
    small = {RIVAL: row(8), ours: row(4, memory_limit(4096) / 2)}
    large = {RIVAL: {"error": "not done"}, ours: row(14, memory_limit(8192))}
    first, second = verdicts({8192: large, 4096: small})
    assert memory_limit(4096) == 3 * 4096 * 2048 * 3 + 2**30
    assert "0.50 of the memory" in first
    assert "0.50 of patchmatch cube's time" in first
    assert "3.50 times that of the width before" in second
    assert "1.00 of the memory" in second
    assert "patchmatch" not in second
