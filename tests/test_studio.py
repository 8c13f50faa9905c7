"""The studio's server through a real socket: marks, erasing, and its tasks."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from studios import CAP, NADIR, Gate, Painter, colour_of, decoded, studio, write_tour

from pano_inpaint.errors import FileError
from pano_inpaint.masks import grow, spherical_cap
from pano_inpaint.panorama import read_panorama
from pano_inpaint.sphere import lonlat_to_vector, window_directions
from pano_inpaint.tours import read_tour
from viewers.studio.launch import build_eraser_maker
from viewers.tfserving import Limits
from viewers.worker import CancelledJobError


@pytest.fixture
def tour(tmp_path):
    return write_tour(tmp_path / "tour")


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
