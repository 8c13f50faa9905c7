"""The studio's server through a real socket: marks, erasing, saving, what survives, and what is refused."""

import http.client
import io
import json
import socket
from pathlib import Path

import numpy as np
import pytest
from pictures import ICC, exif_block, noise, packet, smooth, stored
from PIL import Image
from studios import CAP, NADIR, Gate, Painter, colour_of, studio, write_tour

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.masks import grow, spherical_cap
from pano_inpaint.panorama import read_panorama
from pano_inpaint.sphere import lonlat_to_vector, window_directions
from pano_inpaint.tours import read_tour
from viewers.studio.app import build_studio
from viewers.studio.launch import build_eraser_maker
from viewers.studio.layers import Layer, read_layer, write_layer
from viewers.tfserving import Limits
from viewers.worker import CancelledJobError


@pytest.fixture
def tour(tmp_path):
    return write_tour(tmp_path / "tour")


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def angles(height, yaw, pitch):
    rays = window_directions((slice(None), 0, 2 * height), height).astype(float)
    chord = np.linalg.norm(rays - lonlat_to_vector(np.radians(yaw), np.radians(pitch)), axis=-1)
    return np.degrees(2 * np.arcsin(np.clip(chord / 2, 0, 1)))


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (90, 10), (180, 0), (-179.5, -20), (0, -90), (30, 90)])
def test_the_mask_is_the_analytic_cap(tour, yaw, pitch):
    with studio(tour) as client:
        client.mark(0, {"kind": "stroke", "points": [[yaw, pitch, 17.0]]})
        mask = decoded(client.bytes("api/scenes/0/mask"))
    np.testing.assert_array_equal(mask, np.where(angles(64, yaw, pitch) <= 17, 255, 0))


def test_marks_are_drawn_undone_and_redone(tour):
    with studio(tour) as client:
        client.mark(0, NADIR, CAP)
        both = decoded(client.bytes("api/scenes/0/mask"))
        client.ok("scenes/0/marks", {"revision": 1, "keep": 2, "shown": 1}, "PUT")
        one = decoded(client.bytes("api/scenes/0/mask"))
        np.testing.assert_array_equal(one > 0, spherical_cap(0, -np.pi / 2, np.radians(20), 64))
        scene = client.get("scenes/0")[1]
        assert (scene["marks"], scene["shown"], scene["revision"]) == ([NADIR, CAP], 1, 2)
        client.ok("scenes/0/marks", {"revision": 2, "keep": 2, "shown": 2}, "PUT")
        np.testing.assert_array_equal(decoded(client.bytes("api/scenes/0/mask")), both)
        erased = {"kind": "stroke", "points": [[0, -90, 5]], "erase": True}
        lasso = {"kind": "lasso", "points": [[0, 40], [40, 40], [20, 60]]}
        client.mark(0, NADIR, erased, lasso, {"kind": "grow", "radius": 3.0})
        mask = decoded(client.bytes("api/scenes/0/mask")) > 0
        assert not mask[-1].any()
        assert mask[-5:-3].all()
        client.mark(0, NADIR, {"kind": "clear"})
        assert not decoded(client.bytes("api/scenes/0/mask")).any()


def test_two_pages_do_not_overwrite_each_other(tour):
    with studio(tour) as client:
        client.mark(0, NADIR)
        status, answer = client.send("scenes/0/marks", {"revision": 0, "keep": 0, "shown": 0}, "PUT")
        assert (status, answer["error"]) == (409, "expected the marks of revision 1, received 0")
        assert client.get("scenes/0")[1]["marks"] == [NADIR]


def test_shadows_of_what_is_marked_are_lifted(tour):
    with studio(tour) as client:
        client.mark(0, CAP)
        mask = decoded(client.bytes("api/scenes/0/mask")) > 0
        task = client.erase(0, shadows_deg=9)
        wide = grow(mask, np.radians(9))
        result = client.get("scenes/0")[1]["result"]
        assert task["shadows_deg"] == result["shadows_deg"] == 9
        assert result["share"] == pytest.approx(_share(wide), abs=1e-6)
        client.ok("scenes/0/accept")
        (saved,) = client.ok("save", {"scenes": [0]})["saved"]
        np.testing.assert_array_equal(decoded(Path(saved["mask"]).read_bytes()) > 0, wide)
        assert client.send("tasks", {"scenes": [0], "shadows_deg": 46})[0] == 422


def test_erase_compare_accept_save(tour):
    before = {path.name: path.read_bytes() for path in tour.iterdir()}
    with studio(tour) as client:
        client.mark(0, CAP)
        mask = decoded(client.bytes("api/scenes/0/mask")) > 0
        task = client.erase(0, seed=7, quality="draft")
        assert (task["state"], task["done"], task["total"], task["seed"]) == ("done", 1, 1, 7)
        result = client.get("scenes/0")[1]["result"]
        assert (result["seed"], result["quality"]) == (7, "draft")
        assert result["share"] == pytest.approx(_share(mask), abs=1e-6)
        shown = decoded(client.bytes("api/scenes/0/pictures/result")).astype(int)
        original = decoded(client.bytes("api/scenes/0/pictures/original")).astype(int)
        assert np.abs(shown[mask] - colour_of(7)).mean() < 12
        assert client.bytes("api/scenes/0/pictures/current") == client.bytes("api/scenes/0/pictures/original")
        assert np.abs(shown - original)[~mask].mean() < 3
        scene = client.ok("scenes/0/accept")
        assert (scene["accepted"], scene["marks"], scene["result"]) == (1, [], None)
        assert client.bytes("api/scenes/0/pictures/current") != client.bytes("api/scenes/0/pictures/original")
        (saved,) = client.ok("save", {"scenes": [0]})["saved"]
        assert saved["picture"] == str(tour / "lounge_erased.png")
        assert client.ok("save", {"scenes": [0]})["saved"] == [saved]
        np.testing.assert_array_equal(decoded(Path(saved["mask"]).read_bytes()), np.where(mask, 255, 0))
        pixels = decoded(Path(saved["picture"]).read_bytes())
        expected = read_panorama(tour / "lounge.png").pixels.copy()
        expected[mask] = colour_of(7)
        np.testing.assert_array_equal(pixels, expected)
        client.mark(0, NADIR)
        client.erase(0)
        client.ok("scenes/0/accept")
        (again,) = client.ok("save", {"scenes": [0]})["saved"]
        assert again["picture"] == str(tour / "lounge_erased_2.png")
        union = mask | spherical_cap(0, -np.pi / 2, np.radians(20), 64)
        np.testing.assert_array_equal(decoded(Path(again["mask"]).read_bytes()) > 0, union)
    assert all((tour / name).read_bytes() == data for name, data in before.items())


def _share(mask):
    rows = np.cos((0.5 - (np.arange(64) + 0.5) / 64) * np.pi)
    return (mask * rows[:, None]).sum() / (rows.sum() * 128)


def test_retry_has_another_seed_and_discard_keeps_the_marks(tour):
    with studio(tour) as client:
        client.mark(0, CAP)
        client.erase(0, seed=1)
        client.erase(0, seed=2)
        work = tour / ".pano-inpaint"
        assert client.get("scenes/0")[1]["result"]["seed"] == 2
        assert len(list(work.glob("*.npz"))) == 1
        assert client.send("scenes/0/marks", {"revision": 1, "keep": 1, "shown": 1}, "PUT")[0] == 409
        scene = client.ok("scenes/0/discard")
        assert (scene["result"], scene["marks"]) == (None, [CAP])
        assert not list(work.glob("*.npz"))
        assert client.send("scenes/0/discard")[0] == 409


def test_an_accepted_result_can_be_taken_back(tour):
    with studio(tour) as client:
        client.mark(0, CAP)
        client.erase(0)
        client.ok("scenes/0/accept")
        client.mark(0, NADIR)
        client.erase(0)
        client.ok("scenes/0/accept")
        scene = client.ok("scenes/0/reopen")
        assert (scene["accepted"], scene["marks"]) == (1, [NADIR])
        scene = client.ok("scenes/0/reopen")
        assert (scene["accepted"], scene["marks"]) == (0, [CAP])
        assert client.bytes("api/scenes/0/pictures/current") == client.bytes("api/scenes/0/pictures/original")
        assert client.send("scenes/0/reopen")[0] == 409


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


def test_one_mask_for_all_scenes(tmp_path):
    tour = write_tour(tmp_path, ("a.png", "b.png", "c.png"))
    with studio(tour) as client:
        client.mark(1, CAP)
        client.mark(0, NADIR)
        assert client.ok("scenes/0/spread") == {"scenes": [1, 2], "left_out": []}
        client.ok("scenes/0/spread")
        assert [client.get(f"scenes/{n}")[1]["marks"] for n in range(3)] == [[NADIR], [CAP, NADIR], [NADIR]]
        tasks = client.ok("tasks", {"scenes": [0, 1, 2], "quality": "draft"})["tasks"]
        for task in tasks:
            assert client.wait(task["id"])["state"] == "done"
            client.ok(f"scenes/{task['scene']}/accept")
        saved = client.ok("save", {"scenes": [0, 1, 2]})["saved"]
        assert [Path(one["picture"]).name for one in saved] == [
            "a_erased.png",
            "b_erased.png",
            "c_erased.png",
        ]
    scenes = [scene.name for scene in read_tour(tour).scenes]
    assert scenes == ["a", "a_erased", "b", "b_erased", "c", "c_erased"]
    with studio(tour) as client:
        assert [scene["name"] for scene in client.get("tour")[1]["scenes"]] == ["a", "b", "c"]


def test_a_running_task_is_told_cancelled_and_dropped(tour):
    gate = Gate()
    with studio(tour, gate) as client:
        client.mark(0, CAP)
        client.mark(1, CAP)
        first, second = client.ok("tasks", {"scenes": [0, 1]})["tasks"]
        assert gate.reached.wait(20)
        now = client.get(f"tasks/{first['id']}")[1]
        assert (now["state"], now["stage"], now["done"], now["total"]) == ("working", "hole 2 of 2", 1, 2)
        assert client.get(f"tasks/{second['id']}")[1]["state"] == "waiting"
        assert client.send("tasks", {"scenes": [0]})[0] == 409
        assert client.send("scenes/0/marks", {"revision": 1, "keep": 0, "shown": 0}, "PUT")[0] == 409
        assert client.ok(f"tasks/{first['id']}", method="DELETE")["state"] == "cancelled"
        assert client.ok(f"tasks/{second['id']}", method="DELETE")["state"] == "cancelled"
        gate.open.set()
        assert client.erase(1)["state"] == "done"
        assert client.get("scenes/0")[1]["result"] is None
        assert client.get(f"tasks/{first['id']}")[1]["state"] == "cancelled"


def test_a_full_queue_says_so(tour):
    gate = Gate()
    with studio(tour, gate, limits=Limits(waiting=0)) as client:
        client.mark(0, CAP)
        client.mark(1, CAP)
        client.ok("tasks", {"scenes": [0]})
        status, answer = client.send("tasks", {"scenes": [1]})
        assert (status, answer["error"]) == (429, "The queue is full; try again later")
        gate.open.set()


def test_a_failed_task_says_why(tour):
    class Failing(Painter):
        def erase(self, panorama, mask, *, watch):
            raise FileError("the network is gone", hint="bring it back")

    with studio(tour, Failing) as client:
        client.mark(0, CAP)
        task = client.erase(0)
        assert (task["state"], task["error"]) == ("failed", "the network is gone; bring it back")
        client.mark(
            0, {"kind": "stroke", "points": [[0, 0, 90], [179, 0, 90]]}, {"kind": "grow", "radius": 90}
        )
        assert "something left unmarked" in client.erase(0)["error"]
        client.mark(0, {"kind": "stroke", "points": [[0, 0, 0.01]]})
        assert "something marked" in client.erase(0)["error"]
        client.mark(0)
        assert client.send("tasks", {"scenes": [0]})[0] == 409


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


def raw(client, request):
    host, port = client.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return int(answer.split()[1]), answer


HOSTILE_PATHS = """
    /static/../studio/app.py  /static/..%2f..%2fpyproject.toml  /static/%2e%2e/viewer.js  /static//etc/passwd
    /static/viewer.html  /static/studio.html%00.js  /static/  /..  /etc/passwd  /%ff%fe  /static/engine.js/
    /api/scenes/-1  /api/scenes/99  /api/scenes/1e3  /api/scenes/0/pictures/../mask  /api/scenes/0x0
    /api/scenes/0/pictures/secret  /api/scenes/99999999999999999999999  /api/scenes/%2e%2e/thumbnail
    /api/tasks/0  /api/scenes/0/pictures/result  /api/scenes/..%5c..%5c0/mask  /api/  /.pano-inpaint/lock
""".split()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One studio for all requests that must change nothing."""
    with studio(write_tour(tmp_path_factory.mktemp("shared"))) as client:
        yield client
        assert [scene["revision"] for scene in client.get("tour")[1]["scenes"]] == [0, 0]
        assert client.get("tasks") == (200, [])


def request(method, path, **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_hostile_paths_are_refused(shared, path):
    status, answer = raw(shared, request("GET", path, Host="localhost"))
    assert status in (400, 404, 409, 422), answer
    assert b"pano_inpaint" not in answer
    assert b"root:" not in answer


STRANGERS = {
    "another name for this machine": {"Host": "evil.example"},
    "another name with our port": {"Host": "evil.example:{port}"},
    "a name like ours": {"Host": "localhost.evil.example"},
    "no name": {"Host": ""},
    "a foreign page": {"Host": "127.0.0.1:{port}", "Origin": "http://evil.example"},
    "a page of another port": {"Host": "127.0.0.1:{port}", "Origin": "http://127.0.0.1:1"},
    "a page without an origin": {"Host": "127.0.0.1:{port}", "Origin": "null"},
    "a picture in a foreign page": {"Host": "127.0.0.1:{port}", "Sec-Fetch-Site": "cross-site"},
    "a page of this machine's other servers": {"Host": "127.0.0.1:{port}", "Sec-Fetch-Site": "same-site"},
}


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("path", ["/", "/api/tour", "/v1/models/panorama"])
def test_strangers_are_refused(shared, stranger, path):
    port = shared.url.rpartition(":")[2]
    headers = {name: value.format(port=port) for name, value in STRANGERS[stranger].items()}
    for method in ("GET", "POST"):
        status, answer = raw(shared, request(method, path, **headers))
        assert status == 403, answer


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "studio.localhost", "192.168.7.9"])
def test_our_own_names_are_let_in(shared, name):
    headers = {"Host": f"{name}:8000", "Origin": f"http://{name}:8000", "Sec_Fetch_Site": "same-origin"}
    assert raw(shared, request("GET", "/api/tour", **headers))[0] == 200


MARK = b'{"revision": 0, "keep": 0, "shown": 1, "add": [%s]}'
STROKE = MARK % b'{"kind": "stroke", "points": %s}'
BODIES = {
    "not JSON": b"{",
    "a list": b"[]",
    "nothing": b"",
    "no mark": MARK % b"{}",
    "not a number": STROKE % b"[[NaN, 0, 1]]",
    "infinite": STROKE % b"[[1e999, 0, 1]]",
    "too wide": STROKE % b"[[0, 0, 180]]",
    "over the pole": STROKE % b"[[0, 91, 1]]",
    "no points": STROKE % b"[]",
    "a text": STROKE % b'"0,0,1"',
    "another kind": MARK % b'{"kind": "script"}',
    "one too many": MARK % b'{"kind": "clear", "x": 1}',
    "surrogates": MARK % b'{"kind": "\\ud800"}',
    "negative": b'{"revision": 0, "keep": -1, "shown": 0}',
    "more shown than there": b'{"revision": 0, "keep": 0, "shown": 3}',
    "nested": b"[" * 100_000,
    "huge number": b'{"revision": ' + b"9" * 5000 + b', "keep": 0, "shown": 0}',
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("route", ["PUT scenes/0/marks", "POST tasks", "POST save"])
def test_bodies_that_make_no_sense_are_refused(shared, body, route):
    method, path = route.split()
    status, answer = shared.send(path, BODIES[body], method)
    assert status in (400, 409, 422), answer


def test_bodies_of_other_kinds_and_sizes_are_refused(shared):
    body = b'{"revision": 0, "keep": 0, "shown": 0}'
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ):
        assert shared.send("scenes/0/marks", body, "PUT", **{"Content-Type": kind})[0] == 415
    assert shared.send("scenes/0/marks", b" " * (2**23 + 1), "PUT")[0] == 413
    assert shared.get("tour")[0] == 200


def test_the_page_may_load_nothing_from_elsewhere(shared):
    connection = http.client.HTTPConnection(shared.url.removeprefix("http://"))
    connection.request("GET", "/")
    response = connection.getresponse()
    page = response.read().decode()
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "http:" not in page
    connection.close()


def test_names_in_paths_are_only_text(tmp_path):
    name = "</script><b>&\"' é.png"[:40].replace("/", "⁄")
    write_tour(tmp_path, (name,))
    with studio(tmp_path) as client:
        (scene,) = client.get("tour")[1]["scenes"]
        assert scene["name"] == name.removesuffix(".png")
        client.mark(0, NADIR)
        client.erase(0)
        client.ok("scenes/0/accept")
        (saved,) = client.ok("save", {"scenes": [0]})["saved"]
        assert Path(saved["picture"]).parent == tmp_path


def test_a_folder_that_cannot_be_written_is_named(tmp_path, tour):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written"):
        build_studio(tour, Painter, out=tmp_path / "file")


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


def test_client_is_the_documented_protocol(shared):
    """OpenAPI tells of every route that the page uses."""
    paths = json.loads(shared.bytes("openapi.json"))["paths"]
    assert {"/api/tour", "/api/tasks/{number}", "/api/scenes/{number}/marks", "/api/save"} <= set(paths)


def test_a_presets_network_erases_and_stops_when_cancelled(tour, tiny_preset):
    make = build_eraser_maker(tiny_preset)
    original = read_panorama(tour / "lounge.png").pixels
    with studio(tour, make) as client:
        client.mark(0, NADIR)
        assert client.erase(0, quality="draft")["state"] == "done"
        client.ok("scenes/0/accept")
        client.ok("save", {"scenes": [0]})
    mask = np.asarray(Image.open(tour / "lounge_erased_mask.png")) > 0
    saved = read_panorama(tour / "lounge_erased.png").pixels
    np.testing.assert_array_equal(saved[~mask], original[~mask])
    assert (saved[mask] != original[mask]).any()

    def stop():
        raise CancelledJobError

    with pytest.raises(CancelledJobError):
        make("draft", 0, stop).erase(read_panorama(tour / "lounge.png"), mask)


def test_every_route_documents_its_errors(shared):
    documented = json.loads(shared.bytes("openapi.json"))["paths"]
    routes = [route for path in documented.values() for route in path.values()]
    assert len(routes) == 24
    for route in routes:
        assert {"4XX", "5XX"} <= route["responses"].keys()
        assert "422" not in route["responses"]  # its form would be another
