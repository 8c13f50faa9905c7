import numpy as np
import pytest
from rooms import render_room

from pano_inpaint.blending import smooth_fill
from pano_inpaint.detail import complete_hole
from pano_inpaint.masks import grow, regions, spherical_cap
from pano_inpaint.metrics import psnr
from pano_inpaint.sphere import window_directions

ROWS = 192


def window_of(picture, region):
    rows, start, width = region.window
    return picture[rows][:, np.arange(start, start + width) % picture.shape[1]].astype(np.float32) / 255


def room_with_hole(**finish):
    room = render_room(rows=ROWS, **finish)
    mask = grow(room.mask, np.radians(1.5))
    return room, mask, regions(mask)[0]


@pytest.mark.parametrize("finish", [{}, {"floor": "tiles", "wall": "wallpaper", "yaw": 0.5}])
def test_surfaces_go_on_behind_a_sofa(finish):
    room, mask, region = room_with_hole(**finish)
    truth = window_of(room.empty, region)
    filled = complete_hole(room.furnished, region, room.structure)
    smooth = smooth_fill(window_of(np.where(mask[..., None], 0, room.furnished), region), region.mask)
    assert psnr(filled, truth, region.mask) > psnr(smooth, truth, region.mask) + 2
    np.testing.assert_allclose(filled[~region.mask], truth[~region.mask], atol=1e-6)


def test_the_hole_may_lie_anywhere_on_the_sphere():
    scores = []
    for turn in (0, ROWS // 2):
        room, _, _ = room_with_hole()
        empty, furnished = (np.roll(picture, turn, axis=1) for picture in (room.empty, room.furnished))
        mask = np.roll(grow(room.mask, np.radians(1.5)), turn, axis=1)
        region = regions(mask)[0]
        filled = complete_hole(furnished, region, None)
        scores.append(psnr(filled, window_of(empty, region), region.mask))
    assert abs(scores[0] - scores[1]) < 3


def test_a_hole_at_the_nadir():
    room = render_room(rows=ROWS, furniture=(), floor="tiles")
    mask = spherical_cap(0.0, -np.pi / 2, 0.4, ROWS)
    spoilt = np.where(mask[..., None], np.uint8(0), room.empty)
    region = regions(mask)[0]
    filled = complete_hole(spoilt, region, room.structure)
    assert psnr(filled, window_of(room.empty, region), region.mask) > 18


def test_holes_larger_than_a_view_and_without_planes():
    room = render_room(rows=96, furniture=())
    mask = spherical_cap(0.3, 0.1, 1.1, 96)
    spoilt = np.where(mask[..., None], np.uint8(0), room.empty)
    region = regions(mask)[0]
    filled = complete_hole(spoilt, region, quality="draft")
    assert filled.shape == (*region.mask.shape, 3) and filled[region.mask].mean() > 0.3


def test_what_is_unknown_is_not_copied():
    room, mask, region = room_with_hole()
    other = spherical_cap(0.0, -1.1, 0.2, ROWS) & ~mask
    results = []
    for value in (0, 255):
        pixels = np.where((mask | other)[..., None], np.uint8(value), room.furnished)
        results.append(complete_hole(pixels, region, room.structure, unknown=mask | other, quality="draft"))
    np.testing.assert_allclose(results[0][region.mask], results[1][region.mask], atol=2 / 255)


def test_depths_and_channels():
    room, _, region = room_with_hole()
    wide = room.furnished.astype(np.uint16) * 257
    gray = room.furnished[..., :1]
    first = complete_hole(wide, region, room.structure, quality="draft")
    assert (
        np.abs(first - complete_hole(room.furnished, region, room.structure, quality="draft")).mean() < 0.03
    )
    single = complete_hole(gray, region, room.structure, quality="draft")
    assert single.shape == (*region.mask.shape, 3) and single.dtype == np.float32


def test_a_guide_is_asked_for_directions():
    room, _, region = room_with_hole()
    asked = []

    def guide(directions):
        asked.append(directions.shape)
        return np.full(directions.shape, 0.5, np.float32)

    complete_hole(room.furnished, region, room.structure, guide=guide, quality="draft")
    assert asked and all(len(shape) == 3 and shape[2] == 3 for shape in asked)


def test_nothing_but_hole():
    pixels = np.zeros((32, 64, 3), np.uint8)
    region = regions(np.ones((32, 64), bool))[0]
    with pytest.raises(ValueError, match="known pixels"):
        complete_hole(pixels, region)
    small = regions(spherical_cap(0, 0, 0.2, 32))[0]
    with pytest.raises(ValueError, match="quality"):
        complete_hole(pixels, small, quality="best")
    assert window_directions(small.window, 32).shape[:2] == small.mask.shape
