"""The shell of a room as meshes: walls with their holes, floor, ceiling, reveals; world coordinates."""

import numpy as np

from finetune.rooms import ground
from finetune.rooms.shapes import Part, swelling, triangulate


def wall_part(room, wall, material, *, offset=0.0, low=0.0, high=None, openings=None):
    """Build one wall, or a layer of it, cut by its openings.

    Parameters
    ----------
    room : Room
        Room the wall belongs to.
    wall : int
        Edge of its polygon.
    material : str
        Material slot.
    offset : float
        Distance of the layer from the wall, inwards; metres.
    low, high : float
        Lower and upper end of the layer in metres; the ceiling where `high` is None.
    openings : list of Opening, optional
        Holes; all of the wall's if left out.

    Returns
    -------
    Part or None
        Quads facing inwards with texture coordinates (along, up); None where nothing is left.
    """
    start, along, inwards, length = room.edge(wall)
    holes = [o for o in room.openings if o.wall == wall] if openings is None else openings
    stops = {0.0, length, *(o.start for o in holes), *(o.end for o in holes), *_kinks(room, wall, length)}
    stops = np.array(sorted(stop for stop in stops if 0 <= stop <= length))
    tops = room.top_of_wall(wall, stops)
    tops = tops if high is None else np.minimum(tops, high)
    quads = []
    for left, right, top_left, top_right in zip(stops[:-1], stops[1:], tops[:-1], tops[1:], strict=True):
        if right - left < 1e-6:
            continue
        middle = (left + right) / 2
        cuts = [o for o in holes if o.start < middle < o.end]
        bottoms = [low, *(max(low, min(o.top, top_left)) for o in cuts)]
        for number, bottom in enumerate(bottoms):
            ends = (cuts[number].bottom,) * 2 if number < len(cuts) else (top_left, top_right)
            ends = (min(ends[0], top_left), min(ends[1], top_right))
            if max(ends) - bottom > 1e-4:
                quads.append([(left, bottom), (left, ends[0]), (right, ends[1]), (right, bottom)])
    if not quads:
        return None
    uv = np.array(quads, float)
    flat = start + uv[..., :1] * along + offset * inwards
    vertices = np.concatenate([flat, uv[..., 1:]], axis=-1).reshape(-1, 3)
    faces = np.arange(len(vertices)).reshape(-1, 4)
    return Part(vertices, faces, material, uv=uv + [wall * 0.37, 0.0])


def _kinks(room, wall, length):
    """Find where a sloping ceiling turns flat along a wall."""
    if room.slope is None:
        return []
    line = np.array([0.0, length])
    start, along, _, _ = room.edge(wall)
    base, _, inwards, _ = room.edge(room.slope.wall)
    heights = room.slope.knee + room.slope.rise * ((start + line[:, None] * along - base) @ inwards)
    if (heights[0] - room.height) * (heights[1] - room.height) >= 0:
        return []
    share = (room.height - heights[0]) / (heights[1] - heights[0])
    return [float(share * length)]


def floor_part(room, material):
    """Build a room's floor, facing up."""
    triangles = triangulate(room.polygon)
    faces = np.column_stack([triangles, np.full(len(triangles), -1)])
    vertices = np.column_stack([room.polygon, np.zeros(len(room.polygon))])
    return Part(vertices, faces, material)


def ceiling_parts(room, material):
    """Build a room's ceiling, facing down: one flat part, or a slope and what is flat beyond it."""
    if room.slope is None:
        part = floor_part(room, material)
        part.vertices = part.vertices + [0, 0, room.height]
        part.faces = part.faces[:, [2, 1, 0, 3]]
        return [part]
    start, along, inwards, length = room.edge(room.slope.wall)
    depth = float(((room.polygon - start) @ inwards).max())
    turn = min(depth, (room.height - room.slope.knee) / room.slope.rise)
    rows = [0.0, turn, depth] if turn < depth - 1e-6 else [0.0, depth]
    parts = []
    for near, far in zip(rows[:-1], rows[1:], strict=True):
        corners = [start + near * inwards, start + far * inwards]
        corners = [corners[0], corners[1], corners[1] + length * along, corners[0] + length * along]
        heights = room.height_at(np.array(corners))
        parts.append(Part(np.column_stack([corners, heights]), np.array([[0, 1, 2, 3]]), material))
    return parts


def reveal_part(room, opening, material, *, sides=("left", "right", "top", "bottom")):
    """Build the inner faces of the hole an opening leaves in its wall.

    Parameters
    ----------
    room : Room
        Room the opening belongs to.
    opening : Opening
        Hole; its `depth` says how far the faces reach outwards.
    material : str
        Material slot.
    sides : sequence of str
        Which of "left", "right", "top", "bottom".

    Returns
    -------
    Part
        One quad a side.
    """
    left, right, low, high = opening.start, opening.end, opening.bottom, opening.top
    spans = {
        "left": ((left, low), (left, high)), "right": ((right, high), (right, low)),
        "top": ((left, high), (right, high)), "bottom": ((right, low), (left, low)),
    }  # fmt: skip
    vertices = []
    for side in sides:
        (s0, z0), (s1, z1) = spans[side]
        near = [point_on_wall(room, opening.wall, s, z) for s, z in ((s0, z0), (s1, z1))]
        far = [point_on_wall(room, opening.wall, s, z, -opening.depth) for s, z in ((s1, z1), (s0, z0))]
        vertices += [*near, *far]
    return Part(np.array(vertices), np.arange(len(vertices)).reshape(-1, 4), material)


def point_on_wall(room, wall, along, up, inwards=0.0):
    """Turn wall coordinates (along, up, inwards) into a point of the world, metres."""
    start, direction, normal, _ = room.edge(wall)
    return np.append(start + along * direction + inwards * normal, up)


def boxes_on_wall(room, wall, boxes):
    """Build boxes given in wall coordinates.

    Parameters
    ----------
    room : Room
        Room the wall belongs to.
    wall : int
        Edge of its polygon.
    boxes : list of (low, high, material)
        Opposite corners (along, up, inwards) in metres.

    Returns
    -------
    list of Part
        Boxes in the world.
    """
    start, along, normal, _ = room.edge(wall)
    parts = []
    for low, high, material in boxes:
        ends = np.array([low, high], float)
        ends += swelling(ends[1] - ends[0], ends.mean(axis=0)) * np.array([[-1.0], [1.0]])
        corners = np.array(
            [[ends[i, 0], ends[j, 2], ends[k, 1]] for k in (0, 1) for j in (0, 1) for i in (0, 1)]
        )
        flat = start + corners[:, :1] * along + corners[:, 1:2] * normal
        vertices = np.column_stack([flat, corners[:, 2]])
        faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
        parts.append(Part(vertices, np.array(faces), material))
    return parts


def free_spans(room, wall, *, kinds=("doorway", "door"), margin=0.0, above=0.0):
    """List the stretches (start, end) of a wall that openings of some kinds leave free.

    Parameters
    ----------
    room : Room
        Room the wall belongs to.
    wall : int
        Edge of its polygon.
    kinds : sequence of str
        Openings that count.
    margin : float
        Added to both sides of an opening, metres.
    above : float
        Openings that start higher than this do not count, unless 0.

    Returns
    -------
    list of tuple of float
        Spans in metres along the wall.
    """
    length = room.edge(wall)[3]
    cuts = [
        (o.start - margin, o.end + margin)
        for o in room.openings
        if o.wall == wall and o.kind in kinds and not (above and o.bottom > above)
    ]
    spans, position = [], 0.0
    for low, high in sorted(cuts):
        if low > position + 1e-6:
            spans.append((position, low))
        position = max(position, high)
    if length > position + 1e-6:
        spans.append((position, length))
    return spans


def corner_turns(polygon):
    """Tell for each corner whether it points into the room (a convex corner of the wall)."""
    flags = []
    for index in range(len(polygon)):
        before, here, after = polygon[index - 1], polygon[index], polygon[(index + 1) % len(polygon)]
        first, second = here - before, after - here
        flags.append(first[0] * second[1] - first[1] * second[0] < 0)
    return flags


def ceiling_anchor(room):
    """Choose a point of the floor far from all walls to hang a lamp over, shape (2,)."""
    low, high = room.polygon.min(axis=0), room.polygon.max(axis=0)
    xs, ys = np.linspace(*np.array([low, high])[:, 0], 15), np.linspace(*np.array([low, high])[:, 1], 15)
    points = [np.array([x, y]) for x in xs for y in ys if ground.contains(room.polygon, (x, y))]
    return max(
        points, key=lambda point: ground.distance_to_walls(room.polygon, point) + 0.05 * room.height_at(point)
    )
