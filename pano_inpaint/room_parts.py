"""The parts of a room that networks tell apart, and what they make of a panorama by them."""

import cv2
import numpy as np

from .cubemap import from_faces
from .sphere import window_directions

# Windows and doors are openings, skirting is trim; a thing stands before the room, and never in a hole.
LAYOUT = ("floor", "wall", "ceiling", "opening", "trim", "thing")
THING = LAYOUT.index("thing")
# What shows how a plane looks: neither things before it, nor openings in it, nor what is misplaced on it.
_OF_PLANES = {"floor": ["floor"], "wall": ["wall", "trim"], "ceiling": ["ceiling", "trim"]}

# NYU40 labels: wall, floor, door, window, ceiling, other structure
OF_LABELS = {2: 0, 1: 1, 22: 2, 8: 3, 9: 3, 38: 4}

# As `structure.analyse_room` takes them: floor, wall, ceiling; what stands behind a thing is not told.
_SURFACES = np.array([0, 1, 2, 1, 1, -1], np.int8)


def name_parts(scores, hidden):
    """Choose a part for each pixel.

    Parameters
    ----------
    scores : ndarray of float, shape (..., 6)
        For each of `LAYOUT`.
    hidden : ndarray of bool, shape (...)
        Holes, in which there are no things.

    Returns
    -------
    ndarray of uint8, shape (...)
    """
    return np.where(hidden, scores[..., :THING].argmax(axis=-1), scores.argmax(axis=-1)).astype(np.uint8)


def join_parts(completions, holes, height):
    """Join what a network says of the room, each hole as it is seen from its own cube.

    Parameters
    ----------
    completions : sequence of Completion
        One for each hole.
    holes : sequence of Region
    height : int
        Rows of the result.

    Returns
    -------
    ndarray of int, shape (height, 2 height), or None
        Places in `LAYOUT`; None if the network does not tell.
    """
    return join_faces([completion.layout for completion in completions], holes, height, "nearest")


def join_faces(cubes, holes, height, interpolation="bilinear", *, turn=None):
    """Join what was told of each of several cubes turned towards holes to a panorama.

    Parameters
    ----------
    cubes : sequence of ndarray, shape (6, S, S) or (6, S, S, C), or None
        One for each hole, None if nothing was told; in a direction the one counts whose hole is nearest.
    holes : sequence of Region
    height : int
        Rows of the result.
    interpolation : str
        See `cubemap.from_faces`.
    turn : ndarray, shape (3, 3), optional
        How each cube is turned further.

    Returns
    -------
    ndarray, shape (height, 2 height) or (height, 2 height, C), or None
        None if nothing was told of one of them.
    """
    if any(cube is None for cube in cubes):
        return None
    everywhere = window_directions((slice(0, height), 0, 2 * height), height)
    joined, nearest = None, None
    for cube, hole in zip(cubes, holes, strict=True):
        rotation = hole.rotation if turn is None else hole.rotation @ turn
        picture = from_faces(cube, height, rotation=rotation, interpolation=interpolation)
        nearness = everywhere @ hole.direction.astype(np.float32)
        if joined is None:
            joined, nearest = picture, nearness
        else:
            closer = nearness > nearest
            joined[closer], nearest[closer] = picture[closer], nearness[closer]
    return joined


def widen_things(parts):
    """Take pixels beside things and openings for parts of them: a network is not sure to a pixel.

    Parameters
    ----------
    parts : ndarray of uint8, shape (H, 2H)
        Places in `LAYOUT`.

    Returns
    -------
    ndarray of uint8, shape (H, 2H)
    """
    wide = np.pad(parts, ((0, 0), (1, 1)), "wrap")
    for part in ("opening", "thing"):
        number = LAYOUT.index(part)
        near = cv2.dilate(np.uint8(wide == number), np.ones((3, 3), np.uint8))[:, 1:-1]
        parts = np.where(near > 0, np.uint8(number), parts)
    return parts


def surfaces_of(parts):
    """Turn parts into what `structure.analyse_room` takes: 0 floor, 1 wall, 2 ceiling, −1 unknown."""
    return _SURFACES[parts]


def is_of_plane(parts, kind, *, with_openings=False):
    """Tell which parts of a room show how a plane looks.

    Parameters
    ----------
    parts : ndarray of int
        Places in `LAYOUT`.
    kind : {"floor", "wall", "ceiling"}
        Of the plane.
    with_openings : bool
        Whether a wall's openings count: they show where it is, not how it looks.

    Returns
    -------
    ndarray of bool
    """
    own = [*_OF_PLANES[kind], *(["opening"] if with_openings and kind == "wall" else [])]
    return np.isin(parts, [LAYOUT.index(part) for part in own])
