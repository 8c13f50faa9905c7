import numpy as np
import pytest

from pano_inpaint.blending import blend, composite, membrane, smooth_fill
from pano_inpaint.errors import UsageError


def disc(height, width, radius, center=None):
    y, x = np.mgrid[:height, :width]
    row, column = center or (height / 2, width / 2)
    return np.hypot(y - row, x - column) < radius


def window(height=120, width=160):
    """Smooth structure with fine texture on it, away from black and white."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    plane = 0.5 + 0.1 * np.sin(x / 17) * np.cos(y / 11) + 0.05 * np.sin(x * 1.3) * np.sin(y * 1.1)
    return np.stack([plane, plane * 0.8, 1 - plane], axis=-1).astype(np.float32)


def ramp(height, width):
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return ((x / width - y / height) * 0.2)[..., None]


MASKS = {
    "disc": disc(120, 160, 45),
    "border": disc(120, 160, 60, (0, 80)),
    "corner": disc(120, 160, 90, (120, 160)),
    "speckle": np.random.default_rng(3).random((120, 160)) < 0.4,
    "two": disc(120, 160, 20, (40, 40)) | disc(120, 160, 25, (80, 110)),
}


@pytest.mark.parametrize("name", MASKS)
def test_a_constant_colour_cast_is_taken_out(name):
    truth, mask = window(), MASKS[name]
    fill = np.where(mask[..., None], 0, truth) + np.where(mask[..., None], truth, 0)
    result = blend(truth * ~mask[..., None], fill + np.float32([0.1, -0.05, 0.02]), mask)
    assert np.abs(result - truth)[mask].max() < 1e-5


def test_a_slanted_colour_cast_is_taken_out():
    truth, mask = window(), MASKS["disc"]
    result = blend(truth, truth + ramp(*mask.shape), mask)
    assert np.abs(result - truth).max() < 0.2 / 255


@pytest.mark.parametrize("method", ["membrane", "feather", "none"])
@pytest.mark.parametrize("name", MASKS)
def test_nothing_changes_outside_the_hole(method, name):
    original, mask = window(), MASKS[name]
    fill = np.random.default_rng(0).random(original.shape).astype(np.float32)
    result = blend(original, fill, mask, method=method)
    np.testing.assert_array_equal(result[~mask], original[~mask])
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 1


def test_the_erased_pixels_are_not_looked_at():
    original, mask = window(), MASKS["disc"]
    painted = original.copy()
    painted[mask] = np.nan
    fill = original + np.float32(0.05)
    for method in ("membrane", "feather", "none"):
        np.testing.assert_array_equal(
            blend(painted, fill, mask, method=method), blend(original, fill, mask, method=method)
        )


def test_a_fill_known_only_inside_loses_its_cast_too():
    mask = MASKS["disc"]
    original = np.full((120, 160, 3), 0.4, np.float32)
    fill = np.where(mask[..., None], np.float32(0.6), np.zeros_like(original))
    result = blend(original, fill, mask, valid=mask)
    assert np.abs(result - original).max() < 1e-3


def test_the_known_ring_of_a_fill_is_enough():
    truth, mask = window(), MASKS["disc"]
    valid = disc(120, 160, 49)
    fill = np.where(valid[..., None], truth + ramp(*mask.shape), np.float32(1))
    assert np.abs(blend(truth, fill, mask, valid=valid) - truth).max() < 0.2 / 255


@pytest.mark.parametrize("known", ["everywhere", "inside"])
def test_what_begins_at_the_edge_is_not_spread(known):
    truth, mask = np.full((120, 160, 3), 0.6, np.float32), MASKS["disc"]
    picture = truth.copy()
    picture[:, 90:] = 0.1  # a dark thing that the fill goes on behind
    fill = np.where(mask[..., None], truth - np.float32(0.03), picture)
    ring = disc(120, 160, 47) & ~mask
    fill[ring] = 0.57
    valid = mask if known == "inside" else None
    spread = blend(picture, fill, mask, valid=valid)
    result = blend(picture, fill, mask, valid=valid, believed=0.1)
    inner = disc(120, 160, 35)
    assert np.abs(spread - truth)[inner].mean() > 0.1
    assert np.abs(result - truth)[inner].max() < 0.035
    assert np.abs(result - truth)[disc(120, 160, 8, (60, 40))].max() < 0.01
    rim = mask & ~disc(120, 160, 44)
    assert np.abs(result - picture)[rim & (np.arange(160) > 95)].mean() < 0.25  # and still leaves no step


def test_feather_starts_at_the_surroundings_and_ends_at_the_fill():
    mask = MASKS["disc"]
    original = np.full((120, 160, 3), 0.2, np.float32)
    fill = np.full((120, 160, 3), 0.8, np.float32)
    result = blend(original, fill, mask, method="feather", feather=4)
    row = result[60, mask[60].nonzero()[0], 0]
    assert row[0] < 0.4
    assert (np.diff(row[:20]) >= -1e-6).all()
    np.testing.assert_allclose(row[8:-8], 0.8, atol=1e-6)


@pytest.mark.parametrize("method", ["membrane", "feather"])
def test_a_window_without_a_known_pixel_is_the_fill(method):
    original, everything = window(), np.ones((120, 160), bool)
    np.testing.assert_array_equal(blend(original, original / 2, everything, method=method), original / 2)


@pytest.mark.parametrize("name", ["disc", "two", "speckle"])
def test_a_membrane_reproduces_harmonic_functions(name):
    mask = MASKS[name].copy()
    mask[[0, -1]] = mask[:, [0, -1]] = False  # there the slope would have to be zero
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]] / 160.0
    harmonic = np.stack([np.exp(2 * x) * np.cos(2 * y), x * y, x * x - y * y], axis=-1).astype(np.float32)
    result = membrane(np.where(mask[..., None], np.float32(9), harmonic), mask)
    np.testing.assert_array_equal(result[~mask], harmonic[~mask])
    assert np.abs(result - harmonic).max() < 2e-3 * np.ptp(harmonic)


def test_a_membrane_ends_with_zero_slope_at_the_border():
    mask = np.zeros((60, 90), bool)
    mask[:, 10:80] = True  # open above and below: linear from left to right
    line = np.broadcast_to(np.linspace(0, 1, 90, dtype=np.float32)[None, :, None], (60, 90, 1))
    assert np.abs(membrane(line, mask) - line).max() < 2e-3


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1), (3, 4), (2, 31), (33, 65)])
def test_windows_of_any_size_work(shape):
    mask = np.zeros(shape, bool)
    mask[: shape[0] // 2, : shape[1] // 2 + 1] = True
    known = np.full((*shape, 3), 0.3, np.float32)
    assert np.abs(blend(known, known + np.float32(0.2), mask) - known).max() < 1e-5
    assert np.abs(smooth_fill(known, mask) - known).max() < 1e-5


def test_one_channel_keeps_its_axis():
    known, mask = window()[..., :1], MASKS["disc"]
    assert smooth_fill(known, mask).shape == membrane(known, mask).shape == known.shape
    assert blend(known, known, mask, valid=mask).shape == known.shape


def test_a_smooth_fill_stays_within_the_known_colours():
    known, mask = window(), MASKS["corner"]
    filled = smooth_fill(known, mask)
    np.testing.assert_array_equal(filled[~mask], known[~mask])
    outside = known[~mask]
    assert (filled[mask] >= outside.min(axis=0) - 1e-5).all()
    assert (filled[mask] <= outside.max(axis=0) + 1e-5).all()


def test_a_smooth_fill_does_not_lean():
    mask = disc(128, 128, 40, (63.5, 63.5))
    sides = np.repeat(np.float32([0, 1]), 64)
    known = np.broadcast_to(sides[None, :, None], (128, 128, 1)).copy()
    filled = smooth_fill(known, mask)
    np.testing.assert_allclose(filled + filled[:, ::-1], 1, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_composites_are_bit_identical_outside(dtype):
    rng = np.random.default_rng(1)
    mask = MASKS["two"]
    pixels = rng.random((120, 160, 3))
    original = pixels.astype(dtype) if dtype == np.float32 else (pixels * np.iinfo(dtype).max).astype(dtype)
    completed = rng.random((120, 160, 3)).astype(np.float32)
    result = composite(original, completed, mask)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result[~mask], original[~mask])
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    np.testing.assert_allclose(result[mask] / top, completed[mask], atol=0.51 / top + 1e-7)


def test_composites_clip():
    original = np.full((2, 2, 3), 7, np.uint8)
    result = composite(original, np.full((2, 2, 3), 1.5, np.float32), np.eye(2, dtype=bool))
    assert result[0, 0, 0] == 255
    assert result[0, 1, 0] == 7


def test_what_does_not_fit_is_refused():
    known, mask = window(), MASKS["disc"]
    with pytest.raises(ValueError, match="two windows"):
        blend(known, known[1:], mask)
    with pytest.raises(ValueError, match="bool mask"):
        blend(known, known, mask.astype(np.uint8))
    with pytest.raises(ValueError, match="'poisson'"):
        blend(known, known, mask, method="poisson")
    with pytest.raises(ValueError, match="valid as bool"):
        blend(known, known, mask, valid=mask[1:])
    with pytest.raises(ValueError, match="one size"):
        composite(known, known[1:], mask)
    with pytest.raises(UsageError, match="known pixel"):
        smooth_fill(known, np.ones_like(mask))
