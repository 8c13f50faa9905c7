"""Drafting floor plans by chance: cells, doorways, outlines, windows, camera positions."""

from dataclasses import dataclass

import numpy as np

from finetune.rooms import ground
from finetune.rooms.plan import Camera, Home, Opening, Room, Slope, camera_clearance


def draw_home(rng, *, rooms=None):
    """Draw a home.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    rooms : int, optional
        Number of rooms, 1 to 6; drawn if left out.

    Returns
    -------
    Home
        Rooms connected by doorways, each with at least one camera.
    """
    count = int(rng.choice(6, p=[0.12, 0.2, 0.24, 0.2, 0.14, 0.1])) + 1 if rooms is None else rooms
    while True:
        home = _draw_once(rng, count)
        if home is not None:
            return home


def _draw_once(rng, count):
    """Draw a home, or None where chance made it impossible."""
    target = sum(rng.uniform(11, 24) for _ in range(count)) if count > 1 else rng.uniform(9, 34)
    ratio = rng.uniform(0.65, 1.5)
    size = (np.sqrt(target * ratio), np.sqrt(target / ratio))
    cells = _split(rng, (0.0, 0.0, *size), count)
    if cells is None or min(min(c[2] - c[0], c[3] - c[1]) for c in cells) < 1.75:
        return None
    doors = _connect(rng, cells)
    if doors is None:
        return None
    wall = rng.uniform(0.1, 0.18)
    height = rng.choice([2.4, 2.5, 2.6, 2.75, 3.0, 3.3], p=[0.15, 0.27, 0.25, 0.15, 0.12, 0.06])
    kinds = _assign_kinds(rng, cells, doors)
    built = [
        _build_room(rng, index, cells, doors, kind=kinds[index], size=size, wall=wall, height=height)
        for index in range(count)
    ]
    for index, room in enumerate(built):
        _add_windows(rng, room, cells[index], size)
    if count == 1:
        _add_entrance(rng, built[0])
    if not all(_place_cameras(rng, room) for room in built):
        return None
    return Home(built, size)


def _split(rng, cell, count):
    """Cut a rectangle (x0, y0, x1, y1) into `count` cells."""
    if count == 1:
        return [cell]
    x0, y0, x1, y1 = cell
    first = int(rng.integers(1, count))
    share = np.clip(first / count + rng.uniform(-0.12, 0.12), 0.25, 0.75)
    if count == 2 and rng.random() < 0.5:
        share = rng.uniform(0.2, 0.32)  # a small room beside a large one: a bathroom or a hall
    if (x1 - x0) * rng.uniform(0.8, 1.25) > y1 - y0:
        cut = x0 + share * (x1 - x0)
        halves = (x0, y0, cut, y1), (cut, y0, x1, y1)
    else:
        cut = y0 + share * (y1 - y0)
        halves = (x0, y0, x1, cut), (x0, cut, x1, y1)
    return [*_split(rng, halves[0], first), *_split(rng, halves[1], count - first)]


def _shared_wall(first, second):
    """Find the common side of two cells: (axis, position, low, high), axis 0 = a wall of constant x."""
    for axis in (0, 1):
        across = 1 - axis
        low = max(first[across], second[across])
        high = min(first[across + 2], second[across + 2])
        for here, there in ((first, second), (second, first)):
            if abs(here[axis + 2] - there[axis]) < 1e-9 and high - low > 1.25:
                return axis, here[axis + 2], low, high
    return None


@dataclass
class _Door:
    """A doorway between two cells: on the line of constant `axis` coordinate, from low to high."""

    rooms: tuple[int, int]
    axis: int
    position: float
    low: float
    high: float
    top: float
    leaf: str


def _connect(rng, cells):
    """Choose doorways that join all cells, and sometimes one more; None if they cannot be joined."""
    pairs = [
        (i, j, shared)
        for i in range(len(cells))
        for j in range(i + 1, len(cells))
        if (shared := _shared_wall(cells[i], cells[j])) is not None
    ]
    rng.shuffle(pairs)
    group, doors = list(range(len(cells))), []
    for i, j, shared in pairs:
        joined = group[i] == group[j]
        if joined and rng.random() > 0.2:
            continue
        old, new = group[j], group[i]
        group = [new if name == old else name for name in group]
        doors.append(_cut_door(rng, (i, j), shared))
    return doors if len(set(group)) == 1 else None


def _cut_door(rng, rooms, shared):
    axis, position, low, high = shared
    low, high = low + 0.2, high - 0.2
    wide = high - low > 2.2 and rng.random() < 0.3
    width = rng.uniform(1.3, min(2.6, high - low - 0.3)) if wide else min(rng.uniform(0.78, 0.95), high - low)
    start = rng.uniform(low, high - width)
    leaf = "none" if wide else str(rng.choice(["open", "none", "closed"], p=[0.55, 0.33, 0.12]))
    return _Door(rooms, axis, position, start, start + width, rng.uniform(2.0, 2.15), leaf)


def _assign_kinds(rng, cells, doors):
    """Give each cell a use: the biggest is lived in, the smallest may be a bathroom or a hall."""
    areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in cells]
    order = np.argsort(areas)[::-1]
    kinds = [""] * len(cells)
    wanted = ["living", "bedroom", "kitchen", "bathroom", "office", "child", "dining", "bedroom"]
    if len(cells) <= 2:
        wanted = list(
            rng.permutation(["living", "bedroom", "kitchen", "office", "dining", "child", "living"])
        )
    for rank, index in enumerate(order):
        ways = sum(int(index) in door.rooms for door in doors)
        small = areas[index] < 7.5 or (0 < rank == len(cells) - 1 and areas[index] < 12.5)
        if small and rng.random() < (1.0 if areas[index] < 7.5 else 0.75):
            kinds[index] = "hall" if ways > 2 or rng.random() < 0.3 else "bathroom"
        elif areas[index] < 10 and ways > 2:
            kinds[index] = "hall"
        else:
            pool = [kind for kind in wanted if kind != "bathroom" or areas[index] < 12] or ["bedroom"]
            kinds[index] = pool[0] if rank == 0 else str(pool[int(rng.integers(0, min(3, len(pool))))])
            wanted.remove(kinds[index]) if kinds[index] in wanted else None
        if rng.random() < 0.05:
            kinds[index] = "bare"
    return kinds


def _build_room(rng, index, cells, doors, *, kind, size, wall, height):
    """Shape one room and cut its doorways."""
    x0, y0, x1, y1 = cells[index]
    outside = (x0 < 1e-9, y0 < 1e-9, x1 > size[0] - 1e-9, y1 > size[1] - 1e-9)
    inset = [0.0 if free else wall / 2 for free in outside]
    rectangle = (x0 + inset[0], y0 + inset[1], x1 - inset[2], y1 - inset[3])
    mine = [door for door in doors if index in door.rooms]
    keep = [_door_zone(door, wall) for door in mine]
    polygon = _shape(rng, rectangle, keep, outside)
    room = Room(kind, polygon, float(height))
    for door in mine:
        other = door.rooms[1] if door.rooms[0] == index else door.rooms[0]
        room.openings.append(_doorway(room, door, wall, leads_to=other, owner=door.rooms[0] == index))
    if len(polygon) == 4 and height < 2.8 and rng.random() < 0.22:
        _add_slope(rng, room, rectangle, outside)
    return room


def _door_zone(door, wall):
    """Return the floor in front of both sides of a doorway that no change of shape may touch."""
    reach, margin = 0.95 + wall, 0.15
    low, high = door.low - margin, door.high + margin
    if door.axis == 0:
        return (door.position - reach, low, door.position + reach, high)
    return (low, door.position - reach, high, door.position + reach)


def _shape(rng, rectangle, keep, outside):
    """Turn a rectangle into a room's outline: plain, L, chimney breast, alcove or cut corner."""
    x0, y0, x1, y1 = rectangle
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    wide, deep = x1 - x0, y1 - y0
    choice = rng.choice(["plain", "notch", "breast", "alcove", "chamfer"], p=[0.4, 0.24, 0.13, 0.13, 0.1])
    if choice == "plain" or min(wide, deep) < 2.3:
        return corners
    if choice in ("notch", "chamfer"):
        share = (0.18, 0.45) if choice == "notch" else (0.12, 0.25)
        cut = rng.uniform(*share, 2) * [wide, deep]
        cut = np.full(2, cut.min()) if choice == "chamfer" else cut
        return _cut_corner(corners, int(rng.integers(4)), cut, keep, slanted=choice == "chamfer")
    side = int(rng.integers(4))
    # Sides run south, east, north, west; an alcove needs the outside behind it.
    free = (outside[1], outside[2], outside[3], outside[0])[side]
    if choice == "alcove" and not free:
        return corners
    return _push_side(rng, corners, side, keep, outwards=choice == "alcove")


def _meets(zone, rectangle):
    return (
        zone[0] < rectangle[2]
        and rectangle[0] < zone[2]
        and zone[1] < rectangle[3]
        and rectangle[1] < zone[3]
    )


def _cut_corner(corners, index, cut, keep, *, slanted):
    """Take a rectangle or a triangle off one corner unless a doorway needs the floor."""
    corner = corners[index]
    inwards = np.sign(corners.mean(axis=0) - corner)
    inner = corner + inwards * cut
    block = (*np.minimum(corner, inner), *np.maximum(corner, inner))
    if any(_meets(zone, block) for zone in keep):
        return corners
    along_y, along_x = np.array([corner[0], inner[1]]), np.array([inner[0], corner[1]])
    before = corners[index - 1]
    first, last = (along_y, along_x) if abs(before[0] - corner[0]) < 1e-9 else (along_x, along_y)
    new = [first, last] if slanted else [first, inner, last]
    return np.concatenate([corners[:index], new, corners[index + 1 :]])


def _push_side(rng, corners, side, keep, *, outwards):
    """Push the middle of a side out (alcove) or in (chimney breast) unless a doorway needs it."""
    start, end = corners[side], corners[(side + 1) % 4]
    length = np.linalg.norm(end - start)
    along = (end - start) / length
    inwards = np.array([-along[1], along[0]])
    width = rng.uniform(0.35, 0.6) * length if outwards else rng.uniform(0.9, min(1.8, 0.5 * length))
    low = rng.uniform(0.35, max(0.36, length - width - 0.35))
    depth = rng.uniform(0.35, 0.9) if outwards else rng.uniform(0.25, 0.5)
    if low + width > length - 0.3:
        return corners
    first, last = start + low * along, start + (low + width) * along
    shift = -depth * inwards if outwards else depth * inwards
    block = np.array([first, last, first + shift, last + shift])
    block = (*block.min(axis=0), *block.max(axis=0))
    if any(_meets(zone, block) for zone in keep):
        return corners
    new = [first, first + shift, last + shift, last]
    return np.concatenate([corners[: side + 1], new, corners[side + 1 :]])


def _doorway(room, door, wall, *, leads_to, owner):
    """Find the room's wall a doorway lies in and measure it along that wall."""
    middle = (door.low + door.high) / 2
    point = np.array([door.position, middle] if door.axis == 0 else [middle, door.position])
    gaps = []
    for index in range(len(room.polygon)):
        start, along, inwards, length = room.edge(index)
        share = (point - start) @ along
        gaps.append(abs((point - start) @ inwards) if 0 < share < length else np.inf)
    index = int(np.argmin(gaps))
    start, along, _, _ = room.edge(index)
    position, half = (point - start) @ along, (door.high - door.low) / 2
    top = min(door.top, room.height - 0.2)
    return Opening(
        "doorway", index, position - half, position + half, 0.0, top, wall, leads_to, door.leaf, owner
    )


def _add_slope(rng, room, rectangle, outside):
    """Give a rectangular room a sloping ceiling if an outer wall is free and doorways keep their height."""
    free = [side for side in range(4) if (outside[1], outside[2], outside[3], outside[0])[side]]
    free = [side for side in free if all(opening.wall != side for opening in room.openings)]
    if not free:
        return
    room.slope = Slope(int(rng.choice(free)), rng.uniform(1.0, 1.5), rng.uniform(0.6, 1.1))
    for opening in room.openings:
        ends = room.top_of_wall(opening.wall, np.array([opening.start, opening.end]))
        if ends.min() < opening.top + 0.12:
            room.slope = None
            return


def _is_outer(room, wall, size):
    """Tell whether the outdoors lies behind a wall."""
    start, along, inwards, length = room.edge(wall)
    behind = start + 0.5 * length * along - 0.3 * inwards
    return not (0 < behind[0] < size[0] and 0 < behind[1] < size[1])


def _add_windows(rng, room, cell, size):
    """Cut windows into outer walls."""
    walls = [w for w in range(len(room.polygon)) if _is_outer(room, w, size) and room.edge(w)[3] > 1.1]
    walls = [w for w in walls if room.slope is None or w != room.slope.wall]
    rng.shuffle(walls)
    chance = {"bathroom": 0.6, "hall": 0.4}.get(room.kind, 0.75)
    sill = 1.15 if room.kind == "bathroom" else float(rng.choice([0.45, 0.75, 0.9, 0.95]))
    depth = rng.uniform(0.18, 0.35)
    for number, wall in enumerate(walls):
        must = number == 0 and room.kind not in ("bathroom", "hall")
        if must or rng.random() < chance * (0.6 if number else 1.0):
            _cut_windows(rng, room, wall, sill=sill, depth=depth)


def _cut_windows(rng, room, wall, *, sill, depth):
    length = room.edge(wall)[3]
    french = rng.random() < 0.18 and room.kind not in ("bathroom", "kitchen")
    bottom = 0.02 if french else sill
    top = min(rng.uniform(2.05, 2.35), room.height - 0.22)
    most = 2 if room.kind == "bathroom" else max(1, int(length // 1.9))
    count = int(rng.integers(1, min(3, most) + 1))
    pitch = (length - 0.3) / count
    width = min(rng.uniform(0.7, 1.0) if room.kind == "bathroom" else rng.uniform(0.9, 2.4), pitch - 0.35)
    if width < 0.5:
        return
    shift = rng.uniform(-0.5, 0.5) * (pitch - width - 0.35)
    for number in range(count):
        middle = 0.15 + (number + 0.5) * pitch + shift
        window = Opening("window", wall, middle - width / 2, middle + width / 2, bottom, top, depth)
        ends = room.top_of_wall(wall, np.array([window.start, window.end]))
        clear = all(
            other.wall != wall or other.end + 0.12 < window.start or window.end + 0.12 < other.start
            for other in room.openings
        )
        if ends.min() > window.top + 0.12 and clear:
            room.openings.append(window)


def _add_entrance(rng, room):
    """Give a home of one room a closed door where a wall has space."""
    for wall in rng.permutation(len(room.polygon)):
        length = room.edge(int(wall))[3]
        for _ in range(6):
            if length < 1.3:
                break
            start = rng.uniform(0.15, length - 1.05)
            door = Opening("door", int(wall), start, start + 0.88, 0.0, 2.05, 0.12, leaf="closed")
            clear = all(
                other.wall != door.wall or other.end + 0.15 < door.start or door.end + 0.15 < other.start
                for other in room.openings
            )
            if clear and room.top_of_wall(door.wall, np.array([door.start, door.end])).min() > 2.2:
                room.openings.append(door)
                return


def _place_cameras(rng, room):
    """Put one to four cameras into a room, clear of walls and of each other; False if none fits."""
    size = ground.area(room.polygon)
    most = 1 if size < 9 else 2 if size < 16 else 3 if size < 24 else 4
    wanted = int(rng.integers(1, most + 1))
    low, high = room.polygon.min(axis=0), room.polygon.max(axis=0)
    height = rng.uniform(1.35, 1.65)
    for attempt in range(200):
        if len(room.cameras) == wanted:
            break
        point = rng.uniform(low, high)
        margin = camera_clearance(room) + 0.2 - 0.2 * (attempt > 100)
        clear = all(np.hypot(point[0] - c.x, point[1] - c.y) > 1.3 for c in room.cameras)
        if not (clear and ground.contains(room.polygon, point)):
            continue
        if ground.distance_to_walls(room.polygon, point) < margin:
            continue
        if room.height_at(point) < height + 0.5 or _near_leaf(room, point):
            continue
        room.cameras.append(Camera(*map(float, point), float(height), rng.uniform(0, 2 * np.pi)))
    return bool(room.cameras)


def _near_leaf(room, point):
    """Tell whether a doorway, where its leaf swings, is closer than 0.45 m to a point."""
    for opening in room.openings:
        if opening.kind == "window" or opening.leaf == "none":
            continue
        start, along, inwards, _ = room.edge(opening.wall)
        offset = point - start
        share, reach = offset @ along, offset @ inwards
        if opening.start - 0.45 < share < opening.end + 0.45 and reach < opening.width + 0.45:
            return True
    return False
