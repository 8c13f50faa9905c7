import sys
import types
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pano_inpaint.cubemap import face_weights, to_faces
from pano_inpaint.data import (
    CropSettings,
    HoleSettings,
    PanoramaSettings,
    TfdsPhotos,
    Unreadable,
    panorama_dataset,
    photo_dataset,
    tfds_photos,
)
from pano_inpaint.decoding import PictureCache, read_small
from pano_inpaint.errors import FileError, MissingDependencyError, UsageError
from pano_inpaint.pano_decoding import read_panorama_item
from pano_inpaint.pano_samples import PanoramaStream, blame_map
from pano_inpaint.pano_sets import find_panoramas
from pano_inpaint.photo_samples import random_hole
from pano_inpaint.room_parts import LAYOUT, THING
from pano_inpaint.shadows import DARK
from pano_inpaint.sphere import lonlat_to_vector, pixel_to_lonlat

HOLES = HoleSettings(low=8, high=16, local_size=24)
KEYS = {"input", "truth", "mask", "weight", "window", "real_window", "layout", "blame", "rays"}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    paths = []
    for number, size in enumerate([(40, 60), (90, 50), (48, 48), (33, 64), (200, 120)]):
        coarse = rng.integers(0, 256, (5, 5, 3), np.uint8)
        pixels = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
        path = folder / f"{number}.{'png' if number % 2 else 'jpg'}"
        Image.fromarray(pixels).save(path)
        paths.append(str(path))
    return paths


def build(photos, **options):
    return photo_dataset(photos, **{"batch": 4, "seed": 3, "size": 32, "holes": HOLES} | options)


def take(dataset, count):
    return list(dataset.take(count).as_numpy_iterator())


def check_schema(batch, count, size):
    assert set(batch) == KEYS
    for key, channels in (("input", 3), ("truth", 3), ("mask", 1), ("weight", 1)):
        assert batch[key].shape == (count, size, size, channels) and batch[key].dtype == np.float32
        assert 0 <= batch[key].min() and batch[key].max() <= 1
    assert set(np.unique(batch["mask"])) <= {0.0, 1.0}
    assert batch["layout"].shape == (count, size, size) and batch["layout"].dtype == np.int32
    assert batch["rays"].shape == (count, size, size, 3) and batch["rays"].dtype == np.float32
    for key in ("window", "real_window"):
        assert batch[key].shape == (count, 2) and batch[key].dtype == np.int32
        assert batch[key].min() >= 0 and batch[key].max() <= size - HOLES.local_size


def same(one, other):
    return all(np.array_equal(one[key], other[key]) for key in KEYS)


def test_photo_batches_follow_the_schema(photos):
    for batch in take(build(photos), 3):
        check_schema(batch, 4, 32)
        assert np.array_equal(batch["input"], batch["truth"]) and (batch["weight"] == 1).all()
        for mask, (top, left) in zip(batch["mask"], batch["window"], strict=True):
            window = mask[top : top + HOLES.local_size, left : left + HOLES.local_size]
            assert window.sum() == mask.sum() > 0


def test_stream_goes_on_exactly_where_a_straight_run_would_be(photos):
    straight = take(build(photos), 7)
    resumed = take(build(photos, start=4, cache_bytes=0), 3)
    assert all(same(*pair) for pair in zip(straight[4:], resumed, strict=True))
    assert not same(straight[0], take(build(photos, seed=4), 1)[0])


def test_epochs_visit_every_photo_once_in_another_order(tmp_path):
    for level in range(6):
        Image.fromarray(np.full((40, 40, 3), 40 * level, np.uint8)).save(tmp_path / f"{level}.png")
    plain = CropSettings(brightness=0, contrast=0, saturation=0)
    dataset = build(sorted(tmp_path.iterdir()), batch=6, crops=plain)
    orders = [(batch["truth"][:, 0, 0, 0] * 255 / 40).round().tolist() for batch in take(dataset, 4)]
    assert all(sorted(order) == [0, 1, 2, 3, 4, 5] for order in orders)
    assert len(set(map(tuple, orders))) > 1


def test_validation_is_one_fixed_pass(photos):
    one, other = (list(build(photos, training=False).as_numpy_iterator()) for _ in range(2))
    assert [len(batch["mask"]) for batch in one] == [4, 1]
    assert all(same(*pair) for pair in zip(one, other, strict=True))
    reordered = next(iter(build(photos[::-1], training=False, batch=5).as_numpy_iterator()))
    assert np.array_equal(reordered["mask"][4], one[0]["mask"][0])


def test_validation_is_the_middle_of_the_photo(tmp_path):
    pixels = np.zeros((32, 64, 3), np.uint8)
    pixels[:, 16:48] = 200
    Image.fromarray(pixels).save(tmp_path / "a.png")
    batch = next(iter(build([tmp_path / "a.png"], training=False)))
    assert np.allclose(batch["truth"], 200 / 255)


def test_unreadable_photos_are_named_and_passed_over(photos, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no")
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(Path(photos[4]).read_bytes()[:400])
    unreadable = Unreadable()
    batches = take(build([str(broken), *photos, str(cut)], unreadable=unreadable), 6)
    assert len(batches) == 6 and set(unreadable.reasons) == {str(broken), str(cut)} and len(unreadable) == 2
    assert "Cannot decode" in unreadable.reasons[str(broken)]
    with pytest.raises(FileError, match="1 that cannot"):
        build([str(broken)])


def test_photo_settings_are_checked(photos):
    for options, message in (
        ({"batch": 0}, "batch"),
        ({"seed": -1}, "seed"),
        ({"size": 16}, "local_size"),
    ):
        with pytest.raises(UsageError, match=message):
            build(photos, **options)
    with pytest.raises(UsageError, match="at least one"):
        build([])
    with pytest.raises(UsageError, match="low <= high"):
        HoleSettings(low=50, high=40)
    with pytest.raises(UsageError, match="kinds"):
        HoleSettings(kinds=("star",))


@pytest.mark.parametrize("kind", ["box", "brush", "silhouette"])
def test_holes_reach_everywhere_and_fit_the_window(kind):
    settings = HoleSettings(low=8, high=16, local_size=24, kinds=(kind,))
    rng = np.random.default_rng(0)
    total = np.zeros((48, 48))
    for _ in range(400):
        mask, (top, left) = random_hole(rng, 48, settings)
        assert mask[top : top + 24, left : left + 24].sum() == mask.sum() > 0
        total += mask
    assert total.any(0).all() and total.any(1).all()


def test_box_sides_are_in_range():
    rng = np.random.default_rng(0)
    for _ in range(50):
        mask, _ = random_hole(rng, 48, HoleSettings(low=8, high=16, local_size=24, kinds=("box",)))
        height, width = mask.any(1).sum(), mask.any(0).sum()
        assert 8 <= min(height, width) and max(height, width) <= 16 and mask.sum() == height * width


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "CMYK", "1"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    path = tmp_path / f"a.{'jpg' if mode == 'CMYK' else 'png'}"
    Image.new("RGB", (50, 40), (255, 255, 255)).convert(mode).save(path)
    pixels = read_small(path, 20)
    assert pixels.shape == (20, 25, 3) and pixels.dtype == np.uint8 and pixels.min() > 250


def test_deep_pictures_are_refused(tmp_path):
    Image.fromarray(np.full((4, 4), 40000, np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(FileError, match="8-bit"):
        read_small(tmp_path / "a.png", 4)


def test_downsizing_averages(tmp_path):
    checks = np.indices((256, 512)).sum(0) % 2 * 255
    Image.fromarray(np.repeat(checks[..., None], 3, 2).astype(np.uint8)).save(tmp_path / "a.jpg", quality=95)
    assert abs(read_small(tmp_path / "a.jpg", 32).astype(float) - 127.5).max() < 4


def test_cache_keeps_to_its_bound():
    cache, loads = PictureCache(250), []

    def load(key):
        return cache.get(key, lambda: (loads.append(key), np.zeros(100, np.uint8))[1])

    for key in (0, 1, 2, 0, 1, 2):
        load(key)
    assert cache.used == 200 and loads == [0, 1, 2, 2]


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
    return panorama_dataset(items, **{"seed": 1, "face_size": 32, "local_size": 24} | options)


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

    factors = []
    for plain, spread in zip(elements(lacking["gone"], 0.0), elements(lacking["gone"], 1.0), strict=True):
        for name in ("truth", "mask", "blame"):
            np.testing.assert_array_equal(plain[name], spread[name])
        before, after = (np.log((one["truth"] + DARK) / (one["input"] + DARK)) for one in (plain, spread))
        lit, piece = before.min(axis=-1) > 0.3, before.max(axis=-1) < -0.6
        factors.append(np.median(after[lit] / before[lit]))
        np.testing.assert_allclose(after[lit], factors[-1] * before[lit], atol=0.1)
        assert piece.any() and (spread["input"] == plain["input"])[piece].all()
        assert (spread["input"] == plain["input"])[before == 0].all()
    assert 0 <= min(factors) < 0.8 and 1.2 < max(factors) <= 2.01
    for item, options in (
        (lacking["full"], {}),
        (lacking["gone"], {"training": False}),
    ):  # of others; of scores
        pictures = ([one["input"] for one in elements(item, spread, **options)] for spread in (0.0, 1.0))
        np.testing.assert_array_equal(*pictures)


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
    batches = take(build(panoramas, crops=plain), 2)
    for batch in batches:
        check_schema(batch, 4, 32)
        vectors = (batch["truth"] * 255 - 127.5 - 5) / 100
        assert np.allclose(np.linalg.norm(vectors, axis=-1), 1, atol=0.1)
    assert not np.array_equal(batches[0]["truth"][0], batches[0]["truth"][1])


def test_panorama_settings_are_checked(panoramas):
    with pytest.raises(UsageError, match="local_size"):
        PanoramaStream(panoramas, face_size=32, seed=0, local_size=64)


def test_tfds_pictures_come_by_number(monkeypatch):
    class NotFoundError(ValueError):
        pass

    def data_source(name, *, split):
        if name != "places365_small":
            raise NotFoundError(name)
        return [{"image": np.full((40, 40, 3), 9 * i, np.uint8), "label": i} for i in range(8)]

    module = types.SimpleNamespace(data_source=data_source)
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", module)
    sources = tfds_photos("places365_small", "train")
    check_schema(take(build(sources), 1)[0], 4, 32)
    assert len(sources[2:5]) == 3 and (sources[2:5][0] == 18).all() and sources[2:5].name_of(1)[-2:] == "#3"
    assert sources.name_of(3) == "places365_small/train#3"
    with pytest.raises(UsageError, match="Received: nothing train"):
        tfds_photos("nothing", "train")
    with pytest.raises(UsageError, match="with an image"):
        TfdsPhotos("x", [{"label": 1}])


def test_missing_tfds_has_a_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(MissingDependencyError) as caught:
        tfds_photos("places365_small", "train")
    assert "pano-inpaint[tfds]" in caught.value.hint
