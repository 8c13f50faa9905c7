"""Shadows beside a hole are lifted as deep as a network tells them, and nothing else changes."""

import numpy as np
import pytest
from rooms import render_room, shaded

from pano_inpaint.completer import Completion
from pano_inpaint.cubemap import to_faces
from pano_inpaint.eraser import Eraser
from pano_inpaint.errors import UsageError
from pano_inpaint.gpano import Placement
from pano_inpaint.masks import grow, spherical_cap
from pano_inpaint.panorama import Panorama
from pano_inpaint.shadows import (
    CONTACT,
    DARK,
    DEEPEST,
    finer_near,
    in_contact,
    lift,
    no_brighter_than_around,
    pack_shadows,
    unpack_shadows,
    within_reach,
)  # fmt: skip

ROWS, REACH = 256, np.radians(24)


class Network:
    """Completes in gray, and tells the shadows of a panorama of them, (h, 2h, 3)."""

    def __init__(self, shadows, *, face_size=64, finer=None):
        self.shadows, self.face_size, self.finer = shadows, face_size, finer

    def __call__(self, faces, mask, rotation):
        gray = np.where(mask > 0, np.float32(0.5), faces)
        told = None
        if self.shadows is not None:
            told = to_faces(self.shadows, self.face_size, rotation=rotation)
            told = np.where(mask > 0, np.float32(-1.7), told)  # what it says in the hole means nothing
        return Completion(gray, shadows=told)


def room_in_shadow(depth=0.5, turn=0):
    """A furnished room, the same without its sofa's shadow, the sofa's mask, and a network that knows."""
    room = render_room(rows=ROWS, noise=0.7)
    furnished, _ = shaded(room, depth)
    pictures = (np.roll(one, -turn, axis=1) for one in (furnished, room.furnished, room.mask))
    furnished, plain, mask = pictures
    dark, light = (np.log(one / np.float32(255) + np.float32(DARK)) for one in (furnished, plain))
    return furnished, plain, mask, Network(light - dark)


@pytest.mark.parametrize("turn", [0, ROWS // 2])
def test_what_lay_in_a_shadow_looks_as_if_nothing_had_cast_it(turn):
    furnished, plain, mask, network = room_in_shadow(turn=turn)
    assert not turn or (mask[:, 0] & mask[:, -1]).any()
    lit, wider, changed = Eraser(network).lift_shadows(Panorama(furnished), mask, REACH)
    near = grow(mask, REACH / 2) & ~mask
    before, after = (np.abs(np.float32(one) - plain)[near].mean() for one in (furnished, lit.pixels))
    assert after < 0.15 * before
    np.testing.assert_array_equal(changed, (lit.pixels != furnished).any(axis=-1))
    assert not (changed & mask).any() and not (changed & ~grow(mask, REACH + np.pi / 128)).any()
    assert wider[mask].all() and (wider & ~mask).any() and changed[wider & ~mask].all()
    assert not (wider & ~grow(mask, CONTACT * np.pi / 128)).any()


def test_the_hole_takes_the_light_of_what_is_lit():
    furnished, _, mask, network = room_in_shadow()
    empty = render_room(rows=ROWS, noise=0.7).empty
    eraser = Eraser(network, quality="fine")

    def error(panorama, erased):
        return np.abs(np.float32(eraser.erase(panorama, erased).pixels) - empty)[mask].mean()

    lit, wider, _ = eraser.lift_shadows(Panorama(furnished), mask, REACH)
    assert error(lit, wider) < 0.7 * error(Panorama(furnished), mask)


def test_what_several_cubes_are_told_is_averaged():
    class Unsure(Network):
        def __call__(self, faces, mask, rotation):
            told = super().__call__(faces, mask, rotation)
            self.rotations.append(rotation)
            return told._replace(shadows=np.full_like(told.shadows, 0.1 * len(self.rotations)))

    furnished, _, mask, network = room_in_shadow()
    furnished[:] = 60
    network = Unsure(network.shadows)
    network.rotations = []
    lit, _, _ = Eraser(network).lift_shadows(Panorama(furnished), mask, REACH)
    count = len(network.rotations)
    assert count > 2 and np.ptp(network.rotations, axis=0).max() > 0.3
    near = grow(mask, REACH / 2) & ~grow(mask, np.radians(3))  # no pixel of the network touches the mask
    told = np.log((lit.pixels[near] / 255 + DARK) / (60 / 255 + DARK))
    np.testing.assert_allclose(told, 0.1 * (count + 1) / 2 - 0.02, atol=0.015)  # less what is too faint


@pytest.mark.parametrize("centre", [(0.0, 0.0), (np.pi, 0.1), (1.0, -np.pi / 2)])
def test_what_is_told_finely_counts_for_half_near_a_mask_and_nothing_far_off(centre):
    rows = 256
    near, nearer, far = (spherical_cap(*centre, np.radians(20 + beyond), rows) for beyond in (1.2, 2.7, 5))
    fine, coarse = (np.full((rows, 2 * rows, 1), told, np.float32) for told in (0.6, 0.2))
    told = finer_near(fine, coarse, spherical_cap(*centre, np.radians(20), rows))[..., 0]
    np.testing.assert_allclose(told[near], 0.4, atol=1e-6)
    np.testing.assert_allclose(told[~far], 0.2, atol=1e-6)
    assert len(np.unique(told[far & ~near].round(2))) >= 4  # no edge
    assert told[nearer & ~near].mean() > 0.32 > 0.28 > told[far & ~nearer].mean()


def test_finer_faces_are_asked_where_a_panorama_is_finer():
    _, _, mask, _ = room_in_shadow()

    def lifted(finer, every=1):
        marked = mask[::every, ::every]
        panorama = Panorama(np.full((*marked.shape, 3), 60, np.uint8))
        network = Network(np.full((64, 128, 3), 0.2, np.float32), finer=finer)
        lit = Eraser(network).lift_shadows(panorama, marked, REACH)
        return marked, np.log((lit.panorama.pixels / 255 + DARK) / (60 / 255 + DARK)), lit.mask

    finer = Network(np.full((64, 128, 3), 0.6, np.float32), face_size=128)
    marked, told, wider = lifted(finer)
    beside = grow(marked, np.radians(1.8)) & ~grow(marked, np.radians(1))
    far = grow(marked, REACH / 2) & ~grow(marked, np.radians(5))
    assert 0.36 < told[beside].min() and told[beside].max() < 0.6  # more where the coarser ones see little
    np.testing.assert_allclose(told[far], 0.2 - 0.02, atol=0.02)
    assert not (wider & ~grow(marked, CONTACT * np.pi / 256)).any() and (wider & ~marked).any()
    # A panorama that is no finer than the coarser faces has nothing to show to finer ones.
    for one, other in zip(lifted(finer, every=2), lifted(None, every=2), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_network_that_tells_no_shadows_is_refused():
    furnished, _, mask, _ = room_in_shadow()
    with pytest.raises(UsageError, match="tells shadows"):
        Eraser(Network(None)).lift_shadows(Panorama(furnished), mask, REACH)
    lit, wider, changed = Eraser(Network(None)).lift_shadows(Panorama(furnished), mask & False, REACH)
    assert not changed.any() and not wider.any() and (lit.pixels == furnished).all()


def test_what_no_camera_saw_casts_no_shadow_and_stays():
    furnished, _, mask, network = room_in_shadow()
    top = int(np.nonzero(mask.any(axis=1))[0][0]) - 2  # nothing is seen from just above the sofa on
    furnished[:top] = 0
    partial = Panorama(furnished, placement=Placement(ROWS, 0, top, 2 * ROWS, ROWS - top))
    network.shadows[:] = 0.4
    lit, wider, changed = Eraser(network).lift_shadows(partial, mask, REACH)
    assert not (wider & ~mask)[:top].any()
    assert changed.any() and not (changed & ~grow(mask, REACH + np.pi / 128)).any()
    assert not lit.pixels[:top].any()


@pytest.mark.parametrize("centre", [(0.0, 0.0), (np.pi, 0.1), (1.0, -np.pi / 2)])
def test_shadows_end_at_their_reach_on_the_sphere(centre):
    rows, reach = 64, np.radians(30)
    cap, wide = (spherical_cap(*centre, radius, rows) for radius in (0.3, 0.3 + reach))
    kept = within_reach(
        np.full((rows, 2 * rows, 3), 0.5, np.float32) * ~cap[..., None], np.float32(~cap), cap, reach
    )
    near = spherical_cap(*centre, 0.3 + reach / 2, rows)
    assert not kept[~grow(wide, np.pi / rows)].any()
    np.testing.assert_allclose(kept[near], 0.48, atol=1e-5)  # what is too faint to be lifted is left
    assert ((kept >= 0) & (kept < 0.4801)).all()
    assert len(np.unique(kept[wide & ~near].round(2))) > 3  # no edge at the end


@pytest.mark.parametrize("centre", [(0.0, 0.0), (np.pi, 0.1), (1.0, -np.pi / 2)])
def test_what_is_told_too_deep_gets_no_brighter_than_what_is_lit_around(centre):
    rows = 128
    shaded, far = (spherical_cap(*centre, radius, rows) for radius in (0.25, 0.7))
    picture = np.where(shaded[..., None], np.float32([0.2, 0.1, 0.4]), np.float32(0.5))
    picture[~far] = 1  # too far away to count
    told = np.where(shaded, np.float32(1.5), np.float32(0))[..., None].repeat(3, axis=-1)
    share = np.full((rows, 2 * rows), 0.5, np.float32)
    limited = no_brighter_than_around(told * share[..., None], share, picture) / share[..., None]
    inner = spherical_cap(*centre, 0.1, rows)
    wanted = np.minimum(1.5, np.log((0.5 + DARK) / (np.float32([0.2, 0.1, 0.4]) + DARK)) + 0.05)
    np.testing.assert_allclose(limited[inner], np.broadcast_to(wanted, limited[inner].shape), atol=0.02)
    assert not limited[~shaded].any()
    nothing_lit = np.full_like(told, 0.6)
    np.testing.assert_array_equal(
        no_brighter_than_around(nothing_lit, np.ones_like(share), picture), nothing_lit
    )


def test_the_ends_of_a_panorama_limit_as_its_middle_does():
    rng = np.random.default_rng(4)
    picture = rng.random((64, 128, 3), dtype=np.float32)
    lit = rng.random((64, 128)) < 0.1
    told = np.where(lit, np.float32(0), np.float32(1.5))[..., None].repeat(3, axis=-1)
    share = np.ones((64, 128), np.float32)
    limited = no_brighter_than_around(told, share, picture)
    turned = no_brighter_than_around(*(np.roll(part, 64, axis=1) for part in (told, share, picture)))
    assert (limited < told).mean() > 0.2
    np.testing.assert_allclose(np.roll(turned, 64, axis=1), limited, atol=1e-5)


def test_what_is_told_brighter_than_it_is_is_darkened_as_told():
    told = np.full((64, 128, 3), -0.4, np.float32)
    share = np.ones((64, 128), np.float32)
    np.testing.assert_array_equal(no_brighter_than_around(told, share, np.zeros_like(told)), told)


@pytest.mark.parametrize("centre", [(0.0, 0.0), (np.pi, 0.1), (1.0, -np.pi / 2)])
def test_what_lies_in_a_shadow_right_beside_a_mask_is_erased_with_it(centre):
    rows = 512
    mask = spherical_cap(*centre, 0.3, rows)
    shadows = np.full((64, 128, 3), 0.05, np.float32)
    known, pixels = np.ones_like(mask), np.full((rows, 2 * rows, 3), 120, np.uint8)
    assert not in_contact(mask, known, shadows, pixels).any()
    shadows[:, :64] = 0.2
    found, ring = in_contact(mask, known, shadows, pixels), grow(mask, CONTACT * np.pi / 64) & ~mask
    column = np.arange(2 * rows)
    shaded = (column > 0.02 * rows) & (column < 0.98 * rows)
    np.testing.assert_array_equal(found[:, shaded], ring[:, shaded])
    assert not found[:, (column > 1.02 * rows) & (column < 1.98 * rows)].any()
    thing = np.zeros_like(mask)
    thing[:, 60:90] = thing[:, 470:480] = thing[:, 1000:] = True  # black things, no floor in a shadow
    pixels[thing] = 4
    np.testing.assert_array_equal(in_contact(mask, known, shadows, pixels), found & ~thing)
    known[: rows // 2] = False
    assert not in_contact(mask, known, shadows, pixels)[: rows // 2].any()
    nearly_all = ~spherical_cap(*centre, 0.01, rows)
    assert not in_contact(nearly_all, ~(mask & False), shadows, pixels).any()  # something must be left


def test_faint_shadows_are_left():
    cap = spherical_cap(0.0, 0.0, 0.3, 64)
    told = np.full((64, 128, 3), -0.01, np.float32)
    assert not within_reach(told, np.ones((64, 128), np.float32), cap, 1.0).any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_colours_are_multiplied_and_alpha_stays(dtype):
    top = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    pixels = np.full((32, 64, 4), 0.25 * top).astype(dtype)
    pixels[..., 3] = (0.5 * top) if dtype == np.float32 else top // 2
    mask = spherical_cap(0.0, 0.0, 0.5, 32)
    shadows = np.zeros((8, 16, 3), np.float32)
    shadows[:] = 0.3, 0.1, -0.2
    before = pixels.copy()
    changed = lift(pixels, mask, shadows)
    np.testing.assert_array_equal(changed, ~mask)
    np.testing.assert_array_equal(pixels[mask], before[mask])
    np.testing.assert_array_equal(pixels[..., 3], before[..., 3])
    seen = before[0, 0, :3] / top
    wanted = (seen + DARK) * np.exp([0.3, 0.1, -0.2]) - DARK
    np.testing.assert_allclose(
        pixels[~mask][:, :3] / top, wanted[None].repeat((~mask).sum(), 0), atol=0.5 / 255
    )


def test_shadows_are_sent_to_within_a_thousandth():
    shadows = np.linspace(-1.2 * DEEPEST, 1.2 * DEEPEST, 600, dtype=np.float32).reshape(10, 20, 3)
    packed = pack_shadows(shadows)
    assert packed.dtype == np.uint16
    np.testing.assert_allclose(unpack_shadows(packed), shadows.clip(-DEEPEST, DEEPEST), atol=1e-3)
