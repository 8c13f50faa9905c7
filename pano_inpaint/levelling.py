"""Bring a hole's colours, seen from far, halfway to those of another completion.

Two completions that come about in different ways err in different ways: their mean is nearer to the truth
than either. Of colours that vary slowly it can be taken without making a blur of the detail.
"""

import cv2
import numpy as np

from .cubemap import filter_faces, from_faces, to_faces
from .hole_tiles import tiles
from .panorama import from_rgb, to_rgb
from .sphere import window_directions

SHARE = 0.5  # of the way
SIGMA = np.radians(3)  # what varies more slowly than a Gaussian this wide
_FACE = 128  # pixels of the faces it is worked out on
_DARK = 8 / 255  # added to colours before their ratio is taken


def level(pixels, hole, own, other, *, keep=None):
    """Bring the colours of a completed hole towards those of another completion, in place.

    Parameters
    ----------
    pixels : ndarray, shape (H, 2H, C)
        The panorama as stored in a file; changed inside the hole only.
    hole : Region
    own, other : ndarray, shape (h, 2h, 3), float32 in [0, 1]
        The panorama and the other completion of it, shrunk alike.
    keep : callable, optional
        Directions (N, 3) in the hole to bool (N,): where it looks right as it is. Nowhere if left out.
    """
    rotation = hole.rotation
    ratio = np.log((other + _DARK) / (own + _DARK)).astype(np.float32)
    everywhere = window_directions((slice(0, len(own)), 0, 2 * len(own)), len(own))
    inside = hole.contains(everywhere, len(pixels))
    ratio[~inside] = 0
    if keep is not None:
        kept = inside.copy()
        kept[inside] = keep(everywhere[inside])
        ratio[kept] = 0
    faces = to_faces(np.dstack([ratio, inside.astype(np.float32)]), _FACE, rotation=rotation)
    sigma = SIGMA / (np.pi / 2) * _FACE
    smooth = filter_faces(faces, lambda face: cv2.GaussianBlur(face, (0, 0), sigma), int(np.ceil(3 * sigma)))
    offsets = SHARE * smooth[..., :3] / np.maximum(smooth[..., 3:], 1e-3)
    height = len(pixels)
    for tile in tiles(hole, height, around=0):
        own_pixels = tile.places()
        there = tile.in_panorama(*own_pixels)
        gain = np.exp(from_faces(offsets, height, rotation=rotation, region=tile.window)[own_pixels])
        lit = (to_rgb(pixels[there]) + _DARK) * gain - _DARK
        pixels[there] = from_rgb(lit, pixels[there])
