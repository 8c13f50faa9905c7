import cv2
import numpy as np
import pytest
from rooms import L_PLAN, box_plan, render_room

from pano_inpaint.errors import UsageError
from pano_inpaint.sphere import latitude_weights, rotation_matrix
from pano_inpaint.structure import analyse_room, draw_structure

ROOMS = {
    "box": {},
    "turned": {"yaw": 0.5, "floor": "tiles"},
    "papered": {"yaw": -0.9, "wall": "wallpaper", "plan": box_plan(1.2, 2.6, 1.5, 3.4)},
    "l-shaped": {"plan": L_PLAN, "yaw": 0.5, "floor": "tiles", "furniture": ((1.5, 2.5, -1, 0.5, -0.3),)},
    "tilted": {"tilt": rotation_matrix(0, 0.05, 0.04), "wall": "wallpaper"},
    "high": {"roof": 1.6, "plan": box_plan(3, 3.5, 2.5, 4)},
}


def shares_right(found, room):
    """Share of the sphere, and of the hole, on the plane that is there."""
    height = len(room.mask)
    index = found.plane_index((slice(0, height), 0, 2 * height), height)
    feet = np.stack([plane.normal * plane.distance for plane in room.structure.planes])
    off = [np.linalg.norm(plane.normal * plane.distance - feet, axis=1) for plane in found.planes]
    same = np.array([part.argmin() if part.min() < 0.25 else -2 for part in off] + [-2])
    right = (same[index] == room.plane_index) * latitude_weights(height)
    total = latitude_weights(height) * np.ones(room.mask.shape)
    return right.sum() / total.sum(), right[room.mask].sum() / total[room.mask].sum()


def labels_of(room):
    kinds = np.array([("floor", "wall", "ceiling").index(plane.kind) for plane in room.structure.planes])
    return kinds[room.plane_index]


@pytest.mark.parametrize("name", ROOMS)
def test_planes_of_analytic_rooms(name):
    room = render_room(rows=256, **ROOMS[name])
    found = analyse_room(room.furnished, room.mask)
    everywhere, inside = shares_right(found, room)
    assert everywhere > 0.97
    assert inside > 0.93
    assert found.ceiling.distance == pytest.approx(room.structure.ceiling.distance, rel=0.05)
    longitudes = np.linspace(-3, 3, 61)
    off = np.abs(found.boundaries(longitudes)[0] - room.structure.boundaries(longitudes)[0])
    assert np.rad2deg(np.median(off)) < 1


def test_hidden_walls_go_on_behind_the_hole():
    room = render_room(rows=256, furniture=((-1.6, 0.3, -1.9, -0.6, 0.5), (1.2, 2, 0, 2.7, 0.6)))
    assert room.mask.mean() > 0.1
    found = analyse_room(room.furnished, room.mask)
    assert min(shares_right(found, room)) > 0.95


def test_labels_tell_what_edges_do_not():
    room = render_room(rows=256, doors=False)
    found = analyse_room(room.furnished, room.mask, labels=labels_of(room))
    assert min(shares_right(found, room)) > 0.95


def test_labels_tell_a_room_among_edges_that_run_anyhow():
    room, rng = render_room(rows=384), np.random.default_rng(2)
    cluttered = room.furnished.copy()
    for middle, turn in zip(
        rng.uniform((0, 60), (768, 320), (400, 2)), rng.uniform(0, np.pi, 400), strict=True
    ):
        reach = 14 * np.array([np.cos(turn), np.sin(turn)])
        ends = (tuple(int(place) for place in end) for end in (middle - reach, middle + reach))
        cv2.line(cluttered, *ends, rng.integers(0, 255, 3).tolist(), 2)
    assert [plane.kind for plane in analyse_room(cluttered, room.mask).planes] == ["floor"]
    assert min(shares_right(analyse_room(cluttered, room.mask, labels=labels_of(room)), room)) > 0.9


def test_labels_deep_in_a_hole_are_guesses():
    room = render_room(rows=256, furniture=((-1.6, 0.3, -1.9, -0.6, 0.5), (1.2, 2, 0, 2.7, 0.6)))
    labels = labels_of(room)
    deep = cv2.erode(room.mask.astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
    labels[deep] = 0
    assert deep.mean() > 0.05
    assert min(shares_right(analyse_room(room.furnished, room.mask, labels=labels), room)) > 0.95


def test_unsure_where_labels_contradict_the_planes():
    room = render_room(rows=256)
    labels = labels_of(room)
    muddled = labels.copy()
    muddled[:128] = 3 - labels[:128]  # walls for ceiling, and ceiling for walls
    found = analyse_room(room.furnished, room.mask, labels=muddled)
    assert [plane.kind for plane in found.planes] == ["floor"]
    believed = found.plane_index((slice(0, 256), 0, 512), 256) == 0
    assert believed[-20:].all() and not (believed & (labels == 1)).any()


def test_unsure_where_there_is_no_room():
    rng = np.random.default_rng(3)
    meadow = np.full((256, 512, 3), (150, 180, 220), np.uint8)
    meadow[128:] = rng.normal((80, 110, 50), 25, (128, 512, 3)).clip(0, 255)
    found = analyse_room(meadow, np.zeros((256, 512), bool))
    assert [plane.kind for plane in found.planes] == ["floor"]
    assert found.planes[0].confidence < 0.5
    blank = analyse_room(np.full_like(meadow, 90), np.ones((256, 512), bool))
    assert not any(plane.kind == "wall" for plane in blank.planes)


def test_picture_shows_planes_and_borders():
    room = render_room(rows=64)
    picture = draw_structure(room.empty, room.structure)
    assert picture.shape == room.empty.shape
    assert picture.dtype == np.uint8
    assert (picture == 255).all(axis=2).any()
    assert len(np.unique(picture[room.plane_index == 0].reshape(-1, 3), axis=0)) > 5


def test_wrong_input_is_refused():
    mask = np.zeros((16, 32), bool)
    with pytest.raises(UsageError, match="uint8"):
        analyse_room(np.zeros((16, 32, 3), np.float32), mask)
    with pytest.raises(UsageError, match="mask"):
        analyse_room(np.zeros((32, 64, 3), np.uint8), mask)
