"""Erasing: only the hole changes, wherever it lies, and the fill joins its surroundings."""

import numpy as np
import pytest
from rooms import SOFA, box_plan, render_room

from pano_inpaint.completer import Completion
from pano_inpaint.cube import face_directions
from pano_inpaint.eraser import Eraser, completed
from pano_inpaint.errors import UsageError
from pano_inpaint.gpano import Placement
from pano_inpaint.masks import spherical_cap
from pano_inpaint.metrics import psnr, score_weights, seam_step
from pano_inpaint.panorama import Panorama
from pano_inpaint.regions import regions
from pano_inpaint.room_parts import join_parts, surfaces_of
from pano_inpaint.shrinking import shrink
from pano_inpaint.sphere import window_directions

HEIGHT = 128


class Oracle:
    """Completes faces with the true colours of `smooth_panorama`, less a cast that blending must remove."""

    face_size = 64

    def __init__(self, cast=0.0):
        self.cast = cast
        self.rotations = []

    def __call__(self, faces, mask, rotation):
        known = np.where(mask > 0, np.nan, faces)
        assert np.isnan(known[0, 32, 32]).all()  # the hole is at the front face's centre
        filled = np.where(mask > 0, np.nanmean(known, axis=(0, 1, 2)) + self.cast, faces)
        return Completion(filled.astype(np.float32))


def smooth_panorama(dtype=np.uint8):
    """Colours that change slowly with direction, over seam and poles too."""
    rays = window_directions((slice(0, HEIGHT), 0, 2 * HEIGHT), HEIGHT)
    return Panorama(np.rint((0.5 + 0.1 * rays) * np.iinfo(dtype).max).astype(dtype))


class Surveyor(Oracle):
    """Also tells floor, wall and ceiling by height, as a cube turned there sees them."""

    def __call__(self, faces, mask, rotation):
        height = (face_directions(64) @ rotation.T)[..., 1]
        parts = np.where(height < -0.5, 0, np.where(height > 0.5, 2, 3)).astype(np.uint8)
        return Completion(super().__call__(faces, mask, rotation).faces, parts)


HOLES = {
    "equator": (0.3, 0.0, 0.25),
    "seam": (np.pi, 0.1, 0.25),
    "nadir": (0.0, -np.pi / 2, 0.3),
    "zenith": (1.0, np.pi / 2 - 0.1, 0.3),
    "larger than a face": (2.0, -0.4, 1.1),
}


@pytest.fixture(params=HOLES.values(), ids=HOLES)
def hole(request):
    return spherical_cap(*request.param, HEIGHT)


@pytest.mark.parametrize(("dtype", "quality"), [(np.uint8, "fine"), (np.uint16, "standard")])
def test_only_the_hole_changes(hole, dtype, quality):
    panorama = smooth_panorama(dtype)
    erased = Eraser(Oracle(), quality=quality).erase(panorama, hole)
    np.testing.assert_array_equal(erased.pixels[~hole], panorama.pixels[~hole])
    assert (erased.pixels[hole] != panorama.pixels[hole]).any()
    assert erased.pixels.dtype == dtype


@pytest.mark.parametrize("quality", ["draft", "standard", "fine"])
def test_what_was_in_the_hole_leaves_no_trace(hole, quality):
    panorama = smooth_panorama()
    marked = panorama.with_pixels(np.where(hole[..., None], np.uint8(255), panorama.pixels))
    results = [Eraser(Oracle(), quality=quality).erase(one, hole).pixels for one in (panorama, marked)]
    one, other = (result.astype(int) for result in results)
    assert np.abs(one - other).max() <= 1  # rounding: blending starts its iterations from what is there


@pytest.mark.parametrize(("cast", "least"), [(0.04, 3), (0.15, 10)])
def test_a_cast_of_the_network_leaves_no_step(hole, cast, least):
    panorama = smooth_panorama()
    erased = Eraser(Oracle(cast), quality="draft").erase(panorama, hole).pixels.astype(float)
    steps = np.abs(np.diff(erased, axis=0))
    edge = hole[1:] != hole[:-1]
    assert steps[edge].mean() < least  # of 255; the cast alone is 10, and 38


def test_no_step_at_the_seam():
    for center in (np.pi, 0.0):
        hole = spherical_cap(center, -np.pi / 2 + 0.2, 0.6, HEIGHT)
        erased = Eraser(Oracle(cast=0.1), quality="draft").erase(smooth_panorama(), hole)
        assert seam_step(erased.pixels, hole) < 1.5


def test_several_holes_and_gray_with_alpha():
    mask = spherical_cap(0.5, 0, 0.2, HEIGHT) | spherical_cap(-2.0, 0.4, 0.2, HEIGHT)
    pixels = smooth_panorama().pixels[..., :1].repeat(2, axis=2)
    pixels[..., 1] = 77
    done = []
    erased = Eraser(Oracle()).erase(Panorama(pixels), mask, watch=lambda *counts: done.append(counts))
    np.testing.assert_array_equal(erased.pixels[~mask], pixels[~mask])
    assert (erased.pixels[..., 1] == 77).all()
    assert done == [(0, 2), (1, 2), (2, 2)]


def test_unknown_surroundings_of_a_partial_panorama_stay_black():
    pixels = smooth_panorama().pixels.copy()
    placement = Placement(HEIGHT, 0, 32, 2 * HEIGHT, 64)
    pixels[:32] = pixels[96:] = 0
    panorama = Panorama(pixels, placement=placement)
    mask = spherical_cap(0.0, 0.5, 0.5, HEIGHT)
    erased = Eraser(Oracle()).erase(panorama, mask)
    np.testing.assert_array_equal(erased.pixels[~panorama.known], 0)
    assert erased.pixels[mask & panorama.known].min() > 90


def test_a_textured_floor_goes_on_under_furniture():
    """A checked floor in a box-shaped room: copies beat the network, whose squares are a blur."""
    room = render_room(box_plan(4.0, 3.5), rows=256, floor="tiles", furniture=[SOFA])
    truth, hole = room.empty, room.mask
    scores = {}
    for quality in ("draft", "fine"):
        erased = Eraser(Oracle(), quality=quality).erase(Panorama(room.furnished), hole)
        scores[quality] = psnr(erased.pixels, truth, score_weights(truth.shape, hole))
    assert scores["fine"] > scores["draft"] + 1


def test_unknown_quality_is_refused():
    with pytest.raises(UsageError, match="'best'"):
        Eraser(Oracle(), quality="best")


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match=r"\(128, 256\).*\(64, 128\)"):
        Eraser(Oracle()).erase(smooth_panorama(), np.zeros((64, 128), bool))


def test_shrinking_keeps_the_hole_out_of_the_known():
    panorama = smooth_panorama()
    hole = spherical_cap(0.3, 0.0, 0.25, HEIGHT)
    marked = np.where(hole[..., None], np.uint8(255), panorama.pixels)
    small, unseen = shrink(marked, hole, 32)
    expected, _ = shrink(panorama.pixels, np.zeros_like(hole), 32)
    assert np.abs(small - expected)[~unseen].max() < 0.01
    assert small.shape == (32, 64, 3)
    edge = unseen & (small > 0).all(axis=2)
    assert np.abs(small - expected)[edge].max() < 0.06


def test_parts_are_joined_over_the_sphere():
    panorama = smooth_panorama()
    mask = spherical_cap(0.5, -0.4, 0.2, HEIGHT) | spherical_cap(np.pi, 0.5, 0.3, HEIGHT)
    holes = regions(mask)
    small = shrink(panorama.pixels, mask, HEIGHT)
    completions = [completed(Surveyor(), *small, hole.rotation) for hole in holes]
    surfaces = surfaces_of(join_parts(completions, holes, HEIGHT))
    height = window_directions((slice(0, HEIGHT), 0, 2 * HEIGHT), HEIGHT)[..., 1]
    sure = np.abs(np.abs(height) - 0.5) > 0.05
    expected = np.where(height < -0.5, 0, np.where(height > 0.5, 2, 1))
    np.testing.assert_array_equal(surfaces[sure], expected[sure])
    assert join_parts([completions[0], Completion(small[0])], holes, HEIGHT) is None
