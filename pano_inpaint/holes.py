"""Random holes for training: boxes, brush strokes and object outlines, on square crops and on the sphere."""

import cv2
import numpy as np

from .errors import UsageError
from .masks import paint_stroke, spherical_cap
from .sphere import lonlat_to_vector, pixel_to_lonlat, rotation_matrix, vector_to_lonlat

SPHERE_HOLES = ("cap", "brush", "furniture")
_OUTLINE_POINTS = 96
_STENCIL = 256  # side of the flat picture an outline on the sphere is drawn on first


def random_box(rng, size, low, high):
    """Draw one box, wholly inside the picture.

    Parameters
    ----------
    rng : numpy.random.Generator
    size : int
        Side of the picture in pixels.
    low, high : int
        Smallest and largest side of the box in pixels, both possible; width and height are drawn
        independently of each other, as in Iizuka et al. 2017.

    Returns
    -------
    ndarray, bool, shape (size, size)

    Raises
    ------
    UsageError
        Unless 1 <= low <= high <= size.
    """
    if not 1 <= low <= high <= size:
        raise UsageError(f"Expected 1 <= low <= high <= size. Received: {low}, {high}, {size}")
    mask = np.zeros((size, size), bool)
    height, width = rng.integers(low, high + 1, 2)
    top, left = rng.integers(0, size - height + 1), rng.integers(0, size - width + 1)
    mask[top : top + height, left : left + width] = True
    return mask


def random_boxes(rng, size, *, count=(1, 4), sides=(30 / 256, 150 / 256)):
    """Draw some boxes; the defaults are those of LaMa's wide masks (Suvorov et al. 2022).

    Parameters
    ----------
    rng : numpy.random.Generator
    size : int
        Side of the picture in pixels.
    count : tuple of int
        Fewest and most boxes.
    sides : tuple of float
        Shortest and longest side of a box as a part of the picture's.

    Returns
    -------
    ndarray, bool, shape (size, size)
    """
    low, high = (max(1, round(side * size)) for side in sides)
    mask = np.zeros((size, size), bool)
    for _ in range(rng.integers(count[0], count[1] + 1)):
        mask |= random_box(rng, size, low, high)
    return mask


def random_brush(rng, size, *, strokes=(1, 5), corners=(1, 5), width=100 / 256, length=200 / 256):
    """Draw free-form brush strokes; the defaults are those of LaMa's wide masks (Suvorov et al. 2022).

    Parameters
    ----------
    rng : numpy.random.Generator
    size : int
        Side of the picture in pixels.
    strokes, corners : tuple of int
        Fewest and most strokes, and straight pieces of each.
    width, length : float
        Greatest width and length of a piece as parts of the picture's side.

    Returns
    -------
    ndarray, bool, shape (size, size)
        At least one pixel is True.
    """
    canvas = np.zeros((size, size), np.uint8)
    for _ in range(rng.integers(strokes[0], strokes[1] + 1)):
        point, angle = rng.uniform(0, size, 2), rng.uniform(0, 2 * np.pi)
        for _ in range(rng.integers(corners[0], corners[1] + 1)):
            # Turning back and forth by up to a right angle keeps strokes from curling up.
            angle += rng.uniform(-np.pi / 2, np.pi / 2)
            reach = rng.uniform(0.05, 1) * length * size
            target = np.clip(point + reach * np.array([np.cos(angle), np.sin(angle)]), 0, size - 1)
            thickness = max(1, round(rng.uniform(0.05, 1) * width * size))
            ends = [tuple(int(p) for p in np.round(end)) for end in (point, target)]
            cv2.line(canvas, *ends, 1, thickness)
            point = target
    canvas[tuple(np.round(point[::-1]).astype(int))] = 1
    return canvas.astype(bool)


def random_silhouette(rng, size, *, low=0.2, high=0.5):
    """Draw an outline like that of a piece of furniture or a plant.

    A body with a wavy rim, more or less square, often with a second part on or beside it, or with legs.

    Parameters
    ----------
    rng : numpy.random.Generator
    size : int
        Side of the picture in pixels.
    low, high : float
        Smallest and largest extent of the body as parts of the picture's side.

    Returns
    -------
    ndarray, bool, shape (size, size)
        At least one pixel is True.
    """
    half = rng.uniform(low, high, 2) / 2
    center = rng.uniform(half, 1 - half)
    parts = [_outline(rng, center, half)]
    if rng.random() < 0.5:
        smaller = half * rng.uniform(0.4, 0.8, 2)
        parts.append(_outline(rng, center + rng.uniform(-0.9, 0.9, 2) * half, smaller))
    if rng.random() < 0.4:
        parts.extend(_legs(rng, center, half))
    canvas = np.zeros((size, size), np.uint8)
    for part in parts:
        cv2.fillPoly(canvas, [np.round(part * size - 0.5).astype(np.int32)], 1)
    return canvas.astype(bool)


def _outline(rng, center, half):
    """Points of a superellipse with a wavy rim; coordinates are parts of the picture's side."""
    angle = np.linspace(0, 2 * np.pi, _OUTLINE_POINTS, endpoint=False)
    squareness = rng.uniform(2, 8)
    cosine, sine = np.cos(angle), np.sin(angle)
    rim = (np.abs(cosine) ** squareness + np.abs(sine) ** squareness) ** (-1 / squareness)
    for wave in range(2, 9):
        rim *= 1 + rng.uniform(0, 0.25) / wave * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    tilt = rng.normal(0, 0.15)
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    return center + (np.stack([cosine, sine], 1) * rim[:, None] * half) @ turn.T


def _legs(rng, center, half):
    """Two narrow uprights below a body."""
    thickness, length = rng.uniform(0.04, 0.12) * half[0], rng.uniform(0.4, 1) * half[1]
    for side in (-1, 1):
        foot = center + np.array([side * 0.8 * half[0], 0.6 * half[1]])
        corners = np.array([[-thickness, 0], [thickness, 0], [thickness, length], [-thickness, length]])
        yield foot + corners


def random_sphere_hole(rng, height, *, kind=None, low=0.1, high=0.6):
    """Draw a hole anywhere on a panorama, over the seam and the poles as often as elsewhere.

    Parameters
    ----------
    rng : numpy.random.Generator
    height : int
        Rows of the panorama; it is twice as wide.
    kind : {"cap", "brush", "furniture"}, optional
        A disc, brush strokes along great circles, or an object's outline; one of them at random if left out.
    low, high : float
        Smallest and largest angular radius of the hole's surroundings, radians; below π / 2 for furniture.

    Returns
    -------
    ndarray, bool, shape (height, 2 * height)
        At least one pixel is True.

    Raises
    ------
    UsageError
        If the kind is unknown or the radii are out of range.
    """
    kind = rng.choice(SPHERE_HOLES) if kind is None else kind
    if kind not in SPHERE_HOLES:
        raise UsageError(f"kind must be one of {', '.join(SPHERE_HOLES)}. Received: {kind!r}")
    if not 0 < low <= high < np.pi / 2:
        raise UsageError(f"Expected 0 < low <= high < π / 2 radians. Received: {low}, {high}")
    center = rng.uniform(-np.pi, np.pi), np.arcsin(rng.uniform(-1, 1))
    radius = rng.uniform(low, high)
    draw = {"cap": _sphere_cap, "brush": _sphere_brush, "furniture": _sphere_outline}[kind]
    mask = draw(rng, center, radius, height)
    # Thin strokes and small discs can slip between the pixel centres of a small panorama.
    return mask if mask.any() else spherical_cap(*center, np.pi / height, height)


def _sphere_cap(rng, center, radius, height):
    return spherical_cap(*center, radius, height)


def _sphere_brush(rng, center, radius, height):
    """Strokes between random points of a disc; the brush reaches no further out than the disc."""
    mask = np.zeros((height, 2 * height), bool)
    rotation = rotation_matrix(*center)
    for _ in range(rng.integers(1, 4)):
        width = radius * rng.uniform(0.1, 0.35)
        corners = rng.integers(2, 6)
        away = (radius - width) * np.sqrt(rng.uniform(0, 1, corners))
        around = rng.uniform(0, 2 * np.pi, corners)
        local = np.stack([np.sin(away) * np.cos(around), np.sin(away) * np.sin(around), np.cos(away)], 1)
        paint_stroke(mask, np.stack(vector_to_lonlat(local @ rotation.T), 1), width)
    return mask


def _sphere_outline(rng, center, radius, height):
    """Place an outline drawn on the plane that touches the sphere at the disc's centre."""
    stencil = random_silhouette(rng, _STENCIL, low=0.4, high=0.7)
    mask = spherical_cap(*center, radius, height)
    rows, columns = np.nonzero(mask)
    vectors = lonlat_to_vector(*pixel_to_lonlat(columns, rows, 2 * height, height))
    x, y, z = (vectors @ rotation_matrix(*center)).T
    scale = _STENCIL / (2 * np.tan(radius))
    pixel_x, pixel_y = (
        np.clip((sign * part / z * scale + _STENCIL / 2).astype(int), 0, _STENCIL - 1)
        for sign, part in ((1, x), (-1, y))
    )
    mask[rows, columns] = stencil[pixel_y, pixel_x]
    return mask
