"""Pictures of a folder and their masks."""

import pytest

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.pairs import match_masks, scan_pictures


def files(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")
    return [folder / name for name in names]


def test_scan_is_sorted_and_leaves_other_files_out(tmp_path):
    files(tmp_path, "b.JPG", "a.png", "notes.txt", ".part.c.jpg", "c.webp", "d.TIFF")
    (tmp_path / "folder.jpg").mkdir()
    assert [path.name for path in scan_pictures(tmp_path)] == ["a.png", "b.JPG", "c.webp", "d.TIFF"]


def test_scan_wants_a_folder(tmp_path):
    with pytest.raises(FileError, match="expected a folder"):
        scan_pictures(tmp_path / "nothing")


def test_masks_by_stem(tmp_path):
    panoramas = files(tmp_path / "tour", "hall.jpg", "kitchen.jpg", "lounge.jpg")
    files(tmp_path / "masks", "lounge.png", "hall_mask.png", "attic.png")
    pairs, without, unused = match_masks(panoramas, tmp_path / "masks")
    assert [(a.name, b.name) for a, b in pairs] == [
        ("hall.jpg", "hall_mask.png"),
        ("lounge.jpg", "lounge.png"),
    ]
    assert [path.name for path in without] == ["kitchen.jpg"]
    assert [path.name for path in unused] == ["attic.png"]


def test_one_mask_for_all(tmp_path):
    panoramas = files(tmp_path / "tour", "hall.jpg", "lounge.jpg")
    (mask,) = files(tmp_path, "tripod.png")
    assert match_masks(panoramas, mask) == ([(path, mask) for path in panoramas], [], [])


def test_masks_beside_their_panoramas(tmp_path):
    files(tmp_path, "hall.jpg", "hall_mask.png", "lounge.jpg")
    pairs, without, unused = match_masks(scan_pictures(tmp_path), tmp_path)
    assert [(a.name, b.name) for a, b in pairs] == [("hall.jpg", "hall_mask.png")]
    assert [path.name for path in without] == ["lounge.jpg"]
    assert unused == []


def test_two_masks_for_one_are_refused(tmp_path):
    panoramas = files(tmp_path / "tour", "hall.jpg")
    files(tmp_path / "masks", "hall.png", "hall.tif")
    with pytest.raises(UsageError, match=r"expected one mask for hall.jpg, received 2: hall.png, hall.tif"):
        match_masks(panoramas, tmp_path / "masks")


def test_missing_masks(tmp_path):
    with pytest.raises(FileError, match="expected a mask or a folder of masks"):
        match_masks([], tmp_path / "nothing")
