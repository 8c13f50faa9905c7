"""Cube layouts of other programs, converted at the edge to faces (6, S, S, C) and back."""

import numpy as np

from .cube import Face
from .errors import UsageError

# Which face each of the six Matterport skybox pictures (`*_skybox0_sami.jpg` … 5) shows.
MATTERPORT_ORDER = (Face.UP, Face.FRONT, Face.RIGHT, Face.BACK, Face.LEFT, Face.DOWN)
LAYOUTS = ("strip", "dice", "dict", "matterport")


def from_layout(pictures, layout):
    """Bring a cube layout into the house's order of faces.

    Parameters
    ----------
    pictures : ndarray, dict or sequence of ndarray
        "strip": (S, 6S, C), front, right, back, left, up, down in a row. "dice": (3S, 4S, C), the unfolded
        cross of `pano_inpaint.cube`. "dict": faces (S, S, C) under the keys F, R, B, L, U, D.
        "matterport": six faces (S, S, C) in the order up, front, right, back, left, down.
    layout : {"strip", "dice", "dict", "matterport"}

    Returns
    -------
    ndarray, shape (6, S, S, C), dtype of the pictures

    Raises
    ------
    UsageError
        If the layout is unknown or the pictures do not have its shape.
    """
    _check_layout(layout)
    # Imported here: py360convert brings SciPy along, which few callers need.
    from py360convert import cube_dice2h, cube_dict2h, cube_h2list

    def reordered(six):
        return [six[MATTERPORT_ORDER.index(face)] for face in Face]

    split = {
        "strip": cube_h2list,
        "dice": lambda dice: cube_h2list(cube_dice2h(dice)),
        "dict": lambda faces: cube_h2list(cube_dict2h(faces)),
        "matterport": reordered,
    }
    try:
        faces = np.stack(split[layout](pictures))
    except (ValueError, KeyError, IndexError) as error:
        raise UsageError(f"Expected pictures in the layout {layout!r}. Received: {error}") from error
    if len(faces) != len(Face) or faces.shape[1] != faces.shape[2]:
        raise UsageError(f"Expected six square faces in the layout {layout!r}. Received: {faces.shape}")
    return faces


def to_layout(faces, layout):
    """Arrange faces in another program's cube layout.

    Parameters
    ----------
    faces : ndarray, shape (6, S, S, C)
        In the order front, right, back, left, up, down.
    layout : {"strip", "dice", "dict", "matterport"}
        As in `from_layout`; unused parts of the cross are 0.

    Returns
    -------
    ndarray or dict of ndarray
        Shape (S, 6S, C), (3S, 4S, C), six times (S, S, C) by key, or (6, S, S, C).

    Raises
    ------
    UsageError
        If the layout is unknown or the faces are not six squares with channels.
    """
    _check_layout(layout)
    if faces.ndim != 4 or faces.shape[0] != len(Face) or faces.shape[1] != faces.shape[2]:
        raise UsageError(f"Expected six square faces (6, S, S, C). Received: {faces.shape}")
    if layout == "matterport":
        return faces[list(MATTERPORT_ORDER)]
    from py360convert import cube_h2dice, cube_h2dict, cube_list2h

    strip = cube_list2h(list(faces))
    return {"strip": lambda s: s, "dice": cube_h2dice, "dict": cube_h2dict}[layout](strip)


def _check_layout(layout):
    if layout not in LAYOUTS:
        raise UsageError(f"layout must be one of {', '.join(LAYOUTS)}. Received: {layout!r}")
