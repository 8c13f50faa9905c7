"""Tours of every format: read, erased, mirrored."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tour_samples import COLOUR, Painter, contents, save_mask, save_panorama

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.panorama import read_panorama
from pano_inpaint.tours import erase_tour, list_exhibits, read_tour, write_tour


def folder_tour(root):
    save_panorama(root / "hall.jpg")
    save_panorama(root / "lounge.jpg")
    save_mask(root / "lounge_mask.png")
    (root / "notes.txt").write_text("keep me")
    return root


def pannellum_tour(root):
    save_panorama(root / "panos/hall.jpg")
    save_panorama(root / "panos/my lounge.jpg")
    spot = {"pitch": -10, "yaw": 90, "type": "scene", "sceneId": "lounge", "text": "Lounge"}
    scenes = {
        "lounge": {"title": "The lounge", "panorama": "my%20lounge.jpg", "hfov": 90, "yaw": 45},
        "hall": {"panorama": "hall.jpg?v=2", "hotSpots": [spot]},
        "away": {"panorama": "https://example.org/a.jpg"},
    }
    config = {"default": {"firstScene": "hall", "basePath": "panos/"}, "scenes": scenes}
    (root / "tour.json").write_text(json.dumps(config))
    (root / "index.html").write_text("<title>t</title>")
    return root


def sphere_viewer_tour(root):
    save_panorama(root / "hall.jpg")
    save_panorama(root / "lounge.jpg")
    links = [
        {"nodeId": "b", "position": {"yaw": "90deg", "pitch": -0.1}},
        {"nodeId": "b", "position": {"textureX": 31.5, "textureY": 15.5}},
        {"nodeId": "b", "longitude": 6.0, "latitude": 0.2},
        {"nodeId": "c"},
    ]
    nodes = [
        {"id": "a", "panorama": "hall.jpg", "name": "Hall", "links": links, "gps": [7.0, 0.0]},
        {"id": "b", "panorama": "lounge.jpg", "links": [{"nodeId": "a"}]},
        {"id": "c", "panorama": {"baseUrl": "x", "cols": 4}, "gps": [7.001, 0.0, 4]},
    ]
    (root / "nodes.json").write_text(json.dumps({"nodes": nodes, "startNodeId": "b"}))
    return root


def zind_tour(root):
    names = [f"floor_01_partial_room_0{n}_pano_{n}" for n in (1, 2)]
    panos = {}
    for number, name in enumerate(names):
        save_panorama(root / f"panos/{name}.jpg")
        pano = {"image_path": f"panos/{name}.jpg", "label": "bedroom"}
        panos[f"partial_room_0{number}"] = {f"pano_{number}": pano}
    (root / "zind_data.json").write_text(json.dumps({"merger": {"floor_01": {"complete_room_01": panos}}}))
    return root


TOURS = {
    "folder": (folder_tour, "lounge.jpg", "lounge.jpg"),
    "pannellum": (pannellum_tour, "lounge", "panos/my lounge.jpg"),
    "photo-sphere-viewer": (sphere_viewer_tour, "b", "lounge.jpg"),
    "zind": (zind_tour, "floor_01_partial_room_01_pano_1", "panos/floor_01_partial_room_01_pano_1.jpg"),
}


@pytest.mark.parametrize("kind", TOURS)
def test_every_format_is_recognised_erased_and_mirrored(tmp_path, kind):
    build, scene_id, file = TOURS[kind]
    root = build(tmp_path / "tour")
    before = contents(root)
    mask = save_mask(tmp_path / "masks" / f"{scene_id.removesuffix('.jpg')}_mask.png").parent
    tour = read_tour(root)
    assert tour.format == kind
    report = erase_tour(tour, mask, Painter(), tmp_path / "out")
    assert contents(root) == before
    after = contents(tmp_path / "out")
    assert set(after) == {*before, "report.json"}
    assert [name for name in before if before[name] != after[name]] == [file]
    painted = read_panorama(tmp_path / "out" / file).pixels
    assert np.abs(painted[12:18, 14:28].astype(int) - COLOUR).mean() < 4
    mirrored = read_tour(report.mirror)
    assert [(s.id, s.name, s.hotspots, s.view) for s in mirrored.scenes] == [
        (s.id, s.name, s.hotspots, s.view) for s in tour.scenes
    ]
    states = {scene.id: scene.state for scene in report.scenes}
    assert states.pop(scene_id) == "erased"
    assert set(states.values()) == {"untouched"}
    written = json.loads(after["report.json"])
    assert written["totals"]["erased"] == 1
    assert written["format"] == kind


def test_pannellum_scenes_links_and_addresses(tmp_path):
    hall, lounge, away = read_tour(pannellum_tour(tmp_path)).scenes
    assert (hall.id, lounge.name, away.source) == ("hall", "The lounge", None)
    (spot,) = hall.hotspots
    assert (spot.yaw, spot.pitch) == pytest.approx((np.pi / 2, -np.pi / 18))
    assert (spot.target, spot.text) == ("lounge", "Lounge")
    assert (lounge.view.yaw, lounge.view.fov) == pytest.approx((np.pi / 4, np.pi / 2))
    assert "received the address 'https://example.org/a.jpg'" in away.problem
    with pytest.raises(FileError, match="away: expected a file of the tour"):
        away.read()


def test_pannellum_of_a_single_panorama(tmp_path):
    save_panorama(tmp_path / "a.jpg")
    (tmp_path / "one.json").write_text('{"type": "equirectangular", "panorama": "a.jpg", "title": "One"}')
    (scene,) = read_tour(tmp_path / "one.json").scenes
    assert scene.read().size == (64, 32)


def test_sphere_viewer_angles(tmp_path):
    start, other, tiles = read_tour(sphere_viewer_tour(tmp_path)).scenes
    assert (start.id, start.hotspots) == ("b", ())
    assert [spot.target for spot in other.hotspots] == ["b", "b", "b", "c"]
    yaws = [spot.yaw for spot in other.hotspots]
    assert yaws == pytest.approx([np.pi / 2, 0, 6 - 2 * np.pi, np.pi / 2])
    assert [spot.pitch for spot in other.hotspots] == pytest.approx([-0.1, 0, 0.2, 0])
    assert "tiles or a cube" in tiles.problem


def test_folder_leaves_masks_out_and_a_file_is_a_tour_of_one(tmp_path):
    root = folder_tour(tmp_path / "tour")
    assert [scene.id for scene in read_tour(root).scenes] == ["hall.jpg", "lounge.jpg"]
    single = read_tour(root / "hall.jpg")
    report = erase_tour(single, save_mask(tmp_path / "m.png"), Painter(), tmp_path / "out")
    assert set(contents(report.mirror)) == {"hall.jpg", "report.json"}


def test_a_description_without_a_page_takes_only_what_it_names(tmp_path):
    root = sphere_viewer_tour(tmp_path / "tour")
    (root / "private.txt").write_text("not part of it")
    report = erase_tour(read_tour(root / "nodes.json"), {"b": hole()}, Painter(), tmp_path / "out")
    assert set(contents(report.mirror)) == {"hall.jpg", "lounge.jpg", "nodes.json", "report.json"}


def hole(height=32):
    mask = np.zeros((height, 2 * height), bool)
    mask[-height // 8 :] = True
    return mask


def test_one_mask_of_another_size_for_all_and_a_bad_scene(tmp_path):
    root = folder_tour(tmp_path / "tour")
    save_panorama(root / "attic.jpg", height=64)
    (root / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    tripod = save_mask(tmp_path / "tripod.png", box=(28, 32, 0, 64))
    seen = []
    report = erase_tour(read_tour(root), tripod, Painter(), tmp_path / "out", watch=seen.append)
    states = {scene.id: scene.state for scene in report.scenes}
    assert states == dict.fromkeys(["attic.jpg", "hall.jpg", "lounge.jpg"], "erased") | {
        "broken.jpg": "failed"
    }
    (failed,) = report.failed
    assert "damaged" in failed.problem
    assert contents(report.mirror)["broken.jpg"] == contents(root)["broken.jpg"]
    assert report.scenes[0].notes == ("mask scaled from 64x32 to 128x64",)
    assert report.scenes[0].erased_share == pytest.approx((1 - np.cos(np.pi / 8)) / 2, rel=1e-3)
    assert [(p.number, p.done) for p in seen[:2]] == [(1, 0), (1, 1)]
    assert seen[-1].count == 4


def test_the_eraser_is_told_that_shadows_are_lifted(tmp_path):
    class Lifter(Painter):
        told = ()

        def lift_shadows(self, panorama, mask, reach):
            return panorama, mask, np.zeros_like(mask)

        def erase(self, panorama, mask, *, watch, shadows_lifted=False):
            self.told += (shadows_lifted,)
            return super().erase(panorama, mask, watch=watch)

    tour, eraser = read_tour(folder_tour(tmp_path / "tour")), Lifter()
    for degrees in (0, 9):
        report = erase_tour(tour, {"hall.jpg": hole()}, eraser, tmp_path / f"{degrees}", shadows_deg=degrees)
        assert report.mirror
    assert eraser.told == (False, True)


def test_scenes_that_share_a_picture_share_their_masks(tmp_path):
    save_panorama(tmp_path / "tour/a.jpg")
    nodes = [{"id": name, "panorama": "a.jpg"} for name in ("day", "night")]
    (tmp_path / "tour/nodes.json").write_text(json.dumps(nodes))
    left, right = (hole() & (np.arange(64) < 32) == side for side in (False, True))
    painter = Painter()
    masks = {"day": hole() & left, "night": hole() & right}
    report = erase_tour(read_tour(tmp_path / "tour"), masks, painter, tmp_path / "out")
    assert painter.calls == 1
    assert report.scenes[0].erased_share == report.scenes[1].erased_share


def test_names_that_several_scenes_have_match_no_mask(tmp_path):
    tour = read_tour(zind_tour(tmp_path / "tour"))
    save_mask(tmp_path / "masks/bedroom.png")
    with pytest.raises(UsageError, match="expected a mask for a scene"):
        erase_tour(tour, tmp_path / "masks", Painter(), tmp_path / "out")


def test_no_mirror_when_every_scene_fails(tmp_path):
    tour = read_tour(folder_tour(tmp_path / "tour"))
    report = erase_tour(tour, {"hall.jpg": np.zeros((32, 64), bool)}, Painter(), tmp_path / "out")
    assert (report.mirror, len(report.failed)) == (None, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tour"]


def test_an_interrupted_run_is_resumed(tmp_path):
    root = folder_tour(tmp_path / "tour")
    mask = save_mask(tmp_path / "m.png")
    painter = Painter()

    def stop(progress):
        if progress.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        erase_tour(read_tour(root), mask, painter, tmp_path / "out", watch=stop)
    assert not (tmp_path / "out").exists()
    report = erase_tour(read_tour(root), mask, painter, tmp_path / "out")
    assert [scene.taken_over for scene in report.scenes] == [True, False]
    assert painter.calls == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.png", "out", "tour"]
    assert set(contents(report.mirror)) == {*contents(root), "report.json"}


def test_another_mask_does_not_take_over_and_leaves_nothing_behind(tmp_path):
    root = folder_tour(tmp_path / "tour")

    def stop(progress):
        if progress.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        erase_tour(read_tour(root), save_mask(tmp_path / "m.png"), Painter(), tmp_path / "out", watch=stop)
    report = erase_tour(read_tour(root), {"lounge.jpg": hole()}, Painter(), tmp_path / "out")
    assert contents(report.mirror)["hall.jpg"] == contents(root)["hall.jpg"]


def test_results_made_elsewhere(tmp_path):
    root = folder_tour(tmp_path / "tour")
    tour = read_tour(root)
    original = tour.scene("hall.jpg").read()
    retouched = original.with_pixels(original.pixels[:, ::-1].copy())
    out = write_tour(
        tour, {"hall.jpg": retouched, "lounge.jpg": tour.scene("lounge.jpg").read()}, tmp_path / "o"
    )
    assert np.abs(read_panorama(out / "hall.jpg").pixels.astype(int) - retouched.pixels).mean() < 4
    assert contents(out)["lounge.jpg"] == contents(root)["lounge.jpg"]
    with Image.open(root / "hall.jpg") as before, Image.open(out / "hall.jpg") as after:
        assert before.quantization == after.quantization
    with pytest.raises(UsageError, match="expected the id of a scene"):
        write_tour(tour, {"attic": retouched}, tmp_path / "p")


def test_exhibits_show_what_changed(tmp_path):
    root = pannellum_tour(tmp_path / "tour")
    tour = read_tour(root)
    report = erase_tour(tour, {"lounge": hole()}, Painter(), tmp_path / "out")
    hall, lounge = list_exhibits(read_tour(report.mirror), tmp_path / "pages", before=tour)
    assert (hall.before, lounge.before) == (None, root / "panos/my lounge.jpg")
    assert lounge.panorama == tmp_path / "out/panos/my lounge.jpg"
    assert hall.hotspots[0].target == "lounge"


def test_exhibits_without_links_are_matched_by_their_files(tmp_path):
    root = folder_tour(tmp_path / "tour")
    tour = read_tour(root)
    report = erase_tour(tour, {"hall.jpg": hole()}, Painter(), tmp_path / "out")
    scenes = {name: {"panorama": f"{name}.jpg"} for name in ("hall", "lounge")}
    (root / "tour.json").write_text(json.dumps({"scenes": scenes}))
    linked = read_tour(root / "tour.json")
    exhibits = list_exhibits(read_tour(report.mirror), tmp_path / "pages", before=linked)
    assert {one.name: one.before for one in exhibits} == {"hall": root / "hall.jpg", "lounge": None}
    other = pannellum_tour(tmp_path / "other")
    with pytest.raises(UsageError, match="expected an earlier tour with the same scenes"):
        list_exhibits(read_tour(report.mirror), tmp_path / "pages", before=read_tour(other))


def test_places_that_a_mirror_must_not_take(tmp_path):
    root = folder_tour(tmp_path / "tour")
    tour, masks = read_tour(root), {"hall.jpg": hole()}
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/diary.txt").write_text("mine")
    for out in (root, root / "out", tmp_path, tmp_path / "taken"):
        with pytest.raises(UsageError, match="expected a"):
            erase_tour(tour, masks, Painter(), out, overwrite=True)
    assert (tmp_path / "taken/diary.txt").read_text() == "mine"


def test_an_earlier_mirror_is_replaced_on_request_only(tmp_path):
    tour = read_tour(folder_tour(tmp_path / "tour"))
    out = tmp_path / "out"
    erase_tour(tour, {"hall.jpg": hole()}, Painter(), out)
    with pytest.raises(UsageError, match="taken"):
        erase_tour(tour, {"lounge.jpg": hole()}, Painter(), out)
    erase_tour(tour, {"lounge.jpg": hole()}, Painter(), out, overwrite=True)
    assert contents(out)["hall.jpg"] == contents(tour.root)["hall.jpg"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "tour"]


def test_a_report_of_the_tours_own_is_kept(tmp_path):
    root = folder_tour(tmp_path / "tour")
    (root / "report.json").write_text('{"program": "other"}')
    report = erase_tour(read_tour(root), {"hall.jpg": hole()}, Painter(), tmp_path / "out")
    assert (report.mirror / "report.json").read_text() == '{"program": "other"}'
    assert json.loads((report.mirror / "pano-inpaint-report.json").read_text())["totals"]["erased"] == 1


def test_what_is_no_tour(tmp_path):
    (tmp_path / "a.json").write_text('{"name": "package"}')
    with pytest.raises(UsageError, match="expected a Pannellum"):
        read_tour(tmp_path / "a.json")
    with pytest.raises(FileError, match="received no picture"):
        read_tour(tmp_path)
    with pytest.raises(FileError, match="no such file"):
        read_tour(tmp_path / "b.json")
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_text('[{"id": "a", "panorama": "a.jpg"}]')
    with pytest.raises(UsageError, match=r"expected one tour, received 2: one.json, two.json"):
        read_tour(tmp_path)


def test_file_names_that_are_no_utf8(tmp_path):
    save_panorama(tmp_path / "tour/a.jpg")
    try:
        (tmp_path / "tour/a.jpg").rename(tmp_path / "tour" / os.fsdecode(b"caf\xe9.jpg"))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    tour = read_tour(tmp_path / "tour")
    report = erase_tour(tour, {tour.scenes[0].id: hole()}, Painter(), tmp_path / "out")
    assert report.scenes[0].state == "erased"
    assert read_tour(report.mirror).scenes == tuple(
        replace(scene, source=replace(scene.source, root=report.mirror)) for scene in tour.scenes
    )
