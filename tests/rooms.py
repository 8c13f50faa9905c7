"""Box rooms worked out ray by ray: panoramas whose planes, depth and background are known exactly.

Lengths are in camera heights, the floor is at y = −1; plans are polygons of (x right, z forward) around the
camera at the origin.
"""

from dataclasses import dataclass

import numpy as np

from pano_inpaint.planes import Structure, upright_plane
from pano_inpaint.sphere import window_directions

L_PLAN = ((-1.6, -2.0), (2.6, -2.0), (2.6, 1.1), (0.7, 1.1), (0.7, 3.2), (-1.6, 3.2))
SOFA = (-1.5, -0.8, -0.9, 0.9, -0.5)  # x, x, z, z, top: against the left wall of `box_plan()`


@dataclass(frozen=True, eq=False)
class Rendering:
    """A rendered room and its truth.

    Attributes
    ----------
    empty, furnished : ndarray, uint8, shape (H, 2H, 3)
    mask : ndarray, bool, shape (H, 2H)
        True where furniture is.
    plane_index : ndarray, int16, shape (H, 2H)
        Plane of the empty room per pixel, worked out without `Structure`.
    depth : ndarray, float64, shape (H, 2H)
        Distance to the empty room's surface.
    structure : Structure
        The true planes; walls in the order of their corners.
    """

    empty: np.ndarray
    furnished: np.ndarray
    mask: np.ndarray
    plane_index: np.ndarray
    depth: np.ndarray
    structure: Structure


def box_plan(left=1.6, right=2.0, back=1.9, front=2.7):
    """Rectangle by the distances of its walls."""
    return ((-left, -back), (right, -back), (right, front), (-left, front))


def turned(plan, yaw):
    """Turn a plan to the right."""
    sine, cosine = np.sin(yaw), np.cos(yaw)
    return tuple((x * cosine + z * sine, z * cosine - x * sine) for x, z in plan)


def render_room(plan=None, *, rows=256, roof=0.75, yaw=0.0, tilt=None, furniture=(SOFA,), **finish):
    """Render a room.

    Parameters
    ----------
    plan : sequence of (float, float), optional
        Corners, simple polygon around the origin, either way round; `box_plan()` if left out.
    rows : int
        Height of the panorama.
    roof : float
        Height of the ceiling above the camera.
    yaw : float
        Turns room and furniture to the right, radians.
    tilt : ndarray, shape (3, 3), optional
        Camera's frame to upright frame.
    furniture : sequence of (x, x, z, z, top)
        Boxes on the floor, before the turn.
    **finish
        ``floor``: "planks" or "tiles"; ``wall``: "paint" or "wallpaper"; ``doors``: bool; ``noise``: standard
        deviation in levels; ``seed``.

    Returns
    -------
    Rendering
    """
    plan = turned(plan or box_plan(), yaw)
    rotation = np.eye(3) if tilt is None else tilt
    rays = _rays(rows, rotation)
    depth, surface = _cast(rays, plan, roof)
    structure, order = _truth(plan, roof, rotation, yaw)
    pictures = _picture(2 * rows, rotation, plan, roof, yaw, furniture, finish)
    mask = np.zeros(depth.shape, bool)
    for box in furniture:
        mask |= _cast_box(rays, box, yaw)[0] < depth
    empty, furnished = (_finish(picture, **finish) for picture in pictures)
    return Rendering(empty, furnished, mask, order[surface], depth, structure)


def shaded(room, depth):
    """Darken the floor of an unturned room beside `SOFA`, softly, by up to a log intensity.

    Returns
    -------
    furnished : ndarray, uint8, shape (H, 2H, 3)
    shadow : ndarray, bool, shape (H, 2H)
        Where it is darker by more than 0.6 of that.
    """
    rays = _rays(len(room.mask), np.eye(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        x, z = (np.where(rays[..., 1] < 0, rays[..., axis] / -rays[..., 1], np.inf) for axis in (0, 2))
    off = np.hypot(np.maximum(x - SOFA[1], 0), np.maximum(np.abs(z) - SOFA[3], 0))
    share = np.exp(-((off / 0.25) ** 2)) * ((room.plane_index == 0) & ~room.mask)
    return np.uint8(np.rint(room.furnished * np.exp(-depth * share)[..., None])), share > 0.6


def _rays(rows, rotation):
    return window_directions((slice(None), 0, 2 * rows), rows).astype(float) @ rotation.T


def _picture(rows, rotation, plan, roof, yaw, furniture, finish):
    """Paint the room without and with its furniture, without noise."""
    rays = _rays(rows, rotation)
    depth, surface = _cast(rays, plan, roof)
    empty = _paint(rays * depth[..., None], surface, plan, yaw, **finish)
    furnished, nearest = empty.copy(), depth
    for number, box in enumerate(furniture):
        distance, face = _cast_box(rays, box, yaw)
        hit = distance < nearest
        tone = np.array([[96, 60, 44], [50, 84, 112], [118, 112, 66]])[number % 3]
        furnished[hit] = tone * np.array([0.7, 1.25, 1.0])[face[hit], None]
        nearest = np.minimum(nearest, distance)
    return empty, furnished


def _finish(picture, *, noise=1.5, seed=0, **_):
    """Bring a picture of twice the size down, smoothly, and add the camera's noise."""
    rows, columns = picture.shape[:2]
    picture = picture.reshape(rows // 2, 2, columns // 2, 2, 3).mean(axis=(1, 3))
    picture += np.random.default_rng(seed).normal(0, noise, picture.shape)
    return np.clip(picture, 0, 255).round().astype(np.uint8)


def _cast(rays, plan, roof):
    """Distance along each ray and surface: 0 floor, 1 ceiling, 2 + k the wall from corner k."""
    x, y, z = np.moveaxis(rays, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(y < 0, -1 / y, roof / y)
        surface = np.where(y < 0, 0, 1)
        for number, (start, end) in enumerate(_edges(plan)):
            along = end - start
            cross = x * along[1] - z * along[0]
            distance = (start[0] * along[1] - start[1] * along[0]) / cross
            position = (start[0] * z - start[1] * x) / cross
            hit = (distance > 0) & (position >= 0) & (position <= 1) & (distance < depth)
            depth, surface = np.where(hit, distance, depth), np.where(hit, number + 2, surface)
    return depth, surface


def _edges(plan):
    corners = np.asarray(plan, float)
    return list(zip(corners, np.roll(corners, -1, axis=0), strict=True))


def _truth(plan, roof, rotation, yaw):
    """True structure, and the index into its planes of each surface of `_cast`."""
    azimuths = np.sort([np.arctan2(x, z) for x, z in plan])
    middles = azimuths + np.diff(np.append(azimuths, azimuths[0] + 2 * np.pi)) / 2
    level = np.stack([np.sin(middles), np.zeros_like(middles), np.cos(middles)], 1)
    seen = _cast(level, plan, roof)[1]
    planes = [
        upright_plane("floor", rotation, yaw, 1.0, 1.0),
        upright_plane("ceiling", rotation, yaw, roof, 1.0),
    ]
    order = np.full(len(plan) + 2, -1, np.int16)
    order[:2] = 0, 1
    for number, (start, end) in enumerate(_edges(plan), 2):
        if number in seen:
            normal = np.array([end[1] - start[1], start[0] - end[0]])
            normal *= np.sign(normal @ start) / np.linalg.norm(normal)
            order[number] = len(planes)
            planes.append(upright_plane("wall", rotation, np.arctan2(*normal), normal @ start, 1.0))
    return Structure(rotation, tuple(planes), azimuths, order[seen].astype(int)), order


def _paint(points, surface, plan, yaw, *, floor="planks", wall="paint", doors=True, **_):
    """Colour the surfaces: evenly patterned, lit from the room's middle."""
    x, y, z = np.moveaxis(points, -1, 0)
    across, along = x * np.cos(yaw) - z * np.sin(yaw), x * np.sin(yaw) + z * np.cos(yaw)
    picture = np.empty(points.shape)
    picture[:] = (228, 226, 220)
    picture[surface == 0] = _ground(across, along, floor)[surface == 0]
    for number, (start, end) in enumerate(_edges(plan), 2):
        chosen = surface == number
        length = np.linalg.norm(end - start)
        u = ((x - start[0]) * (end[0] - start[0]) + (z - start[1]) * (end[1] - start[1])) / length
        picture[chosen] = _covering(u[chosen], y[chosen] + 1, length, wall, doors and number % 2 == 0)
        picture[chosen] *= 0.94 + 0.04 * (number % 4)
    return picture * (1.1 / (1 + 0.025 * (points**2).sum(axis=-1)))[..., None]


def _ground(across, along, floor):
    """Planks of 0.12 with joints every 0.9, or tiles of 0.3; an own tone for each piece."""
    width, length = (0.12, 0.9) if floor == "planks" else (0.3, 0.3)
    row = np.floor(across / width)
    shift = 0.37 * length * row if floor == "planks" else 0
    column = np.floor((along + shift) / length)
    tone = 0.85 + 0.15 * np.modf(np.abs(np.sin(row * 12.99 + column * 78.23)) * 437.58)[0]
    edge = np.minimum(across / width - row, (along + shift) / length - column)
    base = (164, 122, 84) if floor == "planks" else (140, 146, 150)
    return (tone * np.where(edge < 0.05, 0.6, 1.0))[..., None] * base


def _covering(u, height, length, wall, door):
    """Paint or striped wallpaper over a skirting board of 0.07, with a panelled door in the middle."""
    stripes = np.where(np.modf(u / 0.16)[0] < 0.4, 0.86, 1.0) if wall == "wallpaper" else np.ones_like(u)
    colour = stripes[:, None] * (186, 190, 172)
    colour[height < 0.07] = (236, 236, 232)
    colour[(height > 0.055) & (height < 0.07)] = (170, 168, 160)
    if door:
        side = np.abs(u - length / 2)
        colour[(side < 0.33) & (height < 1.4)] = (120, 84, 58)
        colour[(side < 0.29) & (height < 1.36)] = (176, 140, 104)
        panel = (np.abs(side - 0.14) < 0.09) & (np.abs(np.abs(height - 0.68) - 0.32) < 0.24)
        colour[panel & (side < 0.29)] = (150, 114, 80)
    return colour


def _cast_box(rays, box, yaw):
    """Distance to a box on the floor, infinite where missed, and the axis of the face that is hit."""
    turn = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    left, right, near, far, top = box
    low, high = np.array([left, -1.0, near]), np.array([right, top, far])
    rays = rays @ turn.T
    with np.errstate(divide="ignore"):
        to_low, to_high = low / rays, high / rays
    enter, leave = np.minimum(to_low, to_high), np.maximum(to_low, to_high)
    distance, face = enter.max(axis=-1), enter.argmax(axis=-1)
    return np.where((distance > 0) & (distance <= leave.min(axis=-1)), distance, np.inf), face
