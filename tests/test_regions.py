"""Connected regions and their measures, over the seam and at the poles."""

import numpy as np
import pytest

from pano_inpaint.cube import directions_to_faces
from pano_inpaint.errors import UsageError
from pano_inpaint.masks import spherical_cap
from pano_inpaint.regions import regions
from pano_inpaint.sphere import lonlat_to_vector, window_directions


def placed(region, height):
    """The region's mask on the whole frame."""
    mask = np.zeros((height, 2 * height), bool)
    rows, start, width = region.window
    columns = np.arange(start, start + width) % (2 * height)
    mask[rows.start : rows.stop, columns] = region.mask
    return mask


def test_no_regions():
    assert regions(np.zeros((8, 16), bool)) == []


def test_regions_partition_the_mask():
    mask = np.random.default_rng(0).random((32, 64)) < 0.2
    found = regions(mask)
    total = sum(placed(region, 32).astype(int) for region in found)
    np.testing.assert_array_equal(total, mask)
    shares = [region.share for region in found]
    assert shares == sorted(shares, reverse=True)


def test_corners_connect():
    mask = np.zeros((16, 32), bool)
    mask[5, 6] = mask[6, 7] = mask[9, 9] = True
    assert len(regions(mask)) == 2


@pytest.mark.parametrize("rows", [(5, 5), (5, 6), (6, 5)])
def test_connected_over_the_seam(rows):
    mask = np.zeros((16, 32), bool)
    mask[rows[0], :3] = mask[rows[1], 30:] = True
    (region,) = regions(mask)
    assert region.window == (slice(min(rows), max(rows) + 1), 30, 5)
    np.testing.assert_array_equal(placed(region, 16), mask)


@pytest.mark.parametrize("row", [0, 15])
def test_connected_over_the_pole(row):
    mask = np.zeros((16, 32), bool)
    mask[row, 3] = mask[row, 20] = True
    (region,) = regions(mask)
    assert region.mask.sum() == 2
    assert region.window[2] == 16, "the shorter way round"
    assert len(regions(np.roll(mask, 1 if row == 0 else -1, axis=0))) == 2


def test_the_window_is_the_smallest():
    mask = np.zeros((16, 32), bool)
    mask[8, [2, 3, 4]] = mask[7, 4] = mask[8, 20] = True
    large, small = regions(mask)
    assert large.window == (slice(7, 9), 2, 3)
    assert small.window == (slice(8, 9), 20, 1)
    assert small.radius == pytest.approx(0, abs=1e-9)


def test_a_ring_takes_the_whole_width():
    mask = np.zeros((16, 32), bool)
    mask[7:9] = True
    (region,) = regions(mask)
    assert region.window == (slice(7, 9), 0, 32)
    np.testing.assert_allclose(np.linalg.norm(region.direction), 1)
    assert region.radius <= np.pi


def test_the_whole_sphere():
    (region,) = regions(np.ones((16, 32), bool))
    assert region.share == pytest.approx(1)
    np.testing.assert_array_equal(region.direction, [0, 0, 1])
    assert region.radius > np.pi - 2 * np.pi / 16


@pytest.mark.parametrize("center", [(0.3, 0.2), (np.pi - 0.05, -0.6), (1.0, np.pi / 2 - 0.1), (-2.0, -1.5)])
@pytest.mark.parametrize("radius", [0.3, 1.2, 2.5])
def test_measures_of_a_cap(center, radius):
    (region,) = regions(spherical_cap(*center, radius, 360))
    assert region.share == pytest.approx((1 - np.cos(radius)) / 2, rel=0.01)
    np.testing.assert_allclose(region.direction, lonlat_to_vector(*center), atol=0.01)
    assert region.radius == pytest.approx(radius, abs=0.02)
    np.testing.assert_allclose(region.rotation @ [0, 0, 1], region.direction, atol=1e-12)
    if radius < np.pi / 4:
        rows, start, width = region.window
        inside = window_directions(region.window, 360)[region.mask] @ region.rotation
        assert (directions_to_faces(inside, 8)[0] == 0).all(), "all of it lies on the front face"


@pytest.mark.parametrize("height", [180, 2050])
def test_near_regions_can_be_merged(height):
    mask = spherical_cap(np.pi - 0.2, 0.5, 0.1, height) | spherical_cap(-np.pi + 0.2, 0.5, 0.1, height)
    mask |= spherical_cap(0.0, -1.0, 0.1, height)
    between = 2 * np.arcsin(np.cos(0.5) * np.sin(0.2))  # of centres 0.4 apart in longitude at latitude 0.5
    gap = between - 0.2
    assert len(regions(mask)) == 3
    assert len(regions(mask, merge_within=gap - 0.05)) == 3
    merged = regions(mask, merge_within=gap + 0.05)
    assert len(merged) == 2
    np.testing.assert_array_equal(placed(merged[0], height) | placed(merged[1], height), mask)
    assert len(regions(mask, merge_within=np.pi)) == 1


def test_refusals():
    mask = np.zeros((8, 16), bool)
    for wrong in (mask.astype(np.uint8), mask[:, :-1], mask[..., None]):
        with pytest.raises(UsageError, match="bool mask"):
            regions(wrong)
