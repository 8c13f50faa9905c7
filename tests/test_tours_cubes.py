"""Tours of cube tiles: Marzipano exports, and Pannellum's cubes and tiles."""

import json

import numpy as np
import pytest
from PIL import Image
from tour_samples import (
    COLOUR,
    Painter,
    contents,
    direction_panorama,
    marzipano_face,
    marzipano_tour,
    save_mask,
    save_tiles,
)

from pano_inpaint.masks import grow, spherical_cap
from pano_inpaint.tours import erase_tour, list_exhibits, read_tour


@pytest.mark.parametrize("first", [0, 1])
def test_faces_are_put_together_where_marzipano_shows_them(tmp_path, first):
    lounge, hall = read_tour(marzipano_tour(tmp_path, first=first)).scenes
    panorama = lounge.read()
    assert panorama.size == (2 * 252, 252)  # π / 2 · 160 rows, rounded up to even
    difference = np.abs(panorama.pixels.astype(int) - direction_panorama(252))
    assert difference.mean() < 1.5
    assert difference.max() < 16
    assert [(level.size, level.tile) for level in lounge.source.levels] == [(160, 64), (64, 64)]
    assert (lounge.name, hall.id) == ("Lounge", "1-hall")


def test_marzipano_angles(tmp_path):
    lounge, hall = read_tour(marzipano_tour(tmp_path)).scenes
    link, note = lounge.hotspots
    assert (link.yaw, link.pitch, link.target) == (0.5, -0.2, "1-hall")  # its pitch grows downwards
    assert (note.target, note.text) == (None, "Note")
    assert (hall.view.yaw, hall.view.pitch) == (0.1, -0.3)
    assert np.tan(hall.view.fov / 2) == pytest.approx(16 / 9)


def erase_caps(tmp_path, caps):
    root = marzipano_tour(tmp_path / "tour")
    tour = read_tour(root)
    height = tour.scenes[0].source.height
    mask = np.zeros((height, 2 * height), bool)
    for cap in caps:
        mask |= spherical_cap(*cap, height)
    report = erase_tour(tour, {"0-lounge": mask}, Painter(), tmp_path / "out")
    return tour, read_tour(report.mirror), mask, report


def test_only_touched_tiles_are_written_on_every_level(tmp_path):
    tour, mirrored, _, report = erase_caps(tmp_path, [(0.0, 0.0, 0.15)])
    before, after = contents(tour.root), contents(mirrored.root)
    changed = {name for name in before if before[name] != after[name]}
    # A cap of 0.15 round the front face's centre lies in the middle one of 3 × 3 tiles of 64 pixels.
    assert changed == {f"tiles/0-lounge/{name}" for name in ("2/f/1/1.jpg", "1/f/0/0.jpg", "preview.jpg")}
    assert report.scenes[0].files == 3
    assert set(after) == {*before, "report.json"}
    for name in changed:
        with Image.open(tour.root / name) as source, Image.open(mirrored.root / name) as written:
            assert source.quantization == written.quantization
            assert source.size == written.size


def test_the_hole_is_completed_and_the_rest_stays(tmp_path):
    caps = [(np.pi, 0.3, 0.3), (0.8, 0.0, 0.2), (0.0, -np.pi / 2, 0.5)]  # seam, face edge, pole
    tour, mirrored, mask, _ = erase_caps(tmp_path, caps)
    before, after = (side.scenes[0].read().pixels.astype(int) for side in (tour, mirrored))
    inner = ~grow(~mask, np.radians(6))
    assert np.abs(after[inner] - COLOUR).mean() < 1
    outside = ~grow(mask, np.radians(14))  # beyond the 16-pixel blocks that the hole touches
    assert np.abs(after - before)[outside].max() <= 2
    assert (after != before)[outside].mean() < 0.01


def test_smaller_levels_and_the_preview_follow(tmp_path):
    tour, mirrored, _, _ = erase_caps(tmp_path, [(0.0, -np.pi / 2, 0.6)])
    folder = mirrored.root / "tiles/0-lounge"
    with Image.open(folder / "1/d/0/0.jpg") as tile, Image.open(folder / "preview.jpg") as strip:
        face, preview = np.asarray(tile).astype(int), np.asarray(strip).astype(int)
    assert np.abs(face[24:40, 24:40] - COLOUR).mean() < 4
    assert np.abs(preview[32 + 12 : 32 + 20, 12:20] - COLOUR).mean() < 6  # second of b, d, f, l, r, u
    assert np.abs(face[0] - marzipano_face("d", 64)[0]).max() < 16
    assert (folder / "1/u/0/0.jpg").read_bytes() == (tour.root / "tiles/0-lounge/1/u/0/0.jpg").read_bytes()


def test_a_mask_of_another_size_by_the_scenes_name(tmp_path):
    tour = read_tour(marzipano_tour(tmp_path / "tour"))
    save_mask(tmp_path / "masks/Lounge.png", height=64)
    report = erase_tour(tour, tmp_path / "masks", Painter(), tmp_path / "out")
    assert "mask scaled from 128x64 to 504x252" in report.scenes[0].notes
    lounge, hall = list_exhibits(read_tour(report.mirror), tmp_path / "pages", before=tour)
    assert lounge.before.is_file()
    assert hall.before is None
    assert [spot.target for spot in lounge.hotspots] == ["1-hall", None]


def test_a_missing_or_damaged_tile_is_a_problem_of_its_scene(tmp_path):
    root = marzipano_tour(tmp_path / "tour")
    (root / "tiles/0-lounge/2/u/1/2.jpg").unlink()
    (root / "tiles/1-hall/2/u/1/2.jpg").write_bytes(b"\xff\xd8\xff")
    tour = read_tour(root)
    assert "2/u/1/2.jpg: no such file" in tour.scenes[0].problem
    mask = np.zeros((64, 128), bool)
    mask[60:] = True
    report = erase_tour(tour, {"0-lounge": mask, "1-hall": mask}, Painter(), tmp_path / "out")
    assert len(report.failed) == 2
    assert report.mirror is None


def test_data_as_people_write_it(tmp_path):
    root = marzipano_tour(tmp_path / "tour")
    data = """
    // exported { by hand }
    const APP_DATA = { scenes: [ /* one */
        { id: '0-lounge', name: "L\\u00e9a's", linkHotspots: [{yaw: .5, pitch: -1e-1, target: `1-hall`,},], },
      ], 'name': undefined, levels: [{tileSize: 0x40, size: 64}],
    }; export default APP_DATA;
    """
    (root / "data.js").rename(root / "old.js")
    (root / "app-files").mkdir()
    (root / "app-files/data.js").write_text(data, "utf-8")
    (root / "tiles").rename(root / "app-files/tiles")
    (scene,) = read_tour(root).scenes
    assert scene.name == "Léa's"
    assert (scene.hotspots[0].yaw, scene.hotspots[0].pitch) == (0.5, 0.1)
    assert scene.source.files[0].startswith("app-files/tiles/0-lounge/")
    assert read_tour(root / "app-files/data.js").scenes[0].source.levels == scene.source.levels


def test_pannellum_tiles_and_cubes(tmp_path):
    save_tiles(tmp_path / "multi", (64, 128), name="{letter}{row}_{column}.jpg")
    for letter in "frblud":
        Image.fromarray(marzipano_face(letter, 64)).save(tmp_path / f"{letter}.png")
    tiles = {"path": "/%l/%s%y_%x", "extension": "jpg", "tileResolution": 64, "maxLevel": 2}
    scenes = {
        "multi": {"type": "multires", "multiRes": {**tiles, "basePath": "multi", "cubeResolution": 128}},
        "cube": {"type": "cubemap", "cubeMap": [f"{letter}.png" for letter in "frblud"]},
    }
    (tmp_path / "tour.json").write_text(json.dumps({"default": {"firstScene": "multi"}, "scenes": scenes}))
    multi, cube = read_tour(tmp_path).scenes
    for scene, sizes in ((multi, [128, 64]), (cube, [64])):
        assert [level.size for level in scene.source.levels] == sizes
        pixels = scene.read().pixels
        assert np.abs(pixels.astype(int) - direction_panorama(len(pixels))).mean() < 1.5
