"""What a home looks like: materials of rooms and furniture, and its light."""

from dataclasses import dataclass, field

import numpy as np

from finetune.rooms.palette import ACCENTS, FABRICS, MOTIFS, TILE_COLOURS, WALL_PAINTS, WOODS, pick, rgb


@dataclass(frozen=True)
class Material:
    """A surface.

    Attributes
    ----------
    colour : tuple of 3 floats
        sRGB in [0, 1]; what a texture is tinted with is inside the texture.
    roughness, metallic, sheen, coat, emission : float
        As in Blender's Principled shader.
    texture : tuple or None
        (kind, seed, metres, options as sorted items) for `textures.paint`.
    bump : float
        Depth of the relief in metres.
    turn : float
        Radians the texture is turned by.
    special : str
        "" or "glass" (thin pane), "glow" (a lamp's visible body), "leaf" and "shade" (light shines through).
    """

    colour: tuple[float, float, float] = (0.8, 0.8, 0.8)
    roughness: float = 0.6
    metallic: float = 0.0
    sheen: float = 0.0
    coat: float = 0.0
    emission: float = 0.0
    texture: tuple | None = None
    bump: float = 0.0
    turn: float = 0.0
    special: str = ""


def textured(kind, seed, metres, *, roughness=0.6, bump=0.0, turn=0.0, coat=0.0, sheen=0.0, **options):
    """Build a material with a texture; colours and numbers in `options` go to its painter."""
    items = tuple(sorted((name, _frozen(value)) for name, value in options.items()))
    return Material(
        options.get("colour", (0.8, 0.8, 0.8)), roughness, coat=coat, sheen=sheen, bump=bump, turn=turn,
        texture=(kind, int(seed), float(metres), items),
    )  # fmt: skip


def _frozen(value):
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(_frozen(item) for item in value)
    return value.item() if isinstance(value, np.generic) else value


@dataclass
class RoomLook:
    """How one room is finished."""

    floor: Material
    walls: list[Material]
    ceiling: Material
    skirting: float
    cornice: float
    panels: float
    transom: bool
    glazing_bars: bool
    casing: float
    tiled_to: float
    tile: Material | None
    lamp_on: bool
    lamp_power: float


@dataclass
class Light:
    """Light of a home: daylight through windows, the sun, and lamps; colours linear RGB, mean 1.

    `sky` is the radiance of the daylight that windows let in, `sun` the sun's irradiance, `lamp` the watts
    of an average ceiling lamp; only their ratios matter, exposure is set afterwards.
    """

    time: str
    sky: float
    sky_colour: tuple[float, float, float]
    sun: float
    sun_colour: tuple[float, float, float]
    sun_elevation: float
    sun_azimuth: float
    lamp: float
    lamp_colour: tuple[float, float, float]
    view_seed: int
    view_level: float
    exposure: float
    warmth: float
    tint: float
    contrast: float


@dataclass
class Style:
    """Looks of all rooms, slots shared by the home, light, and palettes furniture draws from."""

    rooms: list[RoomLook]
    slots: dict[str, Material]
    light: Light
    woods: list[Material] = field(default_factory=list)
    fabrics: list[Material] = field(default_factory=list)


def draw_style(rng, home):
    """Draw the look of a home.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    home : Home
        Its rooms' kinds decide between carpet and tiles.

    Returns
    -------
    Style
        All materials and the light.
    """
    light = draw_light(rng)
    main_floor = floor_material(rng, "living")
    through = rng.random() < 0.5
    trim = str(rng.choice(["white", "white", "white", "wood", "grey"]))
    shared = {"main_floor": main_floor if through else None, "paint": pick(rng, WALL_PAINTS, spread=0.015)}
    slots = _trim_slots(rng, trim)
    looks = [_room_look(rng, room, shared, light) for room in home.rooms]
    woods = [wood_material(rng) for _ in range(4)]
    fabrics = [fabric_material(rng) for _ in range(6)]
    return Style(looks, slots, light, woods, fabrics)


def draw_light(rng):
    """Draw the time of day and the photographer's settings."""
    time = str(rng.choice(["sun", "overcast", "dusk", "night"], p=[0.42, 0.3, 0.14, 0.14]))
    warm = rng.uniform(0.45, 1.0)
    lamp_colour = (1.0 + 0.32 * warm, 1.0, 1.0 - 0.45 * warm)
    sky = {"sun": 1.0, "overcast": 1.0, "dusk": 0.25, "night": 0.004}[time]
    sky_colour = {"sun": (0.93, 1.0, 1.08), "overcast": (0.98, 1.0, 1.02), "dusk": (0.85, 0.95, 1.3),
                  "night": (0.8, 0.95, 1.3)}[time]  # fmt: skip
    return Light(
        time=time, sky=sky, sky_colour=sky_colour,
        sun=rng.uniform(2.5, 7.0) if time == "sun" else rng.uniform(1.0, 2.0) if time == "dusk" else 0.0,
        sun_colour=(1.12, 1.0, 0.82) if time == "sun" else (1.5, 0.95, 0.5),
        sun_elevation=rng.uniform(0.35, 0.9) if time == "sun" else rng.uniform(0.08, 0.22),
        sun_azimuth=rng.uniform(0, 2 * np.pi),
        lamp=rng.uniform(20, 45) * (1.0 if time in ("sun", "overcast") else 1.3),
        lamp_colour=lamp_colour, view_seed=int(rng.integers(1 << 30)),
        view_level=rng.uniform(0.75, 1.7) if time != "night" else rng.uniform(0.04, 0.2),
        exposure=rng.normal(0, 0.16), warmth=rng.normal(0.0, 0.045), tint=rng.normal(0, 0.012),
        contrast=rng.uniform(0.95, 1.15),
    )  # fmt: skip


def floor_material(rng, kind):
    """Draw a floor for a kind of room."""
    seed, turn = rng.integers(1 << 30), float(rng.choice([0.0, np.pi / 2]))
    tiled = {"bathroom": 0.9, "kitchen": 0.55, "hall": 0.45}.get(kind, 0.12)
    soft = {"bedroom": 0.3, "child": 0.3, "office": 0.2}.get(kind, 0.06)
    draw = rng.random()
    if draw < tiled:
        width = float(rng.choice([0.15, 0.2, 0.3, 0.33, 0.45, 0.6]))
        colour = pick(rng, TILE_COLOURS)
        long = width * 2 if rng.random() < 0.3 else None
        second = pick(rng, TILE_COLOURS) if rng.random() < 0.22 and long is None else None
        joint = tuple(np.clip(np.array(colour) * rng.uniform(0.6, 1.1), 0, 0.95))
        turn = np.pi / 4 if rng.random() < 0.15 else turn
        return textured("tiles", seed, 2.4, colour=colour, joint_colour=joint, width=width, length=long,
                        second=second,
                        bond="running" if long else "square", veins=float(rng.choice([0, 0, 0.5])),
                        gap=rng.uniform(0.002, 0.004), variation=rng.uniform(0.01, 0.04), bump=0.002,
                        roughness=rng.uniform(0.12, 0.5), turn=turn)  # fmt: skip
    if draw < tiled + soft:
        return textured("carpet", seed, 1.6, colour=pick(rng, FABRICS + WALL_PAINTS[-10:]), bump=0.006,
                        roughness=0.95,
                        mottle=rng.uniform(0.05, 0.12), sheen=0.15)  # fmt: skip
    if draw > 0.96:
        grey = rng.uniform(0.45, 0.68)
        return textured("plaster", seed, 3.0, colour=(grey, grey, grey * 0.97), grain=0.15, blotch=0.06,
                        roughness=rng.uniform(0.25, 0.5))  # fmt: skip
    layout = str(rng.choice(["planks", "herringbone"], p=[0.72, 0.28]))
    narrow = layout == "herringbone"
    width = rng.uniform(0.065, 0.11) if narrow else rng.uniform(0.09, 0.2)
    return textured("wood", seed, 2.4 if narrow else 3.0, colour=pick(rng, WOODS), layout=layout, width=width,
                    length=rng.uniform(0.9, 1.6), contrast=rng.uniform(0.5, 1.15), gap=rng.uniform(0.0008,
                        0.002),
                    ratio=int(rng.choice([4, 5])), roughness=rng.uniform(0.18, 0.5), bump=0.0012,
                        turn=turn)  # fmt: skip


def wall_material(rng, kind, colour):
    """Draw a wall covering: paint mostly, else wallpaper, woodchip, brick, boards or concrete."""
    seed, draw = rng.integers(1 << 30), rng.random()
    papered = 0.0 if kind in ("bathroom", "kitchen") else 0.2
    if draw < papered:
        base = np.array(colour)
        second = (
            pick(rng, ACCENTS) if rng.random() < 0.25 else tuple(np.clip(base * rng.uniform(0.8, 0.94), 0, 1))
        )
        return textured("wallpaper", seed, 1.6, colour=tuple(base), second=second,
                        motif=str(rng.choice(MOTIFS)),
                        repeat=float(rng.choice([0.1, 0.16, 0.2, 0.32, 0.53])), roughness=0.75,
                            bump=0.0004)  # fmt: skip
    if draw < papered + 0.035:
        white = rng.random() < 0.4
        colour = (
            pick(rng, WALL_PAINTS[:5])
            if white
            else pick(rng, [rgb(150, 84, 62), rgb(168, 110, 84), rgb(140, 96, 80)])
        )
        joint = tuple(np.array(colour) * 0.92) if white else rgb(186, 180, 172)
        return textured("bricks", seed, 2.4, colour=colour, joint_colour=joint, roughness=0.85, bump=0.008)
    if draw < papered + 0.06:
        return textured("wood", seed, 2.4, colour=pick(rng, WOODS), width=rng.uniform(0.09, 0.14), length=2.4,
                        turn=np.pi / 2, roughness=0.5, bump=0.004, gap=0.003, contrast=0.8)  # fmt: skip
    if draw < papered + 0.09:
        return textured("plaster", seed, 2.4, colour=pick(rng, TILE_COLOURS[1:4]), grain=0.4, blotch=0.05,
                        bump=0.001,
                        roughness=0.8)  # fmt: skip
    grain = 1.0 if rng.random() < 0.2 else rng.uniform(0.1, 0.3)
    return textured("plaster", seed, 1.6, colour=tuple(colour), grain=grain, blotch=0.006,
                    roughness=rng.uniform(0.5, 0.9),
                    bump=0.002 * grain)  # fmt: skip


def tile_material(rng):
    """Draw wall tiles for bathrooms and kitchens."""
    colour = pick(rng, [*TILE_COLOURS[:2], *TILE_COLOURS[-1:] * 3, *ACCENTS[:3]])
    manner = [(0.075, 0.15, "running"), (0.15, 0.15, "square"), (0.2, 0.25, "square"), (0.3, 0.6, "square"),
              (0.1, 0.3, "running")][int(rng.integers(5))]  # fmt: skip
    return textured("tiles", rng.integers(1 << 30), 1.2, colour=colour, joint_colour=rgb(205, 203, 200),
                    width=manner[0],
                    length=manner[1], bond=manner[2], gap=0.0018, variation=0.015, roughness=rng.uniform(0.08,
                        0.3),
                    bump=0.0015, veins=float(rng.choice([0, 0, 0, 0.5])))  # fmt: skip


def _room_look(rng, room, shared, light):
    wet = room.kind == "bathroom"
    base = shared["paint"] if rng.random() < 0.45 else pick(rng, WALL_PAINTS, spread=0.015)
    main = wall_material(rng, room.kind, base)
    walls = [main] * len(room.polygon)
    if rng.random() < 0.3 and not wet:
        lengths = [room.edge(w)[3] for w in range(len(room.polygon))]
        accent = pick(rng, ACCENTS) if rng.random() < 0.7 else base
        walls[int(np.argmax(lengths)) if rng.random() < 0.5 else int(rng.integers(len(walls)))] = (
            wall_material(rng, room.kind, accent)
        )
    own = shared["main_floor"] is None or wet or rng.random() < 0.2
    grey = rng.uniform(0.9, 0.95)
    tiled = wet or (room.kind == "kitchen" and rng.random() < 0.25)
    lit = (
        light.time in ("dusk", "night")
        or rng.random() < 0.3
        or not any(o.kind == "window" for o in room.openings)
    )
    return RoomLook(
        floor=floor_material(rng, room.kind) if own else shared["main_floor"], walls=walls,
        ceiling=Material((grey, grey, grey * 0.99), 0.9), skirting=float(rng.choice([0.05, 0.06, 0.08, 0.1,
            0.14])),
        cornice=rng.uniform(0.04, 0.1) if rng.random() < 0.3 else 0.0,
        panels=rng.uniform(0.8, 1.05) if rng.random() < 0.1 and not wet else 0.0,
        transom=bool(rng.random() < 0.25), glazing_bars=bool(rng.random() < 0.15),
        casing=rng.uniform(0.05, 0.09) if rng.random() < 0.35 else 0.0,
        tiled_to=float(rng.choice([1.3, 2.05, 5.0])) if tiled else 0.0,
            tile=tile_material(rng) if tiled else None,
        lamp_on=bool(lit and (light.time == "night" or rng.random() < 0.9)), lamp_power=rng.uniform(0.7, 1.4),
    )  # fmt: skip


def _trim_slots(rng, trim):
    """Give skirting, doors, frames and the like their materials."""
    white = Material((0.9, 0.9, 0.885), 0.4)
    wood = Material(pick(rng, WOODS), 0.42)
    grey = Material((0.42, 0.43, 0.44), 0.4)
    chosen = {"white": white, "wood": wood, "grey": grey}[trim]
    frames = [white, white, chosen, Material((0.1, 0.1, 0.11), 0.4)][int(rng.integers(4))]
    door = white if rng.random() < 0.55 else textured("wood", rng.integers(1 << 30), 1.2, colour=pick(rng,
                                                      WOODS),
                                                      layout="plain", roughness=0.4,
                                                          turn=np.pi / 2)  # fmt: skip
    return {
        "skirting": white if rng.random() < 0.7 else chosen, "cornice": Material((0.92, 0.92, 0.91), 0.7),
        "casing": chosen, "door": door, "window_frame": frames, "sill": Material((0.86, 0.85, 0.83), 0.3),
        "reveal": Material((0.9, 0.9, 0.88), 0.8), "threshold": wood, "radiator": Material((0.9, 0.9, 0.9),
        0.3),
        "plate": Material((0.93, 0.93, 0.93), 0.25), "plate_inner": Material((0.85, 0.85, 0.85), 0.3),
        "metal": Material((0.75, 0.75, 0.76), 0.22, metallic=1.0), "black": Material((0.09, 0.09, 0.095),
        0.5),
        "glass": Material((1, 1, 1), 0.0, special="glass"), "lamp_glow": Material((1, 1, 1), 0.5,
        special="glow"),
        "lamp_shade": Material(pick(rng, [*WALL_PAINTS[:3], (0.15, 0.15, 0.15), *ACCENTS]), 0.6),
    }  # fmt: skip


def wood_material(rng):
    """Draw a furniture wood or lacquer."""
    if rng.random() < 0.3:
        return Material(
            pick(rng, [rgb(236, 236, 233)] * 3 + [rgb(60, 62, 66)] + ACCENTS), rng.uniform(0.2, 0.45)
        )
    return textured("wood", rng.integers(1 << 30), 1.2, colour=pick(rng, WOODS), layout="plain",
                    contrast=rng.uniform(0.5, 1.0), roughness=rng.uniform(0.25, 0.55))  # fmt: skip


def fabric_material(rng):
    """Draw a cloth or leather."""
    colour, draw = pick(rng, FABRICS), rng.random()
    if draw < 0.2:
        return Material(colour, 0.38, coat=0.1)
    check = rng.uniform(0.1, 0.2) if draw > 0.88 else 0.0
    return textured("weave", rng.integers(1 << 30), 0.8, colour=colour, second=pick(rng, FABRICS),
                    check=check,
                    roughness=0.9, bump=0.001, sheen=0.2)  # fmt: skip


def furniture_slots(style, seed):
    """Choose materials for one piece of furniture.

    Parameters
    ----------
    style : Style
        Palettes of the home.
    seed : int
        Seed of the piece.

    Returns
    -------
    dict of str to Material
        By slot; slots built into the home ("metal", "black", "glass") are left to `style.slots`.
    """
    rng = np.random.default_rng([seed, 77])
    wood, second = rng.choice(len(style.woods), 2)
    cloth, other = rng.choice(len(style.fabrics), 2)
    slots = {
        "wood": style.woods[wood], "wood_second": style.woods[second if rng.random() < 0.4 else wood],
        "front": style.woods[second], "leg": Material(pick(rng, [*WOODS, (0.08, 0.08, 0.08), (0.3, 0.2,
        0.14)]), 0.5),
        "worktop": Material(pick(rng, TILE_COLOURS + WOODS[:3]), rng.uniform(0.1, 0.4)),
        "fabric": style.fabrics[cloth], "fabric_second": style.fabrics[other],
        "linen": Material(pick(rng, WALL_PAINTS), 0.9, sheen=0.1), "duvet": Material(pick(rng,
        WALL_PAINTS + FABRICS), 0.9, sheen=0.1),
        "curtain": Material(pick(rng, WALL_PAINTS + FABRICS), 0.9, special="shade"),
        "plastic": Material(pick(rng, ACCENTS + [rgb(235, 235, 235)] * 6), 0.35),
        "ceramic": Material(pick(rng, [rgb(240, 240, 238)] * 6 + ACCENTS), 0.15),
        "steel": Material(pick(rng, [rgb(235, 235, 235), rgb(170, 172, 175)]), 0.3,
        metallic=float(rng.choice([0.0, 0.7]))),
        "screen": Material((0.03, 0.03, 0.035), 0.12), "mirror": Material((0.92, 0.92, 0.92), 0.02,
        metallic=1.0),
        "leaf": Material(pick(rng, [rgb(52, 92, 44), rgb(84, 118, 60), rgb(40, 76, 52)]), 0.5,
        special="leaf"),
        "stem": Material(rgb(88, 72, 50), 0.8), "soil": Material(rgb(50, 38, 30), 0.95),
        "pot": Material(pick(rng, [rgb(178, 98, 66), rgb(235, 235, 230), rgb(70, 70, 72), *ACCENTS]), 0.5),
        "lampshade": Material(pick(rng, WALL_PAINTS[:6]), 0.9, special="shade"),
        "cardboard": Material(rgb(176, 138, 98), 0.9), "tape": Material(rgb(196, 170, 130), 0.3),
        "wicker": Material(pick(rng, WOODS), 0.8), "frame": Material(pick(rng, [*WOODS, (0.08,) * 3,
        (0.9,) * 3]), 0.4),
        "skin": Material(pick(rng, [rgb(226, 180, 150), rgb(170, 118, 84), rgb(96, 64, 46), rgb(238, 200,
        178)]), 0.55),
        "hair": Material(pick(rng, [rgb(40, 28, 20), rgb(90, 60, 36), rgb(170, 132, 80), rgb(20, 18, 18)]),
        0.6),
        "shirt": Material(pick(rng, FABRICS + ACCENTS + WALL_PAINTS[:4]), 0.9), "trousers": Material(pick(rng,
        FABRICS), 0.9),
        "artwork": textured("artwork", seed, 1.0), "rug": _rug_material(rng, seed),
    }  # fmt: skip
    for number in range(6):
        slots[f"book{number}"] = Material(pick(rng, ACCENTS + FABRICS + WALL_PAINTS[-6:], spread=0.06), 0.6)
    return slots


def _rug_material(rng, seed):
    pattern = str(rng.choice(["border", "oriental", "stripes", "diamonds", "blocks", "plain"]))
    colours = tuple(pick(rng, FABRICS + ACCENTS, spread=0.05) for _ in range(3))
    return textured("rug", seed, 1.0, colours=colours, pattern=pattern, roughness=0.95, bump=0.004, sheen=0.2)
