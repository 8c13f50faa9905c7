"""The cube around the viewer: where the pixels of its six faces look, and which face a direction hits.

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

from .sphere import without_yaw

_CACHED_FACE = 512  # directions of larger faces are not kept


class Face(IntEnum):
    """Order of the faces."""

    FRONT = 0
    RIGHT = 1
    BACK = 2
    LEFT = 3
    UP = 4
    DOWN = 5


# Per face: which way its columns grow, which way its rows grow, and where its centre lies.
AXES = np.array(
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


def plane_coordinates(face_size, padding=0):
    """Tell where pixel centres lie on a face's plane.

    Parameters
    ----------
    face_size : int
        Side of a face in pixels.
    padding : int
        Pixels beyond each edge.

    Returns
    -------
    ndarray, shape (face_size + 2 * padding,), float64
        Within (−1, 1) on the face; symmetric to the last bit.
    """
    return (2 * np.arange(-padding, face_size + padding) + 1 - face_size) / face_size


def face_rays(face, u, v):
    """Tell where points of a face's plane are seen.

    Parameters
    ----------
    face : Face
    u, v : ndarray, shape (M,) and (N,)
        Plane coordinates of columns and rows, see `plane_coordinates`.

    Returns
    -------
    ndarray, shape (N, M, 3), float32
        Unit vectors.
    """
    right, down, centre = AXES[face]
    rays = u[None, :, None] * right + v[:, None, None] * down + centre
    return (rays / np.sqrt(1 + u**2 + v[:, None] ** 2)[..., None]).astype(np.float32)


def _face_directions(face_size):
    coordinates = plane_coordinates(face_size)
    directions = np.stack([face_rays(face, coordinates, coordinates) for face in Face])
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
    u = plane_coordinates(face_size)
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
    axes = AXES.astype(directions.dtype)
    for index in np.flatnonzero(np.bincount(face.ravel(), minlength=6)):
        chosen = face == index
        right, down, depth = np.moveaxis(directions[chosen] @ axes[index].T, -1, 0)
        x[chosen] = (right / depth + 1) * (face_size / 2) - 0.5
        y[chosen] = (down / depth + 1) * (face_size / 2) - 0.5
    return face, x, y
