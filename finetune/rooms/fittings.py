"""What is built into a room: doors, windows, skirting, cornices, radiators, sockets, lamps.

All of it stays when the furniture goes. Parts come in world coordinates.
"""

from dataclasses import dataclass

import numpy as np

from finetune.rooms import shell
from finetune.rooms.ground import Footprint
from finetune.rooms.shapes import Part, box, moved, tube


@dataclass
class Fitting:
    """A built-in thing: its NYU40 label, its parts, and the floor it needs."""

    label: str
    parts: list[Part]
    footprint: Footprint | None = None


def build_fittings(rng, room, look):
    """Build everything fixed in one room except its lamps.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    room : Room
        Room.
    look : RoomLook
        Which of the optional things the style asks for.

    Returns
    -------
    list of Fitting
        Doors, windows, skirting, cornice, panels, radiators, sockets, switches.
    """
    fittings = [Fitting("wall", skirting(room, look.skirting))]
    if look.cornice and room.slope is None:
        fittings.append(Fitting("ceiling", cornice(room, look.cornice)))
    if look.panels:
        fittings.append(Fitting("wall", panelling(room, look.panels)))
    for opening in room.openings:
        if opening.kind == "window":
            fittings += window(rng, room, opening, look)
        elif opening.owner:
            fittings += door(rng, room, opening)
    fittings += radiators(rng, room)
    fittings.append(Fitting("otherstructure", sockets(rng, room)))
    return [fitting for fitting in fittings if fitting.parts]  # a small room may have no wall for sockets


def skirting(room, height):
    """Build skirting boards along all walls, interrupted by doorways."""
    parts, thick = [], 0.014
    reflex = shell.corner_turns(room.polygon)
    for wall in range(len(room.polygon)):
        length = room.edge(wall)[3]
        for low, high in shell.free_spans(room, wall, margin=0.055, above=height):
            low -= thick if low < 1e-6 and reflex[wall] else 0
            high += thick if high > length - 1e-6 and reflex[(wall + 1) % len(room.polygon)] else 0
            boxes = [((low, 0, 0), (high, height, thick), "skirting")]
            parts += shell.boxes_on_wall(room, wall, boxes)
    return parts


def cornice(room, size):
    """Build a stepped cornice under a flat ceiling."""
    parts, top = [], room.height
    reflex = shell.corner_turns(room.polygon)
    for wall in range(len(room.polygon)):
        length = room.edge(wall)[3]
        for step, share in ((1.0, 0.35), (0.65, 0.7), (0.3, 1.0)):
            reach = size * step
            low = -reach if reflex[wall] else 0
            high = length + (reach if reflex[(wall + 1) % len(room.polygon)] else 0)
            boxes = [((low, top - size * share, 0), (high, top, reach), "cornice")]
            parts += shell.boxes_on_wall(room, wall, boxes)
    return parts


def panelling(room, height):
    """Build a dado rail and framed panels below it."""
    parts = []
    for wall in range(len(room.polygon)):
        for low, high in shell.free_spans(room, wall, kinds=("doorway", "door", "window"), margin=0.07):
            boxes = [((low, height - 0.045, 0), (high, height, 0.022), "skirting")]
            count = max(1, round((high - low) / 0.7))
            pitch = (high - low) / count
            for number in range(count if pitch > 0.3 else 0):
                a, b = low + number * pitch + 0.08, low + (number + 1) * pitch - 0.08
                c, d = 0.22, height - 0.13
                bar = 0.022
                boxes += [((a, c, 0), (b, c + bar, 0.012), "skirting"), ((a, d - bar, 0), (b, d, 0.012),
                          "skirting"),
                          ((a, c, 0), (a + bar, d, 0.012), "skirting"), ((b - bar, c, 0), (b, d, 0.012),
                              "skirting")]  # fmt: skip
            parts += shell.boxes_on_wall(room, wall, boxes)
    return parts


def window(rng, room, opening, look):
    """Build a window: reveal, sill, frame with casements.

    There is no pane: its faint mirror image would have to be sampled,
    and the noise of that is worse than its lack.
    """
    depth, a, b, low, high = opening.depth, opening.start, opening.end, opening.bottom, opening.top
    back = -0.62 * depth
    frame = rng.uniform(0.045, 0.07)
    casements = max(1, round((b - a) / rng.uniform(0.65, 1.1)))
    boxes = []
    for start, end, bottom, top in _casements(a, b, low, high, casements, look.transom):
        boxes += _ring(start, end, bottom, top, frame, back)
        if look.glazing_bars:
            middle = (bottom + top) / 2
            boxes.append(
                ((start, middle - 0.012, back - 0.01), (end, middle + 0.012, back + 0.02), "window_frame")
            )
        boxes.append((((start + end) / 2 - 0.012, bottom, back - 0.01), ((start + end) / 2 + 0.012, top,
        back + 0.02),
                      "window_frame")) if look.glazing_bars and end - start > 0.6 else None  # fmt: skip
    handle = (low + high) / 2
    boxes.append(((a + 0.02, handle - 0.05, back + 0.035), (a + 0.035, handle + 0.05, back + 0.06), "metal"))
    parts = shell.boxes_on_wall(room, opening.wall, boxes)
    reveal = shell.reveal_part(room, opening, "reveal")
    fittings = [Fitting("window", parts), Fitting("wall", [reveal])]
    if low > 0.3:
        sill = [((a - 0.04, low - 0.025, back), (b + 0.04, low + 0.004, 0.06), "sill")]
        fittings.append(Fitting("window", shell.boxes_on_wall(room, opening.wall, sill)))
    if look.casing:
        fittings.append(Fitting("window", _casing(room, opening, look.casing, from_floor=False)))
    return fittings


def _casements(a, b, low, high, count, transom):
    """Divide a window into fields (start, end, bottom, top)."""
    edges = np.linspace(a, b, count + 1)
    split = low + 0.72 * (high - low)
    rows = [(low, split), (split, high)] if transom and high - low > 1.2 else [(low, high)]
    return [(s, e, bottom, top) for s, e in zip(edges[:-1], edges[1:], strict=True) for bottom, top in rows]


def _ring(a, b, low, high, frame, back):
    front, rear = back + 0.035, back - 0.025
    return [
        ((a, low, rear), (b, low + frame, front), "window_frame"),
        ((a, high - frame, rear), (b, high, front), "window_frame"),
        ((a, low, rear), (a + frame, high, front), "window_frame"),
        ((b - frame, low, rear), (b, high, front), "window_frame"),
    ]


def _casing(room, opening, width, *, from_floor=True, inwards=0.014):
    """Build the flat architrave round an opening."""
    a, b, low, high = opening.start, opening.end, opening.bottom, opening.top
    bottom = 0.0 if from_floor else low - width
    boxes = [
        ((a - width, bottom, 0), (a, high + width, inwards), "casing"),
        ((b, bottom, 0), (b + width, high + width, inwards), "casing"),
        ((a, high, 0), (b, high + width, inwards), "casing"),
    ]
    if not from_floor:
        boxes.append(((a, low - width, 0), (b, low, inwards), "casing"))
    return shell.boxes_on_wall(room, opening.wall, boxes)


def door(rng, room, opening):
    """Build a doorway's reveal, casings on both faces, threshold, and its leaf if it has one."""
    a, b, high, depth = opening.start, opening.end, opening.top, opening.depth
    lining = shell.reveal_part(room, opening, "casing", sides=("left", "right", "top"))
    threshold = shell.reveal_part(room, opening, "threshold", sides=("bottom",))
    front = _casing(room, opening, 0.055)
    back_boxes = [
        ((a - 0.055, 0, -depth - 0.014), (a, high + 0.055, -depth), "casing"),
        ((b, 0, -depth - 0.014), (b + 0.055, high + 0.055, -depth), "casing"),
        ((a, high, -depth - 0.014), (b, high + 0.055, -depth), "casing"),
    ]
    back = shell.boxes_on_wall(room, opening.wall, back_boxes) if opening.leads_to is not None else []
    fittings = [Fitting("door", [lining, *front, *back]), Fitting("floor", [threshold])]
    if opening.leaf != "none":
        fittings.append(Fitting("door", leaf_parts(rng, room, opening), leaf_footprint(room, opening)))
    if opening.leads_to is None:
        seal = [((a, 0, -depth - 0.02), (b, high, -depth), "black")]
        fittings.append(Fitting("door", shell.boxes_on_wall(room, opening.wall, seal)))
    return fittings


def leaf_angle(opening):
    """Say how far an opening's leaf stands open, radians; the same for meshes and floor plan."""
    if opening.leaf == "closed":
        return 0.0
    share = (opening.start * 7.31 + opening.end * 3.17) % 1.0
    return np.radians(68 + 21 * share)


def hinge(room, opening):
    """Say at which end of an opening its leaf hangs: the one nearer to a corner; (along, sign)."""
    length = room.edge(opening.wall)[3]
    left = opening.start < length - opening.end
    return (opening.start + 0.005, 1.0) if left else (opening.end - 0.005, -1.0)


def leaf_footprint(room, opening):
    """Measure the floor an open or closed leaf stands on."""
    start, along, inwards, _ = room.edge(opening.wall)
    position, sign = hinge(room, opening)
    angle = leaf_angle(opening)
    direction = np.cos(angle) * sign * along + np.sin(angle) * inwards
    width = opening.width - 0.01
    middle = start + position * along + direction * width / 2 - 0.02 * inwards * np.cos(angle)
    turn = float(np.arctan2(direction[1], direction[0]))
    return Footprint(float(middle[0]), float(middle[1]), width, 0.06, turn, 0.0, opening.top)


def leaf_parts(rng, room, opening):
    """Build a door leaf, plain, panelled or glazed, with handles, where its footprint is."""
    place = leaf_footprint(room, opening)
    width, high = place.width, opening.top - 0.012
    parts = [box((width, 0.04, high - 0.006), (0, 0, high / 2 + 0.003), "door")]
    manner = int(rng.integers(3))
    if manner:
        rows = [(0.12, 0.42 * high), (0.48 * high, high - 0.12)] if manner == 1 else [
            (0.1 + i * (high - 0.15) / 4, 0.06 + (i + 1) * (high - 0.15) / 4) for i in range(4)]  # fmt: skip
        for low, top in rows:
            for y in (-0.022, 0.022):
                for x in (-1, 1) if manner == 1 else (0,):
                    wide = 0.33 * width if manner == 1 else 0.72 * width
                    parts.append(
                        box((wide, 0.008, top - low), (x * 0.22 * width, y, (low + top) / 2), "door")
                    )
                    parts.append(
                        box(
                            (wide - 0.05, 0.012, top - low - 0.05),
                            (x * 0.22 * width, y, (low + top) / 2),
                            "door",
                        )
                    )
    x = width / 2 - 0.06
    for y in (-1, 1):
        parts.append(tube([(x, y * 0.02, 1.04), (x, y * 0.055, 1.04), (x - 0.11, y * 0.055, 1.04)], 0.009))
        parts.append(box((0.04, 0.006, 0.15), (x, y * 0.023, 1.01), "metal"))
    return moved(parts, (place.x, place.y, 0), turn=place.turn)


def radiators(rng, room):
    """Build radiators under windows, or one on a free wall."""
    fittings = []
    for opening in room.openings:
        if opening.kind == "window" and opening.bottom > 0.6 and rng.random() < 0.7:
            width = min(opening.width, 1.6)
            middle = (opening.start + opening.end) / 2
            fittings.append(
                _radiator(rng, room, opening.wall, middle - width / 2, middle + width / 2, 0.12, 0.5)
            )
    if room.kind == "bathroom" and rng.random() < 0.6:
        for wall in rng.permutation(len(room.polygon)):
            spans = shell.free_spans(room, int(wall), kinds=("doorway", "door", "window"), margin=0.1)
            low, high = max(spans, key=lambda span: span[1] - span[0])
            if high - low > 0.8 and (room.slope is None or wall != room.slope.wall):
                middle = rng.uniform(low + 0.35, high - 0.35)
                fittings.append(_ladder(room, int(wall), middle))
                break
    return fittings


def _radiator(rng, room, wall, a, b, low, high):
    parts, depth = [], rng.uniform(0.06, 0.11)
    if rng.random() < 0.5:
        count = max(4, round((b - a) / 0.06))
        boxes = []
        for x in np.linspace(a, b - 0.045, count):
            boxes.append(((x, low, 0.03), (x + 0.045, low + high, 0.03 + depth), "radiator"))
    else:
        boxes = [((a, low, 0.03), (b, low + high, 0.04), "radiator"),
                 ((a, low, 0.03 + depth - 0.015), (b, low + high, 0.03 + depth), "radiator"),
                 ((a, low + high - 0.012, 0.03), (b, low + high, 0.03 + depth), "radiator")]  # fmt: skip
        for x in np.arange(a + 0.03, b - 0.02, 0.05):
            boxes.append(
                ((x, low + 0.02, 0.03 + depth), (x + 0.018, low + high - 0.02, 0.034 + depth), "radiator")
            )
    boxes.append(((b - 0.02, low - 0.1, 0.05), (b - 0.005, low, 0.065), "metal"))
    parts += shell.boxes_on_wall(room, wall, boxes)
    return Fitting("otherstructure", parts, wall_footprint(room, wall, a, b, depth + 0.06, low, low + high))


def _ladder(room, wall, middle):
    a, b = middle - 0.26, middle + 0.26
    boxes = [
        ((a, 0.7, 0.05), (a + 0.03, 1.75, 0.08), "radiator"),
        ((b - 0.03, 0.7, 0.05), (b, 1.75, 0.08), "radiator"),
    ]
    boxes += [((a, z, 0.055), (b, z + 0.022, 0.08), "radiator") for z in np.linspace(0.72, 1.7, 14)]
    parts = shell.boxes_on_wall(room, wall, boxes)
    return Fitting("otherstructure", parts, wall_footprint(room, wall, a, b, 0.12, 0.6, 1.8))


def wall_footprint(room, wall, start, end, depth, bottom, top):
    """Describe a box on a wall from `start` to `end` and `depth` into the room."""
    origin, along, inwards, _ = room.edge(wall)
    middle = origin + (start + end) / 2 * along + depth / 2 * inwards
    turn = float(np.arctan2(along[1], along[0]))
    return Footprint(float(middle[0]), float(middle[1]), end - start, depth, turn, bottom, top)


def sockets(rng, room):
    """Build sockets near the floor and a switch beside each door."""
    parts = []
    for wall in range(len(room.polygon)):
        for low, high in shell.free_spans(room, wall, kinds=("doorway", "door", "window"), margin=0.12):
            if high - low < 0.7 or rng.random() < 0.35:
                continue
            x, count = rng.uniform(low + 0.15, high - 0.3), int(rng.integers(1, 4))
            parts += _plates(room, wall, [(x + 0.075 * n, 0.28) for n in range(count)])
    for opening in room.openings:
        if opening.kind == "window" or opening.leaf == "none" and opening.width > 1.1:
            continue
        position, sign = hinge(room, opening)
        x = (opening.end + 0.16) if sign > 0 else (opening.start - 0.16)
        if 0.05 < x < room.edge(opening.wall)[3] - 0.05 and room.top_of_wall(opening.wall, np.array(x)) > 1.3:
            parts += _plates(room, opening.wall, [(x, 1.08)])
    return parts


def _plates(room, wall, places):
    boxes = []
    for x, z in places:
        boxes.append(((x - 0.04, z - 0.04, 0), (x + 0.04, z + 0.04, 0.008), "plate"))
        boxes.append(((x - 0.026, z - 0.026, 0.008), (x + 0.026, z + 0.026, 0.0095), "plate_inner"))
    return shell.boxes_on_wall(room, wall, boxes)
