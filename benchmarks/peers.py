"""What others would fill a hole with: OpenCV's Telea, PatchMatch and Resynthesizer, flat and on cube faces.

    python -m benchmarks.peers PANORAMA MASK OUT [--peer patchmatch] [--flat]

Peers are strangers: `pypatchmatch` (extra "peers") and the GPL-licensed `resynthesizer` are imported only
when asked for, and nothing in the package depends on them.
"""

import argparse
import time
from dataclasses import dataclass

import cv2
import numpy as np

from pano_inpaint.cubemap import Face, directions_to_faces
from pano_inpaint.errors import MissingDependencyError
from pano_inpaint.masks import regions
from pano_inpaint.sampling import remap
from pano_inpaint.sphere import rotation_matrix, to_perspective, vector_to_lonlat, window_directions

TELEA_RADIUS = 5  # pixels; 3 to 5 is what OpenCV's own samples use
PATCH_RADIUS = 3  # patches of 7 x 7 px, as in the examples of pypatchmatch
MARGIN = 1 / 8  # of a face, seen on every side beyond its 90 degrees


@dataclass
class Filled:
    """A peer's answer.

    Attributes
    ----------
    picture : ndarray of uint8, shape (H, W, 3)
        Outside the mask equal to what was given.
    seconds : float
        Wall clock, with all reprojection.
    """

    picture: np.ndarray
    seconds: float


def fill_telea(picture, mask):
    """Fill by fast marching (Telea 2004).

    Parameters
    ----------
    picture : ndarray of uint8, shape (H, W, 3)
    mask : ndarray of bool, shape (H, W)

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
        As for `fill_telea`.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)

    Raises
    ------
    MissingDependencyError
        If pypatchmatch is not installed.
    """
    patchmatch = _imported("patchmatch", "pypatchmatch").patch_match
    patchmatch.set_random_seed(0)
    return patchmatch.inpaint(np.ascontiguousarray(picture), mask, patch_size=PATCH_RADIUS)


def fill_resynthesizer(picture, mask, *, tileable=False):
    """Fill by Resynthesizer (Harrison 2001), with its default parameters.

    Parameters
    ----------
    picture, mask
        As for `fill_telea`.
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

    resynthesizer = _imported("resynthesizer", "resynthesizer")
    parameters = resynthesizer.getDefaultParams()
    parameters.isMakeSeamlesslyTileableHorizontally = int(tileable)
    parameters.isMakeSeamlesslyTileableVertically = 0
    hole = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(resynthesizer.resynthesize(Image.fromarray(picture), hole, parameters))


PEERS = {"telea": fill_telea, "patchmatch": fill_patchmatch, "resynthesizer": fill_resynthesizer}


def run_peer(name, panorama, mask, *, through="cube"):
    """Fill a panorama's hole with a peer and take the time.

    Parameters
    ----------
    name : {"telea", "patchmatch", "resynthesizer"}
    panorama : ndarray of uint8, shape (H, 2H, 3)
        RGB.
    mask : ndarray of bool, shape (H, 2H)
    through : {"cube", "flat"}
        Cube faces turned to each hole, or the equirectangular picture as it lies.

    Returns
    -------
    Filled

    Raises
    ------
    ValueError
        If the peer or the way is unknown.
    MissingDependencyError
        If the peer is not installed.
    """
    if name not in PEERS or through not in ("cube", "flat"):
        raise ValueError(f"Expected one of {list(PEERS)}, through cube or flat. Received: {name}, {through}")
    fill = PEERS[name]
    if through == "flat" and name == "resynthesizer":
        fill = _fill_tileable
    start = time.perf_counter()
    filled = fill(panorama, mask) if through == "flat" else fill_through_cube(fill, panorama, mask)
    seconds = time.perf_counter() - start
    return Filled(np.where(mask[..., None], filled, panorama), seconds)


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


def _fill_tileable(picture, mask):
    return fill_resynthesizer(picture, mask, tileable=True)


def _imported(module, package):
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"this peer needs the package {package}", hint=f"pip install {package}"
        ) from error


def main():
    """Fill one panorama and say how long it took."""
    from pano_inpaint.panorama import from_rgb, read_mask, read_panorama, to_rgb, write_panorama

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("panorama")
    parser.add_argument("mask")
    parser.add_argument("out")
    parser.add_argument("--peer", choices=PEERS, default="patchmatch")
    parser.add_argument("--flat", action="store_true", help="fill the equirectangular picture as it lies")
    options = parser.parse_args()
    panorama = read_panorama(options.panorama)
    mask = read_mask(options.mask, like=panorama)
    rgb = np.rint(to_rgb(panorama.pixels) * 255).astype(np.uint8)
    filled = run_peer(options.peer, rgb, mask, through="flat" if options.flat else "cube")
    pixels = panorama.pixels.copy()
    pixels[mask] = from_rgb(filled.picture[mask] / np.float32(255), pixels[mask])
    write_panorama(options.out, panorama.with_pixels(pixels))
    print(f"{options.peer}: {filled.seconds:.1f} s")


if __name__ == "__main__":
    main()
