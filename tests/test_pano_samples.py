"""Six faces with a hole, from panoramas and furnished/empty pairs."""

import numpy as np
import pytest
from batches import LOCAL_SIZE, check_schema, same, take
from PIL import Image

from pano_inpaint.cube import face_weights
from pano_inpaint.cubemap import to_faces
from pano_inpaint.data import (
    CropSettings,
    HoleSettings,
    PanoramaSettings,
    Unreadable,
    panorama_dataset,
    photo_dataset,
)
from pano_inpaint.errors import UsageError
from pano_inpaint.pano_decoding import read_panorama_item
from pano_inpaint.pano_samples import PanoramaStream, blame_map
from pano_inpaint.pano_sets import find_panoramas
from pano_inpaint.room_parts import LAYOUT, THING
from pano_inpaint.shadows import DARK
from pano_inpaint.sphere import lonlat_to_vector, pixel_to_lonlat


def smooth_panorama(height, shift=0.0):
    lon, lat = pixel_to_lonlat(np.arange(2 * height), np.arange(height)[:, None], 2 * height, height)
    return np.round(127.5 + 100 * lonlat_to_vector(lon, lat) + shift).astype(np.uint8)


@pytest.fixture(scope="module")
def panoramas(tmp_path_factory):
    folder = tmp_path_factory.mktemp("panoramas")
    for number in range(3):
        Image.fromarray(smooth_panorama(64, 5 * number)).save(folder / f"{number}.png")
    return find_panoramas(folder, min_width=64).items


def panos(items, **options):
    return panorama_dataset(items, **{"seed": 1, "face_size": 32, "local_size": LOCAL_SIZE} | options)


def test_panorama_elements_follow_the_schema(panoramas):
    for element in take(panos(panoramas), 6):
        check_schema(element, 6, 32)
        assert np.allclose(element["weight"][..., 0], face_weights(32), atol=1e-6)
        assert element["mask"].sum() > 0 and np.array_equal(element["input"], element["truth"])


def test_panorama_faces_are_a_turned_cube(panoramas):
    """The direction is the colour here: six unit vectors, each face's centre at a right angle to the next."""
    flipped = {"flip": False, "tilt": 0.5}
    for settings in (PanoramaSettings(**flipped), PanoramaSettings(**flipped | {"flip": True})):
        for element in take(panos(panoramas[:1], settings=settings), 4):
            vectors = (element["truth"] * 255 - 127.5) / 100
            assert np.allclose(np.linalg.norm(vectors, axis=-1), 1, atol=0.03)
            centres = vectors[:, 15:17, 15:17].mean((1, 2))
            right_angles = np.kron([[1, -1], [-1, 1]], np.eye(2))
            assert np.allclose(centres[:4] @ centres[:4].T, right_angles, atol=0.05)
            assert np.allclose(centres[4], -centres[5], atol=0.05)


def test_rays_tell_up_and_aimed_cubes_look_at_the_hole(panoramas):
    """The direction is the colour here, so that its height is what the rays say."""
    for flip in (False, True):
        settings = PanoramaSettings(flip=flip, tilt=0.4, aim_odds=float(flip), hole_kinds=("cap",))
        for element in take(panos(panoramas[:1], settings=settings), 6):
            heights = (element["truth"][..., 1] * 255 - 127.5) / 100
            assert np.abs(element["rays"][..., 1] - heights).max() < 0.12
            assert np.allclose(np.linalg.norm(element["rays"], axis=-1), 1, atol=1e-5)
            if flip:
                assert element["mask"][0, 12:20, 12:20].any()


@pytest.mark.parametrize("flip", [False, True])
def test_close_ups_look_at_the_edge_of_the_hole_and_are_told_so(panoramas, flip):
    """The direction is the colour here: it tells where a view looks, how wide, and whether it is mirrored."""
    settings = PanoramaSettings(flip=flip, tilt=0.3, close_up=3.0, hole_kinds=("cap",))
    widths, sides, mirrored = [], set(), set()
    for element in take(panos(panoramas[:1], settings=settings), 6):
        check_schema(element, 6, 32)
        for truth, rays, mask, weight in zip(
            *(element[name] for name in ("truth", "rays", "mask", "weight")), strict=True
        ):
            seen = (truth * 255 - 127.5) / 100
            assert np.abs(rays[..., 1] - seen[..., 1]).max() < 0.12
            np.testing.assert_allclose(np.linalg.norm(rays, axis=-1), 1, atol=1e-5)
            centre = rays[15:17, 15:17].mean((0, 1))
            if abs(centre[1]) < 0.8:  # elsewhere north is anywhere
                turns = [np.angle((one[..., 0] + 1j * one[..., 2])[15, 15]) for one in (rays, seen)]
                level = np.hypot(rays[..., 0], rays[..., 2]) > 0.5
                ways = [np.exp(1j * np.angle(one[..., 0] + 1j * one[..., 2])) for one in (rays, seen)]
                same = np.abs(ways[0] * np.exp(-1j * turns[0]) - ways[1] * np.exp(-1j * turns[1]))[level]
                other = np.abs(ways[0] * np.exp(-1j * turns[0]) - np.conj(ways[1] * np.exp(-1j * turns[1])))
                mirrored.add(bool(same.max() > 0.2))
                assert min(same.max(), other[level].max()) < 0.2
                sides.add(round(np.degrees(np.arctan2(centre[0], centre[2])) / 90) % 4)
            widths.append(np.degrees(np.arccos(rays[16, 0] @ rays[16, -1])))
            assert 0 < mask[8:24, 8:24].mean() < 1  # within 6° and where the view looks: the hole's edge
            assert not weight[[0, -1]].any() and not weight[:, [0, -1]].any() and weight[8:24, 8:24].all()
    assert 34 < min(widths) < 45 and 75 < max(widths) < 90  # 2 atan(1 / 3) to 90°
    assert sides == {0, 1, 2, 3} and mirrored == {False, flip}
    plain = take(panos(panoramas[:1], settings=settings, training=False), 1)[0]
    np.testing.assert_allclose(plain["weight"][0, ..., 0], face_weights(32), atol=1e-6)  # scores are of cubes


def test_layout_is_that_of_the_empty_room(pair):
    root, _, _ = pair
    labels = np.full((64, 128), 1, np.uint8)
    labels[40:], labels[:20], labels[25:35, 30:50] = 2, 22, 9
    labels[0] = 35
    picture = Image.fromarray(labels).convert("P")
    picture.putdata(labels.ravel().tolist())
    picture.save(root / "scene_00001/2D_rendering/7/panorama/empty/semantic.png")
    (item,) = find_panoramas(root, min_width=64).items
    layout = read_panorama_item(item, 64).layout
    assert layout[50, 5] == LAYOUT.index("floor") and layout[10, 5] == LAYOUT.index("ceiling")
    assert layout[30, 40] == LAYOUT.index("opening") and layout[30, 5] == LAYOUT.index("wall")
    assert (layout[0] == -1).all()
    element = take(panos([item]), 1)[0]
    upward, downward = element["rays"][..., 1] > 0.9, element["rays"][..., 1] < -0.9
    assert set(np.unique(element["layout"][upward])) <= {-1, LAYOUT.index("ceiling")}
    assert set(np.unique(element["layout"][downward])) == {LAYOUT.index("floor")}


def test_furniture_is_a_thing_where_it_is_seen_and_the_room_behind_it_where_it_is_erased(pair):
    root, path, instances = pair
    Image.fromarray(instances).save(path)
    labels = Image.fromarray(np.ones((64, 128), np.uint8)).convert("P")
    labels.putdata([1] * 64 * 128)
    labels.save(root / "scene_00001/2D_rendering/7/panorama/empty/semantic.png")
    (item,) = find_panoramas(root, min_width=64).items
    for element in take(panos([item], settings=PanoramaSettings(objects=(1, 1))), 6):
        layout, hole = element["layout"], element["mask"][..., 0] > 0
        differs = np.abs(element["input"] - element["truth"]).max(axis=-1) > 0.3
        assert (layout[hole] == LAYOUT.index("wall")).all()
        assert ((layout == THING) == differs)[~hole].mean() > 0.98
        assert (layout[differs & ~hole] == THING).mean() > 0.7 or not (differs & ~hole).any()


def test_blame_for_shadows_goes_to_what_is_much_nearer():
    erased, others = np.zeros((2, 64, 128), bool)
    erased[30:40, 124:], others[30:40, 6:12] = True, True
    blame = blame_map(erased, others)
    assert (blame[35, [0, 120, 126]] == 1).all()  # across the seam, too
    assert (blame[35, [5, 6, 7]] == 0).all()
    assert blame[35, 3] == blame[35, 90] == blame[0, 64] == -1  # half way, or far from both
    assert (blame_map(erased & False, others) == -1).all()
    assert (blame_map(erased, others & False)[35, [0, 3, 5, 8, 120]] == 1).all()


@pytest.fixture
def lacking(pair):
    """The items of a room, by kind of picture: a piece, 9, is all that the truth of "gone" lacks."""
    root, path, instances = pair
    Image.fromarray(instances).save(path)
    gone = path.parent.parent / "gone"
    gone.mkdir()
    full = np.asarray(Image.open(path.parent / "rgb_rawlight.png")).copy()
    piece = instances == 9
    full[piece] = 128
    Image.fromarray(full).save(gone / "rgb_rawlight.png")
    Image.fromarray(np.where(piece, instances, 0).astype(np.uint16)).save(gone / "instance.png")
    return {item.name.split("/")[2]: item for item in find_panoramas(root, min_width=64).items}


def test_of_a_pair_that_lacks_one_piece_only_the_piece_is_erased_and_to_blame(lacking):
    assert not read_panorama_item(lacking["full"], 64).lacks_objects_only
    decoded = read_panorama_item(lacking["gone"], 64)
    assert decoded.lacks_objects_only and decoded.things[30:40, :8].all()
    settings = PanoramaSettings(extra_hole_odds=0, object_margin=(0.1, 0.1))
    for element in take(panos([lacking["gone"]], settings=settings), 4):
        outside = element["mask"][..., 0] == 0
        differs = np.abs(element["input"] - element["truth"]).max(axis=-1) > 0.02
        assert differs.any() and not (differs & outside).any()
        assert set(np.unique(element["blame"])) == {-1, 1}  # also on the other thing, which stays
        assert (element["blame"][~outside] == 1).all()


def test_shadows_are_made_fainter_and_deeper_and_what_casts_them_stays(lacking, pair):
    path = pair[1].parent / "rgb_rawlight.png"
    full = np.asarray(Image.open(path)).copy()
    full[40:44, 55:80] //= 2  # beside the piece
    Image.fromarray(full).save(path)

    def elements(item, spread, **options):
        settings = PanoramaSettings(shadow_spread=spread, extra_hole_odds=0, flip=False)
        return take(panos([item], settings=settings, **options), 6)

    ranges = []
    for plain, spread in zip(elements(lacking["gone"], 0.0), elements(lacking["gone"], 1.0), strict=True):
        for name in ("truth", "mask", "blame", "rays"):
            np.testing.assert_array_equal(plain[name], spread[name])
        before, after = (np.log((one["truth"] + DARK) / (one["input"] + DARK)) for one in (plain, spread))
        lit, piece = before.min(axis=-1) > 0.3, before.max(axis=-1) < -0.6
        factors, rays = (after[lit] / before[lit]).mean(axis=-1), spread["rays"][lit]
        apart = np.linalg.norm(rays[:, None] - rays, axis=-1)
        assert (np.abs(factors[:, None] - factors) <= 10 * apart + 0.1).all()  # 10 radians in each, no faster
        ranges.append((factors.min(), factors.max()))
        assert piece.any() and (spread["input"] == plain["input"])[piece].all()
        assert (spread["input"] == plain["input"])[before == 0].all()
    lows, highs = np.transpose(ranges)
    assert -0.05 < lows.min() < 0.5 and 1.5 < highs.max() < 2.05
    assert (highs - lows).max() > 0.5  # in one picture some are fainter, some deeper
    for item, options in (
        (lacking["full"], {}),
        (lacking["gone"], {"training": False}),
    ):  # of others; of scores
        pictures = ([one["input"] for one in elements(item, spread, **options)] for spread in (0.0, 1.0))
        np.testing.assert_array_equal(*pictures)


def test_parts_of_a_room_are_painted_anew_and_shadows_stay(lacking, pair):
    path = pair[1].parent / "rgb_rawlight.png"
    full = np.asarray(Image.open(path)).copy()
    full[40:44, 55:80] //= 2  # beside the piece
    Image.fromarray(full).save(path)
    labels = np.full(full.shape[:2], 1, np.uint8)  # NYU40: walls
    labels[len(labels) // 2 :] = 2  # floor
    Image.fromarray(labels).save(path.parent.parent / "empty" / "semantic.png")
    items = {item.name.split("/")[2]: item for item in find_panoramas(pair[0], min_width=64).items}

    def elements(recolour, **options):
        settings = PanoramaSettings(recolour=recolour, extra_hole_odds=0, flip=False)
        return take(panos([items["gone"]], settings=settings, **options), 6)

    changes = []
    for plain, painted in zip(elements(0.0), elements(0.3), strict=True):
        for name in ("mask", "blame", "rays", "layout"):
            np.testing.assert_array_equal(plain[name], painted[name])
        logs = {name: [np.log(one[name] + DARK) for one in (plain, painted)] for name in ("input", "truth")}
        uncut = (painted["input"] < 1).all(axis=-1) & (painted["truth"] < 1).all(axis=-1)
        uncut &= (plain["input"] > 0.1).all(axis=-1)
        before, after = (logs["truth"][which] - logs["input"][which] for which in (0, 1))
        assert (before[uncut].max(axis=-1) > 0.3).any()
        np.testing.assert_allclose(before[uncut], after[uncut], atol=0.1)
        for part in np.unique(plain["layout"]):
            change = (logs["truth"][1] - logs["truth"][0])[uncut & (plain["layout"] == part)]
            if len(change):
                assert np.ptp(change, axis=0).max() < 0.1  # the same all over it
                changes.append(change.mean(axis=0))
    assert 0.2 < np.ptp(changes) and np.abs(changes).max() < 0.4
    for one, other in zip(elements(0.0, training=False), elements(0.3, training=False), strict=True):
        np.testing.assert_array_equal(one["input"], other["input"])


def test_exposure_changes_both_pictures_of_a_pair_alike(pair):
    (item,) = find_panoramas(pair[0], min_width=64).items

    def elements(training, exposure):
        settings = PanoramaSettings(exposure=exposure, flip=False)
        return take(panos([item], settings=settings, training=training), 1 if not training else 4)

    for plain, exposed in zip(elements(True, 0.0), elements(True, 0.3), strict=True):
        np.testing.assert_array_equal(plain["mask"], exposed["mask"])
        for channel in range(3):
            pictures = [
                np.stack([one[name][..., channel] for name in ("input", "truth")]) for one in (plain, exposed)
            ]
            before, after = (picture.ravel() for picture in pictures)
            # One curve for both pictures: what was alike stays alike, what was brighter is no darker now.
            levels, first = np.unique(before, return_index=True)
            np.testing.assert_array_equal(after, after[first][np.searchsorted(levels, before)])
            assert (np.diff(after[first]) >= 0).all() and (after != before).any()
    np.testing.assert_array_equal(elements(False, 0.0)[0]["input"], elements(False, 0.3)[0]["input"])


def test_pairs_tell_who_is_to_blame_and_nobody_else_does(pair, panoramas):
    root, path, instances = pair
    Image.fromarray(instances).save(path)
    (item,) = find_panoramas(root, min_width=64).items
    stream = panos([item], settings=PanoramaSettings(objects=(1, 1)))
    blamed = [element["blame"] for element in take(stream, 6)]
    assert {-1.0, 1.0} == set(np.unique(blamed))  # the two are far from each other
    assert all((element["blame"] == -1).all() for element in take(panos(panoramas), 3))


def test_panorama_stream_resumes_and_validation_is_fixed(panoramas):
    straight, resumed = take(panos(panoramas), 6), take(panos(panoramas, start=4), 2)
    assert all(same(*pair) for pair in zip(straight[4:], resumed, strict=True))
    one = list(panos(panoramas, training=False).as_numpy_iterator())
    other = list(panos(panoramas[1:], training=False, cache_bytes=0).as_numpy_iterator())
    assert len(one) == 3 and all(same(*pair) for pair in zip(one[1:], other, strict=True))


def test_windows_hold_each_faces_part_of_the_hole(panoramas):
    settings = PanoramaSettings(hole_low=0.1, hole_high=0.2)
    for element in take(panos(panoramas, settings=settings), 10):
        for mask, (top, left) in zip(element["mask"], element["window"], strict=True):
            assert mask[top : top + 24, left : left + 24].sum() == mask.sum()


@pytest.fixture
def pair(tmp_path):
    room = tmp_path / "scene_00001/2D_rendering/7/panorama"
    empty = smooth_panorama(64)
    full, instances = empty.copy(), np.zeros((64, 128), np.uint16)
    full[30:40, :8] = full[30:40, -8:] = 0  # one object over the seam
    instances[30:40, :8] = instances[30:40, -8:] = 3
    full[44:52, 60:70] = 255
    instances[44:52, 60:70] = 9
    instances[:2] = 65535
    labels = np.where(instances % 65535 > 0, 5, 1).astype(np.uint8)
    for name, pixels in (("full", full), ("empty", empty)):
        (room / name).mkdir(parents=True)
        Image.fromarray(pixels).save(room / name / "rgb_rawlight.png")
        plain = labels if name == "full" else np.ones_like(labels)
        Image.fromarray(np.stack([plain * 40] * 3, -1)).save(room / name / "semantic.png")
    return tmp_path, room / "full/instance.png", instances


@pytest.mark.parametrize("with_instances", [True, False])
def test_pairs_erase_objects_and_aim_at_the_empty_room(pair, with_instances):
    root, path, instances = pair
    if with_instances:
        Image.fromarray(instances).save(path)
    (item,) = find_panoramas(root, min_width=64).items
    decoded = read_panorama_item(item, 64)
    assert len(np.unique(decoded.objects)) == 3
    assert np.array_equal(decoded.objects > 0, instances % 65535 > 0)
    settings = PanoramaSettings(extra_hole_odds=0, objects=(2, 2), object_margin=(0.1, 0.1), flip=False)
    for element in take(panos([item], settings=settings), 3):
        outside = element["mask"] == 0
        differs = np.abs(element["input"] - element["truth"]).max(-1, keepdims=True) > 0.02
        assert differs.any() and not (differs & outside).any()
        assert element["mask"].mean() < 0.3


def test_skybox_faces_land_where_they_belong(tmp_path):
    panorama = smooth_panorama(256)
    faces = to_faces(panorama, 96)
    for number, face in zip((1, 2, 3, 4, 0, 5), faces, strict=True):
        Image.fromarray(face).save(tmp_path / f"v_skybox{number}_sami.jpg", quality=98, subsampling=0)
    (item,) = find_panoramas(tmp_path, min_width=64).items
    decoded = read_panorama_item(item, 64, blurred_pole=np.radians(30))
    assert abs(decoded.truth.astype(int) - smooth_panorama(64)).mean() < 1.5
    invalid_rows = np.flatnonzero(~decoded.valid.any(1))
    assert len(invalid_rows) == pytest.approx(64 * 60 / 180, abs=1)
    element = take(panos([item], settings=PanoramaSettings(tilt=0, blurred_pole=0.5)), 1)[0]
    up = element["weight"][4, ..., 0]
    assert up[16, 16] == 0 and up[0, 0] > 0 and element["weight"][:4].min() > 0


def test_missing_poles_do_not_count(tmp_path):
    panorama = smooth_panorama(64)
    panorama[:8] = panorama[-10:] = 0
    Image.fromarray(panorama).save(tmp_path / "a.png")
    (item,) = find_panoramas(tmp_path, min_width=64).items
    assert np.flatnonzero(read_panorama_item(item, 64).valid[:, 0]).tolist() == list(range(8, 54))


def test_unreadable_panoramas_are_passed_over(panoramas, tmp_path):
    path = tmp_path / "cut.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 128, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:3000])
    cut = find_panoramas(tmp_path, min_width=64).items
    unreadable = Unreadable()
    assert len(take(panos((*cut, *panoramas), unreadable=unreadable), 8)) == 8
    assert list(unreadable.reasons) == ["cut.png"]


def test_views_into_panoramas_serve_as_photos(panoramas):
    plain = CropSettings(brightness=0, contrast=0, saturation=0)
    holes = HoleSettings(low=8, high=16, local_size=LOCAL_SIZE)
    batches = take(photo_dataset(panoramas, batch=4, seed=3, size=32, holes=holes, crops=plain), 2)
    for batch in batches:
        check_schema(batch, 4, 32)
        vectors = (batch["truth"] * 255 - 127.5 - 5) / 100
        assert np.allclose(np.linalg.norm(vectors, axis=-1), 1, atol=0.1)
    assert not np.array_equal(batches[0]["truth"][0], batches[0]["truth"][1])


def test_panorama_settings_are_checked(panoramas):
    with pytest.raises(UsageError, match="local_size"):
        PanoramaStream(panoramas, face_size=32, seed=0, local_size=64)
