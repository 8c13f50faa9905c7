"""What others would fill a hole with: OpenCV's Telea, PatchMatch and Resynthesizer, flat and on cube faces.

They are here to be compared with, by `pano-inpaint evaluate`; nothing that erases uses them. `pypatchmatch`
(MIT) and `resynthesizer` (GPL-3.0) are strangers of the extra "peers", imported only when they are asked for.
"""

import importlib

import cv2
import numpy as np

from pano_inpaint.blending import smooth_fill
from pano_inpaint.cube import Face, directions_to_faces
from pano_inpaint.errors import MissingDependencyError, UsageError
from pano_inpaint.panorama import from_rgb, to_rgb
from pano_inpaint.regions import regions
from pano_inpaint.sampling import remap
from pano_inpaint.sphere import rotation_matrix, to_perspective, vector_to_lonlat, window_directions

TELEA_RADIUS = 5  # pixels; 3 to 5 is what OpenCV's own samples use
PATCH_RADIUS = 3  # patches of 7 x 7 px, as in the examples of pypatchmatch
MARGIN = 1 / 8  # of a face, seen on every side beyond its 90 degrees


def fill_smooth(picture, mask):
    """Fill with the smooth continuation that the completion network starts from.

    Parameters
    ----------
    picture : ndarray of uint8, shape (H, W, 3)
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    filled = smooth_fill(picture.astype(np.float32), mask)
    return np.rint(filled.clip(0, 255)).astype(np.uint8)


def fill_telea(picture, mask):
    """Fill by fast marching (Telea 2004).

    Parameters
    ----------
    picture, mask
        As for `fill_smooth`.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    return cv2.inpaint(picture, mask.astype(np.uint8), TELEA_RADIUS, cv2.INPAINT_TELEA)


def fill_patchmatch(picture, mask):
    """Fill by PatchMatch (Barnes et al. 2009), from a fixed seed.

    Parameters
    ----------
    picture, mask
        As for `fill_smooth`.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)

    Raises
    ------
    MissingDependencyError
        If pypatchmatch is not installed.
    """
    patchmatch = _imported(*_PACKAGES["patchmatch"]).patch_match
    patchmatch.set_random_seed(0)
    return patchmatch.inpaint(np.ascontiguousarray(picture), mask, patch_size=PATCH_RADIUS)


def fill_resynthesizer(picture, mask, *, tileable=False):
    """Fill by Resynthesizer (Harrison 2001), with its default parameters.

    Parameters
    ----------
    picture, mask
        As for `fill_smooth`.
    tileable : bool
        Whether the left border goes on at the right one, as in a flat panorama.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)

    Raises
    ------
    MissingDependencyError
        If resynthesizer is not installed.
    """
    from PIL import Image

    resynthesizer = _imported(*_PACKAGES["resynthesizer"])
    parameters = resynthesizer.getDefaultParams()
    parameters.isMakeSeamlesslyTileableHorizontally = int(tileable)
    parameters.isMakeSeamlesslyTileableVertically = 0
    hole = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(resynthesizer.resynthesize(Image.fromarray(picture), hole, parameters))


PEERS = {
    "smooth": fill_smooth,
    "telea": fill_telea,
    "patchmatch": fill_patchmatch,
    "resynthesizer": fill_resynthesizer,
}
WAYS = ("cube", "flat")
_PACKAGES = {"patchmatch": ("patchmatch", "pypatchmatch"), "resynthesizer": ("resynthesizer",) * 2}


def check_peer(name):
    """Raise unless a peer can be used here.

    Parameters
    ----------
    name : str
        One of `PEERS`.

    Raises
    ------
    UsageError
        If the peer is unknown.
    MissingDependencyError
        If its package is not installed or cannot be loaded; the hint names the command that installs it.
    """
    if name not in PEERS:
        raise UsageError(f"expected a peer of {', '.join(PEERS)}, got {name!r}")
    if name in _PACKAGES:
        _imported(*_PACKAGES[name])


def erase_by_peer(name, panorama, mask, *, through="cube"):
    """Fill a panorama's hole with a peer.

    Parameters
    ----------
    name : {"smooth", "telea", "patchmatch", "resynthesizer"}
    panorama : Panorama
        The peers work on 8 bits of RGB, whatever it has.
    mask : ndarray of bool, shape (H, 2H)
    through : {"cube", "flat"}
        Cube faces turned to each hole, or the equirectangular picture as it lies.

    Returns
    -------
    Panorama
        Outside the mask equal to what was given.

    Raises
    ------
    UsageError
        If the peer or the way is unknown.
    MissingDependencyError
        If the peer is not installed.
    """
    check_peer(name)
    if through not in WAYS:
        raise UsageError(f"expected {' or '.join(WAYS)}, got {through!r}")
    rgb = np.rint(to_rgb(panorama.pixels) * 255).astype(np.uint8)
    if through == "cube":
        filled = fill_through_cube(PEERS[name], rgb, mask)
    elif name == "resynthesizer":
        filled = fill_resynthesizer(rgb, mask, tileable=True)
    else:
        filled = PEERS[name](rgb, mask)
    pixels = panorama.pixels.copy()
    pixels[mask] = from_rgb(filled[mask] / np.float32(255), pixels[mask])
    return panorama.with_pixels(pixels)


def fill_through_cube(fill, panorama, mask):
    """Fill each connected hole on the faces of a cube turned to it.

    Faces with the smallest share of hole come first, and what they filled is known to the next: a hole
    larger than a face is closed from its rim. Each face is seen with a margin around its 90 degrees, and
    only its own part of the hole is put back.

    Parameters
    ----------
    fill : callable
        (picture, mask) → picture, all flat.
    panorama : ndarray of uint8, shape (H, 2H, 3)
    mask : ndarray of bool, shape (H, 2H)

    Returns
    -------
    ndarray of uint8, shape (H, 2H, 3)
    """
    result, unknown = panorama.copy(), mask.copy()
    height = len(panorama)
    # As many pixels per radian at a face's centre as the panorama has, so that nothing is blurred there.
    size = round(2 * height / np.pi)
    for region in regions(mask):
        rows, first, width = region.window
        rays = window_directions(region.window, height)[region.mask]
        y, x = np.nonzero(region.mask)
        pixels = y + rows.start, (x + first) % (2 * height)
        faces = directions_to_faces(rays @ region.rotation.astype(np.float32), size)[0]
        for face in sorted(set(faces.tolist()), key=lambda face: np.count_nonzero(faces == face)):
            own = faces == face
            turn = _view_rotation(face, region.rotation)
            target = tuple(axis[own] for axis in pixels)
            result[target] = _fill_view(fill, result, unknown, size, turn, rays[own])
            unknown[target] = False
    return result


def _fill_view(fill, panorama, unknown, size, turn, rays):
    """Fill one 90° view with its margin, and sample it in the given directions."""
    side = size + 2 * round(size * MARGIN)
    camera = {
        "yaw": turn[0],
        "pitch": turn[1],
        "fov": 2 * np.arctan(side / size),
        "size": (side, side),
    }
    view = to_perspective(panorama, interpolation="bicubic", **camera)
    # Any share of an unknown pixel spoils a bicubic sample, which reaches two pixels.
    hole = to_perspective(unknown.astype(np.float32), **camera) > 0
    hole = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    filled = fill(view, hole)
    right, up, depth = (rays @ rotation_matrix(*turn).astype(np.float32)).T
    x = right / depth * (size / 2) + (side - 1) / 2
    y = (side - 1) / 2 - up / depth * (size / 2)
    return remap(filled, x, y, "bicubic")


def _view_rotation(face, rotation):
    """Yaw and pitch of the centre of a face of a turned cube."""
    centres = {
        Face.FRONT: (0, 0, 1),
        Face.RIGHT: (1, 0, 0),
        Face.BACK: (0, 0, -1),
        Face.LEFT: (-1, 0, 0),
        Face.UP: (0, 1, 0),
        Face.DOWN: (0, -1, 0),
    }
    return tuple(float(angle) for angle in vector_to_lonlat(rotation @ np.array(centres[face])))


def _imported(module, package):
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:  # OSError: its library cannot be loaded
        raise MissingDependencyError(
            f"expected the package {package}, got: {error}", hint=f"pip install {package}"
        ) from error
