"""Which furniture a room gets, as people furnish: a programme for each use of a room."""

import numpy as np

from finetune.rooms import fittings, ground, shell
from finetune.rooms.catalogue import Catalogue
from finetune.rooms.decorator import Decorator
from finetune.rooms.placement import against_wall, at, beside, in_front, on_top, open_space, standing_free

ON_FLOORS = ["box", "basket", "bag", "toy", "shoes", "bin", "plant", "pouf", "stool", "floor_thing"]

TUCK = 0.1  # metres


def furnish(rng, home, catalogue=None, *, built_in=None):
    """Furnish a whole home.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    home : Home
        Rooms with openings and cameras.
    catalogue : Catalogue, optional
        Models besides procedural furniture.
    built_in : list of list of Footprint, optional
        What is built into each room.

    Returns
    -------
    list of list of Item
        By room. Nothing overlaps, nothing is near a camera or before a door.
    """
    decorator = Decorator(rng, catalogue or Catalogue(), rng.uniform(0.0, 1.0) ** 0.7)
    solids = built_in or [[] for _ in home.rooms]
    return [_furnish_room(decorator, room, solid) for room, solid in zip(home.rooms, solids, strict=True)]


def _furnish_room(decorator, room, built_in):
    space = open_space(room, built_in)
    if decorator.chance(0.75) and room.kind != "kitchen":
        _curtains(decorator, space)
    PROGRAMMES[room.kind](decorator, space)
    _more(decorator, space)
    _walls(decorator, space)
    _floor(decorator, space)
    _figures(decorator, space)
    return space.items


def _living(d, space):
    sofa = d.wall(space, "corner_sofa" if d.chance(0.35) else "sofa") or d.wall(space, "sofa", tries=40)
    if sofa:
        _sofa_group(d, space, sofa)
    if d.chance(0.7):
        _television(d, space, sofa)
    for kind, probability in (
        ("bookshelf", 0.5),
        ("cabinet", 0.5),
        ("tall_cabinet", 0.25),
        ("big_thing", 0.15),
    ):
        if d.chance(probability) and (item := d.wall(space, kind)):
            d.clutter(space, item) if item.size[2] < 1.3 and kind != "bookshelf" else None
    if d.chance(0.35):
        _dining_group(d, space, "small_table" if d.chance(0.5) else "table")
    if d.chance(0.5) and (lamp := d.wall(space, "floor_lamp", gap=0.1)):
        lamp.light = lamp.model is None


def _sofa_group(d, space, sofa):
    table = d.item("coffee_table")
    table = in_front(space, table, sofa, d.rng.uniform(0.3, 0.5)) if table else None
    if d.chance(0.7):
        rug = d.item("rug")
        reach = sofa.size[1] / 2 + 0.55
        rug = at(rug, np.array(sofa.position[:2]) + reach * sofa.front, sofa.turn)
        space.put(rug)
    if table:
        d.clutter(space, table)
    for sign in (-1, 1):
        if d.chance(0.35) and (small := d.item("side_table")) and beside(space, small, sofa, sign):
            d.clutter(space, small, most=1, kinds=["table_lamp", "small_plant", "books"])
        elif d.chance(0.3) and (lamp := d.item("floor_lamp")) and beside(space, lamp, sofa, sign):
            lamp.light = lamp.model is None
    if d.chance(0.6) and (chair := d.item("armchair")):
        side = d.rng.choice([-1, 1])
        in_front(
            space, chair, sofa, d.rng.uniform(0.6, 1.0), shift=side * 1.2, turn=side * d.rng.uniform(0.3, 0.9)
        )


def _television(d, space, sofa):
    stand = d.item("tv_stand")
    walls = range(len(space.room.polygon))
    if sofa is not None:
        walls = [w for w in walls if space.room.edge(w)[2] @ sofa.front < -0.9]
    for wall in walls:
        if against_wall(d.rng, space, stand, wall=int(wall)):
            screen = d.item("television")
            height = stand.model.surface if stand.model is not None else None
            on_top(d.rng, space, screen, stand, height=height, turn=0.0, spread=0.2)
            d.clutter(space, stand, most=2)
            return


def _dining_group(d, space, kind):
    table, chair = d.item(kind), d.item("chair")
    if not standing_free(d.rng, space, table, tries=40):
        return
    d.clutter(space, table, kinds=["vase", "bowl", "cups", "small_plant", "books", "surface_thing"])
    # A chair's front edge may reach TUCK under a board of our own making, whose legs stand at its corners.
    tuck = d.rng.uniform(-TUCK, 0.1) if table.model is None else d.rng.uniform(0.02, 0.1)
    for sign in (-1, 1):
        count = max(1, int(table.size[0] // 0.62))
        for number in range(count):
            shift = (number - (count - 1) / 2) * table.size[0] / count
            _seat(d, space, table, chair, sign * table.front, shift * table.side, table.size[1] / 2 + tuck)
        if d.chance(0.5):
            _seat(d, space, table, chair, sign * table.side, 0 * table.side, table.size[0] / 2 + tuck)


def _seat(d, space, table, chair, outwards, shift, reach):
    """Set a chair at a table, its seat partly under the board where its back allows."""
    seat = d.twin(chair)
    distance = reach + seat.size[1] / 2
    turn = d.rng.normal(0, 0.12)
    xy = np.array(table.position[:2]) + shift + distance * np.asarray(outwards)
    at(seat, xy, np.arctan2(-outwards[0], outwards[1]) + turn)
    space.put(seat, on=table if table.model is None else None, gap=0.02)


def _bedroom(d, space, kind="bed"):
    bed = d.wall(space, kind, tries=40) or d.wall(space, "single_bed", tries=40)
    if bed:
        stand = d.item("nightstand")
        for sign in (-1, 1):
            if d.chance(0.8):
                twin = d.twin(stand)
                if beside(space, twin, bed, sign, distance=0.06):
                    d.clutter(
                        space, twin, most=2, kinds=["table_lamp", "books", "small_plant", "surface_thing"]
                    )
        if d.chance(0.4):
            rug = d.item("rug")
            space.put(at(rug, np.array(bed.position[:2]) + 0.6 * bed.front, bed.turn))
        if d.chance(0.3) and (bench := d.item("bench")):
            in_front(space, bench, bed, 0.05, toward=False)
    if d.chance(0.8):
        d.wall(space, "wardrobe")
    if d.chance(0.5) and (chest := d.wall(space, "dresser")):
        d.clutter(space, chest)
    if d.chance(0.3):
        _desk(d, space)
    if d.chance(0.25) and (chair := d.item("armchair")):
        standing_free(d.rng, space, chair, aligned=False)


def _child(d, space):
    _bedroom(d, space, "single_bed")
    for kind in ("bookshelf", "toy", "toy", "basket", "floor_thing", "floor_thing"):
        if d.chance(0.6):
            item = d.item(kind)
            if item:
                (against_wall if kind == "bookshelf" else standing_free)(d.rng, space, item)


def _desk(d, space):
    desk = d.wall(space, "desk")
    if desk is None:
        return
    chair = d.item("office_chair" if d.chance(0.8) else "chair")
    in_front(space, chair, desk, d.rng.uniform(0.14, 0.3), turn=d.rng.normal(0, 0.35))
    height = desk.model.surface if desk.model is not None else None
    if d.chance(0.6):
        on_top(d.rng, space, d.item("monitor"), desk, height=height, turn=0.0, spread=0.4)
    d.clutter(space, desk, kinds=["laptop", "books", "table_lamp", "cups", "small_plant", "surface_thing"])


def _office(d, space):
    _desk(d, space)
    for kind, probability in (("bookshelf", 0.8), ("bookshelf", 0.4), ("cabinet", 0.4), ("big_thing", 0.15)):
        if d.chance(probability):
            d.wall(space, kind)
    if d.chance(0.3):
        d.wall(space, "sofa")
    if d.chance(0.4):
        standing_free(d.rng, space, d.item("rug"))


def _kitchen(d, space):
    base = d.wall(space, "kitchen_base", tries=40) or d.wall(space, "kitchen_base", width=1.2, tries=40)
    if base:
        d.clutter(
            space,
            base,
            most=5,
            kinds=["cups", "bowl", "vase", "small_plant", "surface_thing", "surface_thing"],
        )
        upper = d.item("kitchen_wall", width=base.size[0])
        shift = (upper.size[1] - base.size[1]) / 2
        if d.chance(0.8):
            xy = np.array(base.position[:2]) + shift * base.front
            space.put(at(upper, xy, base.turn, 1.42), on=base)
        for sign in d.rng.permutation([-1, 1]):
            if beside(space, d.item("fridge"), base, int(sign)):
                break
    if d.chance(0.4):
        d.wall(space, "kitchen_base", width=d.rng.uniform(1.2, 2.0))
    if d.chance(0.75):
        _dining_group(d, space, "table" if d.chance(0.5) else "small_table")
    if d.chance(0.3):
        d.wall(space, "tall_cabinet")
    if d.chance(0.25):
        d.wall(space, "stool")


def _dining(d, space):
    if d.chance(0.7):
        rug = d.item("rug")
        standing_free(d.rng, space, rug)
    _dining_group(d, space, "table")
    for kind in ("cabinet", "cabinet", "tall_cabinet", "bookshelf"):
        if d.chance(0.45) and (item := d.wall(space, kind)):
            d.clutter(space, item) if item.size[2] < 1.3 and kind == "cabinet" else None


def _bathroom(d, space):
    for kind, probability in (
        ("bathtub", 0.6),
        ("washbasin", 1.5),
        ("toilet", 1.5),
        ("washer", 0.35),
        ("shower", 0.3),
    ):
        if d.chance(probability):
            item = d.wall(space, kind, tries=40)
            if kind == "washbasin" and item and d.chance(0.8):
                glass = d.item("mirror")
                xy = np.array(item.position[:2]) + (glass.size[1] - item.size[1]) / 2 * item.front
                space.put(at(glass, xy, item.turn, item.size[2] + 0.12))
    for kind, probability in (("bin", 0.4), ("basket", 0.3), ("towel", 0.7)):
        if d.chance(probability):
            d.wall(space, kind, **({"z": 1.0} if kind == "towel" else {}))
    if d.chance(0.4):
        standing_free(d.rng, space, d.item("rug", width=0.8, depth=0.5))


def _hall(d, space):
    for kind, probability in (
        ("cabinet", 0.5),
        ("bench", 0.4),
        ("shoes", 0.6),
        ("mirror", 0.5),
        ("wardrobe", 0.25),
    ):
        if d.chance(probability):
            item = d.wall(space, kind, **({"z": 0.8} if kind == "mirror" else {}))
            if item and kind == "cabinet":
                d.clutter(space, item)
    if d.chance(0.5):
        standing_free(d.rng, space, d.item("rug", width=d.rng.uniform(1.2, 2.0), depth=0.7))


def _bare(d, space):
    for kind in d.rng.choice(["box", "box", "chair", "stool", "floor_lamp", "bag", "plant", "armchair"], 4):
        standing_free(d.rng, space, d.item(str(kind)), aligned=False)


PROGRAMMES = {
    "living": _living, "bedroom": _bedroom, "child": _child, "office": _office, "kitchen": _kitchen,
    "dining": _dining, "bathroom": _bathroom, "hall": _hall, "bare": _bare,
}  # fmt: skip


MORE = {
    "living": [
        "armchair",
        "bookshelf",
        "cabinet",
        "plant",
        "tall_cabinet",
        "bench",
        "side_table",
        "floor_lamp",
        "chair",
    ],
    "bedroom": ["dresser", "wardrobe", "plant", "bookshelf", "bench", "chair", "cabinet"],
    "child": ["bookshelf", "dresser", "toy", "basket", "desk", "floor_thing"],
    "office": ["bookshelf", "cabinet", "plant", "armchair", "tall_cabinet", "chair"],
    "kitchen": ["cabinet", "tall_cabinet", "stool", "bookshelf", "chair", "bin"],
    "dining": ["cabinet", "plant", "bookshelf", "chair", "floor_lamp", "tall_cabinet"],
    "bathroom": ["basket", "small_plant", "stool"],
    "hall": ["shoes", "plant", "chair", "bag", "small_table"],
    "bare": ["box", "bag"],
}


def _more(d, space):
    """Add pieces along the walls in proportion to the room's area."""
    size = ground.area(space.room.polygon)
    for _ in range(int(d.rng.poisson(size / 6.5 * (0.3 + 1.1 * d.fullness)))):
        item = d.wall(space, str(d.rng.choice(MORE[space.room.kind])))
        if item and item.kind in ("cabinet", "dresser", "side_table", "small_table"):
            d.clutter(space, item)


def _curtains(d, space):
    """Hang a curtain on both sides of each window."""
    manner = d.item("curtain")
    for opening in space.room.openings:
        if opening.kind != "window":
            continue
        top = min(opening.top + 0.12, space.room.top_of_wall(opening.wall, np.array(opening.start)) - 0.05)
        width = float(np.clip(0.22 * opening.width, 0.22, 0.5))
        for edge, sign in ((opening.start, -1), (opening.end, 1)):
            item = d.twin(manner)
            item.size = (width, 0.13, top - 0.03)
            item.model = None
            start, along, inwards, _ = space.room.edge(opening.wall)
            xy = start + (edge + sign * (0.5 * width + 0.01)) * along + (0.07 + 0.065) * inwards
            at(item, xy, np.arctan2(inwards[0], -inwards[1]), 0.02)
            zones, space.zones = space.zones, [z for z in space.zones if z.depth > 0.3]
            space.put(item, gap=0.0)
            space.zones = zones


def _walls(d, space):
    """Hang pictures, mirrors, clocks and shelves where walls are free."""
    for _ in range(int(d.rng.poisson(1.5 + 3.5 * d.fullness))):
        kind = str(d.rng.choice(["picture", "picture", "picture", "mirror", "clock", "hanging_shelf"]))
        item = d.item(kind)
        depth = item.size[1]
        middle = d.rng.uniform(1.45, 1.65) - item.size[2] / 2
        for wall in d.rng.permutation(len(space.room.polygon)):
            spans = shell.free_spans(
                space.room, int(wall), kinds=("doorway", "door", "window"), margin=0.12 + item.size[0] / 2
            )
            spans = [span for span in spans if span[1] - span[0] > item.size[0] * 1.1 + 0.1]
            if not spans:
                continue
            low, high = spans[int(d.rng.integers(len(spans)))]
            start, along, inwards, _ = space.room.edge(int(wall))
            share = d.rng.uniform(low + item.size[0] / 2, high - item.size[0] / 2)
            xy = start + share * along + (depth / 2 + 0.006) * inwards
            if space.put(at(item, xy, np.arctan2(inwards[0], -inwards[1]), middle)):
                break


def _floor(d, space):
    """Leave things on the floor and plants in corners."""
    for _ in range(int(d.rng.poisson(0.8 + 2.5 * d.fullness))):
        item = d.item(str(d.rng.choice(ON_FLOORS)))
        if item:
            against_wall(d.rng, space, item) or standing_free(d.rng, space, item, aligned=False)
    if d.chance(0.4):
        d.wall(space, "plant", gap=0.08)
    if d.chance(0.12) and (item := d.item("rug")):
        standing_free(d.rng, space, item)


def _figures(d, space):
    """Sometimes leave a person, an animal, or the tripod in the picture."""
    if d.rng.random() < 0.07:
        standing_free(d.rng, space, d.item("person"), aligned=False)
    if d.rng.random() < 0.05:
        standing_free(d.rng, space, d.item("pet"), aligned=False)
    for number, camera in enumerate(space.room.cameras):
        if d.rng.random() < 0.12:
            item = d.item("tripod", height=camera.z - 0.2)
            at(item, (camera.x, camera.y), d.rng.uniform(0, 2))
            item.camera = number
            space.items.append(item)


def footprints_built_in(fixed):
    """Collect the floor that fittings need."""
    return [
        fitting.footprint for fitting in fixed if isinstance(fitting, fittings.Fitting) and fitting.footprint
    ]
