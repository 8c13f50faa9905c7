import sys
import types
from pathlib import Path

import cv2
import numpy as np
import pytest
from batches import LOCAL_SIZE, check_schema, same, take
from PIL import Image

from pano_inpaint.data import (
    CropSettings,
    HoleSettings,
    TfdsPhotos,
    Unreadable,
    photo_dataset,
    tfds_photos,
)
from pano_inpaint.decoding import PictureCache, read_small
from pano_inpaint.errors import FileError, MissingDependencyError, UsageError
from pano_inpaint.photo_samples import random_hole

HOLES = HoleSettings(low=8, high=16, local_size=LOCAL_SIZE)


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
