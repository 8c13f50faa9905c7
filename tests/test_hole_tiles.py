"""Tiles of a hole: each pixel once, edge first, and nobody sees where they meet."""

import numpy as np
import pytest
from rooms import render_room

from pano_inpaint import hole_tiles
from pano_inpaint.cube import face_directions
from pano_inpaint.detail import complete_hole
from pano_inpaint.eraser import fill_hole
from pano_inpaint.hole_tiles import tiles
from pano_inpaint.masks import spherical_cap
from pano_inpaint.regions import regions
from pano_inpaint.sphere import window_directions

HEIGHT = 64
HOLES = {
    "small": (0.3, 0.0, 0.25),
    "seam": (np.pi, 0.1, 0.5),
    "nadir": (0.0, -np.pi / 2, 0.9),
    "zenith": (1.0, np.pi / 2 - 0.1, 0.9),
    "larger than a face": (2.0, -0.4, 1.1),
}


@pytest.fixture(params=HOLES.values(), ids=HOLES)
def region(request):
    return regions(spherical_cap(*request.param, HEIGHT))[0]


def whole(region):
    mask = np.zeros((HEIGHT, 2 * HEIGHT), bool)
    rows, start, width = region.window
    mask[rows, np.arange(start, start + width) % (2 * HEIGHT)] = region.mask
    return mask


@pytest.mark.parametrize("largest", [150, 10**6])
def test_every_pixel_belongs_to_one_tile(region, largest):
    count, hole = np.zeros((HEIGHT, 2 * HEIGHT), int), whole(region)
    for tile in tiles(region, HEIGHT, around=2, largest=largest):
        seen = np.zeros_like(hole)
        seen[tile.in_panorama(*np.nonzero(tile.written))] = True
        np.testing.assert_array_equal(seen, seen & (count > 0))
        assert not (tile.written & tile.mask).any()
        np.testing.assert_array_equal(tile.cut(hole) & tile.mask, tile.mask)
        np.add.at(count, tile.in_panorama(*tile.places()), 1)
    np.testing.assert_array_equal(count, hole)


def test_a_tile_knows_its_directions_and_sees_what_is_around(region):
    rays = window_directions((slice(0, HEIGHT), 0, 2 * HEIGHT), HEIGHT)
    for tile in tiles(region, HEIGHT, around=2, largest=200):
        row, column = tile.places()
        np.testing.assert_allclose(tile.rays(row, column), tile.cut(rays)[row, column], atol=1e-6)
        assert tile.mask.shape == tile.cut(rays).shape[:2]


def test_tiles_at_the_edge_come_first_and_the_pole_is_no_edge():
    (region,) = regions(spherical_cap(0.0, -np.pi / 2, 1.1, HEIGHT))
    tops = [tile.window[0].start for tile in tiles(region, HEIGHT, around=0, largest=150)]
    assert len(set(tops)) > 1 and tops == sorted(tops)


def test_a_ring_meets_itself():
    (ring,) = regions(spherical_cap(0.0, -np.pi / 2, 0.5, HEIGHT))
    (tile,) = tiles(ring, HEIGHT, around=16)
    depth = ring.mask.shape[0]
    rows, start, width = tile.window
    assert (start, width) == (ring.window[1] - depth, 2 * HEIGHT + 2 * depth)
    assert rows == slice(ring.window[0].start - 16, HEIGHT)
    assert tile.mask[-1].all()


@pytest.mark.parametrize("kind", ["detail", "draft"])
def test_borders_of_tiles_cannot_be_seen(kind, monkeypatch):
    """A room's smooth light goes on from tile to tile, though the completion is off by a cast."""
    room = render_room(rows=HEIGHT, furniture=())
    hole = spherical_cap(0.4, -0.9, 0.8, HEIGHT)
    spoilt = np.where(hole[..., None], np.uint8(0), room.empty)
    (region,) = regions(hole)
    results = []
    for largest in (10**6, 300):
        monkeypatch.setattr(hole_tiles, "LARGEST", largest)
        assert (len(list(tiles(region, HEIGHT, around=2))) > 1) == (largest == 300)
        if kind == "detail":
            results.append(complete_hole(spoilt, region, room.structure, quality="draft"))
        else:
            pixels = spoilt.copy()
            faces = np.float32(0.4 + 0.1 * face_directions(32))
            fill_hole(pixels, region, faces, hole)
            results.append(pixels / np.float32(255))
    one, several = results
    assert np.abs(one - several).mean() < 0.01
    steps = [np.abs(np.diff(result, axis=axis)).max() for axis in (0, 1) for result in results]
    assert steps[1] < steps[0] + 0.05 and steps[3] < steps[2] + 0.05
