"""Shadows beside a hole are found on their plane, and nothing else is taken for one."""

import numpy as np
import pytest
from rooms import render_room, shaded

from pano_inpaint import eraser
from pano_inpaint.completer import Completion
from pano_inpaint.eraser import Eraser
from pano_inpaint.explanation import Explanation
from pano_inpaint.masks import grow
from pano_inpaint.panorama import Panorama
from pano_inpaint.shadows import DEEPEST, find_shadows, pack_shadows, unpack_shadows

ROWS, REACH = 256, np.radians(8)


def room_and_shadow(depth, **finish):
    room = render_room(rows=ROWS, noise=0.7, **finish)
    furnished, shadow = shaded(room, depth)
    return room, furnished, shadow & grow(room.mask, REACH)


@pytest.mark.parametrize("floor", ["planks", "tiles"])
def test_a_shadow_on_the_floor_is_found(floor):
    room, furnished, shadow = room_and_shadow(0.5, floor=floor)
    found = find_shadows(furnished, room.mask, room.mask, room.structure, REACH)
    assert found[shadow].mean() > 0.8
    assert not (found & room.mask).any() and not (found & ~grow(room.mask, REACH)).any()


@pytest.mark.parametrize("floor", ["planks", "tiles"])
@pytest.mark.parametrize("depth", [0.0, 0.05])
def test_grain_and_a_faint_darkening_are_left(floor, depth):
    room, furnished, _ = room_and_shadow(depth, floor=floor)
    found = find_shadows(furnished, room.mask, room.mask, room.structure, REACH)
    beside = grow(room.mask, REACH) & ~room.mask
    assert found[beside].mean() < 0.02


def test_what_gleams_within_a_shadow_goes_with_it():
    room, furnished, shadow = room_and_shadow(0.5)
    inside = shadow & ~grow(~shadow, np.radians(2))
    rows, columns = np.nonzero(inside)
    gleam = np.zeros_like(shadow)
    gleam[rows[0] : rows[0] + 4, columns[0] : columns[0] + 4] = True
    furnished[gleam] = 250
    found = find_shadows(furnished, room.mask, room.mask, room.structure, REACH)
    assert found[gleam].all()


def test_another_thing_is_no_shadow():
    room, furnished, shadow = room_and_shadow(0.0)
    furnished[shadow] = 30, 40, 120
    found = find_shadows(furnished, room.mask, room.mask, room.structure, REACH)
    assert found[shadow].mean() < 0.2


def test_what_the_network_takes_for_none_is_left():
    room, furnished, shadow = room_and_shadow(0.5)
    told = np.zeros((*shadow.shape, 3), np.float32)
    told[:, : ROWS // 2] = 0.3
    given = furnished, room.mask, room.mask, room.structure, REACH
    found, both = find_shadows(*given), find_shadows(*given, told=told)
    assert both[found & (told[..., 0] > 0)].mean() > 0.95 and (found & (told[..., 0] == 0)).any()
    assert not (both & (~found | (told[..., 0] == 0))).any()


@pytest.mark.parametrize("told", [0.0, 0.5])
def test_an_eraser_asks_its_network(told):
    room, furnished, shadow = room_and_shadow(0.5)

    def network(faces, mask, rotation):
        return Completion(gray(faces, mask, rotation).faces, shadows=np.full_like(faces, told))

    network.face_size = 64
    found = Eraser(network).find_shadows(Panorama(furnished), room.mask, REACH)
    assert (found[shadow].mean() > 0.7) == found.any() == (told > 0)


def test_shadows_are_sent_to_within_a_thousandth():
    shadows = np.linspace(-1.2 * DEEPEST, 1.2 * DEEPEST, 600, dtype=np.float32).reshape(10, 20, 3)
    packed = pack_shadows(shadows)
    assert packed.dtype == np.uint16
    np.testing.assert_allclose(unpack_shadows(packed), shadows.clip(-DEEPEST, DEEPEST), atol=1e-3)


@pytest.mark.parametrize(("height", "turn"), [(ROWS, 0), (ROWS // 3, 0), (ROWS // 3, ROWS // 2)])
def test_an_eraser_finds_them_beside_a_mask(height, turn, monkeypatch):
    monkeypatch.setattr(eraser, "STRUCTURE_HEIGHT", height)
    room, *pictures = room_and_shadow(0.5)
    furnished, shadow, mask = (np.roll(one, -turn, axis=1) for one in (*pictures, room.mask))
    assert not turn or (mask[:, 0] & mask[:, -1]).any()
    found = Eraser(gray).find_shadows(Panorama(furnished), mask, REACH)
    assert not (found & mask).any() and found[shadow].mean() > 0.7
    beside = grow(mask, 3 * np.pi / ROWS) & shadow
    assert found[beside].mean() > 0.95  # nothing is left between the mask and what is added
    assert not (found & ~grow(mask, REACH + 4 * np.pi / height)).any()


def test_a_shadow_goes_and_the_rooms_edges_are_seen_in_it_all_the_same():
    room, furnished, _ = room_and_shadow(0.5)
    beside = grow(room.mask, 2 * REACH) & ~room.mask  # with all of the wall's foot that is in sight there

    def structure(mask, shadows=None):
        explanation = Explanation()
        options = {"shadows": shadows, "explanation": explanation}
        erased = Eraser(gray, quality="fine").erase(Panorama(furnished), mask, **options)
        changed = (erased.pixels != furnished).any(axis=2)
        return [plane.distance for plane in explanation.structure.planes], changed

    alone, together, apart = structure(room.mask), structure(room.mask | beside), structure(room.mask, beside)
    assert apart[0] == alone[0] != together[0]
    assert not (apart[1] & ~(room.mask | beside)).any() and apart[1][beside].mean() > 0.5


def gray(faces, mask, rotation):
    return Completion(np.where(mask > 0, np.float32(0.5), faces))


gray.face_size = 64
