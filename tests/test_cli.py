"""The command line as its users meet it: real processes, real files."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from rooms import render_room

import pano_inpaint
from pano_inpaint.masks import grow, spherical_cap

HEIGHT = 64


def run(*arguments, module="pano_inpaint", **options):
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def tour(tmp_path):
    """A folder of three panoramas, two with masks of their own."""
    rng = np.random.default_rng(0)
    (tmp_path / "masks").mkdir()
    for number, name in enumerate(("hall", "lounge", "attic")):
        pixels = rng.integers(0, 256, (HEIGHT, 2 * HEIGHT, 3), dtype=np.uint8)
        (tmp_path / "tour").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "tour" / f"{name}.png")
        if name != "attic":
            mask = spherical_cap(number, -0.3, 0.3, HEIGHT)
            Image.fromarray(mask).save(tmp_path / "masks" / f"{name}_mask.png")
    return tmp_path


def pixels_of(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("module", ["pano_inpaint", "pretrain", "finetune"])
def test_help_is_light_and_does_not_import_tensorflow(module):
    code = (
        "import sys, runpy\n"
        f"sys.argv = ['{module}', '--help']\n"
        f"try: runpy.run_module('{module}', run_name='__main__')\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'tensorflow', 'keras', 'cv2', 'matplotlib'} & sys.modules.keys()\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert "Usage" in shown.stdout


def test_importing_the_package_is_light():
    code = "import sys, pano_inpaint; sys.exit(bool({'tensorflow', 'cv2', 'numpy'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_public_names():
    assert pano_inpaint.__all__ == [
        "Eraser", "PanoInpaintError", "Panorama", "read_mask", "read_panorama", "write_panorama",
    ]  # fmt: skip
    for name in pano_inpaint.__all__:
        assert getattr(pano_inpaint, name).__doc__
    with pytest.raises(AttributeError, match="nothing"):
        pano_inpaint.nothing  # noqa: B018


def test_version():
    assert run("--version").stdout.strip() == f"pano-inpaint {pano_inpaint.__version__}"


def test_erase_one(tour, tiny_preset):
    out = tour / "new" / "folder" / "hall.png"
    mask = tour / "masks" / "hall_mask.png"
    done = run("erase", tour / "tour" / "hall.png", "--mask", mask, "-o", out, "--preset", tiny_preset.folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(out)
    before, after, hole = (pixels_of(path) for path in (tour / "tour" / "hall.png", out, mask))
    np.testing.assert_array_equal(after[~hole], before[~hole])
    assert (after[hole] != before[hole]).any()


@pytest.fixture
def lounge(tour, tiny_preset):
    """Erase the lounge with further arguments; returns what the process said."""
    given = [tour / "tour" / "lounge.png", "--mask", tour / "masks" / "lounge_mask.png"]
    return lambda *more: run("erase", *given, "--preset", tiny_preset.folder, *more, cwd=tour)


def test_grow_widens_the_mask_by_an_angle(tour, lounge):
    before, hole = (pixels_of(tour / name) for name in ("tour/lounge.png", "masks/lounge_mask.png"))
    wide = grow(hole, np.radians(9))
    assert wide.sum() > hole.sum()
    for degrees, allowed in ((0, hole), (9, wide)):
        done = lounge("-o", "o.png", "--grow", degrees)
        assert done.returncode == 0, done.stderr
        assert ("widened by 9°" in done.stderr) == (degrees == 9)
        changed = (pixels_of(tour / "o.png") != before).any(axis=2)
        assert not (changed & ~allowed).any()
    assert (changed & ~hole).any()


def test_a_tour_reports_how_far_masks_were_widened(tour, knowing_preset):
    shares = {}
    for degrees in (0, 9):
        options = ["--grow", degrees, "--preset", knowing_preset.folder, "--quality", "draft", "--overwrite"]
        options += ["--shadows", degrees / 3]
        done = run("erase", tour / "tour", "--mask", tour / "masks", "-o", tour / "out", *options)
        assert done.returncode == 0, done.stderr
        report = json.loads((tour / "out" / "report.json").read_text())
        assert report["grow_deg"] == degrees and report["shadows_deg"] == degrees / 3
        shares[degrees] = [scene["erased_share"] for scene in report["scenes"] if scene["state"] == "erased"]
    assert all(wide > exact for wide, exact in zip(shares[9], shares[0], strict=True))


def test_a_hole_is_completed_as_the_eraser_does_where_shadows_are_lifted(tour):
    room = render_room(rows=128, noise=0.7)
    for name, pixels in (("room", room.furnished), ("mask", room.mask)):
        Image.fromarray(pixels).save(tour / f"{name}.png")
    options = ["--shadows", 8, "--grow", 0, "--quality", "fine", "-o", tour / "o.png"]
    done = run("erase", tour / "room.png", "--mask", tour / "mask.png", *options)
    assert done.returncode == 0, done.stderr
    eraser = pano_inpaint.Eraser.load(quality="fine")
    lit, wider, _ = eraser.lift_shadows(pano_inpaint.Panorama(room.furnished), room.mask, np.radians(8))
    told, untold = (eraser.erase(lit, wider, shadows_lifted=gone).pixels for gone in (True, False))
    np.testing.assert_array_equal(pixels_of(tour / "o.png"), told)
    assert (told != untold).any()


def test_shadows_want_a_network_that_tells_them(tour, tiny_preset):
    for what, masks in (("tour", "masks"), ("tour/lounge.png", "masks/lounge_mask.png")):
        done = run(
            "erase", tour / what, "--mask", tour / masks, "-o", tour / "out",
            "--preset", tiny_preset.folder, "--shadows", 4,
        )  # fmt: skip
        assert done.returncode == 2 and "expected a network that tells shadows for --shadows" in done.stderr
        assert not (tour / "out").exists()


def test_growing_over_everything_is_refused(tour, lounge):
    mask = ~spherical_cap(0.0, 0.0, 0.3, HEIGHT)
    Image.fromarray(mask).save(tour / "masks" / "lounge_mask.png")
    done = lounge("-o", "o.png", "--grow", 30)
    assert done.returncode == 2
    assert "covers everything" in done.stderr and "--grow" in done.stderr


def test_variants_are_numbered_and_differ_in_the_hole_only(tour, lounge):
    done = lounge("-o", "new/o.png", "--variants", 2, "--grow", 0, "--quality", "fine")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["new/o_1.png", "new/o_2.png"]
    hole = pixels_of(tour / "masks" / "lounge_mask.png")
    before, first, second = (pixels_of(tour / name) for name in ("tour/lounge.png", *done.stdout.split()))
    np.testing.assert_array_equal(first[~hole], before[~hole])
    np.testing.assert_array_equal(second[~hole], before[~hole])
    assert (first[hole] != second[hole]).any()


def test_explain_writes_pictures(tour, lounge):
    done = lounge("-o", "o.png", "--explain", "why", "--quality", "fine")
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tour / "why").iterdir())
    assert names == ["o_guide.jpg", "o_planes.jpg", "o_sources.jpg"]
    assert {pixels_of(tour / "why" / name).shape for name in names} == {(HEIGHT, 2 * HEIGHT, 3)}


def test_erase_a_folder_goes_on_past_bad_files(tour, tiny_preset):
    (tour / "tour" / "broken.png").write_bytes(b"no picture")
    Image.fromarray(np.zeros((HEIGHT, 2 * HEIGHT), bool)).save(tour / "masks" / "broken.png")
    Image.fromarray(np.zeros((4, 8), bool)).save(tour / "masks" / "cellar.png")
    out = tour / "out"
    done = run("erase", tour / "tour", "--mask", tour / "masks", "-o", out, "--preset", tiny_preset.folder)
    assert done.returncode == 1
    assert "broken: " in done.stderr
    assert "no panorama for the mask cellar.png" in done.stderr
    assert "1 of 4 failed" in done.stderr
    report = json.loads((out / "report.json").read_text())
    states = {scene["id"]: scene["state"] for scene in report["scenes"]}
    assert states == {
        "attic.png": "untouched",
        "broken.png": "failed",
        "hall.png": "erased",
        "lounge.png": "erased",
    }
    for name in ("attic", "broken"):
        assert (out / f"{name}.png").read_bytes() == (tour / "tour" / f"{name}.png").read_bytes()


def test_one_mask_for_a_folder(tour, tiny_preset):
    mask, out = tour / "masks" / "hall_mask.png", tour / "out"
    done = run("erase", tour / "tour", "--mask", mask, "-o", out, "--preset", tiny_preset.folder)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "attic.png",
        "hall.png",
        "lounge.png",
        "report.json",
        "view.html",
    ]
    assert done.stdout.split() == [str(out), str(out / "view.html")]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["erase", "tour/hall.png", "--mask", "masks/hall_mask.png", "-o", "tour/hall.png"], 2, "source"),
        (["erase", "nothing.png", "--mask", "masks/hall_mask.png", "-o", "o.png"], 1, "nothing.png"),
        (["erase", "tour/hall.png", "--mask", "small.png", "-o", "o.png"], 2, "128"),
        (["erase", "tour/hall.png", "--mask", "masks/hall_mask.png", "-o", "o.bmp"], 2, "o.bmp"),
        (["erase", "masks/empty", "--mask", "small.png", "-o", "o"], 1, "no picture in it"),
        (["view", "tour/hall.png", "--before", "tour/hall.png", "--before", "small.png"], 2, "got 2"),
        (["view", "tour", "masks"], 2, "got 2"),
        (["view", "nothing/"], 1, "nothing"),
        (["view", "tour/hall.png", "--form", "zip"], 2, "'zip'"),
        (["score", "tour", "nothing"], 1, "nothing"),
        (["erase", "tour/hall.png", "--mask", "m.png", "-o", "o.png", "--preset", "no"], 2, "'no'"),
        (["erase", "tour", "--mask", "masks", "-o", "out", "--variants", "2"], 2, "single panorama"),
        (["erase", "tour", "--mask", "masks", "-o", "out", "--explain", "why"], 2, "single panorama"),
        (
            ["erase", "tour/hall.png", "--mask", "small.png", "-o", "o.png", "--variants", "2"]
            + ["--quality", "draft"],
            2,
            "only one",
        ),
    ],
)
def test_bad_input_gets_one_clear_line(tour, tiny_preset, arguments, code, message):
    Image.fromarray(np.ones((8, 16), bool)).save(tour / "small.png")
    (tour / "masks" / "empty").mkdir()
    if arguments[0] == "erase" and "--preset" not in arguments:
        arguments = [*arguments, "--preset", tiny_preset.folder]
    before = (tour / "tour" / "hall.png").read_bytes()
    done = run(*arguments, cwd=tour)
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    assert message in lines[0]
    assert "Traceback" not in done.stderr
    assert (tour / "tour" / "hall.png").read_bytes() == before
    assert not list(tour.rglob(".part*"))
    assert not (tour / "o.png").exists()


def test_debug_shows_the_traceback(tour):
    done = run("erase", "nothing.png", "--mask", "m.png", "-o", "o.png", "--preset", "no", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_view_writes_a_page(tour):
    done = run("view", tour / "tour" / "hall.png", "--no-open", "-o", tour / "page.html", "--title", "A <b>")
    assert done.returncode == 0, done.stderr
    page = (tour / "page.html").read_text()
    assert "A <b>" not in page
    assert done.stdout.strip() == str(tour / "page.html")


def test_view_writes_a_page_for_a_tour(tour):
    (tour / "tour" / "broken.png").write_bytes(b"no picture")
    options = "--no-open", "--form", "folder"
    refused = run("view", tour / "tour", "--before", tour / "masks", *options, cwd=tour)
    assert refused.returncode == 2 and "expected an earlier tour with the same scenes" in refused.stderr
    assert not (tour / "tour.html").exists()
    (tour / "before").mkdir()
    Image.fromarray(255 - pixels_of(tour / "tour" / "hall.png")).save(tour / "before" / "hall.png")
    done = run("view", tour / "tour", "--before", tour / "before", *options, cwd=tour)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{tour / 'tour.html'} and tour_files/"
    assert "left out broken" in done.stderr
    assert len(list((tour / "tour_files").iterdir())) == 3 + 1


def test_score_prints_a_table_and_writes_it(tour):
    noisy = tour / "results"
    noisy.mkdir()
    for name in ("hall", "lounge"):
        pixels = pixels_of(tour / "tour" / f"{name}.png") // 2
        Image.fromarray(pixels).save(noisy / f"{name}.png")
    done = run("score", noisy, tour / "tour", "--mask", tour / "masks", "--csv", tour / "s.csv")
    assert done.returncode == 1  # the attic has no result
    assert "attic" in done.stderr
    rows = (tour / "s.csv").read_text().splitlines()
    assert rows[0].startswith("name,psnr,ssim,l1")
    assert [row.split(",")[0] for row in rows[1:]] == ["hall", "lounge", "mean"]
    expected = -10 * np.log10(np.mean([0.25 * 1 / 3]))  # uniform noise, halved: mean square error 1/12
    assert float(rows[-1].split(",")[1]) == pytest.approx(expected, abs=0.5)
