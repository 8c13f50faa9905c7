import pytest

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.photos import find_photos, hash_fraction, indoor_classes, normalise_class


def make(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return root


def names_of(paths, root):
    return sorted(path.removeprefix(f"{root}/") for path in paths)


@pytest.fixture
def places(tmp_path):
    make(
        tmp_path,
        "data_256/a/alley/00000001.jpg",
        "data_256/b/bakery/shop/00000001.jpg",
        "data_256/k/kitchen/00000001.jpg",
        "data_256/k/kitchen/00000002.jpg",
        "data_256/k/kitchen/Thumbs.db",
        "val_256/Places365_val_00000001.jpg",
        "val_256/Places365_val_00000002.jpg",
    )
    (tmp_path / "places365_val.txt").write_text(
        "Places365_val_00000001.jpg 203\nPlaces365_val_00000002.jpg 4\n"
    )
    (tmp_path / "places365_train_standard.txt").write_text(
        "/a/alley/00000001.jpg 4\n/k/kitchen/00000001.jpg 203\n/k/kitchen/00000002.jpg 203\n"
    )
    return tmp_path


def test_places_layout_keeps_its_own_split(places):
    photos = find_photos(places)
    assert photos.layout == "Places365 (data_256 and val_256)"
    assert len(photos.train) == 4 and len(photos.val) == 2 and photos.found == 6
    assert photos.skipped == {"not a picture file": 1}
    assert photos.report[1] == "found 6 pictures, used 6 (4 to train, 2 to validate)"
    assert "skipped 1: not a picture file" in photos.report


def test_train_folder_itself_finds_its_neighbour(places):
    assert find_photos(places / "data_256").val == find_photos(places).val


def test_indoor_uses_the_list_of_labels(places):
    photos = find_photos(places, classes="indoor")
    assert names_of(photos.train, places) == [
        "data_256/b/bakery/shop/00000001.jpg",
        "data_256/k/kitchen/00000001.jpg",
        "data_256/k/kitchen/00000002.jpg",
    ]
    assert names_of(photos.val, places) == ["val_256/Places365_val_00000001.jpg"]
    assert photos.skipped["of a class not chosen"] == 2


def test_indoor_prefers_the_folders_own_file(places):
    (places / "IO_places365.txt").write_text("/a/alley 1\n/k/kitchen 2\n/b/bakery/shop 2\n")
    photos = find_photos(places, classes="indoor")
    assert names_of(photos.train, places) == ["data_256/a/alley/00000001.jpg"]


def test_classes_by_name_and_by_file(places, tmp_path):
    assert len(find_photos(places, classes="bakery-shop, alley").train) == 2
    listing = tmp_path / "mine.txt"
    listing.write_text("# rooms\nkitchen\n")
    assert len(find_photos(places, classes=str(listing)).train) == 2


def test_unknown_class_is_named(places):
    with pytest.raises(
        UsageError, match="classes kitschen in .* 3 classes, such as alley, bakery_shop, kitchen"
    ):
        find_photos(places, classes="kitchen,kitschen")


def test_validation_pictures_alone_are_labelled_by_the_built_in_list(tmp_path):
    make(tmp_path, *(f"val_256/Places365_val_0000000{i}.jpg" for i in range(1, 5)))
    labels = (203, 4, 203, 203)
    (tmp_path / "places365_val.txt").write_text(
        "".join(f"Places365_val_0000000{i}.jpg {label}\n" for i, label in enumerate(labels, 1))
    )
    photos = find_photos(tmp_path / "val_256", classes="kitchen", val_fraction=0.5)
    assert len(photos.train) + len(photos.val) == 3 and photos.train and photos.val


def test_easy_layout(tmp_path):
    make(
        tmp_path, "train/kitchen/1.jpg", "train/museum-indoor/2.png", "val/kitchen/3.jpg", "train/alley/4.jpg"
    )
    photos = find_photos(tmp_path, classes="indoor")
    assert names_of(photos.train, tmp_path) == ["train/kitchen/1.jpg", "train/museum-indoor/2.png"]
    assert names_of(photos.val, tmp_path) == ["val/kitchen/3.jpg"]


def test_tree_is_split_by_hash_and_stays_so(tmp_path):
    make(tmp_path, *(f"set/{i:03}.JPG" for i in range(200)), "set/.hidden.jpg", "notes.txt")
    photos = find_photos(tmp_path, val_fraction=0.2)
    assert photos.layout == "a tree of pictures" and photos.found == 200
    assert 20 <= len(photos.val) <= 60 and not set(photos.train) & set(photos.val)
    make(tmp_path, "set/new.jpg")
    grown = find_photos(tmp_path, val_fraction=0.2)
    assert set(photos.val) <= set(grown.val) and set(photos.train) <= set(grown.train)
    assert find_photos(tmp_path, val_fraction=0).val == ()


@pytest.mark.parametrize("val_fraction", [0.001, 0.999])
def test_neither_side_of_a_small_tree_is_empty(tmp_path, val_fraction):
    make(tmp_path, "1.jpg", "2.jpg")
    photos = find_photos(tmp_path, val_fraction=val_fraction)
    assert len(photos.train) == len(photos.val) == 1


def test_wrong_folders(tmp_path):
    with pytest.raises(FileError, match="not a folder"):
        find_photos(tmp_path / "none")
    with pytest.raises(UsageError, match="data_256.*or in any tree"):
        find_photos(tmp_path)
    with pytest.raises(UsageError, match="val_fraction"):
        find_photos(tmp_path, val_fraction=1)


def test_built_in_indoor_classes():
    classes = indoor_classes()
    assert len(classes) == 161 and len(set(classes.values())) == 161
    assert list(classes) == sorted(classes) and max(classes.values()) < 365
    assert classes["kitchen"] == 203 and "alley" not in classes


@pytest.mark.parametrize(
    "name", ["/b/bakery/shop", "b/bakery/shop", "bakery-shop", "Bakery Shop", "bakery_shop"]
)
def test_class_names_in_every_spelling(name):
    assert normalise_class(name) == "bakery_shop"


def test_hash_is_uniform_and_depends_on_the_seed():
    places = [hash_fraction(str(i)) for i in range(1000)]
    assert abs(sum(places) / 1000 - 0.5) < 0.03 and all(0 <= place < 1 for place in places)
    assert hash_fraction("a", seed=1) != hash_fraction("a")
