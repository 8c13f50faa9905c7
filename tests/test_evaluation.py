import csv
import importlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from rooms import render_room

from pano_inpaint.cases import find_cases
from pano_inpaint.contact_sheet import SIDE, look_at_hole, write_contact_sheet
from pano_inpaint.eraser import Eraser
from pano_inpaint.errors import MissingDependencyError, UsageError
from pano_inpaint.evaluation import build_methods, evaluate
from pano_inpaint.masks import grow, spherical_cap
from pano_inpaint.panorama import Panorama

HEIGHT = 64


@pytest.fixture
def folder(tmp_path):
    """Two rooms of one colour with a mask; the truth in the hole is 51 levels brighter."""
    for number, room in enumerate(("attic", "hall")):
        mask = spherical_cap(np.pi * number, -0.3, 0.4, HEIGHT)
        before = np.full((HEIGHT, 2 * HEIGHT, 3), 100, np.uint8)
        pictures = {"": before, "masks": mask, "truth": before + np.uint8(51) * mask[..., None]}
        for place, pixels in pictures.items():
            (tmp_path / place).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / place / f"{room}.png")
    return tmp_path


def leave(panorama, _mask):
    return panorama


def brighten(panorama, mask):
    return panorama.with_pixels(panorama.pixels + np.uint8(51) * mask[..., None])


def test_methods_are_scored_on_the_same_holes(folder, tmp_path):
    told = []
    result = evaluate(
        find_cases(folder)[0],
        {"nothing": leave, "all": brighten},
        networks=(),
        out=tmp_path / "out",
        watch=lambda done, _: told.append(done),
    )
    pairs = [(row["case"], row["method"]) for row in result.rows]
    assert pairs == [("attic", "nothing"), ("attic", "all"), ("hall", "nothing"), ("hall", "all")]
    nothing, everything = result.means
    assert nothing["name"] == "nothing"
    assert nothing["psnr"] == pytest.approx(20 * np.log10(5), rel=1e-4)
    assert nothing["seconds"] > 0
    assert everything["l1"] == 0
    assert (result.problems, told) == ([], [0, 1, 2, 3, 4])
    kept = np.asarray(Image.open(tmp_path / "out" / "all" / "hall.png"))
    np.testing.assert_array_equal(kept, np.asarray(Image.open(folder / "truth" / "hall.png")))


def test_a_case_that_fails_counts_for_no_method(folder):
    def fail_in_the_hall(panorama, mask):
        if mask[:, 0].any():
            raise RuntimeError("error code 3")
        return panorama

    result = evaluate(find_cases(folder)[0], {"nothing": leave, "peer": fail_in_the_hall}, networks=())
    assert {row["case"] for row in result.rows} == {"attic"}
    assert result.problems == ["hall: peer failed: error code 3"]
    assert [row.name for row in result.sheet] == ["attic"]


def test_the_sheet_shows_each_hole_before_completed_and_as_it_should_be(folder, tmp_path):
    result = evaluate(find_cases(folder)[0], {"nothing": leave, "all": brighten}, networks=())
    row = result.sheet[1]
    assert list(row.pictures) == ["before", "nothing", "all", "truth"]
    colours = {name: view[SIDE // 2, SIDE // 2].tolist() for name, (view, _) in row.pictures.items()}
    assert colours == {"before": [100] * 3, "nothing": [100] * 3, "all": [151] * 3, "truth": [151] * 3}
    assert row.pictures["nothing"][1].startswith("14.0 dB")
    write_contact_sheet(tmp_path / "sheet.png", result.sheet)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 4 * SIDE and sheet.height > 2 * SIDE


def test_the_outline_is_drawn_around_the_hole():
    mask = spherical_cap(2.0, 0.5, 0.3, HEIGHT)
    views = look_at_hole(mask, before=np.zeros((HEIGHT, 2 * HEIGHT, 3), np.uint8))
    drawn = views.pictures["before"][0].any(axis=-1)
    radii = np.hypot(*(np.argwhere(drawn) - (SIDE - 1) / 2).T)
    expected = np.tan(0.3) / np.tan(views.camera["fov"] / 2) * SIDE / 2
    assert radii.mean() == pytest.approx(expected, abs=3)
    assert not drawn[SIDE // 2, SIDE // 2]


def test_peers_that_are_not_installed_are_left_out_unless_asked_for(monkeypatch):
    def refuse(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", refuse)
    methods, notes = build_methods([], [])
    assert list(methods) == ["smooth cube", "smooth flat", "telea cube", "telea flat"]
    assert len(notes) == 2 and all("pip install" in note for note in notes)
    with pytest.raises(MissingDependencyError, match="resynthesizer"):
        build_methods([], [], ["telea", "resynthesizer"])
    with pytest.raises(UsageError, match="'magic'"):
        build_methods([], [], ["magic"])


def test_ours_come_also_without_shadows(knowing_preset, tiny_preset):
    room = render_room(rows=128, noise=0.7)
    methods, notes = build_methods(
        [str(knowing_preset.folder), str(tiny_preset.folder)], ["draft"], [], shadows=np.radians(8)
    )
    told, other = (preset.folder.name for preset in (knowing_preset, tiny_preset))
    assert list(methods) == [f"{told} draft", f"{told} draft, shadows", f"{other} draft"]
    assert notes == [f"left out: {other} draft, shadows; the network tells none"]
    alone, lifted = (
        (complete(Panorama(room.furnished), room.mask).pixels != room.furnished).any(axis=2)
        for complete in list(methods.values())[:2]
    )
    assert not (alone & ~room.mask).any()
    near = grow(room.mask, np.radians(8) + 1.5 * np.pi / 64)  # the network sees 64 rows
    assert (lifted & ~room.mask).any() and not (lifted & ~near).any()


def test_what_is_lit_is_scored_as_the_eraser_completes_it():
    room = render_room(rows=128, noise=0.7)
    reach = np.radians(8)
    methods, _ = build_methods(["indoor"], ["fine"], [], shadows=reach)
    eraser = Eraser.load("indoor", quality="fine")
    lit, wider, _ = eraser.lift_shadows(Panorama(room.furnished), room.mask, reach)
    scored = list(methods.values())[1](Panorama(room.furnished), room.mask).pixels
    told, untold = (eraser.erase(lit, wider, shadows_lifted=gone).pixels for gone in (True, False))
    np.testing.assert_array_equal(scored, told)
    assert (told != untold).any()


def run(*arguments):
    command = [sys.executable, "-m", "pano_inpaint", "evaluate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_verb(folder, tmp_path, tiny_preset):
    options = ["--preset", tiny_preset.folder, "--peer", "telea", "--quality", "draft", "--lpips", "none"]
    done = run(folder, *options, "--csv", tmp_path / "s.csv", "--sheet", tmp_path / "s.jpg")
    assert done.returncode == 0, done.stderr
    for name in ("telea cube", "telea flat", f"{tiny_preset.folder.name} draft", "psnr", "s.jpg"):
        assert name in done.stdout
    with (tmp_path / "s.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == ["attic"] * 3 + ["hall"] * 3 + ["mean"] * 3
    # The surroundings are of one colour, and the truth 51 levels brighter.
    assert float(rows[-3]["psnr"]) == pytest.approx(20 * np.log10(5), abs=0.1)
    assert (tmp_path / "s.jpg").stat().st_size > 1000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--peer", "magic"], "magic"),
        (["--through", "air"], "air"),
        (["--lpips", "resnet"], "resnet"),
    ],
)
def test_bad_options_get_one_clear_line(folder, options, message):
    done = run(folder, *options)
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1 and message in lines[0]
    assert "Traceback" not in done.stderr
