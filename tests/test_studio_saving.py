"""What the studio saves and keeps, and how it hands pictures out."""

import http.client
import json
from pathlib import Path

import numpy as np
import pytest
from pictures import ICC, exif_block, noise, packet, smooth, stored
from PIL import Image
from studios import CAP, NADIR, Painter, colour_of, decoded, studio, write_tour

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.masks import spherical_cap
from pano_inpaint.panorama import read_panorama
from pano_inpaint.tours import read_tour
from viewers.studio.app import build_studio
from viewers.studio.layers import Layer, read_layer, write_layer


@pytest.fixture
def tour(tmp_path):
    return write_tour(tmp_path / "tour")


@pytest.mark.parametrize("kind", ["jpg", "16-bit png", "partial"])
def test_what_is_saved_keeps_depth_metadata_and_coding(tmp_path, kind):
    if kind == "jpg":
        Image.fromarray(smooth(64, 128)).save(
            tmp_path / "a.jpg", quality=83, exif=b"Exif\0\0" + exif_block(), icc_profile=ICC
        )
    elif kind == "16-bit png":
        stored(tmp_path / "a.png", noise(3, np.uint16), icc=ICC)
    else:
        Image.fromarray(smooth(32, 64)).save(tmp_path / "a.jpg", xmp=packet((128, 64), (64, 32), (32, 16)))
    name = next(tmp_path.iterdir())
    with studio(name) as client:
        client.mark(0, {"kind": "stroke", "points": [[0, 0, 15]]})
        client.erase(0)
        client.ok("scenes/0/accept")
        (saved,) = client.ok("save", {"scenes": [0]})["saved"]
    before, after = read_panorama(name), read_panorama(saved["picture"])
    assert after.metadata.icc == before.metadata.icc
    assert bool(after.metadata.exif) == bool(before.metadata.exif)
    assert (after.bit_depth, after.placement) == (before.bit_depth, before.placement)
    assert decoded(Path(saved["mask"]).read_bytes()).shape == decoded(name.read_bytes()).shape[:2]
    if kind == "16-bit png":
        changed = (after.pixels != before.pixels).any(axis=-1)
        np.testing.assert_array_equal(changed, spherical_cap(0, 0, np.radians(15), 32))
    else:
        assert (
            after.coding["quantization"] == before.coding["quantization"]
            if "quantization" in after.coding
            else True
        )


def test_a_tour_with_links_is_saved_as_a_mirror(tmp_path):
    root = write_tour(tmp_path / "home", ("a.png", "b.png"))
    scenes = {
        "hall": {"panorama": "a.png", "hotSpots": [{"yaw": 1, "pitch": 2, "sceneId": "room"}]},
        "room": {"panorama": "b.png"},
    }
    (root / "tour.json").write_text(json.dumps({"default": {"firstScene": "hall"}, "scenes": scenes}))
    before = {path.name: path.read_bytes() for path in root.iterdir()}
    with studio(root / "tour.json") as client:
        assert client.get("tour")[1]["whole"]
        client.mark(1, NADIR)
        client.erase(1)
        client.ok("scenes/1/accept")
        (saved,) = client.ok("save", {"scenes": [0]})["saved"]
        assert saved == {
            "scene": 1,
            "picture": str(tmp_path / "home_erased"),
            "mask": str(tmp_path / "home_erased_masks/room.png"),
        }
        assert client.ok("save", {"scenes": [1]})["saved"] == [saved]
        client.ok("scenes/1/reopen")
        client.erase(1, seed=5)
        client.ok("scenes/1/accept")
        assert client.ok("save", {"scenes": [1]})["saved"][0]["picture"] == str(tmp_path / "home_erased_2")
    mirror = {path.name: path.read_bytes() for path in (tmp_path / "home_erased").iterdir()}
    assert sorted(mirror) == ["a.png", "b.png", "report.json", "tour.json", "view.html"]
    assert [name for name in before if mirror[name] != before[name]] == ["b.png"]
    assert {name: (root / name).read_bytes() for name in before} == before
    assert read_tour(tmp_path / "home_erased").scenes[0].hotspots[0].target == "room"


def test_results_and_work_go_to_another_folder(tour, tmp_path):
    before = sorted(path.name for path in tour.iterdir())
    with studio(tour, out=tmp_path / "out") as client:
        client.mark(0, NADIR)
        client.erase(0)
        client.ok("scenes/0/accept")
        client.ok("save", {"scenes": [0]})
    assert sorted(path.name for path in tour.iterdir()) == before
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [".pano-inpaint", "lounge_erased.png", "lounge_erased_mask.png"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path, tour):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written"):
        build_studio(tour, Painter, out=tmp_path / "file")


def test_everything_survives_the_servers_end(tour):
    with studio(tour) as client:
        client.mark(0, CAP)
        client.erase(0, seed=3)
        client.ok("scenes/0/accept")
        client.mark(0, NADIR, CAP)
        client.ok(
            "scenes/0/marks",
            {"revision": client.get("scenes/0")[1]["revision"], "keep": 2, "shown": 1},
            "PUT",
        )
        client.mark(1, NADIR)
        client.erase(1)
        told, picture = client.get("tour")[1], client.bytes("api/scenes/1/pictures/result")
    with studio(tour) as client:
        again = client.get("tour")[1]
        assert again["scenes"] == told["scenes"]
        assert client.bytes("api/scenes/1/pictures/result") == picture
        assert client.get("scenes/0")[1]["marks"] == [NADIR, CAP]
    with studio(tour / "lounge.png") as client:  # alone it shares the work of its tour
        assert client.get("scenes/0")[1]["marks"] == [NADIR, CAP]


def test_a_changed_picture_keeps_its_marks_only(tour):
    with studio(tour) as client:
        client.mark(0, CAP)
        client.erase(0)
        client.ok("scenes/0/accept")
    Image.new("RGB", (64, 32), (9, 9, 9)).save(tour / "lounge.png")
    with studio(tour) as client:
        (note,) = client.get("tour")[1]["notes"]
        assert "lounge: the picture has changed" in note
        scene = client.get("scenes/0")[1]
        assert (scene["accepted"], scene["marks"]) == (0, [CAP])


IMPOSSIBLE = {"version": 1, "scene": "", "accepted": [], "candidate": None, "shown": 1}
DAMAGES = [
    "{",
    "[]",
    '{"version": 9}',
    json.dumps(IMPOSSIBLE | {"marks": [{"kind": "stroke", "points": [[900, 0, 1]]}]}),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_work_is_set_aside(tour, damage):
    with studio(tour) as client:
        client.mark(0, CAP)
    (file,) = (tour / ".pano-inpaint").glob("lounge*.json")
    file.write_text(damage)
    with studio(tour) as client:
        assert "set aside" in client.get("tour")[1]["notes"][0]
        assert client.get("scenes/0")[1]["marks"] == []
        client.mark(0, NADIR)
    assert file.with_suffix(".damaged").read_text() == damage


def test_one_studio_at_a_time(tour):
    with studio(tour), pytest.raises(UsageError, match="studio at work"):
        build_studio(tour, Painter)
    with studio(tour) as client:
        assert client.get("tour")[0] == 200


def test_a_scene_that_cannot_be_read_leaves_the_others(tour):
    (tour / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing of the kind")
    with studio(tour) as client:
        names = [scene["name"] for scene in client.get("tour")[1]["scenes"]]
        broken = names.index("broken")
        for path in ("thumbnail", "pictures/original", "mask"):
            status, answer = client.get(f"scenes/{broken}/{path}")
            assert status == 422
            assert "broken.png" in answer["error"]
        client.mark(broken, NADIR)
        assert client.erase(broken)["state"] == "failed"
        client.mark(names.index("lounge"), NADIR)
        assert client.erase(names.index("lounge"))["state"] == "done"


def test_a_jpeg_is_shown_as_it_is_until_something_is_erased(tmp_path):
    plain = Image.fromarray(smooth(256, 512))
    plain.save(tmp_path / "a.jpg", quality=90)
    turned = Image.Exif()
    turned[0x0112] = 3  # upside down
    plain.save(tmp_path / "b.jpg", quality=90, exif=turned)
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "c.jpg").write_bytes(whole[: len(whole) // 2])
    with studio(tmp_path) as client:
        assert client.bytes("api/scenes/0/pictures/current") == whole
        small = decoded(client.bytes("api/scenes/0/thumbnail"))
        assert small.shape == (136, 272, 3)
        expected = np.asarray(plain.resize((272, 136), Image.Resampling.BOX), float)
        assert np.abs(small - expected).mean() < 4
        upright = np.asarray(plain.rotate(180), float)
        assert np.abs(decoded(client.bytes("api/scenes/1/pictures/current")) - upright).mean() < 4
        status, answer = client.get("scenes/2/thumbnail")
        assert status == 422
        assert "c.jpg" in answer["error"]
        client.mark(0, NADIR)
        client.erase(0)
        result = decoded(client.bytes("api/scenes/0/pictures/result")).astype(int)
        assert np.abs(result[-1] - colour_of(0)).max() < 8
        client.ok("scenes/0/accept")
        assert client.bytes("api/scenes/0/pictures/current") != whole
        assert client.bytes("api/scenes/0/pictures/original") == whole


def test_thumbnails_and_pictures_are_asked_for_once(tour):
    with studio(tour) as client:
        thumbnail = client.bytes("api/scenes/0/thumbnail")
        assert decoded(thumbnail).shape == (64, 128, 3)
        host = client.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host)
        connection.request("GET", "/api/scenes/0/pictures/current")
        response = connection.getresponse()
        response.read()
        tag = response.headers["ETag"]
        connection.request("GET", "/api/scenes/0/pictures/current", headers={"If-None-Match": tag})
        response = connection.getresponse()
        assert (response.status, response.read()) == (304, b"")
        connection.close()


def test_layers_are_exact_and_damaged_ones_are_told(tmp_path):
    mask = np.random.default_rng(0).random((16, 32)) < 0.3
    layer = Layer(mask, np.random.default_rng(1).integers(0, 65536, (mask.sum(), 3), np.uint16))
    write_layer(tmp_path / "a.npz", layer)
    again = read_layer(tmp_path / "a.npz")
    np.testing.assert_array_equal(again.mask, mask)
    np.testing.assert_array_equal(again.values, layer.values)
    data = (tmp_path / "a.npz").read_bytes()
    for damage in (data[:100], b"", data[:-300], b"PK" + data[50:]):
        (tmp_path / "b.npz").write_bytes(damage)
        with pytest.raises(FileError, match="cannot be read"):
            read_layer(tmp_path / "b.npz")
