"""Tours that somebody made to lead out of their folder, or that are simply broken."""

import json

import numpy as np
import pytest
from tour_samples import Painter, contents, marzipano_tour, save_panorama

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.tours import erase_tour, read_tour
from pano_inpaint.tours.javascript import parse_literal

HOSTILE = [
    "../secret.jpg",
    "a/../../secret.jpg",
    "..%2fsecret.jpg",
    "..\\secret.jpg",
    "/etc/passwd",
    "//example.org/a.jpg",
    "file:///etc/passwd",
    "data:image/png;base64,AAAA",
    "C:\\secret.jpg",
    "a\x00.jpg",
    "\ud800.jpg",
    "a" * 300 + ".jpg",
    "a/" * 3000 + "b.jpg",
    "",
    7,
    None,
    ["a.jpg"],
    {"path": "../secret.jpg"},
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["pannellum", "photo-sphere-viewer"])
def test_names_that_lead_out_are_refused_and_the_rest_works(tmp_path, name, kind):
    root = tmp_path / "tour"
    save_panorama(root / "good.jpg")
    save_panorama(tmp_path / "secret.jpg")
    if kind == "pannellum":
        data = {"scenes": {"good": {"panorama": "good.jpg"}, "bad": {"panorama": name}}}
    else:
        data = [{"id": "good", "panorama": "good.jpg"}, {"id": "bad", "panorama": name}]
    (root / "tour.json").write_text(json.dumps(data))
    tour = read_tour(root)
    assert tour.scene("bad").source is None
    assert tour.scene("bad").problem.startswith("expected")
    mask = np.zeros((32, 64), bool)
    mask[28:] = True
    report = erase_tour(tour, {"good": mask, "bad": mask}, Painter(), tmp_path / "out")
    assert [(scene.id, scene.state) for scene in report.scenes] == [("good", "erased"), ("bad", "failed")]
    assert set(contents(report.mirror)) == {"good.jpg", "tour.json", "report.json"}


@pytest.mark.parametrize("scene_id", ["../../tour/tiles/0-lounge", "..", "../..", "", ".", "nothing", "a\0"])
def test_marzipano_ids_that_lead_out(tmp_path, scene_id):
    root = marzipano_tour(tmp_path / "tour")
    data = {"scenes": [{"id": scene_id, "name": "x"}]}
    (root / "data.js").write_text(f"var APP_DATA = {json.dumps(data)}")
    (scene,) = read_tour(root).scenes
    assert scene.source is None
    assert scene.problem.startswith("expected")


def test_links_that_lead_out_are_neither_read_nor_copied(tmp_path):
    root = tmp_path / "tour"
    save_panorama(root / "good.jpg")
    (tmp_path / "secret.txt").write_text("secret")
    (root / "note.txt").symlink_to(tmp_path / "secret.txt")
    (root / "linked.jpg").symlink_to(save_panorama(tmp_path / "secret.jpg"))
    tour = read_tour(root)
    assert "a link that leads out of it" in tour.scene("linked.jpg").problem
    mask = np.zeros((32, 64), bool)
    mask[28:] = True
    report = erase_tour(tour, {"good.jpg": mask}, Painter(), tmp_path / "out")
    assert set(contents(report.mirror)) == {"good.jpg", "report.json"}
    left_out = json.loads((report.mirror / "report.json").read_text())["left_out"]
    assert left_out == [f"{name}: a link that leads out of the tour" for name in ("linked.jpg", "note.txt")]


@pytest.mark.parametrize(
    "text",
    ["", "var APP_DATA = ", "x = {a: b}", "x = {a: 1", "x = [1, 2}", "[" * 100_000, "x = {a: f(1)}", "{'a"],
)
def test_scripts_that_are_no_data(text):
    with pytest.raises(FileError, match="expected plain data"):
        parse_literal(text)


@pytest.mark.parametrize(
    "scenes", [None, 1, "x", [], [1, None], {"a": 1}, [{"id": {}, "levels": "x", "linkHotspots": 5}]]
)
def test_marzipano_data_of_the_wrong_shape(tmp_path, scenes):
    (tmp_path / "data.js").write_text(f"var APP_DATA = {json.dumps({'scenes': scenes})};")
    try:
        tour = read_tour(tmp_path)
    except FileError as error:
        assert "expected scenes" in str(error)
    else:
        assert all(scene.problem for scene in tour.scenes)


def test_hotspots_of_the_wrong_shape(tmp_path):
    save_panorama(tmp_path / "a.jpg")
    spots = [1, None, {}, {"yaw": "x", "pitch": None}, {"yaw": 1e999, "sceneId": ["a"]}]
    data = {"scenes": {"a": {"panorama": "a.jpg", "hotSpots": spots, "title": 5}, "b": "x"}}
    (tmp_path / "tour.json").write_text(json.dumps(data))
    scene = read_tour(tmp_path).scene("a")
    assert [(spot.yaw, spot.pitch, spot.target) for spot in scene.hotspots] == [(0.0, 0.0, None)] * 3
    assert scene.name == "5"


def test_a_description_that_is_no_text(tmp_path):
    (tmp_path / "tour.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises((FileError, UsageError), match="tour.json"):
        read_tour(tmp_path / "tour.json")
