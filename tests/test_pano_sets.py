import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.pano_sets import SKYBOX, PanoItem, balance_kinds, find_panoramas, split_scenes


def save(path, width=64, height=32):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), 90, np.uint8)).save(path)
    return path


def find(folder):
    return find_panoramas(folder, min_width=64)


def test_flat_folder_has_a_scene_for_each_picture(tmp_path):
    for name in ("a.jpg", "b.png"):
        save(tmp_path / name)
    assert find(tmp_path).scenes == ["a", "b"]


def test_tree_has_a_scene_for_each_folder(tmp_path):
    for name in ("house/1.jpg", "house/2.jpg", "flat/1.jpg"):
        save(tmp_path / name)
    found = find(tmp_path)
    assert found.scenes == ["flat", "house"] and len({item.name for item in found.items}) == 3


def test_report_says_why_a_picture_was_skipped(tmp_path):
    save(tmp_path / "good.jpg")
    save(tmp_path / "photo.jpg", 60, 40)
    save(tmp_path / "small.jpg", 32, 16)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    found = find(tmp_path)
    assert [item.scene for item in found.items] == ["good"]
    report = "\n".join(found.report)
    assert "found 4 panoramas, used 1 in 1 scenes" in report
    assert "skipped 1: not twice as wide as high (photo.jpg)" in report
    assert "skipped 1: narrower than 64 pixels (small.jpg)" in report
    assert "cannot identify" in report and "(broken.jpg)" in report


def structured3d(root, *, instances=False, furnished=("full",), lights=("raw",)):
    room = root / "scene_00001/2D_rendering/42/panorama"
    for furniture in (*furnished, "empty"):
        for light in lights:
            save(room / furniture / f"rgb_{light}light.png")
        save(room / furniture / "semantic.png")
        if instances and furniture != "empty":
            save(room / furniture / "instance.png")
    return room


@pytest.mark.parametrize("inside", ["", "scene_00001", "scene_00001/2D_rendering/42"])
def test_structured3d_pairs_furnished_with_empty(tmp_path, inside):
    room = structured3d(tmp_path, furnished=("full", "simple"), lights=("raw", "warm"))
    found = find(tmp_path / inside)
    assert found.layouts == ("Structured3D (4)",) and found.scenes == ["scene_00001"]
    item = next(item for item in found.items if item.name == "scene_00001/42/full/warm")
    assert item.paths == (room / "full/rgb_warmlight.png",)
    assert item.empty == room / "empty/rgb_warmlight.png"
    assert item.object_mask == (room / "full/semantic.png", room / "empty/semantic.png")
    assert "4 furnished/empty pairs" in found.report[1]


def test_instances_are_preferred_to_labels(tmp_path):
    room = structured3d(tmp_path, instances=True)
    assert find(tmp_path).items[0].object_mask == (room / "full/instance.png",)


def test_a_room_that_one_piece_is_gone_from_is_the_truth_of_another_pair(tmp_path):
    room = structured3d(tmp_path, instances=True, furnished=("full", "gone"))
    items = {item.name.split("/")[2]: item for item in find(tmp_path).items}
    assert set(items) == {"full", "gone"}
    assert items["full"].empty == room / "empty/rgb_rawlight.png"
    assert items["gone"].paths == items["full"].paths == (room / "full/rgb_rawlight.png",)
    assert items["gone"].empty == room / "gone/rgb_rawlight.png"
    assert items["gone"].object_mask == (room / "gone/instance.png",)
    assert items["gone"].layout == items["full"].layout == room / "empty/semantic.png"


def test_each_piece_that_is_gone_alone_makes_a_pair(tmp_path):
    room = structured3d(tmp_path, instances=True, furnished=("full", "gone", "gone_2", "gone_12"))
    items = {item.name.split("/")[2]: item for item in find(tmp_path).items}
    assert set(items) == {"full", "gone", "gone_2", "gone_12"}
    for name in ("gone", "gone_2", "gone_12"):
        assert items[name].paths == (room / "full/rgb_rawlight.png",)
        assert items[name].empty == room / name / "rgb_rawlight.png"
        assert items[name].object_mask == (room / name / "instance.png",)


def test_a_lone_empty_room_counts(tmp_path):
    structured3d(tmp_path, furnished=())
    (item,) = find(tmp_path).items
    assert item.empty is None and item.name.endswith("empty/raw")


def test_pair_of_different_sizes_is_skipped(tmp_path):
    room = structured3d(tmp_path)
    save(room / "empty/rgb_rawlight.png", 128, 64)
    with pytest.raises(UsageError, match="different sizes"):
        find(tmp_path)


def test_zind(tmp_path):
    for home in ("0001", "0002"):
        save(tmp_path / home / "panos/floor_01_room_1.jpg")
        save(tmp_path / home / "floor_plans/floor_01.png")
        (tmp_path / home / "zind_data.json").write_text("{}")
    found = find(tmp_path)
    assert found.layouts == ("ZInD (2)",) and found.scenes == ["0001", "0002"]
    assert find(tmp_path / "0001").scenes == ["0001"]


def test_matterport_skybox_is_reordered(tmp_path):
    folder = tmp_path / "scans/17DR/matterport_skybox_images"
    for number in range(6):
        save(folder / f"abc_skybox{number}_sami.jpg", 32, 32)
    save(folder / "lost_skybox3_sami.jpg", 32, 32)
    found = find(tmp_path)
    (item,) = found.items
    assert item.kind == SKYBOX and item.scene == "17DR"
    assert [int(path.name[10]) for path in item.paths] == [1, 2, 3, 4, 0, 5]
    assert found.skipped[0][1] == "1 of 6 skybox faces"


def test_stanford(tmp_path):
    rgb = tmp_path / "area_3/pano/rgb"
    save(rgb / "camera_0d4f_office_12_frame_equirectangular_domain_rgb.png")
    save(tmp_path / "area_3/pano/depth/camera_0d4f_office_12_frame_equirectangular_domain_depth.png")
    found = find(tmp_path)
    assert found.layouts == ("Stanford 2D-3D-S (1)",) and found.scenes == ["area_3/office_12"]


def items_of(scenes):
    return [PanoItem(scene, f"{scene}/{n}", "equirectangular", ()) for scene in scenes for n in range(3)]


def test_split_keeps_scenes_whole_and_is_the_same_each_time():
    items = items_of([f"house {n}" for n in range(20)])
    train, val = split_scenes(items, 0.25)
    assert len(val) == 15 and len(train) == 45
    assert not {item.scene for item in train} & {item.scene for item in val}
    assert split_scenes(items[::-1], 0.25)[1][::-1] == val
    assert set(split_scenes(items, 0.1)[1]) < set(val)
    assert split_scenes(items, 0.25, seed=1) != (train, val)


def test_split_of_few_scenes():
    for fraction, expected in ((0.01, (3, 3)), (0.99, (3, 3)), (0, (6, 0))):
        train, val = split_scenes(items_of("ab"), fraction)
        assert (len(train), len(val)) == expected
    with pytest.raises(UsageError, match="val_fraction"):
        split_scenes([], 1.0)


def test_wrong_folders(tmp_path):
    with pytest.raises(FileError, match="not a folder"):
        find(tmp_path / "none")
    with pytest.raises(UsageError, match="Structured3D, ZInD"):
        find(tmp_path)


def test_finding_needs_no_tensorflow():
    code = "import sys, pano_inpaint.pano_sets, pano_inpaint.pano_samples, pano_inpaint.photo_samples\n"
    code += "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_panoramas_beside_another_layout_are_named_as_skipped(tmp_path):
    structured3d(tmp_path, instances=True)
    save(tmp_path / "hall.jpg")
    save(tmp_path / "plan.png", 60, 40)
    found = find(tmp_path)
    assert len(found.items) == 1
    assert "skipped 1: of another layout, which needs a folder of its own (hall.jpg)" in found.report


@pytest.mark.parametrize(("pairs", "alone"), [(5, 2), (2, 5), (3, 3)])
def test_balanced_kinds_are_equally_many_and_nothing_is_lost(pairs, alone):
    paired = [PanoItem("home", f"p{number}", "", (), empty=Path("e.png")) for number in range(pairs)]
    lone = [PanoItem("hall", f"a{number}", "", ()) for number in range(alone)]
    balanced = balance_kinds([*paired, *lone])
    assert set(balanced) == {*paired, *lone}
    assert sum(item.empty is not None for item in balanced) == len(balanced) / 2 == max(pairs, alone)


def test_one_kind_stays_as_it_is():
    lone = (PanoItem("hall", "a", "", ()), PanoItem("hall", "b", "", ()))
    assert balance_kinds(lone) == lone
