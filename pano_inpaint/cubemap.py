"""The six faces of a cube around the viewer, sampled from a panorama and back.

Faces are (6, S, S, C) in the order of `cube.Face`.
"""

from functools import lru_cache

import numpy as np

from .cube import AXES, Face, directions_to_faces, face_directions, face_rays, plane_coordinates
from .errors import UsageError
from .sampling import remap
from .sphere import (
    check_panorama,
    equirectangular_grid,
    sample_grid,
    window_directions,
)

_CHUNK = 2**20  # pixels whose directions are worked out at a time: 12 MB of vectors
_CACHED_PIXELS = 2**23  # whole grids up to 4096 × 2048 are kept: 64 MB each, four of either kind at most
_RING = 2  # pixels around a face that a bicubic tap can touch


def to_faces(panorama, face_size, *, rotation=None, interpolation="bilinear"):
    """Sample the six cube faces of an equirectangular panorama.

    Parameters
    ----------
    panorama : ndarray, shape (H, 2H) or (H, 2H, C)
        Any dtype of `pano_inpaint.sampling.remap`.
    face_size : int
        Side of a face in pixels; H / 2 keeps the resolution at a face's centre. Samples are points: shrink
        the panorama first where the faces are to be much coarser than it.
    rotation : ndarray, shape (3, 3), optional
        Turns the cube before sampling: the front face looks along ``rotation @ [0, 0, 1]``.
    interpolation : {"bilinear", "bicubic", "nearest"}

    Returns
    -------
    ndarray, shape (6, face_size, face_size) or (6, face_size, face_size, C), dtype of `panorama`
        Faces in the order front, right, back, left, up, down.

    Raises
    ------
    UsageError
        If the panorama's width is not twice its height, or the size, rotation or interpolation is impossible.
    """
    check_panorama(panorama)
    if face_size < 1:
        raise UsageError(f"face_size must be at least 1. Received: {face_size}")
    turn = _rotation_key(rotation)
    if 6 * face_size**2 <= _CACHED_PIXELS:
        return sample_grid(panorama, _faces_grid(len(panorama), face_size, turn), interpolation)
    faces = np.empty((6, face_size, face_size, *panorama.shape[2:]), panorama.dtype)
    u = plane_coordinates(face_size)
    for face in Face:
        for rows in _row_chunks(range(face_size), face_size):
            rays = _turned(face_rays(face, u, u[rows]), turn)
            faces[face, rows] = sample_grid(
                panorama, equirectangular_grid(rays, len(panorama)), interpolation
            )
    return faces


def from_faces(faces, height, *, rotation=None, interpolation="bilinear", region=None):
    """Put six cube faces back on an equirectangular panorama.

    Parameters
    ----------
    faces : ndarray, shape (6, S, S) or (6, S, S, C)
        Any dtype of `pano_inpaint.sampling.remap`.
    height : int
        Rows of the panorama; it is twice as wide.
    rotation : ndarray, shape (3, 3), optional
        How the cube was turned in `to_faces`.
    interpolation : {"bilinear", "bicubic", "nearest"}
        Reaches over the edges of the faces.
    region : Region or tuple of (slice, int, int), optional
        Rows, first column and width in columns, going on over the seam; only these pixels are worked out.

    Returns
    -------
    ndarray, shape (height, 2 * height) or (height, 2 * height, C), or (rows, width, …) of the region

    Raises
    ------
    UsageError
        If the faces are not six squares, or the height, rotation or interpolation is impossible.
    """
    faces = np.asarray(faces)
    _check_faces(faces)
    if height < 1:
        raise UsageError(f"height must be at least 1. Received: {height}")
    turn, face_size = _rotation_key(rotation), faces.shape[1]
    strip = _sampling_strip(faces, interpolation)
    if region is None and 2 * height**2 <= _CACHED_PIXELS:
        return remap(strip, *_panorama_grid(height, face_size, turn), interpolation)
    window = (slice(0, height), 0, 2 * height) if region is None else getattr(region, "window", region)
    rows, start, width = window
    rows = range(*rows.indices(height))
    pixels = np.empty((len(rows), width, *faces.shape[3:]), faces.dtype)
    for chunk in _row_chunks(rows, width):
        grid = _strip_grid((chunk, start, width), height, face_size, turn)
        pixels[chunk.start - rows.start : chunk.stop - rows.start] = remap(strip, *grid, interpolation)
    return pixels


def _rotation_key(rotation):
    """Return a rotation as hashable bytes, so that grids can be kept by it."""
    rotation = np.eye(3) if rotation is None else np.ascontiguousarray(rotation, np.float64)
    if rotation.shape != (3, 3) or not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-5):
        raise UsageError(f"Expected an orthonormal (3, 3) rotation. Received: {rotation.tolist()}")
    return rotation.tobytes()


def _turned(directions, turn, *, back=False):
    rotation = np.frombuffer(turn).reshape(3, 3).astype(np.float32)
    return directions @ (rotation if back else rotation.T)


def _row_chunks(rows, width):
    step = max(1, _CHUNK // width)
    return [slice(first, min(first + step, rows.stop)) for first in range(rows.start, rows.stop, step)]


@lru_cache(maxsize=4)
def _faces_grid(height, face_size, turn):
    grid = equirectangular_grid(_turned(face_directions(face_size), turn), height)
    for array in (grid.x, grid.y, grid.polar):
        array.setflags(write=False)
    return grid


@lru_cache(maxsize=4)
def _panorama_grid(height, face_size, turn):
    x, y = np.empty((2, height, 2 * height), np.float32)
    for rows in _row_chunks(range(height), 2 * height):
        x[rows], y[rows] = _strip_grid((rows, 0, 2 * height), height, face_size, turn)
    x.setflags(write=False)
    y.setflags(write=False)
    return x, y


def _strip_grid(window, height, face_size, turn):
    """Where the pixels of a window fall on the strip of `_sampling_strip`."""
    directions = _turned(window_directions(window, height), turn, back=True)
    return _on_strip(*directions_to_faces(directions, face_size), face_size)


def _on_strip(face, x, y, face_size):
    offset = face * np.float32(face_size + 2 * _RING) + np.float32(_RING)
    return (x + np.float32(_RING)).astype(np.float32), (y + offset).astype(np.float32)


def _sampling_strip(faces, interpolation):
    """Stack the faces in one column, each with a ring of what lies behind its edges.

    A ring of whole neighbour pixels would be up to half a pixel off towards the corners. It serves as a first
    guess, from which the ring is interpolated on the neighbours; the second pass settles the ring's corners,
    whose taps lie in the ring itself.
    """
    strip = pad_faces(faces, _RING)
    strip = strip.reshape(-1, *strip.shape[2:])
    if interpolation == "nearest":
        return strip
    target, _, x, y = _ring(faces.shape[1], _RING)
    pixels = strip.reshape(-1, *faces.shape[3:])
    for _ in range(2):
        pixels[target] = remap(strip, x, y, interpolation)
    return strip


@lru_cache(maxsize=16)
def _ring(face_size, padding):
    """Pixels around the faces: where they are, which face pixel they continue on, and where exactly."""
    u = plane_coordinates(face_size, padding)
    outside = np.abs(u) > 1
    target = np.flatnonzero(np.broadcast_to(outside | outside[:, None], (6, len(u), len(u))))
    face, row, column = np.unravel_index(target, (6, len(u), len(u)))
    right, down, centre = np.moveaxis(AXES[face], 1, 0)
    hit, x, y = directions_to_faces(u[column, None] * right + u[row, None] * down + centre, face_size)
    nearest = [np.clip(np.floor(p + 0.5), 0, face_size - 1).astype(np.int64) for p in (y, x)]
    source = (hit * np.int64(face_size) + nearest[0]) * face_size + nearest[1]
    ring = (target, source, *_on_strip(hit, x, y, face_size))
    for array in ring:
        array.setflags(write=False)
    return ring


@lru_cache(maxsize=16)
def padding_index(face_size, padding):
    """Index that pads the six faces with what lies behind their edges.

    Each padded pixel is the face pixel nearest to its own ray through the face's plane, extended beyond the
    edge: straight lines stay straight, as in a photo with a wider lens, which is what the convolutions were
    trained on. The first ring is the neighbour's touching row exactly; further out the neighbour is seen ever
    more slantingly, so its pixels repeat (with padding S the ring shows a third of it). Corners hold what the
    rays there meet, on one of the two neighbours.

    Parameters
    ----------
    face_size : int
        Side S of a face in pixels.
    padding : int
        Width of the padding in pixels, 0 or more.

    Returns
    -------
    ndarray, shape (6, S + 2 * padding, S + 2 * padding), int32
        Indices into ``faces.reshape(6 * S * S, C)``, read-only.

    Raises
    ------
    UsageError
        If the size is less than 1 or the padding less than 0.
    """
    if face_size < 1 or padding < 0:
        raise UsageError(f"Expected face_size >= 1 and padding >= 0. Received: {face_size}, {padding}")
    padded = face_size + 2 * padding
    index = np.zeros((6, padded, padded), np.int32)
    inner = slice(padding, padding + face_size)
    index[:, inner, inner] = np.arange(6 * face_size**2).reshape(6, face_size, face_size)
    if padding:
        target, source, *_ = _ring(face_size, padding)
        index.ravel()[target] = source
    index.setflags(write=False)
    return index


def pad_faces(faces, padding):
    """Pad the six faces with what lies behind their edges, as `padding_index` says.

    Parameters
    ----------
    faces : ndarray, shape (6, S, S) or (6, S, S, C)
        Any dtype.
    padding : int
        Width of the padding in pixels, 0 or more.

    Returns
    -------
    ndarray, shape (6, S + 2 * padding, S + 2 * padding) or with C, dtype of `faces`

    Raises
    ------
    UsageError
        If the faces are not six squares or the padding is less than 0.
    """
    _check_faces(faces)
    if padding < 0:
        raise UsageError(f"padding must be 0 or more. Received: {padding}")
    face_size = faces.shape[1]
    side = face_size + 2 * padding
    padded = np.empty((6, side, side, *faces.shape[3:]), faces.dtype)
    inner = slice(padding, padding + face_size)
    padded[:, inner, inner] = faces
    if padding:
        target, source, *_ = _ring(face_size, padding)
        flat = faces.reshape(-1, *faces.shape[3:])
        padded.reshape(-1, *faces.shape[3:])[target] = flat[source]
    return padded


def filter_faces(faces, operation, margin):
    """Filter each face as if it went on beyond its edges.

    Parameters
    ----------
    faces : ndarray, shape (6, S, S) or (6, S, S, C)
    operation : callable
        Filters a picture, (H, W) or (H, W, C), and keeps its size.
    margin : int
        Pixels that it looks at beyond a pixel, 1 or more.

    Returns
    -------
    ndarray, shape of `faces`

    Raises
    ------
    UsageError
        If the faces are not six squares.
    """
    inner = slice(margin, -margin)
    return np.stack([operation(face)[inner, inner] for face in pad_faces(faces, margin)])


def _check_faces(faces):
    if faces.ndim not in (3, 4) or faces.shape[0] != 6 or faces.shape[1] != faces.shape[2]:
        raise UsageError(f"Expected six square faces (6, S, S) or (6, S, S, C). Received: {faces.shape}")
