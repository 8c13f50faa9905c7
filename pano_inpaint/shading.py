"""Light and texture apart: what is smooth in log intensity is light, and passes holes by itself."""

import cv2
import numpy as np

from .blending import smooth_fill

DARKEST = 1 / 255  # log intensity ends here
SHADOW = 0.06  # log intensity: a rim darker than this against its surroundings lies in a contact shadow
_GRID = 6  # the light is worked out on a grid where its width sigma measures so many points
_OUTLIER = 0.2  # log intensity from the surface's own light: a spot of other material, not light

_COLOUR = 0.1  # log ratio of channels: another material, not another light
_BRIGHTNESS = 0.7  # log intensity off a quadratic surface: the same
_PLAIN = 0.6  # a surface of which less than this is plain is patterned: all of it counts


def estimate_light(picture, known, sigma, *, hole=None):
    """Estimate the light on an evenly coloured surface, continued through what is not known.

    Parameters
    ----------
    picture : ndarray of float32, shape (H, W, 3)
        A surface looked at straight, in [0, 1].
    known : ndarray of bool, shape (H, W)
        Where it is seen.
    sigma : float
        Width of the Gaussian that light is smoother than, in pixels.
    hole : ndarray of bool, shape (H, W), optional
        What is to be completed. A rim around it that is darker than the surface further out is the contact
        shadow of what stood there: it does not count.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        Log intensity of the light times the surface's mean colour; smooth.
    """
    step = max(1, int(sigma / _GRID))
    logs = np.log(np.maximum(picture, DARKEST)) * known[..., None]
    weight = known.astype(np.float32)
    size = (-(-picture.shape[1] // step), -(-picture.shape[0] // step))
    small = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    logs = cv2.resize(logs, size, interpolation=cv2.INTER_AREA) / np.maximum(small, 1e-6)[..., None]
    width = sigma / step
    if hole is not None:
        near = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
        small = small * ~_contact_shadow(logs, small, near, width)
    # Without things of other material, which would be taken for light.
    same = small * _same_material(logs, small)
    small = same if np.count_nonzero(same) > _PLAIN * np.count_nonzero(small) else small
    light = _filled(logs, small, width)
    for _ in range(2):
        plain = np.abs(logs - light).mean(axis=2) < _OUTLIER
        if np.count_nonzero(plain & (small > 0)) > _PLAIN * np.count_nonzero(small):
            light = _filled(logs, small * plain, width)
    return cv2.resize(light, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def _same_material(logs, weight):
    """Find points whose colour, or brightness by far, is that of most of the surface.

    Measured against a quadratic surface through the logs, fitted to the least absolute residuals.
    """
    height, width = weight.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)[weight > 0]
    values = logs[weight > 0].astype(np.float64)
    trust = np.ones(len(values))
    for _ in range(8):
        weighted = terms * trust[:, None]
        model = np.linalg.lstsq(weighted.T @ terms, weighted.T @ values, rcond=None)[0]
        away = values - terms @ model
        trust = 1 / np.maximum(np.abs(away).mean(axis=1), 0.02)
    brightness = away.mean(axis=1)
    colour = np.abs(away - brightness[:, None]).max(axis=1)
    same = np.zeros(weight.shape, bool)
    same[weight > 0] = (colour < _COLOUR) & (np.abs(brightness) < _BRIGHTNESS)
    return same


def _contact_shadow(logs, weight, hole, width):
    """Find known points beside the hole that are darker than the surface further out."""
    beside = cv2.dilate(hole.astype(np.uint8), _disc(width)).astype(bool) & ~hole
    further = weight * ~beside
    if not further.any():
        return np.zeros(hole.shape, bool)
    expected = _filled(logs, further, 2 * width)
    local = _filled(logs, weight, max(0.7, 0.25 * width))
    return beside & ((local - expected).mean(axis=2) < -SHADOW)


def _filled(logs, weight, width):
    """Gaussian mean of what is known; further than it reaches, smoothly continued."""
    share = cv2.GaussianBlur(weight, (0, 0), width)
    mean = cv2.GaussianBlur(logs * weight[..., None], (0, 0), width) / np.maximum(share, 1e-6)[..., None]
    unknown = share < 0.02
    return mean if not unknown.any() or unknown.all() else smooth_fill(mean.astype(np.float32), unknown)


def _disc(radius):
    side = 2 * int(np.ceil(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def typical_colours(even, known, *, layered=False):
    """Tell what most of an evenly lit surface looks like.

    Parameters
    ----------
    even : ndarray of float32, shape (H, W, C)
    known : ndarray of bool, shape (H, W)
        At least one pixel.
    layered : bool
        Whether each row has a look of its own, as a wall's skirting and cornice have.

    Returns
    -------
    ndarray of float32, shape (H, W, C)
        Median of what is known: of the same row if layered, else of all.
    """
    if not layered:
        return np.broadcast_to(np.median(even[known][:: max(1, known.sum() // 20_000)], axis=0), even.shape)
    rows = np.flatnonzero(known.any(axis=1))
    medians = np.array([np.median(even[row][known[row]], axis=0) for row in rows])
    every = np.arange(len(even))
    columns = [np.interp(every, rows, median) for median in medians.T]
    return np.broadcast_to(np.stack(columns, 1)[:, None].astype(np.float32), even.shape)
