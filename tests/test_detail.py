import numpy as np
import pytest
from rooms import render_room

from pano_inpaint.blending import smooth_fill
from pano_inpaint.detail import complete_hole
from pano_inpaint.eraser import as_map
from pano_inpaint.masks import grow, spherical_cap
from pano_inpaint.metrics import psnr
from pano_inpaint.regions import regions
from pano_inpaint.room_parts import LAYOUT, THING
from pano_inpaint.sphere import sample_equirectangular, window_directions

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


def test_a_wall_brighter_than_white_stays_white():
    room = render_room(rows=ROWS, furniture=(), doors=False)
    rays = window_directions((slice(0, ROWS), 0, 2 * ROWS), ROWS)
    lamp = np.array([np.sin(0.2), 0.2, np.cos(0.2)])
    glow = 1 + 2.5 * np.exp((rays @ (lamp / np.linalg.norm(lamp)) - 1) / 0.03)
    lit = np.clip(room.empty * glow[..., None], 0, 255).astype(np.uint8)
    region = regions(spherical_cap(0.2, 0.19, 0.12, ROWS))[0]
    filled = complete_hole(lit, region, room.structure)
    assert (window_of(lit, region)[region.mask] == 1).mean() > 0.5
    assert np.abs(filled - window_of(lit, region))[region.mask].mean() < 0.02


def test_a_floor_in_the_shade_keeps_its_contrast():
    """The hole's edge is darker by a factor; taken off as a difference, it would turn dark tiles black.

    In views, which know no light: on a plane such an edge is the shadow of what stood there.
    """
    room = render_room(rows=ROWS, furniture=(), floor="tiles")
    shaded = spherical_cap(0.0, -1.1, 0.28, ROWS)
    region = regions(spherical_cap(0.0, -1.1, 0.25, ROWS))[0]
    picture = np.uint8(room.empty * np.where(shaded, 0.3, 1.0)[..., None])
    filled = complete_hole(picture, region)
    ratio = (filled / window_of(room.empty, region))[region.mask]
    assert np.quantile(ratio, 0.98) < 3.5 * np.quantile(ratio, 0.02)
    assert np.median(ratio) < 0.5


def test_a_ring_of_shadow_leaves_a_plane_in_its_light():
    room = render_room(rows=ROWS, furniture=(), floor="tiles")
    shaded = spherical_cap(0.0, -1.1, 0.28, ROWS)
    hole = spherical_cap(0.0, -1.1, 0.25, ROWS)
    region = regions(hole)[0]
    picture = np.uint8(room.empty * np.where(shaded, 0.5, 1.0)[..., None])
    ratio = complete_hole(picture, region, room.structure) / window_of(room.empty, region)
    rows, start, width = region.window
    columns = np.arange(start, start + width) % (2 * ROWS)
    inner = spherical_cap(0.0, -1.1, 0.15, ROWS)[rows][:, columns]
    assert np.median(ratio[inner]) > 0.85


def test_things_lend_a_surface_nothing():
    """A patterned box stands before the wall beside the hole; said to be a thing, it is not copied."""
    beside = (-1.55, -0.7, 0.2, 2.4, 0.5)
    sofa = (-1.5, -0.8, -1.6, -0.2, 0.1)
    with_box = render_room(rows=ROWS, furniture=(sofa, beside), wall="wallpaper")
    hole = grow(render_room(rows=ROWS, furniture=(sofa,)).mask, np.radians(1.5))
    box = render_room(rows=ROWS, furniture=(beside,)).mask
    kinds = np.uint8([LAYOUT.index(plane.kind) for plane in with_box.structure.planes])
    parts = np.where(box & ~hole, np.uint8(THING), kinds[with_box.plane_index])
    region = regions(hole)[0]

    truth = window_of(np.where(box[..., None], with_box.furnished, with_box.empty), region)
    scores = [
        psnr(complete_hole(with_box.furnished, region, with_box.structure, parts=told), truth, region.mask)
        for told in (None, as_map(parts))
    ]
    assert scores[1] > scores[0] + 0.5


@pytest.mark.parametrize("kind", ["floor", "wall"])
def test_a_plane_that_its_surroundings_deny_is_not_gone_by(kind):
    room = render_room(rows=ROWS, furniture=(), floor="tiles", wall="wallpaper")
    region = regions(spherical_cap(0.3, -1.2 if kind == "floor" else 0.1, 0.2, ROWS))[0]

    def filled(structure, part):
        parts = np.full((ROWS, 2 * ROWS), LAYOUT.index(part), np.uint8)
        return complete_hole(room.empty, region, structure, parts=as_map(parts), quality="draft")

    by_plane, in_views = (
        complete_hole(room.empty, region, structure, quality="draft") for structure in (room.structure, None)
    )
    assert np.abs(by_plane - in_views)[region.mask].mean() > 0.01
    np.testing.assert_array_equal(filled(room.structure, "ceiling"), in_views)
    np.testing.assert_array_equal(filled(room.structure, kind), by_plane)
    # Nothing that stands before a plane denies it, nor does a window in a wall.
    assert np.abs(filled(room.structure, "thing") - in_views)[region.mask].mean() > 0.01
    window = np.abs(filled(room.structure, "opening") - in_views)[region.mask].mean()
    assert window > 0.01 if kind == "wall" else window == 0


def test_a_skirting_that_is_taken_for_floor_goes_on():
    """Edges tell where a wall ends; a network's pixels are larger than a skirting is high."""
    room, _, region = room_with_hole()
    kinds = np.uint8([LAYOUT.index(plane.kind) for plane in room.structure.planes])
    parts = kinds[room.plane_index]
    foot = (parts == LAYOUT.index("wall")) & (np.roll(parts, -2, axis=0) == LAYOUT.index("floor"))
    mistaken = np.where(foot, np.uint8(LAYOUT.index("floor")), parts)
    right, wrong = (
        complete_hole(room.furnished, region, room.structure, parts=as_map(told))
        for told in (parts, mistaken)
    )
    rows, start, width = region.window
    inside = region.mask & foot[rows][:, np.arange(start, start + width) % (2 * ROWS)]
    assert inside.any() and np.abs(right - wrong)[inside].mean() < 0.02


def test_a_skirting_goes_on_below_wallpaper_though_the_guide_knows_of_none():
    room = render_room(rows=512, wall="wallpaper", doors=False)
    region = regions(grow(room.mask, np.radians(1.5)))[0]
    parts = np.uint8([LAYOUT.index(plane.kind) for plane in room.structure.planes])[room.plane_index]
    foot = (parts == LAYOUT.index("wall")) & (np.roll(parts, -4, axis=0) == LAYOUT.index("floor"))
    bare = np.where(foot[..., None], np.roll(room.empty, 4, axis=0), room.empty)
    guide = np.float32(bare / 255)
    filled = complete_hole(
        room.furnished, region, room.structure, parts=as_map(parts),
        guide=lambda rays: sample_equirectangular(guide, rays),
    )  # fmt: skip
    inside = region.mask & window_of(foot * np.uint8(255), region).astype(bool)
    truth, wall, filled = (
        picture[inside].mean(axis=-1)
        for picture in (window_of(room.empty, region), window_of(bare, region), filled)
    )
    share = ((filled - wall) / (truth - wall))[truth - wall > 0.1]
    assert len(share) > 500
    assert np.median(share) > 0.55


def test_nothing_but_hole():
    pixels = np.zeros((32, 64, 3), np.uint8)
    region = regions(np.ones((32, 64), bool))[0]
    with pytest.raises(ValueError, match="known pixels"):
        complete_hole(pixels, region)
    small = regions(spherical_cap(0, 0, 0.2, 32))[0]
    with pytest.raises(ValueError, match="quality"):
        complete_hole(pixels, small, quality="best")
    assert window_directions(small.window, 32).shape[:2] == small.mask.shape


def test_surfaces_meet_within_a_pixel():
    room, fine = render_room(rows=ROWS, furniture=()), render_room(rows=8 * ROWS, furniture=())
    levels = np.where(fine.plane_index == 0, 40, 200).astype(float)
    levels = levels.reshape(ROWS, 8, 2 * ROWS, 8).mean(axis=(1, 3))
    picture = np.repeat(np.uint8(np.rint(levels))[..., None], 3, axis=2)
    region = regions(spherical_cap(0.6, -0.45, 0.35, ROWS))[0]
    filled = complete_hole(picture, region, room.structure)
    shared = region.mask & (np.abs(window_of(picture, region)[..., 0] - 120 / 255) < 70 / 255)
    assert np.count_nonzero(shared) > 20
    error = np.abs(filled - window_of(picture, region))[shared]
    assert error.mean() < 0.05
