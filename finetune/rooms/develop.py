"""From linear radiance to an 8-bit picture: exposure, white balance, tone curve, and a camera's faults."""

import numpy as np


def exposure_of(renderings, *, bias=0.0, key=0.27):
    """Find the factor that puts the pictures' middle tones right, weighing pixels by solid angle.

    Parameters
    ----------
    renderings : sequence of Rendering
        Pictures that share the exposure: the same camera with and without furniture.
    bias : float
        Stops added.
    key : float
        Linear level the geometric mean of the room is brought to.

    Returns
    -------
    float
        Factor for linear radiance.
    """
    logs, weights = [], []
    for rendering in renderings:
        level = luminance(rendering.colour)
        rows = np.cos((0.5 - (np.arange(len(level)) + 0.5) / len(level)) * np.pi)
        inside = (rendering.index > 0) * rows[:, None]
        logs.append((np.log(np.maximum(level, 1e-5)) * inside).sum())
        weights.append(inside.sum())
    mean = np.exp(sum(logs) / max(sum(weights), 1e-9))
    factor = key / max(mean, 1e-6)
    # A few bright walls may burn out, half of the picture may not.
    bright = max(np.quantile(luminance(r.colour)[r.index > 0], 0.9) for r in renderings)
    return float(min(factor, 1.3 / max(bright, 1e-6)) * 2.0**bias)


def luminance(colour):
    """Weigh linear RGB to luminance (Rec. 709)."""
    return colour @ np.array([0.2126, 0.7152, 0.0722], np.float32)


def develop(rendering, *, exposure, light, noise=0.0, pole_blur=0.0, rng=None):
    """Turn a rendering into an 8-bit sRGB picture.

    Parameters
    ----------
    rendering : Rendering
        Linear radiance with the view through windows apart.
    exposure : float
        Factor from `exposure_of`.
    light : Light
        Level of the view, warmth, tint and contrast.
    noise : float
        Standard deviation of sensor noise at middle grey, in 8-bit levels.
    pole_blur : float
        Degrees of latitude about zenith and nadir that stitching left soft.
    rng : numpy.random.Generator, optional
        Source of the noise.

    Returns
    -------
    ndarray, shape (H, W, 3), uint8
        sRGB.
    """
    linear = rendering.colour * exposure + rendering.outdoors * light.view_level
    gains = np.array([1 + light.warmth, 1 + light.tint, 1 - light.warmth], np.float32)
    coded = encode(linear * gains, contrast=light.contrast)
    if pole_blur:
        coded = soften_poles(coded, np.radians(pole_blur))
    if noise:
        chance = rng or np.random.default_rng(0)
        # Photon noise: its deviation grows with the square root of the light.
        grain = chance.standard_normal(coded.shape, np.float32) * np.sqrt(np.maximum(coded, 0.05) / 0.5)
        coded = coded + grain * noise / 255
    return np.round(255 * np.clip(coded, 0, 1)).astype(np.uint8)


def soften_poles(picture, reach):
    """Average rows near zenith and nadir along longitude, ever less up to `reach` radians off.

    Parameters
    ----------
    picture : ndarray, shape (H, W, C)
        Equirectangular picture.
    reach : float
        Radians of latitude.

    Returns
    -------
    ndarray, shape (H, W, C)
        Softened copy.
    """
    height, width = picture.shape[:2]
    result = picture.copy()
    for row in range(height):
        off = (min(row, height - 1 - row) + 0.5) / height * np.pi
        if off < reach:
            # A disc of fixed radius in the sphere's tangent plane is this wide in longitude.
            half = min(width // 2 - 1, int(0.12 * (reach - off) / np.sin(off) * width / (2 * np.pi)))
            padded = np.concatenate([picture[row, width - half :], picture[row], picture[row, : half + 1]])
            total = np.cumsum(padded, axis=0)
            result[row] = (total[2 * half + 1 - 1 : 2 * half + width] - total[:width] + padded[:width]) / (
                2 * half + 1
            )
    return result


def encode(linear, *, contrast=1.0):
    """Compress highlights, apply contrast about middle grey, and encode as sRGB in [0, 1].

    Below 0.6 the curve is the identity; above, an exponential shoulder runs to 1 with equal slope.
    """
    knee = 0.6
    over = np.maximum(linear - knee, 0)
    toned = np.minimum(linear, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee) * 0.75))
    toned = np.clip(toned, 0, 1)
    coded = np.where(toned <= 0.0031308, 12.92 * toned, 1.055 * np.maximum(toned, 1e-8) ** (1 / 2.4) - 0.055)
    return np.clip(0.5 + (coded - 0.5) * contrast, 0, 1)
