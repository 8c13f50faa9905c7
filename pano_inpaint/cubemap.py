"""The six faces of a cube around the viewer, sampled from a panorama and back.

Faces are (6, S, S, C) in the order of `Face`, seen from the cube's centre; unfolded they meet like this:

           ┌───────┐
           │  UP   │
    ┌──────┼───────┼───────┬──────┐
    │ LEFT │ FRONT │ RIGHT │ BACK │
    └──────┼───────┼───────┴──────┘
           │ DOWN  │
           └───────┘
"""

from enum import IntEnum
from functools import lru_cache

import numpy as np

from .errors import UsageError
from .sampling import remap
from .sphere import (
    check_panorama,
    equirectangular_grid,
    sample_grid,
    window_directions,
    without_yaw,
)

_CHUNK = 2**20  # pixels whose directions are worked out at a time: 12 MB of vectors
_CACHED_PIXELS = 2**23  # whole grids up to 4096 × 2048 are kept: 64 MB each, four of either kind at most
_CACHED_FACE = 512  # directions of larger faces are not kept
_RING = 2  # pixels around a face that a bicubic tap can touch


class Face(IntEnum):
    """Order of the faces."""

    FRONT = 0
    RIGHT = 1
    BACK = 2
    LEFT = 3
    UP = 4
    DOWN = 5


# Per face: which way its columns grow, which way its rows grow, and where its centre lies.
_AXES = np.array(
    [
        [[1, 0, 0], [0, -1, 0], [0, 0, 1]],
        [[0, 0, -1], [0, -1, 0], [1, 0, 0]],
        [[-1, 0, 0], [0, -1, 0], [0, 0, -1]],
        [[0, 0, 1], [0, -1, 0], [-1, 0, 0]],
        [[1, 0, 0], [0, 0, 1], [0, 1, 0]],
        [[1, 0, 0], [0, 0, -1], [0, -1, 0]],
    ],
    np.float64,
)


def _plane(face_size, padding=0):
    """Plane coordinate of pixel centres, (−1, 1) on the face; symmetric to the last bit."""
    return (2 * np.arange(-padding, face_size + padding) + 1 - face_size) / face_size


def _unit_rays(face, u, v):
    """Return unit vectors (len(v), len(u), 3), float32, of the plane points of one face."""
    right, down, centre = _AXES[face]
    rays = u[None, :, None] * right + v[:, None, None] * down + centre
    return (rays / np.sqrt(1 + u**2 + v[:, None] ** 2)[..., None]).astype(np.float32)


def _face_directions(face_size):
    coordinates = _plane(face_size)
    directions = np.stack([_unit_rays(face, coordinates, coordinates) for face in Face])
    directions.setflags(write=False)
    return directions


_kept_face_directions = lru_cache(maxsize=8)(_face_directions)


def face_directions(face_size):
    """Directions of the pixel centres of the six faces.

    Parameters
    ----------
    face_size : int
        Side of a face in pixels.

    Returns
    -------
    ndarray, shape (6, face_size, face_size, 3), float32
        Unit vectors, read-only; kept for the next call up to 512 pixels.
    """
    return (_kept_face_directions if face_size <= _CACHED_FACE else _face_directions)(face_size)


def level_rays(face_size, rotation):
    """Return each pixel's direction in the room, for a cube that is tilted as it is but looks to the front.

    What a network is told of directions: up is up, and which way is north does not matter.

    Parameters
    ----------
    face_size : int
        Side of a face in pixels.
    rotation : ndarray, shape (3, 3)
        How the cube is turned.

    Returns
    -------
    ndarray, shape (6, face_size, face_size, 3), float32
        Unit vectors.
    """
    return face_directions(face_size) @ without_yaw(rotation).astype(np.float32).T


def face_weights(face_size):
    """Relative solid angle of the pixels of a face, (1 + u² + v²)^(−3/2) with u, v in [−1, 1].

    Parameters
    ----------
    face_size : int
        Side of a face in pixels.

    Returns
    -------
    ndarray, shape (face_size, face_size), float64
        1 at the face's centre; times 4 / face_size² it is the pixel's solid angle in steradians.
    """
    u = _plane(face_size)
    return (1 + u**2 + u[:, None] ** 2) ** -1.5


def directions_to_faces(directions, face_size):
    """Find the face that each direction hits, and where.

    Parameters
    ----------
    directions : ndarray, shape (..., 3)
        Vectors of any length, in the cube's own frame.
    face_size : int
        Side of a face in pixels.

    Returns
    -------
    face : ndarray, shape (...), int8
        `Face` that is hit.
    x, y : ndarray, shape (...)
        Column and row on it in [−½, S − ½]; 0 is the centre of the first pixel.
    """
    directions = np.asarray(directions)
    size = np.abs(directions)
    dominant = np.where(size[..., 2] >= size[..., 0], 2, 0)
    dominant[size[..., 1] > np.maximum(size[..., 0], size[..., 2])] = 1
    negative = np.take_along_axis(directions, dominant[..., None], -1)[..., 0] < 0
    face = np.array([[Face.RIGHT, Face.UP, Face.FRONT], [Face.LEFT, Face.DOWN, Face.BACK]], np.int8)[
        negative.astype(np.intp), dominant
    ]
    x, y = np.empty(face.shape, directions.dtype), np.empty(face.shape, directions.dtype)
    axes = _AXES.astype(directions.dtype)
    for index in np.flatnonzero(np.bincount(face.ravel(), minlength=6)):
        chosen = face == index
        right, down, depth = np.moveaxis(directions[chosen] @ axes[index].T, -1, 0)
        x[chosen] = (right / depth + 1) * (face_size / 2) - 0.5
        y[chosen] = (down / depth + 1) * (face_size / 2) - 0.5
    return face, x, y


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
    u = _plane(face_size)
    for face in Face:
        for rows in _row_chunks(range(face_size), face_size):
            rays = _turned(_unit_rays(face, u, u[rows]), turn)
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
    u = _plane(face_size, padding)
    outside = np.abs(u) > 1
    target = np.flatnonzero(np.broadcast_to(outside | outside[:, None], (6, len(u), len(u))))
    face, row, column = np.unravel_index(target, (6, len(u), len(u)))
    right, down, centre = np.moveaxis(_AXES[face], 1, 0)
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


def _check_faces(faces):
    if faces.ndim not in (3, 4) or faces.shape[0] != 6 or faces.shape[1] != faces.shape[2]:
        raise UsageError(f"Expected six square faces (6, S, S) or (6, S, S, C). Received: {faces.shape}")
