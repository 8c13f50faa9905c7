"""Shadows that objects leave beside them: a network tells how deep they are, and here they are lifted.

What lies in a shadow stays as it is but for its light, so a depth that is a little wrong costs no more than
a slight change of light.
"""

import cv2
import numpy as np
from scipy.spatial import cKDTree

from .blending import smooth_fill
from .cubemap import filter_faces, from_faces, to_faces
from .masks import grow
from .panorama import from_rgb, to_rgb
from .sphere import lonlat_to_vector, overlapping, pixel_to_lonlat, sample_equirectangular, window_directions

DEEPEST = 2.0  # log intensity: shadows are learnt and sent no deeper
DARK = 0.02  # added to colours before their logarithm is taken
_MAX16 = 65535
_FAINT = 0.02  # log intensity: what is changed by less is left as it is
_SEEN = 0.25  # of a pixel that must be, to know its shadow
_END = 1 / 3  # of the reach over which shadows are lifted less and less
_AROUND = 16  # columns of the other end seen beyond each end
_BAND = 2**21  # pixels lifted at a time
# From a mask, in pixels of a network: nearer it tells a shadow too coarsely to lift it. Measured on 43 pieces
# at 0.7° a pixel: one does little, from three on what had better be lifted is erased; holds on 53 more.
CONTACT = 1.42
_DEEP = 0.07  # log intensity: a shadow that is seen if it is lifted wrongly
_BLACK = 1.2  # log intensity: what is darker than most there by more, even if lifted, is a dark thing
# Measured on 42 pieces: what is told explains as much of the shade with and without this limit.
_LIT = 0.15  # log intensity: what lies in no deeper shadow tells how bright it is around
_AROUND_LIT = np.radians(16)  # so far
_GLOW = 0.05  # log intensity: by so much what is lifted may be brighter
_FACE = 128  # pixels of the faces on which that is looked for
_NEAR = np.radians((2, 4))  # from a mask: so near what is told finely counts for half, so far for nothing
_NOTHING = np.float32(-99)  # in place of the logarithm of a colour that is not lit


def pack_shadows(shadows):
    """Bring log intensities, float32 of any shape, to uint16, to be sent; beyond ±`DEEPEST` they are cut."""
    return np.rint((np.clip(shadows / DEEPEST, -1, 1) + 1) / 2 * _MAX16).astype(np.uint16)


def unpack_shadows(packed):
    """Undo `pack_shadows`: float32, to within 1/10,000."""
    return ((packed.astype(np.float32) / _MAX16 * 2 - 1) * DEEPEST).astype(np.float32)


def no_brighter_than_around(told, share, picture):
    """Lift nothing above the brightest that is seen around it out of the shadows.

    A network that takes a dark thing for a shadow, or a shadow for deeper than it is, would make it glow.

    Parameters
    ----------
    told : ndarray, shape (h, 2h, 3), float32
        How much brighter a panorama would be without what is marked, log intensity, times `share`.
    share : ndarray, shape (h, 2h), float32
        How much of a pixel is seen.
    picture : ndarray, shape (h, 2h, 3), float32
        The panorama, in [0, 1].

    Returns
    -------
    ndarray, shape (h, 2h, 3), float32
        As `told`, where it is brighter by less; each colour by itself.
    """
    radius = round(_AROUND_LIT / (np.pi / 2) * _FACE)
    logs = overlapping(np.log(picture + DARK), _AROUND)
    logs = cv2.GaussianBlur(logs, (0, 0), 1)[:, _AROUND:-_AROUND]  # no single pixel's noise
    lit = (share > _SEEN) & (np.abs(told).mean(axis=-1) < _LIT * share)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    faces = to_faces(np.where(lit[..., None], logs, _NOTHING), _FACE, interpolation="nearest")
    brightest = filter_faces(faces, lambda face: cv2.dilate(face, disc), radius)
    brightest = from_faces(brightest, len(told), interpolation="nearest")
    room = np.where(brightest > _NOTHING / 2, np.maximum(brightest - logs, 0) + _GLOW, DEEPEST)
    return np.minimum(told, room * share[..., None])


def finer_near(fine, coarse, marked):
    """Go by what is told finely and what is told coarsely alike near a mask, and by the latter elsewhere.

    A network sees less around a pixel where its faces are finer.

    Parameters
    ----------
    fine, coarse : ndarray, shape (h, 2h, C), float32
        Log intensity times what is seen of a pixel, and that share.
    marked : ndarray, shape (h, 2h), bool
        What touches the mask; not empty.

    Returns
    -------
    ndarray, shape (h, 2h, C), float32
    """
    near, far = _NEAR
    share = np.clip((far - _distances(marked, far)) / (far - near), 0, 1)[..., None].astype(np.float32) / 2
    return share * fine + (1 - share) * coarse


def _distances(marked, furthest):
    """Measure the angle of each pixel, (h, 2h), from what is marked; what is further counts as `furthest`."""
    rays = window_directions((slice(0, len(marked)), 0, 2 * len(marked)), len(marked))
    longest = 2 * np.sin(min(furthest, np.pi) / 2)
    chord, _ = cKDTree(rays[marked]).query(rays, distance_upper_bound=longest)
    return 2 * np.arcsin(np.minimum(chord, longest) / 2)


def within_reach(told, share, marked, reach):
    """Keep of what a network tells the shadows near a mask.

    Parameters
    ----------
    told : ndarray, shape (h, 2h, 3), float32
        How much brighter a panorama would be without what the mask marks, log intensity, times `share`.
    share : ndarray, shape (h, 2h), float32
        How much of a pixel is seen.
    marked : ndarray, shape (h, 2h), bool
        What touches the mask; not empty.
    reach : float
        Radians from the mask, at which nothing is lifted any more.

    Returns
    -------
    ndarray, shape (h, 2h, 3), float32
        0 where nothing is to be lifted; goes on smoothly into what is not seen.
    """
    distance = _distances(marked, reach)
    counts = np.clip((reach - distance) / (_END * reach), 0, 1)[..., None].astype(np.float32)
    seen = share > _SEEN
    depth = np.divide(told, share[..., None], out=np.zeros_like(told), where=seen[..., None])
    depth = smooth_fill(*(overlapping(part, _AROUND) for part in (depth, ~seen)))[:, _AROUND:-_AROUND]
    return np.sign(depth) * np.maximum(np.abs(depth) - _FAINT, 0) * counts


def lift(pixels, mask, shadows):
    """Light a panorama as if nothing cast these shadows.

    Parameters
    ----------
    pixels : ndarray, shape (H, 2H, C)
        As stored in a file; changed in place, outside the mask only.
    mask : ndarray, shape (H, 2H), bool
    shadows : ndarray, shape (h, 2h, 3), float32
        Log intensity, such as `within_reach` returns.

    Returns
    -------
    ndarray, shape (H, 2H), bool
        Where a pixel has changed.
    """
    height, changed = len(pixels), np.zeros_like(mask)
    rows = max(1, _BAND // pixels.shape[1])
    for first in range(0, height, rows):
        band = slice(first, min(first + rows, height))
        rays = window_directions((band, 0, 2 * height), height)
        depth = sample_equirectangular(shadows, rays)
        there = depth.any(axis=-1) & ~mask[band]
        before = pixels[band][there]
        lit = (to_rgb(before[None])[0] + DARK) * np.exp(depth[there]) - DARK
        after = from_rgb(np.clip(lit, 0, 1)[None], before[None])[0]
        changed[band][there] = (after != before).any(axis=-1)
        pixels[band][there] = after
    return changed


def in_contact(mask, known, shadows, pixels):
    """Find what lies in a shadow so near to a mask that it is better erased than lifted.

    What is black there for its own sake is left out: a network takes it for a shadow easily.

    Parameters
    ----------
    mask : ndarray, shape (H, 2H), bool
    known : ndarray, shape (H, 2H), bool
        What a camera saw.
    shadows : ndarray, shape (h, 2h, 3), float32
        Log intensity, such as `within_reach` returns.
    pixels : ndarray, shape (H, 2H, C)
        The panorama with these shadows lifted, as stored in a file.

    Returns
    -------
    ndarray, shape (H, 2H), bool
        Outside the mask only, and of what is known; nowhere if nothing else of that were left to see.
    """
    height = len(mask)
    found = np.zeros_like(mask)
    beside = grow(mask, CONTACT * np.pi / len(shadows)) & known & ~mask
    if not beside.any() or np.array_equal(beside, known & ~mask):
        return found
    row, column = np.nonzero(beside)
    lon, lat = pixel_to_lonlat(column, row, 2 * height, height)
    deep = sample_equirectangular(shadows, lonlat_to_vector(lon, lat)).mean(axis=-1) > _DEEP
    light = np.log(to_rgb(pixels[row, column][None])[0] + DARK).mean(axis=-1)
    shaded = deep & (light > np.median(light) - _BLACK)
    found[row[shaded], column[shaded]] = True
    return found
