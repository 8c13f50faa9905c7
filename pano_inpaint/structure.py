"""Understand a room from its panorama alone: which way is up, where walls, floor and ceiling are."""

import cv2
import numpy as np

from .errors import UsageError
from .evidence import COLUMNS, ROWS, gather
from .lines import estimate_up, find_segments, wall_directions
from .planes import Plane, Structure, upright_plane
from .settling import settle_walls
from .sphere import check_panorama, latitude_weights, window_directions
from .walls import find_walls

__all__ = ["Plane", "Structure", "analyse_room", "draw_structure"]

_WORKING_WIDTH = 1536
_RECTANGULAR = (
    0.22  # share of horizontal edges along one pair of directions; forests and domes have under 0.1
)
_RECTANGULAR_TOLD = 0.1  # the same if a network's labels agree with the walls that are found
_AGREEING = 0.7  # mean intersection over union of floor, walls and ceiling, as told and as found, if they do
_ROOFED = 0.24  # support of the ceiling's border under which a place may be a street
_LEAST = 0.25  # support of its better line that a wall needs
_GROUND = 0.2  # confidence in a floor that nothing but gravity speaks for
_REACH = 1.5  # camera heights: how far the floor is believed without walls
_NEAREST = 5  # or to where labels say that it ends: percentile of the distances
_WALL_COLOURS = (
    (230, 60, 50),
    (240, 200, 40),
    (190, 70, 200),
    (240, 130, 30),
    (120, 80, 60),
    (230, 120, 170),
)


def analyse_room(panorama_small, mask, *, labels=None):
    """Find the planes of a room.

    Parameters
    ----------
    panorama_small : ndarray, uint8, shape (H, 2H, 3)
        RGB. Wider than 1536 is brought down to that; 1024 tells nearly as much.
    mask : ndarray, bool, shape (H, 2H)
        True = erase; what lies there says nothing of the room.
    labels : ndarray, int, shape (h, 2h), optional
        What a network makes of the empty room: 0 floor, 1 wall or what is in it, 2 ceiling, below 0 unknown.

    Returns
    -------
    Structure
        With only those planes that are credible: the ground near the camera alone where edges don't run
        along two directions at right angles, or no edges bound a ceiling, as in the open; with labels, where
        hardly any edges do, or the labels are not those of walls between a floor and a ceiling.

    Raises
    ------
    UsageError
        If the panorama is not uint8 RGB twice as wide as high, or the mask has another size.
    """
    check_panorama(panorama_small)
    if panorama_small.dtype != np.uint8 or panorama_small.shape[2:] != (3,):
        raise UsageError(
            f"Expected uint8 RGB pixels. Received: {panorama_small.dtype} {panorama_small.shape}"
        )
    if mask.shape != panorama_small.shape[:2] or mask.dtype != np.bool_:
        raise UsageError(
            f"Expected a bool mask of shape {panorama_small.shape[:2]}. Received: {mask.dtype} {mask.shape}"
        )
    panorama, mask = _brought_down(panorama_small, mask)
    segments = find_segments(panorama, mask)
    rotation = estimate_up(segments)
    segments = segments.turned(rotation)
    yaws, strength = wall_directions(segments)
    if strength < (_RECTANGULAR if labels is None else _RECTANGULAR_TOLD):
        return _floor_alone(rotation, yaws[0])
    given = (panorama, mask, segments, rotation, yaws)
    walls = find_walls(gather(*given, labels=labels), yaws)
    surfaces = _surfaces(_assembled(walls, rotation, yaws[0]))
    evidence = gather(*given, labels=labels, surfaces=surfaces)
    walls = find_walls(evidence, yaws, near=walls.ceiling)
    walls = settle_walls(walls, segments, evidence.labels, evidence.known)
    if labels is None:
        roofed = _supported(walls.ceiling_support, walls.widths) >= _ROOFED
        structure = _assembled(walls, rotation, yaws[0], least=_LEAST)
        return structure if roofed else _floor_alone(rotation, yaws[0])
    structure = _assembled(walls, rotation, yaws[0])
    seen = np.where(evidence.known, evidence.labels, -1)
    agree = _agreement(_surfaces(structure), seen) >= _AGREEING
    return structure if agree else _floor_alone(rotation, yaws[0], evidence.labels)


def _floor_alone(rotation, yaw, labels=None):
    """Structure of a place whose walls are not credible: the ground near the camera is level even there."""
    reach = _REACH if labels is None else min(_REACH, _nearest_wall(labels))
    return Structure(rotation, (upright_plane("floor", rotation, yaw, 1.0, _GROUND),), reach=reach)


def _nearest_wall(labels):
    """Find how far, in camera heights, the floor goes almost everywhere before labels call it a wall."""
    below = labels[ROWS // 2 :][::-1]  # from the nadir up
    down = (np.arange(len(below)) + 0.5) * np.pi / ROWS
    met = below == 1
    first = np.where(met.any(axis=0), met.argmax(axis=0), len(below) - 1)
    return float(np.percentile(np.tan(down[first]), _NEAREST))


def _supported(support, widths):
    """Mean support of the walls' lines by their widths; 0 if none is in sight."""
    seen = np.isfinite(support)
    return float(support[seen] @ widths[seen] / widths[seen].sum()) if seen.any() else 0.0


def _brought_down(panorama, mask):
    if panorama.shape[1] <= _WORKING_WIDTH:
        return panorama, mask
    size = (_WORKING_WIDTH, _WORKING_WIDTH // 2)
    small = cv2.resize(np.ascontiguousarray(mask).view(np.uint8), size, interpolation=cv2.INTER_AREA)
    # Less than half a pixel was rounded away: a ring more makes up for it.
    small = cv2.dilate(small, np.ones((3, 3), np.uint8))
    return cv2.resize(panorama, size, interpolation=cv2.INTER_AREA), small > 0


def _assembled(walls, rotation, yaw, *, least=0.0):
    """Structure of the walls whose better line is supported at least so far, or hidden."""
    floor = _supported(walls.floor_support, walls.widths)
    ceiling = _supported(walls.ceiling_support, walls.widths)
    planes = [
        upright_plane("floor", rotation, yaw, 1.0, floor),
        upright_plane("ceiling", rotation, yaw, walls.ceiling, ceiling),
    ]
    supports = np.stack([walls.floor_support, walls.ceiling_support])
    # What is hidden counts as much as the room's other lines do.
    supports = np.where(np.isnan(supports), [[floor], [ceiling]], supports)
    numbers = np.full(len(walls.yaws), -1)
    for wall in np.flatnonzero(supports.max(axis=0) >= least):
        numbers[wall] = len(planes)
        confidence = supports[:, wall].mean()
        planes.append(upright_plane("wall", rotation, walls.yaws[wall], walls.distances[wall], confidence))
    return Structure(rotation, tuple(planes), walls.starts, numbers[walls.index], reach=_REACH)


def _surfaces(structure):
    """0 floor, 1 wall, 2 ceiling over the upright maps of the evidence."""
    rays = window_directions((slice(None), 0, COLUMNS), ROWS) @ structure.rotation.astype(np.float32)
    index = structure.plane_at(rays)
    order = np.array([("floor", "wall", "ceiling").index(plane.kind) for plane in structure.planes])
    return np.where(index < 0, -1, order[index])


def _agreement(surfaces, labels):
    """Mean intersection over union of floor, walls and ceiling as found and as told, where they are told."""
    weights = latitude_weights(ROWS) * (labels >= 0)
    shares = []
    for surface in range(3):
        found, told = surfaces == surface, labels == surface
        either = (weights * (found | told)).sum()
        shares.append((weights * (found & told)).sum() / either if either else 1.0)
    return np.mean(shares)


def draw_structure(panorama_small, structure):
    """Show what was understood: each plane in a colour of its own, their borders, and up.

    Parameters
    ----------
    panorama_small : ndarray, uint8, shape (H, 2H, 3)
        The panorama at the size that the picture shall have.
    structure : Structure

    Returns
    -------
    ndarray, uint8, shape (H, 2H, 3)
        Floor in green, ceiling in blue, walls from red over yellow to purple, all paler where less sure; the
        picture itself where nothing is credible.
    """
    height, width = panorama_small.shape[:2]
    index = structure.plane_index((slice(0, height), 0, width), height)
    shown = (0.75 * panorama_small).astype(np.float32)
    walls = 0
    for number, plane in enumerate(structure.planes):
        colour = {"floor": (40, 190, 80), "ceiling": (60, 120, 230)}.get(plane.kind)
        if colour is None:
            colour, walls = _WALL_COLOURS[walls % len(_WALL_COLOURS)], walls + 1
        opacity = 0.15 + 0.3 * plane.confidence
        chosen = index == number
        shown[chosen] += opacity * (np.array(colour, np.float32) - shown[chosen])
    border = index != np.roll(index, 1, axis=1)
    border[1:] |= index[1:] != index[:-1]
    shown[cv2.dilate(border.astype(np.uint8), np.ones((height // 512 + 1,) * 2)) > 0] = 255
    return shown.round().astype(np.uint8)
