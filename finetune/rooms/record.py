"""What is written beside the pictures: a home's true geometry, its cameras, and its tour."""

import numpy as np

CONVENTIONS = (
    "World: metres, x east, y north, z up. A plane holds the points p with normal . p = offset; normals "
    "point into the room. heading_deg is clockwise from north and is where the panorama's centre looks. In "
    "the panorama x is right, y up, z forward: world = position + axes @ panorama; the columns of axes are "
    "right, up, forward."
)


def panorama_name(room, camera):
    """Name the folder of a panorama: two digits for the room, two for the camera."""
    return f"{room:02d}{camera:02d}"


def camera_axes(camera):
    """Give a camera's axes in the world: columns right, up, forward, shape (3, 3)."""
    sine, cosine = np.sin(camera.heading), np.cos(camera.heading)
    return np.array([[cosine, 0.0, sine], [-sine, 0.0, cosine], [0.0, 1.0, 0.0]])


def room_planes(room):
    """List the planes that bound a room.

    Parameters
    ----------
    room : Room
        Room.

    Returns
    -------
    list of dict
        "type" (floor, ceiling, slope or wall), "normal", "offset", and for walls "wall", "start", "end".
    """
    planes = [
        {"type": "floor", "normal": [0.0, 0.0, 1.0], "offset": 0.0},
        {"type": "ceiling", "normal": [0.0, 0.0, -1.0], "offset": -room.height},
    ]
    for wall in range(len(room.polygon)):
        start, along, inwards, length = room.edge(wall)
        planes.append({
            "type": "wall", "normal": [*map(float, inwards), 0.0], "offset": float(start @ inwards),
            "wall": wall,
            "start": start.tolist(), "end": (start + length * along).tolist(),
        })  # fmt: skip
    if room.slope is not None:
        start, _, inwards, _ = room.edge(room.slope.wall)
        normal = np.array([*(room.slope.rise * inwards), -1.0])
        length = float(np.linalg.norm(normal))
        offset = (room.slope.rise * float(start @ inwards) - room.slope.knee) / length
        planes.append({"type": "slope", "normal": (normal / length).tolist(), "offset": offset})
    return planes


def home_record(house, *, seed, number):
    """Describe a home: rooms with their planes, cameras, furniture.

    Parameters
    ----------
    house : House
        Home as rendered.
    seed, number : int
        Where it comes from.

    Returns
    -------
    dict
        Ready for JSON.
    """
    return {
        "conventions": CONVENTIONS, "seed": seed, "number": number, "time": house.style.light.time,
        "rooms": [_room_record(room, index) for index, room in enumerate(house.home.rooms)],
        "furniture": [
            {"instance": number, "room": room, "kind": item.kind, "label": item.label,
            "size": list(item.size),
             "position": list(item.position), "turn_deg": float(np.degrees(item.turn)),
             "model": item.model.name if item.model else None}
            for number, room, item in house.numbered_items()
        ],
    }  # fmt: skip


def _room_record(room, index):
    return {
        "kind": room.kind, "polygon": room.polygon.tolist(), "height": room.height,
        "slope": None if room.slope is None else vars(room.slope), "planes": room_planes(room),
        "openings": [vars(opening) | {"width": opening.width} for opening in room.openings],
        "cameras": [
            {"panorama": panorama_name(index, number), **camera_record(camera)}
            for number, camera in enumerate(room.cameras)
        ],
    }  # fmt: skip


def camera_record(camera):
    """Describe a camera's position, heading and axes."""
    return {
        "position": [camera.x, camera.y, camera.z], "heading_deg": float(np.degrees(camera.heading)),
        "axes": camera_axes(camera).tolist(),
    }  # fmt: skip


def tour(house, *, variant="full"):
    """Write a home as a Pannellum tour, with hotspots to the next cameras, through doorways too.

    Parameters
    ----------
    house : House
        Home.
    variant : str
        "full" or "empty": which pictures it shows.

    Returns
    -------
    dict
        Pannellum configuration; picture paths are relative to the scene's folder.
    """
    scenes = {}
    for index, room in enumerate(house.home.rooms):
        for number, camera in enumerate(room.cameras):
            name = panorama_name(index, number)
            scenes[name] = {
                "title": f"{room.kind} {number + 1}", "type": "equirectangular",
                "panorama": f"2D_rendering/{name}/panorama/{variant}/rgb_rawlight.png",
                "hotSpots": _hotspots(house.home, index, camera),
            }  # fmt: skip
    return {"default": {"firstScene": next(iter(scenes)), "sceneFadeDuration": 600}, "scenes": scenes}


def _hotspots(home, index, camera):
    room, spots = home.rooms[index], []
    for number, other in enumerate(room.cameras):
        if other is not camera:
            spots.append(_hotspot(camera, (other.x, other.y), other, index, number, room.kind))
    for opening in room.openings:
        if opening.leads_to is None or opening.leaf == "closed":
            continue
        start, along, _, _ = room.edge(opening.wall)
        door = start + (opening.start + opening.end) / 2 * along
        target = home.rooms[opening.leads_to]
        if not target.cameras:
            continue
        gaps = [np.hypot(door[0] - c.x, door[1] - c.y) for c in target.cameras]
        number = int(np.argmin(gaps))
        spots.append(_hotspot(camera, door, target.cameras[number], opening.leads_to, number, target.kind))
    return spots


def _hotspot(camera, point, target, room, number, text):
    """Point at a place on the floor; the next picture opens looking the way one walked."""
    east, north = point[0] - camera.x, point[1] - camera.y
    bearing = np.arctan2(east, north)
    pitch = np.arctan2(-0.75 * camera.z, max(np.hypot(east, north), 0.3))
    return {
        "type": "scene", "text": text, "sceneId": panorama_name(room, number),
        "yaw": _degrees(bearing - camera.heading), "pitch": round(float(np.degrees(pitch)), 2),
        "targetYaw": _degrees(bearing - target.heading),
    }  # fmt: skip


def _degrees(angle):
    return round(float(np.degrees((angle + np.pi) % (2 * np.pi) - np.pi)), 2)
