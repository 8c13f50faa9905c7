import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from pano_inpaint.metrics import (
    detail_ratio,
    l1,
    psnr,
    score_weights,
    seam_step,
    sharpness_ratio,
    ssim,
    weighted_mean,
)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def waves(height):
    """A picture that goes on over the seam."""
    lon = np.linspace(0, 2 * np.pi, 2 * height, endpoint=False)
    lat = np.linspace(0, np.pi, height)
    plane = 0.5 + 0.4 * np.sin(lat)[:, None] * np.sin(3 * lon)
    return np.repeat(plane[..., None], 3, axis=2).astype(np.float32)


def test_a_constant_error_scores_what_the_formulas_say():
    truth = np.full((8, 16, 3), 0.5)
    assert l1(truth + 0.1, truth) == pytest.approx(0.1)
    assert psnr(truth + 0.1, truth) == pytest.approx(20)


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535)])
def test_integers_are_scored_in_their_own_range(rng, dtype, top):
    truth = rng.integers(0, top + 1, (16, 32, 3)).astype(dtype)
    result = rng.integers(0, top + 1, (16, 32, 3)).astype(dtype)
    as_floats = result.astype(np.float64) / top, truth.astype(np.float64) / top
    assert l1(result, truth) == pytest.approx(l1(*as_floats), rel=1e-5)
    assert psnr(result, truth) == pytest.approx(peak_signal_noise_ratio(truth, result), rel=1e-6)
    assert ssim(result, truth) == pytest.approx(ssim(*as_floats), rel=1e-3)


def test_equal_pictures_score_best():
    picture = waves(32)
    assert psnr(picture, picture) == np.inf
    assert l1(picture, picture) == 0
    assert ssim(picture, picture) == pytest.approx(1)


def test_ssim_is_scikit_images_mean_without_its_crop(rng):
    truth, result = rng.random((2, 24, 40, 3))
    _, similarity = structural_similarity(
        result,
        truth,
        data_range=1,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    assert ssim(result, truth) == pytest.approx(similarity.mean())


def test_errors_outside_the_hole_do_not_count(rng):
    truth = waves(32)
    mask = np.zeros((32, 64), bool)
    mask[10:20, 30:50] = True
    result = truth + 0.1 * mask[..., None].astype(np.float32)
    spoilt = result.copy()
    spoilt[~mask] = rng.random((np.count_nonzero(~mask), 3))
    weights = score_weights(truth.shape, mask)
    assert l1(spoilt, truth, weights) == l1(result, truth, weights) == pytest.approx(0.1, rel=1e-5)
    assert psnr(spoilt, truth, weights) == psnr(result, truth, weights) == pytest.approx(20, rel=1e-5)


def test_rows_far_from_the_hole_do_not_touch_ssim(rng):
    truth, result = rng.random((2, 64, 128, 3)).astype(np.float32)
    mask = np.zeros((64, 128), bool)
    mask[30:34, 60:70] = True
    weights = score_weights(truth.shape, mask)
    spoilt = result.copy()
    spoilt[:20] = 0
    assert ssim(spoilt, truth, weights) == pytest.approx(ssim(result, truth, weights), abs=1e-7)


def test_weights_are_solid_angles():
    weights = score_weights((512, 1024, 3))
    pixel = (np.pi / 512) ** 2
    assert weights.sum() * pixel == pytest.approx(4 * np.pi, rel=1e-5)
    upper = np.zeros((512, 1024), bool)
    upper[: 512 // 3] = True  # the cap above 30 degrees is a quarter of the sphere
    assert score_weights((512, 1024), upper).sum() / weights.sum() == pytest.approx(0.25, abs=2e-3)


def test_perspective_pixels_weigh_the_same():
    mask = np.eye(8, dtype=bool)
    np.testing.assert_array_equal(score_weights((8, 8, 3), mask, projection="perspective"), mask)


@pytest.mark.parametrize("score", [l1, psnr, ssim])
def test_an_empty_hole_has_no_score(score):
    assert np.isnan(score(waves(16), waves(16), np.zeros((16, 32))))


def test_wrapped_ssim_does_not_depend_on_where_the_seam_is(rng):
    truth, result = rng.random((2, 32, 64, 3)).astype(np.float32)
    rolled = [np.roll(picture, 20, axis=1) for picture in (result, truth)]
    assert ssim(result, truth, wrap=True) == pytest.approx(ssim(*rolled, wrap=True), abs=1e-6)
    assert ssim(result, truth) != pytest.approx(ssim(*rolled), abs=1e-6)


def test_the_seam_step_of_a_continuous_picture_is_zero():
    assert abs(seam_step(waves(128))) < 0.2


def test_the_seam_step_is_in_levels_of_255():
    picture = np.full((16, 32, 3), 100, np.uint8)
    picture[:, 16:] = 120
    picture[:, 14:18] = 110  # somewhere else does not matter
    assert seam_step(picture) == pytest.approx(20)
    assert seam_step(picture.astype(np.uint16) * 257) == pytest.approx(20)
    assert seam_step(picture / 255) == pytest.approx(20)


def test_the_seam_step_of_a_hole_looks_at_its_rows_only():
    picture = np.zeros((16, 32, 3), np.uint8)
    picture[4:8, 16:] = 50
    mask = np.zeros((16, 32), bool)
    mask[4:8, -3:] = True
    assert seam_step(picture, mask) == pytest.approx(50)
    assert seam_step(picture, np.roll(mask, 8, axis=0)) == 0
    assert np.isnan(seam_step(picture, np.roll(mask, 10, axis=1)))


def test_sharpness_is_one_for_the_same_texture_and_less_for_a_blur(rng):
    picture = rng.random((128, 256, 3)).astype(np.float32)
    mask = np.zeros((128, 256), bool)
    mask[40:80, 100:160] = True
    assert sharpness_ratio(picture, mask) == pytest.approx(1, abs=0.05)
    picture[mask] = 0.5 + (picture[mask] - 0.5) / 4
    assert sharpness_ratio(picture, mask) == pytest.approx(0.25, abs=0.02)
    assert np.isnan(sharpness_ratio(np.full((128, 256, 3), 0.5), mask))


def test_sharpness_of_one_surface_is_not_that_of_the_other(rng):
    picture = rng.random((128, 256, 3)).astype(np.float32)
    mask = np.zeros((128, 256), bool)
    mask[40:80, 100:160] = True
    upper = np.zeros_like(mask)
    upper[:60] = True
    picture[mask & upper] = 0.5 + (picture[mask & upper] - 0.5) / 4
    assert sharpness_ratio(picture, mask, among=~upper) == pytest.approx(1, abs=0.1)
    assert sharpness_ratio(picture, mask, among=upper) == pytest.approx(0.25, abs=0.05)


def test_sharpness_sees_over_the_seam(rng):
    picture = rng.random((64, 128, 3)).astype(np.float32)
    mask = np.zeros((64, 128), bool)
    mask[20:40, 50:70] = True
    picture[mask] *= 0.5
    rolled = np.roll(picture, 64, axis=1), np.roll(mask, 64, axis=1)
    assert sharpness_ratio(*rolled, wrap=True) == pytest.approx(sharpness_ratio(picture, mask), rel=1e-5)


def test_detail_is_measured_by_the_truth_and_not_by_the_surroundings(rng):
    truth = rng.random((64, 128, 3)).astype(np.float32)
    mask = np.zeros((64, 128), bool)
    mask[20:40, :15] = mask[20:40, -15:] = True
    truth[~mask] *= 0.1
    result = truth.copy()
    result[mask] = 0.5 + (truth[mask] - 0.5) / 4
    assert detail_ratio(truth, truth, mask) == 1
    assert sharpness_ratio(truth, mask) == pytest.approx(10, rel=0.1)
    assert detail_ratio(result, truth, mask) == pytest.approx(0.25, abs=0.02)
    rolled = [np.roll(picture, 64, axis=1) for picture in (result, truth, mask)]
    assert detail_ratio(result, truth, mask, wrap=True) == pytest.approx(detail_ratio(*rolled), rel=1e-5)
    assert np.isnan(detail_ratio(result, np.full_like(truth, 0.5), mask))
    with pytest.raises(ValueError, match="same size"):
        detail_ratio(result, truth[:, :64], mask)


def test_a_nan_without_weight_stays_outside():
    values = np.array([[1.0, np.nan], [3.0, np.nan]])
    assert weighted_mean(values, np.array([[1, 0], [3, 0]])) == 2.5


@pytest.mark.parametrize("score", [l1, psnr, ssim])
def test_what_does_not_fit_is_refused(score):
    picture = np.zeros((16, 32, 3), np.float32)
    with pytest.raises(ValueError, match="same shape"):
        score(picture, picture[:, :31])
    with pytest.raises(ValueError, match="same dtype"):
        score(picture, picture.astype(np.uint8))
    with pytest.raises(ValueError, match=r"weights of shape \(16, 32\)"):
        score(picture, picture, np.ones((32, 16)))
    with pytest.raises(ValueError, match="data_range"):
        score(picture.astype(np.int32), picture.astype(np.int32))


def test_wrong_masks_and_projections_are_refused():
    with pytest.raises(ValueError, match="bool mask"):
        score_weights((8, 16), np.ones((8, 16), np.uint8))
    with pytest.raises(ValueError, match="'fisheye'"):
        score_weights((8, 16), projection="fisheye")
    with pytest.raises(ValueError, match="at least 6"):
        seam_step(np.zeros((4, 5, 3)))
    with pytest.raises(ValueError, match="at least 0"):
        weighted_mean(np.zeros((2, 2)), -np.ones((2, 2)))
    with pytest.raises(ValueError, match="11 px"):
        ssim(np.zeros((8, 16, 3)), np.zeros((8, 16, 3)))
