"""Meshes as plain arrays: boxes, cushions, turned bodies, tubes and sheets, in metres, z up.

A piece of furniture stands with its middle at x = y = 0, its feet at z = 0 and its front towards -y.
"""

from dataclasses import dataclass, field, replace

import numpy as np


@dataclass
class Part:
    """A mesh of one material.

    Attributes
    ----------
    vertices : ndarray, shape (V, 3), float64
        Metres.
    faces : ndarray, shape (F, 4), int
        Corner indices, counter-clockwise seen from outside; -1 in the last column marks a triangle.
    material : str
        Name of a material slot the style fills.
    smooth : bool
        Whether normals are interpolated over the faces.
    uv : ndarray, shape (F, 4, 2), or None
        Texture coordinates in metres; a box projection stands in where None.
    """

    vertices: np.ndarray
    faces: np.ndarray
    material: str
    smooth: bool = False
    uv: np.ndarray | None = field(default=None, repr=False)


def box(size, centre=(0.0, 0.0, 0.0), material="wood"):
    """Build an axis-aligned box.

    Parameters
    ----------
    size, centre : sequence of 3 floats
        Metres.
    material : str
        Material slot.

    Returns
    -------
    Part
        Eight corners, six quads.
    """
    corners = np.array([[x, y, z] for z in (-0.5, 0.5) for y in (-0.5, 0.5) for x in (-0.5, 0.5)])
    faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
    size, centre = np.asarray(size, float), np.asarray(centre, float)
    return Part(corners * (size + 2 * swelling(size, centre)) + centre, np.array(faces), material)


def swelling(size, centre):
    """Choose by how much a box is blown up, a fraction of a millimetre that differs from box to box.

    Two boxes that share a plane, as boards at a corner do, would else have coincident faces, which a path
    tracer shades black.

    Parameters
    ----------
    size, centre : ndarray, shape (3,)
        Of the box, metres.

    Returns
    -------
    float
        0 to 0.0006 metres.
    """
    return 0.0006 * float((np.dot(size, (731.1, 419.3, 577.7)) + np.dot(centre, (613.7, 881.9, 353.1))) % 1.0)


def slab(low, high, material="wood"):
    """Build the box between two opposite corners."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    return box(high - low, (low + high) / 2, material)


def _cube_grid(steps):
    """Grid the faces of the cube [-1, 1]³: vertices (6 (n+1)², 3) and quads."""
    line = np.linspace(-1, 1, steps + 1)
    first, second = np.meshgrid(line, line, indexing="ij")
    ones = np.ones_like(first)
    sides = [
        (first, second, ones), (second, first, -ones), (ones, first, second),
        (-ones, second, first), (second, ones, first), (first, -ones, second),
    ]  # fmt: skip
    vertices = np.concatenate([np.stack(side, -1).reshape(-1, 3) for side in sides])
    row, column = np.meshgrid(np.arange(steps), np.arange(steps), indexing="ij")
    corner = (row * (steps + 1) + column).ravel()
    quad = np.stack([corner, corner + steps + 1, corner + steps + 2, corner + 1], -1)
    return vertices, np.concatenate([quad + side * (steps + 1) ** 2 for side in range(6)])


def cushion(size, centre=(0.0, 0.0, 0.0), *, radius=0.05, puff=0.0, material="fabric", steps=6):
    """Build a box with round edges, its middle swollen by `puff`.

    Parameters
    ----------
    size, centre : sequence of 3 floats
        Outer size without the swelling, and middle; metres.
    radius : float
        Radius of the edges in metres, at most half the smallest side.
    puff : float
        How far top and bottom bulge in the middle, metres.
    material : str
        Material slot.
    steps : int
        Quads along an edge.

    Returns
    -------
    Part
        Smooth mesh.
    """
    half = np.asarray(size, float) / 2
    radius = min(radius, half.min() * 0.98)
    cube, faces = _cube_grid(steps)
    # Points of the grid are crowded towards the edges, where the bend is.
    cube = np.sign(cube) * (1 - (1 - np.abs(cube)) ** 1.6)
    points = cube * half
    inner = np.clip(points, -(half - radius), half - radius)
    offset = points - inner
    length = np.linalg.norm(offset, axis=-1, keepdims=True)
    points = inner + offset / np.maximum(length, 1e-9) * np.minimum(length, radius)
    bulge = (1 - cube[:, 0] ** 2) * (1 - cube[:, 1] ** 2)
    points[:, 2] += puff * bulge * np.clip(cube[:, 2], -1, 1)
    return Part(points + np.asarray(centre, float), faces, material, smooth=True)


def turned(profile, centre=(0.0, 0.0, 0.0), *, material="wood", segments=20, smooth=True):
    """Turn a profile round the z axis, as on a lathe.

    Parameters
    ----------
    profile : sequence of (radius, height)
        From bottom to top, metres; a radius of 0 closes the body.
    centre : sequence of 3 floats
        Foot of the axis, metres.
    material : str
        Material slot.
    segments : int
        Sides of the body.
    smooth : bool
        Whether it is shaded round.

    Returns
    -------
    Part
        Mesh of quads.
    """
    profile = np.asarray(profile, float)
    angle = np.arange(segments) * 2 * np.pi / segments
    ring = np.stack([np.cos(angle), np.sin(angle)], -1)
    vertices = np.concatenate(
        [np.column_stack([radius * ring, np.full(segments, height)]) for radius, height in profile]
    )
    side, level = np.meshgrid(np.arange(segments), np.arange(len(profile) - 1))
    low = (level * segments + side).ravel()
    low_next = (level * segments + (side + 1) % segments).ravel()
    faces = np.stack([low, low_next, low_next + segments, low + segments], -1)
    return Part(vertices + np.asarray(centre, float), faces, material, smooth=smooth)


def cylinder(radius, height, centre=(0.0, 0.0, 0.0), *, top=None, material="wood", segments=16):
    """Build a closed cylinder or cone standing on `centre`; `top` is the upper radius."""
    upper = radius if top is None else top
    profile = [(0, 0), (radius, 0), (radius, 0), (upper, height), (upper, height), (0, height)]
    return turned(profile, centre, material=material, segments=segments, smooth=False)


def ball(radius, centre=(0.0, 0.0, 0.0), *, squash=1.0, material="plastic", segments=16):
    """Build a sphere, or an ellipsoid `squash` times as high as wide, about `centre`."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, segments // 2 + 1)
    profile = np.stack([radius * np.cos(angle), radius * squash * np.sin(angle)], -1)
    return turned(profile, centre, material=material, segments=segments)


def tube(path, radius, *, material="metal", segments=8):
    """Sweep a circle along a path.

    Parameters
    ----------
    path : sequence of 3-vectors
        Points of the axis, metres.
    radius : float or sequence of float
        Radius at each point, metres.
    material : str
        Material slot.
    segments : int
        Sides of the tube.

    Returns
    -------
    Part
        Smooth mesh, open at both ends.
    """
    path = np.asarray(path, float)
    radii = np.broadcast_to(np.asarray(radius, float), len(path))
    along = np.gradient(path, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    helper = np.where(np.abs(along[:, 2:3]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    first = np.cross(along, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(along, first)
    angle = np.arange(segments) * 2 * np.pi / segments
    ring = np.cos(angle)[None, :, None] * first[:, None] - np.sin(angle)[None, :, None] * second[:, None]
    vertices = (path[:, None] + radii[:, None, None] * ring).reshape(-1, 3)
    side, level = np.meshgrid(np.arange(segments), np.arange(len(path) - 1))
    low = (level * segments + side).ravel()
    low_next = (level * segments + (side + 1) % segments).ravel()
    faces = np.stack([low, low_next, low_next + segments, low + segments], -1)
    return Part(vertices, faces, material, smooth=True)


def sheet(points, *, material="fabric", smooth=True):
    """Build a surface from a grid of points.

    Parameters
    ----------
    points : ndarray, shape (R, C, 3)
        Grid in metres.
    material : str
        Material slot.
    smooth : bool
        Whether it is shaded round.

    Returns
    -------
    Part
        (R - 1) (C - 1) quads.
    """
    rows, columns = points.shape[:2]
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    corner = (row * columns + column).ravel()
    faces = np.stack([corner, corner + 1, corner + columns + 1, corner + columns], -1)
    return Part(np.asarray(points, float).reshape(-1, 3), faces, material, smooth=smooth)


def moved(parts, offset=(0.0, 0.0, 0.0), *, turn=0.0, scale=1.0):
    """Scale, then turn about z, then shift parts.

    Parameters
    ----------
    parts : list of Part
        Left untouched.
    offset : sequence of 3 floats
        Metres.
    turn : float
        Radians, counter-clockwise seen from above.
    scale : float or sequence of 3 floats
        Factor along x, y, z.

    Returns
    -------
    list of Part
        Same faces, new vertices.
    """
    cosine, sine = np.cos(turn), np.sin(turn)
    matrix = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    return [
        replace(part, vertices=(part.vertices * np.asarray(scale)) @ matrix.T + np.asarray(offset, float))
        for part in parts
    ]


def extent(parts):
    """Measure the box round parts: (low, high), each (3,) in metres."""
    points = np.concatenate([part.vertices for part in parts])
    return points.min(axis=0), points.max(axis=0)


def fitted(parts, size):
    """Scale parts to exactly fill a box of `size` (width, depth, height) standing on the origin."""
    low, high = extent(parts)
    scale = np.asarray(size, float) / np.maximum(high - low, 1e-6)
    middle = (low + high) / 2
    return moved(moved(parts, (-middle[0], -middle[1], -low[2])), scale=scale)


def triangulate(polygon):
    """Cut a simple polygon into triangles by clipping ears.

    Parameters
    ----------
    polygon : ndarray, shape (N, 2)
        Counter-clockwise corners.

    Returns
    -------
    ndarray, shape (N - 2, 3), int
        Corner indices, counter-clockwise.
    """
    left, triangles = list(range(len(polygon))), []
    while len(left) > 3:
        ear = next(i for i in range(len(left)) if _is_ear(polygon, left, i))
        triangles.append([left[ear - 1], left[ear], left[(ear + 1) % len(left)]])
        del left[ear]
    return np.array([*triangles, left])


def _is_ear(polygon, left, index):
    before, here, after = left[index - 1], left[index], left[(index + 1) % len(left)]
    corners = polygon[[before, here, after]]
    if _area(corners) <= 1e-12:
        return False
    others = [polygon[other] for other in left if other not in (before, here, after)]
    return not any(_inside_triangle(corners, point) for point in others)


def _area(corners):
    first, second = corners[1] - corners[0], corners[2] - corners[0]
    return first[0] * second[1] - first[1] * second[0]


def _inside_triangle(corners, point):
    return all(_area(np.array([corners[i], corners[(i + 1) % 3], point])) >= -1e-12 for i in range(3))


def box_projection(part):
    """Lay texture coordinates in metres over a part, each face seen along its main axis.

    Parameters
    ----------
    part : Part
        Mesh.

    Returns
    -------
    ndarray, shape (F, 4, 2), float64
        Coordinates of each face's corners; the fourth is meaningless for triangles.
    """
    corners = part.vertices[part.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    axis = np.abs(normal).argmax(axis=1)
    first = np.where(axis == 0, 1, 0)
    second = np.where(axis == 2, 1, 2)
    rows = np.arange(len(corners))[:, None]
    return np.stack(
        [corners[rows, np.arange(4), first[:, None]], corners[rows, np.arange(4), second[:, None]]], -1
    )
