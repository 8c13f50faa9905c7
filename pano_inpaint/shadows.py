"""Shadows that objects leave beside them on floor and walls, to be erased with what cast them.

It is darker than the plane it lies on, and a network that tells shadows takes it for one.
"""

import numpy as np
from skimage.filters import apply_hysteresis_threshold
from skimage.morphology import reconstruction

from .charts import Pyramid, chart_around
from .cover import is_near
from .masks import grow
from .room_parts import is_of_plane
from .shading import estimate_light, even_layers, is_shade, local_light, typical_colours
from .sphere import window_directions

DEEPEST = 2.0  # log intensity: shadows are learnt and sent no deeper
_MAX16 = 65535
_PIXELS = 60_000  # of what is looked at on a plane
_LIGHT = 0.4  # camera heights: the light on a surface without shadows is smoother than this
_SOFT = 0.02  # camera heights: over which a place is told from another thing
_BROAD = 0.08  # camera heights: what is darker over less than this is the surface's grain
_LAYER = 0.06  # camera heights over which a wall's look changes at a skirting
_FEWEST = 100  # pixels by which a surface is judged
_DARKER = 0.2  # log intensity: a shadow is darker than the surface by more than this
_UNUSUAL = 3.0  # and by more than so many times what the surface itself varies by
_RIM = 0.4  # of that, at a shadow's soft edge
_DEEPEST = 1.6  # log intensity: what is darker still is another thing
_TOLD = 0.12  # log intensity: what the network takes for a shadow


def pack_shadows(shadows):
    """Bring log intensities, float32 of any shape, to uint16, to be sent; beyond ±`DEEPEST` they are cut."""
    return np.rint((np.clip(shadows / DEEPEST, -1, 1) + 1) / 2 * _MAX16).astype(np.uint16)


def unpack_shadows(packed):
    """Undo `pack_shadows`: float32, to within 1/10,000."""
    return ((packed.astype(np.float32) / _MAX16 * 2 - 1) * DEEPEST).astype(np.float32)


def find_shadows(pixels, unseen, mask, structure, reach, *, parts=None, told=None):
    """Find what is darker beside a mask than the surface it lies on, and joined to the mask.

    Parameters
    ----------
    pixels : ndarray, shape (H, 2H, C)
        A panorama small enough to look at as a whole, as stored in a file or in [0, 1].
    unseen : ndarray of bool, shape (H, 2H)
        What must not be looked at, the mask included.
    mask : ndarray of bool, shape (H, 2H)
        The objects.
    structure : Structure
    reach : float
        How far from the mask, in radians.
    parts : callable, optional
        What is seen: directions (..., 3) to places (...) in `room_parts.LAYOUT`.
    told : ndarray, shape (H, 2H, 3), optional
        How deep the network takes shadows to be, log intensity.

    Returns
    -------
    ndarray of bool, shape (H, 2H)
        Shadows, without the mask.
    """
    height = len(mask)
    within = grow(mask, reach)
    ring = within & ~unseen
    rays = window_directions((slice(0, height), 0, 2 * height), height)[ring]
    index, dark = structure.plane_at(rays), np.zeros(len(rays), bool)
    pyramid = Pyramid(pixels, unseen)
    for number in np.unique(index[index >= 0]):
        plane = structure.planes[number]
        own = np.flatnonzero(index == number)
        own = own[is_near(plane, rays[own])]
        if len(own):
            dark[own] = _darker(pyramid, structure, number, rays[own], parts)
    found = np.zeros_like(mask)
    found[ring] = dark if told is None else dark & (told[ring].mean(axis=1) > _TOLD)
    around = min(height, int(np.ceil(reach / np.pi * height)) + 1)
    joined = _joined_to(mask, mask | found, around) & ~mask
    return _with_islands(joined, mask, within, around)


def _joined_to(seed, limit, around):
    """Keep of a limit what is connected to a seed in it, looking so many columns across the seam."""
    seed, limit = (np.pad(part, ((0, 0), (around, around)), "wrap") for part in (seed & limit, limit))
    return reconstruction(seed.astype(np.uint8), limit.astype(np.uint8))[:, around:-around] > 0


def _with_islands(shadow, mask, within, around):
    """Add what a shadow surrounds: bright grain and gleams that lie in it."""
    bright = ~(shadow | mask)
    islands = bright & ~_joined_to(~within, bright, around)
    return _joined_to(shadow, shadow | islands, around)


def _darker(pyramid, structure, number, rays, parts):
    """Tell which directions (N, 3) on a plane are darker than it, as shadows are."""
    plane = structure.planes[number]
    chart = chart_around(plane, rays, pyramid.height, _PIXELS, heights=structure.heights(plane))
    x, y = (np.rint(place).astype(int) for place in chart.pixels(rays))
    place = np.clip(y, 0, chart.size[1] - 1), np.clip(x, 0, chart.size[0] - 1)
    grid = chart.grid()
    picture, known = pyramid.sample(grid)
    own = structure.plane_at(grid) == number
    hole = own & ~known
    known &= own
    if parts is not None:
        known &= is_of_plane(parts(grid), plane.kind)
    if np.count_nonzero(known) < _FEWEST:
        return np.zeros(len(rays), bool)
    near = np.zeros(known.shape, bool)
    near[place] = True
    light = estimate_light(picture, known, _LIGHT / chart.step, hole=hole | near)
    even = picture * np.exp(-light)
    far = known & ~near if np.count_nonzero(known & ~near) > _FEWEST else known
    look = typical_colours(even, far, layered=plane.kind == "wall")
    if plane.kind == "wall":
        look = even_layers(look, _LAYER / chart.step)
    away = local_light(even, look, known, _SOFT / chart.step)
    alike = known & is_shade(away, _DEEPEST)
    broad = -local_light(even, look, alike, _BROAD / chart.step).mean(axis=2)
    core = max(_DARKER, _UNUSUAL * np.median(np.abs(broad[far])))
    return apply_hysteresis_threshold(broad * alike, _RIM * core, core)[place]
