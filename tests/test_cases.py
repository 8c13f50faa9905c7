import numpy as np
import pytest
from PIL import Image

from pano_inpaint.cases import find_cases
from pano_inpaint.errors import FileError, UsageError

HEIGHT = 64


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def picture(seed, height=HEIGHT):
    return np.random.default_rng(seed).integers(1, 256, (height, 2 * height, 3), dtype=np.uint8)


def hole(height=HEIGHT):
    mask = np.zeros((height, 2 * height), bool)
    mask[height // 4 : height // 2, height // 2 : height] = True
    return mask


def names(cases):
    return [case.name for case in cases]


@pytest.mark.parametrize(
    "places",
    [
        ("{}.png", "masks/{}.png", "truth/{}.png"),
        ("{}.png", "mask/{}_mask.png", "empty/{}.png"),
        ("panoramas/{}.png", "masks/{}.png", "truths/{}_truth.png"),
        ("furnished/{}.png", "masks/{}.png", "empty/{}.png"),
        ("{}.png", "{}_mask.png", "{}_truth.png"),
        ("{}.png", "masks/{}.png", "{}_empty.png"),
    ],
)
def test_triples_are_found_by_name(tmp_path, places):
    for seed, room in enumerate(("attic", "hall")):
        for place, pixels in zip(places, (picture(seed), hole(), picture(seed + 9)), strict=True):
            save(tmp_path / place.format(room), pixels)
    cases, notes = find_cases(tmp_path)
    assert names(cases) == ["attic", "hall"]
    assert notes == ["2 panoramas with a mask, 2 of them with a truth"]
    panorama, mask, truth = cases[1].read()
    np.testing.assert_array_equal(panorama.pixels, picture(1))
    np.testing.assert_array_equal(mask, hole())
    np.testing.assert_array_equal(truth, picture(10))


def test_folders_can_be_named(tmp_path):
    save(tmp_path / "a" / "hall.png", picture(0))
    save(tmp_path / "one.png", hole())
    save(tmp_path / "b" / "hall.png", picture(1))
    cases, _ = find_cases(tmp_path / "a", masks=tmp_path / "one.png", truths=tmp_path / "b")
    np.testing.assert_array_equal(cases[0].read()[2], picture(1))


def test_what_is_incomplete_is_told(tmp_path):
    for seed, room in enumerate(("attic", "hall", "cellar")):
        save(tmp_path / f"{room}.png", picture(seed))
    for room in ("attic", "hall", "garage"):
        save(tmp_path / "masks" / f"{room}.png", hole())
    save(tmp_path / "truth" / "hall.png", picture(5))
    cases, notes = find_cases(tmp_path)
    assert names(cases) == ["attic", "hall"]
    told = " | ".join(notes)
    for expected in ("1 of them with a truth", "with itself", "cellar.png, which", "garage.png, a mask"):
        assert expected in told
    panorama, _, truth = cases[0].read()
    np.testing.assert_array_equal(truth, panorama.pixels)


def test_holes_are_drawn_by_name_seed_and_number_alone(tmp_path):
    for room in ("attic", "hall"):
        save(tmp_path / f"{room}.png", picture(0))
    cases, _ = find_cases(tmp_path)
    assert names(cases) == ["attic_0", "attic_1", "attic_2", "hall_0", "hall_1", "hall_2"]
    masks = [case.read()[1] for case in cases]
    assert all(mask.any() for mask in masks)
    assert not (masks[0] == masks[1]).all() and not (masks[0] == masks[3]).all()
    alone, _ = find_cases(tmp_path, only="hall", holes=2)
    np.testing.assert_array_equal(alone[1].read()[1], masks[4])
    other, _ = find_cases(tmp_path, only="hall", holes=2, seed=1)
    assert not (other[1].read()[1] == masks[4]).all()


def test_a_limit_takes_nested_parts(tmp_path):
    for number in range(6):
        save(tmp_path / f"room{number}.png", picture(0))
    few, more = (find_cases(tmp_path, limit=limit, holes=1)[0] for limit in (2, 4))
    assert len(few) == 2 and len(more) == 4
    assert set(names(few)) < set(names(more))


def test_pairs_erase_furniture_and_compare_with_the_empty_room(tmp_path):
    home = tmp_path / "scene_00000" / "2D_rendering" / "hall_1" / "panorama"
    empty, instances = picture(1), np.zeros((HEIGHT, 2 * HEIGHT), np.uint16)
    instances[20:40, 30:50] = 3
    full = np.where(instances[..., None] > 0, np.uint8(200), empty)
    save(home / "empty" / "rgb_rawlight.png", empty)
    save(home / "full" / "rgb_rawlight.png", full)
    save(home / "full" / "instance.png", instances)
    save(tmp_path / "overview.png", picture(4, 32))
    cases, notes = find_cases(tmp_path)
    assert names(cases) == ["scene_00000/hall_1/full/raw"]
    assert "Structured3D" in notes[0]
    panorama, mask, truth = cases[0].read()
    np.testing.assert_array_equal(panorama.pixels, full)
    np.testing.assert_array_equal(truth, empty)
    assert mask[instances > 0].all() and mask.mean() < 0.2
    assert find_cases(tmp_path, only="scene_00000*")[0] == cases
    assert cases[0].read(width=64)[0].pixels.shape == (32, 64, 3)


def test_a_pair_whose_objects_are_unknown_is_completed_empty(tmp_path):
    home = tmp_path / "scene_00000" / "2D_rendering" / "hall_1" / "panorama"
    save(home / "empty" / "rgb_rawlight.png", picture(1))
    save(home / "full" / "rgb_rawlight.png", picture(2))
    cases, _ = find_cases(tmp_path)
    panorama, _, truth = cases[0].read()
    assert len(cases) == 3
    np.testing.assert_array_equal(panorama.pixels, picture(1))
    np.testing.assert_array_equal(truth, picture(1))


def test_shrinking_keeps_what_is_masked_out_of_what_is_known(tmp_path):
    pixels = np.where(hole()[..., None], np.uint8(255), np.uint8(10)).repeat(3, axis=-1)
    save(tmp_path / "hall.png", pixels)
    save(tmp_path / "hall_mask.png", hole())
    panorama, mask, truth = find_cases(tmp_path)[0][0].read(width=24)
    assert panorama.pixels.shape == truth.shape == (12, 24, 3)
    assert (panorama.pixels[~mask] == 10).all()


def test_bad_input_is_refused(tmp_path):
    with pytest.raises(FileError, match="nowhere"):
        find_cases(tmp_path / "nowhere")
    with pytest.raises(UsageError):
        find_cases(tmp_path)
    save(tmp_path / "hall.png", picture(0))
    with pytest.raises(UsageError, match="named attic"):
        find_cases(tmp_path, only="attic")
    save(tmp_path / "masks" / "hall.png", hole())
    save(tmp_path / "truth" / "hall.png", picture(0, 32))
    with pytest.raises(UsageError, match="128x64, got 64x32"):
        find_cases(tmp_path)[0][0].read()
    save(tmp_path / "masks" / "hall.png", np.zeros_like(hole()))
    (tmp_path / "truth" / "hall.png").unlink()
    with pytest.raises(UsageError, match="nothing marked"):
        find_cases(tmp_path)[0][0].read()
