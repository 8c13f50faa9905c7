"""Floor plans, furniture and truth of the room renderer, all without Blender."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from finetune.rooms import (
    catalogue,
    draft,
    furniture,
    ground,
    homes,
    house,
    record,
    semantics,
    shapes,
    shell,
    worker,
)
from finetune.rooms.furnish import TUCK
from finetune.rooms.ground import Footprint
from finetune.rooms.plan import Camera, Opening, Room, Slope, camera_clearance, keep_cameras
from pano_inpaint.errors import FileError, MissingDependencyError, UsageError

HOUSES = [house.build_house(11, number) for number in range(12)]


def square(size=4.0, height=2.5, **options):
    polygon = np.array([[0.0, 0.0], [size, 0.0], [size, size], [0.0, size]])
    return Room("living", polygon, height, **options)


def test_footprints_meet_exactly_where_they_should():
    first = Footprint(0, 0, 2, 1)
    assert ground.overlap(first, Footprint(1.4, 0, 1, 1))
    assert not ground.overlap(first, Footprint(1.6, 0, 1, 1))
    assert ground.overlap(first, Footprint(1.6, 0, 1, 1), gap=0.2)
    assert not ground.overlap(first, Footprint(0, 0, 1, 1, bottom=2.0, top=3.0))
    # A unit square on its corner reaches sqrt(0.5) from its middle.
    assert ground.overlap(first, Footprint(0, 0.5 + np.sqrt(0.5) - 0.01, 1, 1, turn=np.pi / 4))
    assert not ground.overlap(first, Footprint(0, 0.5 + np.sqrt(0.5) + 0.01, 1, 1, turn=np.pi / 4))


def test_distances_to_footprints_and_walls():
    assert ground.distance_to_point(Footprint(0, 0, 2, 1), (4, 0)) == pytest.approx(3.0)
    assert ground.distance_to_point(Footprint(0, 0, 2, 1, turn=np.pi / 2), (4, 0)) == pytest.approx(3.5)
    assert ground.distance_to_point(Footprint(0, 0, 2, 1), (0.3, 0.2)) == 0
    assert ground.distance_to_walls(square().polygon, (1.0, 2.0)) == pytest.approx(1.0)


def test_a_footprint_may_touch_a_wall_but_not_cross_a_corner_of_an_l():
    shape = np.array([[0, 0], [4, 0], [4, 2], [2, 2], [2, 4], [0, 4]], float)
    assert ground.area(shape) == pytest.approx(12.0)
    assert ground.within(shape, Footprint(1, 1, 2, 2))
    assert not ground.within(shape, Footprint(2, 2, 1, 1))
    assert not ground.within(shape, Footprint(3.2, 1, 2, 1))


def test_triangles_cover_a_concave_polygon():
    shape = np.array([[0, 0], [4, 0], [4, 2], [2, 2], [2, 4], [0, 4]], float)
    triangles = shapes.triangulate(shape)
    assert len(triangles) == 4
    assert sum(ground.area(shape[corners]) for corners in triangles) == pytest.approx(ground.area(shape))


@pytest.mark.parametrize("count", range(1, 7))
def test_a_home_has_the_rooms_asked_for_and_one_can_walk_through_all(count):
    home = draft.draw_home(np.random.default_rng(count), rooms=count)
    assert len(home.rooms) == count
    reached, waiting = {0}, [0]
    while waiting:
        for opening in home.rooms[waiting.pop()].openings:
            if opening.leads_to is not None and opening.leads_to not in reached:
                reached.add(opening.leads_to)
                waiting.append(opening.leads_to)
    assert reached == set(range(count))


def test_rooms_do_not_overlap_and_doorways_face_each_other():
    for built in HOUSES:
        rooms = built.home.rooms
        for index, room in enumerate(rooms):
            assert ground.area(room.polygon) > 2.5
            for opening in room.openings:
                assert 0 <= opening.start < opening.end <= room.edge(opening.wall)[3] + 1e-9
                ends = room.top_of_wall(opening.wall, np.array([opening.start, opening.end]))
                assert opening.top < ends.min()
                if opening.leads_to is None:
                    continue
                there = rooms[opening.leads_to]
                partner = [o for o in there.openings if o.leads_to == index]
                middle = door_middle(room, opening)
                assert (
                    min(np.hypot(*(middle - door_middle(there, o))) for o in partner) < opening.depth + 1e-6
                )
                assert any(o.owner != opening.owner for o in partner)


def door_middle(room, opening):
    return shell.point_on_wall(room, opening.wall, (opening.start + opening.end) / 2, 0.0)[:2]


def test_cameras_stand_free_inside_their_rooms():
    for built in HOUSES:
        for room, items in zip(built.home.rooms, built.items, strict=True):
            assert 1 <= len(room.cameras) <= 4
            for camera in room.cameras:
                place = (camera.x, camera.y)
                assert ground.contains(room.polygon, place)
                assert ground.distance_to_walls(room.polygon, place) > 0.4
                assert 1.3 < camera.z < room.height_at(place) - 0.4
                for item in items:
                    if item.footprint.top > 0.05 and item.camera is None:
                        assert ground.distance_to_point(item.footprint, place) >= camera_clearance(room)


def test_furniture_goes_through_nothing():
    pieces = 0
    for built in HOUSES:
        for room, items, fixed in zip(built.home.rooms, built.items, built.fixed, strict=True):
            solid = [item for item in items if item.footprint.top > 0.05 and item.camera is None]
            pieces += len(solid)
            for number, item in enumerate(solid):
                assert ground.within(room.polygon, item.footprint)
                assert room.height_at(item.footprint.corners).min() > item.footprint.top
                for thing in fixed:
                    assert thing.footprint is None or not ground.overlap(item.footprint, thing.footprint)
                for other in solid[number + 1 :]:
                    tucked = {"chair"} & {item.kind, other.kind} and {"table", "small_table"} & {
                        item.kind,
                        other.kind,
                    }
                    assert not ground.overlap(
                        item.footprint, other.footprint, gap=-1.2 * TUCK if tucked else 0.0
                    )
    assert pieces > 150


def test_doors_stay_free():
    for built in HOUSES:
        for room, items in zip(built.home.rooms, built.items, strict=True):
            for opening in room.openings:
                if opening.kind == "window":
                    continue
                start, along, inwards, _ = room.edge(opening.wall)
                way = start + (opening.start + opening.end) / 2 * along + 0.45 * inwards
                for item in items:
                    if item.footprint.top > 0.05 and item.camera is None:
                        assert ground.distance_to_point(item.footprint, way) > 0.3


def test_what_is_built_in_is_there_also_where_no_wall_is_free():
    small = house.build_house(9, 624)  # its fifth room has no wall for a socket
    assert len(small.fixed) > 4 and all(fitting.parts for room in small.fixed for fitting in room)


def test_the_same_seed_and_number_give_the_same_house():
    again = house.build_house(11, 3)
    assert json.dumps(record.home_record(again, seed=11, number=3)) == json.dumps(
        record.home_record(HOUSES[3], seed=11, number=3)
    )
    assert again.style.slots == HOUSES[3].style.slots
    other = house.build_house(12, 3)
    assert record.home_record(other, seed=11, number=3) != record.home_record(again, seed=11, number=3)


def test_a_wall_covers_its_area_less_the_openings():
    room = square(
        openings=[Opening("window", 0, 1.0, 2.0, 0.9, 2.1, 0.3), Opening("door", 0, 2.5, 3.3, 0, 2.0, 0.1)]
    )
    part = shell.wall_part(room, 0, "wall")
    corners = part.vertices[part.faces][..., [0, 2]]
    total = sum(abs(ground.area(quad)) for quad in corners)
    assert total == pytest.approx(4 * 2.5 - 1.0 * 1.2 - 0.8 * 2.0)
    normal = np.cross(*(part.vertices[part.faces[0]][[1, 2]] - part.vertices[part.faces[0]][0]))
    assert normal[1] > 0


def test_a_sloping_ceiling_meets_its_walls():
    room = square(slope=Slope(0, 1.2, 0.8))
    assert room.height_at((1.0, 0.0)) == pytest.approx(1.2)
    assert room.height_at((1.0, 1.0)) == pytest.approx(2.0)
    assert room.height_at((1.0, 3.0)) == pytest.approx(2.5)
    walls = [shell.wall_part(room, wall, "w") for wall in range(4)]
    assert walls[0].vertices[:, 2].max() == pytest.approx(1.2)
    side = sum(abs(ground.area(quad)) for quad in walls[1].vertices[walls[1].faces][..., 1:])
    turn = 1.3 / 0.8
    assert side == pytest.approx(turn * (1.2 + 2.5) / 2 + (4 - turn) * 2.5)
    for part in shell.ceiling_parts(room, "c"):
        assert np.allclose(part.vertices[:, 2], room.height_at(part.vertices[:, :2]))


def test_planes_hold_the_corners_and_point_inwards():
    for built in HOUSES:
        for room in built.home.rooms:
            camera = room.cameras[0]
            eye = np.array([camera.x, camera.y, camera.z])
            for plane in record.room_planes(room):
                normal = np.array(plane["normal"])
                assert np.linalg.norm(normal) == pytest.approx(1.0)
                if plane["type"] == "wall":
                    for end in ("start", "end"):
                        assert np.append(plane[end], 1.0) @ normal == pytest.approx(plane["offset"])
                else:
                    assert eye @ normal > plane["offset"]
                if plane["type"] == "slope":
                    start, along, inwards, _ = room.edge(room.slope.wall)
                    point = np.append(start + 0.1 * inwards + along, room.slope.knee + 0.1 * room.slope.rise)
                    assert point @ normal == pytest.approx(plane["offset"])


def test_camera_axes_follow_the_heading():
    axes = record.camera_axes(Camera(0, 0, 1.5, np.pi / 2))
    assert np.allclose(axes @ [0, 0, 1], [1, 0, 0])
    assert np.allclose(axes @ [1, 0, 0], [0, -1, 0])
    assert np.allclose(axes @ [0, 1, 0], [0, 0, 1])


def test_the_tour_leads_to_every_room_and_its_spots_point_at_their_doorways():
    built = next(h for h in HOUSES if len(h.home.rooms) > 2)
    tour = record.tour(built)
    assert tour["default"]["firstScene"] in tour["scenes"]
    for scene in tour["scenes"].values():
        assert scene["panorama"].startswith("2D_rendering/")
        for spot in scene["hotSpots"]:
            assert spot["sceneId"] in tour["scenes"]
            assert -180 <= spot["yaw"] < 180 and -90 < spot["pitch"] < 0
    room = built.home.rooms[0]
    camera, opening = (
        room.cameras[0],
        next(o for o in room.openings if o.leads_to is not None and o.leaf != "closed"),
    )
    east, north = door_middle(room, opening) - [camera.x, camera.y]
    local = record.camera_axes(camera).T @ [east, north, 0.0]
    yaws = [spot["yaw"] for spot in tour["scenes"]["0000"]["hotSpots"]]
    assert min(abs(yaw - np.degrees(np.arctan2(local[0], local[2]))) for yaw in yaws) < 0.02


def test_fewer_cameras_are_spread_over_the_rooms():
    for number, most in ((2, 1), (3, 2), (5, 5)):
        built = house.build_house(11, number)
        before = [len(room.cameras) for room in built.home.rooms]
        keep_cameras(built.home, most, seed=number)
        after = [len(room.cameras) for room in built.home.rooms]
        assert sum(after) == min(most, sum(before))
        assert max(after) - 1 <= min(
            kept for kept, had in zip(after, before, strict=True) if had >= max(after)
        )
        scenes = record.tour(built)["scenes"]
        assert len(scenes) == sum(after)
        assert {spot["sceneId"] for scene in scenes.values() for spot in scene["hotSpots"]} <= scenes.keys()


def test_any_room_may_be_the_one_that_keeps_its_camera():
    def kept(seed):
        built = house.build_house(11, 3)
        keep_cameras(built.home, 1, seed=seed)
        return [len(room.cameras) for room in built.home.rooms].index(1)

    assert kept(3) == kept(3)
    assert len({kept(seed) for seed in range(12)}) > 2


@pytest.mark.parametrize("kind", sorted(furniture.KINDS))
def test_each_kind_of_furniture_fills_about_its_size(kind):
    assert furniture.KINDS[kind].label in semantics.IDS
    for seed in range(3):
        rng = np.random.default_rng(seed)
        size = np.array(furniture.draw_size(rng, kind))
        parts = furniture.KINDS[kind].build(rng, tuple(size))
        low, high = shapes.extent(parts)
        assert (high - low > 0).all() and np.isfinite(high).all()
        # What sticks out further (taps, tripod legs) is scaled back where it is placed.
        assert (high - low < size + 0.35).all() and high[2] > 0.5 * size[2]
        for part in parts:
            assert part.faces.max() < len(part.vertices)
            assert shapes.box_projection(part).shape == (len(part.faces), 4, 2)


def test_turned_bodies_and_cushions_face_outwards():
    for part in (
        shapes.ball(1.0),
        shapes.cushion((1, 1, 1), radius=0.2),
        shapes.box((1, 1, 1)),
        shapes.cylinder(1, 1),
    ):
        corners = part.vertices[part.faces]
        normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        outwards = corners.mean(axis=1) - part.vertices.mean(axis=0)
        assert ((normal * outwards).sum(axis=1) > -1e-9).all()


PROPERTIES = """
id#1=a
name#1=Couch
category#1=Living room
model#1=/x/couch.obj
width#1=200
depth#1=90
height#1=80
dropOnTopElevation#1=42
doorOrWindow#1=false
name#2=Truck
model#2=/x/truck.obj
width#2=200
depth#2=90
height#2=80
"""


def test_catalogues_are_read_from_zip_and_used(tmp_path):
    file = tmp_path / "furniture.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(catalogue.PROPERTIES, PROPERTIES)
        archive.writestr("x/couch.obj", "")
        archive.writestr("x/truck.obj", "")
    read = catalogue.read_catalogue(file)
    assert [(m.kind, m.size, m.surface) for m in read.models] == [("sofa", (2.0, 0.9, 0.8), 0.42)]
    items = [i for n in range(12) for _, _, i in house.build_house(1, n, read).numbered_items()]
    assert any(item.model is not None for item in items)
    file.write_bytes(b"no zip")
    with pytest.raises(FileError):
        catalogue.read_catalogue(file)
    with pytest.raises(FileError, match="no furniture"):
        catalogue.read_catalogue(tmp_path / "missing.zip")


def test_gltf_models_are_measured_through_their_nodes(tmp_path):
    document = {
        "scenes": [{"nodes": [0]}],
        "nodes": [{"children": [1], "scale": [2, 2, 2]}, {"mesh": 0, "translation": [1, 0, 0]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"min": [-0.5, 0, -0.2], "max": [0.5, 0.4, 0.2]}],
    }
    (tmp_path / "old_sofa.gltf").write_text(json.dumps(document))
    model = catalogue.read_catalogue(tmp_path).models[0]
    assert model.kind == "sofa" and model.size == pytest.approx((2.0, 0.8, 0.8))
    (tmp_path / "old_sofa.gltf").rename(tmp_path / "boat.gltf")
    with pytest.raises(UsageError, match="found no model"):
        catalogue.read_catalogue(tmp_path)


def test_labels_of_pass_indices():
    built = HOUSES[0]
    table = worker.label_table(built, 100)
    assert table[0] == semantics.IDS["window"] and table[semantics.IDS["wall"]] == semantics.IDS["wall"]
    for number, _, item in built.numbered_items():
        assert table[100 + number] == semantics.IDS[item.label]
    assert len(set(semantics.palette())) == 41


def test_impossible_settings_are_refused(tmp_path):
    for wrong in ({"count": 0}, {"width": 63}, {"workers": 0}, {"rooms": 7}):
        with pytest.raises(UsageError):
            homes.render_homes(tmp_path, **{"count": 1, "width": 64, "seed": 1, **wrong})
    with pytest.raises(FileError):
        homes.render_homes(tmp_path, count=1, width=64, seed=1, furniture=tmp_path / "none.zip")


def test_a_set_keeps_its_settings_and_what_is_done(tmp_path):
    (tmp_path / homes.SETTINGS).write_text(json.dumps({"seed": 2}))
    with pytest.raises(UsageError, match="begun with"):
        homes.render_homes(tmp_path, count=1, width=64, seed=1)
    folder = worker.scene_folder(tmp_path, 1)
    folder.mkdir()
    assert homes.missing_scenes(tmp_path, 0, 3) == [0, 1, 2]
    (folder / worker.DONE).write_text("{}")
    assert homes.missing_scenes(tmp_path, 0, 3) == [0, 2]


def test_a_missing_blender_is_reported_with_its_command(tmp_path):
    # The interpreter runs without site-packages, where bpy would be, but finds what else the worker imports.
    runner = tmp_path / "python"
    runner.write_text(
        f"#!{sys.executable}\nimport sys, runpy\nsys.modules['bpy'] = None\n"
        "runpy.run_module('finetune.rooms.worker', run_name='__main__')\n"
    )
    runner.chmod(0o755)
    with pytest.raises(MissingDependencyError) as caught:
        homes.render_homes(tmp_path / "out", count=1, width=64, seed=1, python=runner)
    assert "pip install" in caught.value.hint


def test_planning_needs_neither_blender_nor_tensorflow():
    code = (
        "import sys, finetune.rooms, finetune.rooms.house, finetune.rooms.homes, finetune.rooms.record;"
        "sys.exit(any(name in sys.modules for name in ('bpy', 'tensorflow', 'keras', 'cv2')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
