import base64
import json
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from test_page import read_page, to_bytes
from tour_samples import COLOUR, Painter, marzipano_tour, save_mask, save_panorama

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.tours import erase_tour, read_tour
from viewers.page import Scene, write_page
from viewers.tour_page import write_mirror_page, write_tour_page


@pytest.fixture
def pannellum(tmp_path):
    """Return a tour of two rooms that lead to each other, its file, and a mask for the first."""
    root = tmp_path / "tour"
    for name, height in (("hall", 32), ("lounge", 64)):
        save_panorama(root / f"{name}.jpg", height)
    way = {"type": "scene", "yaw": 30, "pitch": -20, "sceneId": "lounge", "text": "the lounge"}
    back = {"type": "scene", "yaw": -150, "pitch": -20, "sceneId": "hall", "targetYaw": 200, "targetPitch": 5}
    scenes = {
        "hall": {"panorama": "hall.jpg", "title": "Hall", "yaw": 15, "hfov": 80, "hotSpots": [way]},
        "lounge": {
            "panorama": "lounge.jpg",
            "hotSpots": [back, {"yaw": 0, "pitch": 0, "text": "Oak"}, {"sceneId": "attic"}],
        },
    }
    (root / "tour.json").write_text(json.dumps({"default": {"firstScene": "hall"}, "scenes": scenes}))
    save_mask(tmp_path / "masks" / "hall.png")
    return root / "tour.json"


def test_scenes_lead_to_each_other(tmp_path, pannellum):
    page = write_tour_page(tmp_path / "page.html", read_tour(pannellum), title="Home")
    data, pictures = read_page(page.path)
    hall, lounge = data["scenes"]
    assert (data["title"], len(pictures)) == ("Home", 2)
    assert hall["hotspots"] == [{"yaw": 30, "pitch": -20, "text": "the lounge", "target": 1}]
    assert hall["start"] == {"yaw": 15, "pitch": 0, "fov": 80}
    arrival = {"yaw": -160, "pitch": 5, "fov": None}
    assert lounge["hotspots"] == [
        {"yaw": -150, "pitch": -20, "text": "", "target": 0, "arrival": arrival},
        {"yaw": 0, "pitch": 0, "text": "Oak"},
    ]


def test_only_scenes_that_changed_are_compared(tmp_path, pannellum):
    tour = read_tour(pannellum)
    report = erase_tour(tour, tmp_path / "masks", Painter(), tmp_path / "out")
    write_tour_page(tmp_path / "page.html", read_tour(report.mirror), before=tour)
    data, pictures = read_page(tmp_path / "page.html")
    hall, lounge = data["scenes"]
    assert lounge["before"] is None
    assert to_bytes(pictures[hall["before"]["index"]]) == (pannellum.parent / "hall.jpg").read_bytes()
    assert to_bytes(pictures[hall["panorama"]["index"]]) == (report.mirror / "hall.jpg").read_bytes()


def test_tiles_are_put_together(tmp_path):
    tour = read_tour(marzipano_tour(tmp_path / "tour"))
    report = erase_tour(
        tour, {"0-lounge": np.ones((8, 16), bool) & (np.arange(16) < 4)}, Painter(), tmp_path / "out"
    )
    page = write_tour_page(tmp_path / "page.html", read_tour(report.mirror), before=tour)
    data, pictures = read_page(page.path)
    lounge, hall = data["scenes"]
    assert (lounge["before"] is None, hall["before"] is None) == (False, True)
    assert [spot.get("target") for spot in lounge["hotspots"]] == [1, None]
    shown = np.asarray(Image.open(BytesIO(to_bytes(pictures[lounge["panorama"]["index"]]))), np.int32)
    assert np.abs(shown[60:190, 20:100] - np.int32(COLOUR)).mean() < 3
    assert not any(path.name.endswith(".jpg") for path in tmp_path.iterdir())


def test_a_scene_that_cannot_be_read_is_left_out(tmp_path, pannellum):
    (pannellum.parent / "lounge.jpg").write_bytes(b"no picture")
    page = write_tour_page(tmp_path / "page.html", read_tour(pannellum))
    data, _ = read_page(page.path)
    assert [scene["name"] for scene in data["scenes"]] == ["Hall"]
    assert data["scenes"][0]["hotspots"] == []
    assert len(page.problems) == 1
    assert "lounge" in page.problems[0]
    (pannellum.parent / "hall.jpg").write_bytes(b"no picture")
    with pytest.raises(FileError, match="hall"):
        write_tour_page(tmp_path / "none.html", read_tour(pannellum))
    assert not (tmp_path / "none.html").exists()


def test_pictures_beside_the_page(tmp_path):
    a, b = (save_panorama(tmp_path / f"{name}.jpg", height) for name, height in (("a", 32), ("b", 64)))
    page = write_page(tmp_path / "my page.html", [Scene("a", a, b), Scene("b", b)], form="folder")
    data, pictures = read_page(page.path)
    assert (pictures, len(page.sidecars)) == ([], 2)
    for scene, file in ((data["scenes"][0], a), (data["scenes"][1], b)):
        folder, name = scene["panorama"]["file"].split("/")
        assert folder == "my%20page_files"
        text = (tmp_path / "my page_files" / name).read_text()
        uri = re.fullmatch(r'\(window\.panoramaPictures \?\?= {}\)\["(.*)"\] = "(.*)";\n', text)
        assert uri[1] == name
        assert base64.b64decode(uri[2].split(",")[1], validate=True) == file.read_bytes()
    write_page(tmp_path / "my page.html", [Scene("a", a)], form="folder")
    assert len(list((tmp_path / "my page_files").iterdir())) == 1
    (tmp_path / "my page_files" / "note.txt").write_text("mine")
    write_page(tmp_path / "my page.html", [Scene("a", a)], form="file")
    assert [path.name for path in (tmp_path / "my page_files").iterdir()] == ["note.txt"]


def test_size_decides_where_pictures_go(tmp_path, monkeypatch):
    a = save_panorama(tmp_path / "a.jpg")
    for limit, count in ((a.stat().st_size, 0), (a.stat().st_size - 1, 1)):
        monkeypatch.setattr("viewers.page.LARGEST_FILE", limit)
        assert len(write_page(tmp_path / "page.html", [Scene("a", a)]).sidecars) == count
    with pytest.raises(UsageError, match="'zip'"):
        write_page(tmp_path / "page.html", [Scene("a", a)], form="zip")


def test_a_mirror_has_its_page_and_none_of_an_earlier_one(tmp_path, pannellum):
    tour = read_tour(pannellum.parent)

    def erase(tour, out, **options):
        def write_page(mirror):
            return write_mirror_page(mirror, tour, **options)

        return erase_tour(tour, tmp_path / "masks", Painter(), tmp_path / out, write_page=write_page)

    once = erase(tour, "once", form="folder")
    assert once.page == tmp_path / "once" / "view.html"
    files = json.loads((once.mirror / "report.json").read_text())["page"]
    assert files[0] == "view.html"
    assert all((once.mirror / name).is_file() for name in files)
    assert len(files) == 4  # page, hall as it is and was, lounge
    twice = erase(read_tour(once.mirror), "twice")
    assert sorted(path.name for path in twice.mirror.iterdir()) == [
        "hall.jpg", "lounge.jpg", "report.json", "tour.json", "view.html",
    ]  # fmt: skip


def test_a_tours_own_page_stays(tmp_path, pannellum):
    (pannellum.parent / "view.html").write_text("mine")
    tour = read_tour(pannellum.parent)
    report = erase_tour(
        tour,
        tmp_path / "masks",
        Painter(),
        tmp_path / "out",
        write_page=lambda mirror: write_mirror_page(mirror, tour),
    )
    assert report.page.name == "pano-inpaint-view.html"
    assert (report.mirror / "view.html").read_text() == "mine"
