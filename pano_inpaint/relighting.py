"""Shadows that objects leave beside them, lit like what lies around them, going by what the network tells."""

import cv2
import numpy as np

from .blending import smooth_fill
from .masks import grow
from .panorama import from_rgb, to_rgb
from .room_parts import join_faces
from .sphere import lonlat_to_vector, pixel_to_lonlat, sample_equirectangular

DARK = 0.02  # added to colours in [0, 1] before the logarithm of a shadow is taken
DEEPEST = 2.0  # log intensity: shadows are learnt and sent no deeper
_FULL = 0.5  # of the reach: so far shadows are lit wholly, beyond less and less
_STEPS = 8
_BAND = 2**22  # pixels lit at a time

_MAX16 = 65535


def pack_shadows(shadows):
    """Bring log intensities to 16 bits, to be sent."""
    return np.rint((np.clip(shadows / DEEPEST, -1, 1) + 1) / 2 * _MAX16).astype(np.uint16)


def unpack_shadows(packed):
    """Undo `pack_shadows`; float32, to within 1/10,000 or so."""
    return ((packed.astype(np.float32) / _MAX16 * 2 - 1) * DEEPEST).astype(np.float32)


def find_gains(completions, holes, unseen, mask, reach):
    """Tell how much brighter a panorama should be beside a mask, without the shadows of what it marks.

    Parameters
    ----------
    completions : sequence of Completion
        One for each hole, of a network that tells shadows.
    holes : sequence of Region
    unseen : ndarray of bool, shape (h, 2h)
        What the network was not shown.
    mask : ndarray of bool, shape (h, 2h)
        The objects.
    reach : float
        How far from the mask shadows are lit, in radians.

    Returns
    -------
    ndarray, shape (h, 2h, 3), float32
        Log intensity, from 0; goes on smoothly under the mask.
    """
    told = join_faces([completion.shadows for completion in completions], holes, len(mask))
    hidden = cv2.dilate(unseen.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    hidden |= unseen
    told = np.maximum(told, 0)
    if not hidden.all():
        around = len(mask) // 2
        wide = (np.concatenate([one[:, -around:], one, one[:, :around]], axis=1) for one in (told, hidden))
        told = smooth_fill(*wide)[:, around:-around]
    radii = np.linspace(_FULL, 1, _STEPS) * reach
    fade = np.mean([grow(mask, radius) for radius in radii], axis=0, dtype=np.float32)
    return told * fade[..., None]


def light_up(pixels, gains, mask):
    """Make a panorama brighter where shadows were.

    Parameters
    ----------
    pixels : ndarray, shape (H, 2H, C)
        As stored in a file.
    gains : ndarray, shape (h, 2h, 3), float32
        From `find_gains`.
    mask : ndarray of bool, shape (H, 2H)
        What stays as it is.

    Returns
    -------
    pixels : ndarray, shape (H, 2H, C)
    changed : ndarray of bool, shape (H, 2H)
        Where they are others.
    """
    height, width = mask.shape
    touched = cv2.dilate(np.uint8(gains.max(axis=2) > 0), np.ones((3, 3), np.uint8))
    touched[:, [0, -1]] |= touched[:, [0, -1]].max(axis=1, keepdims=True)
    touched = cv2.resize(touched, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    touched &= ~mask
    lit, changed = pixels.copy(), np.zeros_like(mask)
    step = max(1, _BAND // width)
    for top in range(0, height, step):
        row, column = np.nonzero(touched[top : top + step])
        row += top
        lon, lat = pixel_to_lonlat(column, row, width, height)
        rays = lonlat_to_vector(lon.astype(np.float32), lat.astype(np.float32))
        gain = np.exp(sample_equirectangular(gains, rays))
        colours = (to_rgb(pixels[row, column]) + np.float32(DARK)) * gain - np.float32(DARK)
        lit[row, column] = from_rgb(colours, pixels[row, column])
        changed[row, column] = (lit[row, column] != pixels[row, column]).any(axis=-1)
    return lit, changed
