"""Tileable surface textures painted with NumPy: floors, wallpapers, bricks, cloth.

Each painter returns colours as sRGB values in [0, 1], shape (N, N, 3), and a height map in [0, 1],
shape (N, N). Row 0 is the texture's bottom. All repeat without a seam.
"""

import numpy as np

from finetune.rooms.bonds import (
    bricks_layout,
    herringbone_layout,
    joint_depth,
    planks_layout,
    squares_layout,
)


def noise(rng, size, *, stretch=(1.0, 1.0), detail=1.5, period=64.0):
    """Draw tileable noise by shaping white noise in the Fourier domain.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    size : int
        Side in pixels.
    stretch : tuple of float
        How much longer blotches are along x and y.
    detail : float
        Falling power of the spectrum: higher is smoother.
    period : float
        Size of the largest blotches in pixels.

    Returns
    -------
    ndarray, shape (size, size), float32
        Mean 0, standard deviation 1.
    """
    frequency = np.fft.fftfreq(size)
    across = (frequency[None, : size // 2 + 1] * stretch[0] * period) ** 2
    down = (frequency[:, None] * stretch[1] * period) ** 2
    spectrum = np.fft.rfft2(rng.standard_normal((size, size), dtype=np.float32))
    spectrum *= (1 + across + down) ** (-detail / 2)
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, s=(size, size))
    return (field / max(field.std(), 1e-9)).astype(np.float32)


def _grid(size, metres):
    """Give the metric coordinates of pixel centres: x to the right, y up."""
    line = (np.arange(size) + 0.5) * metres / size
    return np.meshgrid(line, line)


def wood(
    rng, size, metres, *, colour, layout="planks", width=0.14, length=1.2, gap=0.0015, contrast=1.0, ratio=4
):
    """Paint boards, herringbone or one plain piece of wood.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    size : int
        Side in pixels.
    metres : float
        Side in metres.
    colour : sequence of 3 floats
        Middle tone, sRGB in [0, 1].
    layout : str
        "planks", "herringbone" or "plain".
    width, length, gap : float
        Size of boards and joints in metres.
    contrast : float
        Strength of grain and of differences between boards.
    ratio : int
        Length over width of herringbone blocks.

    Returns
    -------
    colours, heights : ndarray
        See the module.
    """
    x, y = _grid(size, metres)
    fibre = noise(rng, size, stretch=(14.0, 0.7), detail=1.6, period=size / 24)
    rings = noise(rng, size, stretch=(9.0, 1.0), detail=3.0, period=size / 7)
    grain = 0.55 * fibre + 0.8 * np.sin(5.0 * rings)
    if layout == "plain":
        tone, inside = 0.04 * contrast * grain, np.ones((size, size), np.float32)
    else:
        lay = herringbone_layout if layout == "herringbone" else planks_layout
        options = {"ratio": ratio} if layout == "herringbone" else {"length": length}
        cell, along, across, length, width = lay(x, y, metres, width=width, **options)
        numbers = int(cell.max()) + 1
        offset = rng.integers(0, size, (2, numbers))
        column = ((along / metres * size).astype(int) + offset[0][cell]) % size
        row = ((across / metres * size).astype(int) + offset[1][cell]) % size
        each = rng.standard_normal(numbers).astype(np.float32)
        tone = contrast * (0.04 * grain[row, column] + 0.07 * each[cell])
        inside = joint_depth(along, across, length, width, gap)
    warm = np.array([1.0, 0.95, 0.85]) ** (2.0 * tone[..., None])
    colours = np.asarray(colour) * (1 + tone[..., None]) * warm * (0.35 + 0.65 * inside[..., None])
    return np.clip(colours, 0, 1), np.clip(0.8 * inside + 0.05 * fibre, 0, 1)


def tiles(rng, size, metres, *, colour, joint_colour, width, length=None, bond="square", gap=0.004,
          second=None,
          variation=0.03, veins=0.0):  # fmt: skip
    """Paint ceramic tiles, flagstones or bricks.

    Parameters
    ----------
    rng, size, metres
        See `wood`.
    colour, joint_colour, second : sequence of 3 floats
        Colours of tiles, joints, and of every other tile (a chequer); sRGB in [0, 1].
    width, length : float
        Height and length of a tile in metres; square if `length` is left out.
    bond : str
        "square" or "running".
    gap : float
        Half the joint in metres.
    variation : float
        Difference between tiles.
    veins : float
        Strength of marble veins.

    Returns
    -------
    colours, heights : ndarray
        See the module.
    """
    x, y = _grid(size, metres)
    lay = bricks_layout if bond == "running" else squares_layout
    cell, along, across, length, width = lay(x, y, metres, width=width, length=length or width)
    numbers = int(cell.max()) + 1
    tone = variation * rng.standard_normal((numbers, 1)) + 0.12 * variation * rng.standard_normal(
        (numbers, 3)
    )
    cloud = noise(rng, size, detail=2.2, period=size / 3)
    base = np.broadcast_to(np.asarray(colour, float), (size, size, 3))
    if second is not None:
        columns = max(1, round(metres / length))
        odd = ((cell // columns + cell % columns) % 2).astype(bool)
        base = np.where(odd[..., None], np.asarray(second, float), base)
    body = base * (1 + tone[cell] + 0.35 * variation * cloud[..., None])
    if veins:
        thin = np.exp(-((noise(rng, size, detail=2.6, period=size / 2) / 0.07) ** 2))
        body = body * (1 - veins * (0.4 * thin[..., None] + 0.05 * cloud[..., None]))
    inside = joint_depth(along, across, length, width, gap)
    solid = np.clip((inside - 0.45) / 0.2, 0, 1)[..., None]
    return np.clip(body * solid + np.asarray(joint_colour) * (1 - solid), 0, 1), inside


def bricks(rng, size, metres, *, colour, joint_colour, rough=1.0):
    """Paint a brick wall, rough at the edges; see `tiles`."""
    colours, inside = tiles(
        rng, size, metres, colour=colour, joint_colour=joint_colour, width=0.075, length=0.24, bond="running",
        gap=0.008, variation=0.13,
    )  # fmt: skip
    grit = noise(rng, size, detail=1.1, period=12)
    return np.clip(colours * (1 + 0.05 * rough * grit[..., None]), 0, 1), np.clip(inside + 0.07 * grit, 0, 1)


def plaster(rng, size, metres, *, colour, grain=0.3, blotch=0.015):
    """Paint rolled wall paint, woodchip paper (`grain` near 1) or concrete (`blotch` near 0.08)."""
    fine = noise(rng, size, detail=2.0, period=0.012 * size / metres + 2)
    large = noise(rng, size, detail=2.4, period=size / 3)
    colours = np.asarray(colour) * (1 + blotch * large + 0.004 * fine)[..., None]
    return np.clip(colours, 0, 1), np.clip(0.5 + 0.18 * grain * fine, 0, 1)


def carpet(rng, size, metres, *, colour, loop=0.006, mottle=0.08):
    """Paint carpet or coarse cloth."""
    pile = noise(rng, size, detail=2.2, period=loop * size / metres + 2)
    large = noise(rng, size, detail=2.0, period=size / 4)
    colours = np.asarray(colour) * (1 + mottle * pile + 0.03 * large)[..., None]
    return np.clip(colours, 0, 1), np.clip(0.5 + 0.25 * pile, 0, 1)


def weave(rng, size, metres, *, colour, second=None, check=0.0):
    """Paint woven cloth, with bands of a second colour every `check` metres if that is not 0."""
    x, y = _grid(size, metres)
    thread = noise(rng, size, stretch=(5, 1), period=5) + noise(rng, size, stretch=(1, 5), period=5)
    colours = np.broadcast_to(np.asarray(colour, float), (size, size, 3))
    if check and second is not None:
        count = max(1, round(metres / check))
        bands = ((x * count / metres) % 1 < 0.35) * 0.5 + ((y * count / metres) % 1 < 0.35) * 0.5
        colours = colours * (1 - bands[..., None]) + np.asarray(second) * bands[..., None]
    return np.clip(colours * (1 + 0.05 * thread)[..., None], 0, 1), np.clip(0.5 + 0.2 * thread, 0, 1)


def wallpaper(rng, size, metres, *, colour, second, motif="stripes", repeat=0.25):
    """Paint wallpaper.

    Parameters
    ----------
    rng, size, metres
        See `wood`.
    colour, second : sequence of 3 floats
        Ground and figure, sRGB in [0, 1].
    motif : str
        "stripes", "pinstripes", "damask", "dots", "trellis", "leaves" or "chevron".
    repeat : float
        Period in metres, rounded so that the tile repeats.

    Returns
    -------
    colours, heights : ndarray
        See the module.
    """
    x, y = _grid(size, metres)
    count = max(1, round(metres / repeat))
    u, v = x * count / metres, y * count / metres
    figure = _motif(rng, motif, u, v)[..., None]
    paper = noise(rng, size, detail=1.5, period=size / 40)[..., None]
    colours = np.asarray(colour) * (1 - figure) + np.asarray(second) * figure
    return np.clip(colours * (1 + 0.008 * paper), 0, 1), 0.5 + 0.3 * figure[..., 0]


def _motif(rng, motif, u, v):
    """Draw a figure of period 1 in u and v (2 in v for some): weights in [0, 1]."""
    if motif == "stripes":
        return _soft(np.abs((u % 1) - 0.5) - rng.uniform(0.12, 0.3))
    if motif == "pinstripes":
        return _soft(np.abs((u * 3 % 1) - 0.5) - 0.06, 0.04)
    if motif == "dots":
        row = np.floor(v * 2)
        return _soft(np.hypot((u + 0.5 * (row % 2)) % 1 - 0.5, (v * 2 % 1 - 0.5) * 0.5) - 0.12)
    if motif == "trellis":
        wave = np.abs(np.cos(np.pi * u) - np.cos(np.pi * v) * np.where(np.floor(u + v) % 2, 1, 1))
        return _soft(np.minimum(wave, np.abs(np.cos(np.pi * u) + np.cos(np.pi * v))) - 0.16, 0.05)
    if motif == "chevron":
        return _soft(np.abs((v * 2 + np.abs(u % 1 - 0.5)) % 1 - 0.5) - 0.2)
    shift = 0.0 if motif == "leaves" else np.floor(v) % 2 * 0.5
    a, b = (u + shift) % 1 - 0.5, v % 1 - 0.5
    radius, angle = np.hypot(a, b), np.arctan2(b, np.abs(a))
    if motif == "leaves":
        stem = _soft(np.abs(a + 0.1 * np.sin(2 * np.pi * b)) - 0.012)
        leaf = _soft(
            np.abs(np.abs(a) - 0.16 - 0.1 * np.abs((b * 4) % 1 - 0.5)) - 0.07 * np.abs((b * 4) % 1 - 0.5)
        )
        return np.maximum(stem, leaf)
    petals = 0.26 + 0.1 * np.cos(5 * angle) + 0.05 * np.cos(9 * angle + 1)
    ring = _soft(np.abs(radius - petals) - 0.03)
    return np.maximum(ring, np.maximum(_soft(radius - 0.1), _soft(np.abs(radius - 0.45) - 0.015)))


def _soft(distance, blur=0.02):
    """Turn a signed distance into a weight with a soft edge: 1 inside."""
    return np.clip(0.5 - distance / blur, 0, 1)


def rug(rng, size, *, colours, pattern="border"):
    """Paint a whole rug, not repeating.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    size : int
        Side in pixels; the rug's shape comes with the mesh.
    colours : sequence of 3 colours
        Ground, figure and accent, sRGB in [0, 1].
    pattern : str
        "border", "oriental", "stripes", "diamonds", "blocks" or "plain".

    Returns
    -------
    colours, heights : ndarray
        See the module.
    """
    line = (np.arange(size) + 0.5) / size * 2 - 1
    u, v = np.meshgrid(line, line)
    edge = np.maximum(np.abs(u), np.abs(v))
    a, b, c = (np.asarray(colour, float) for colour in colours)
    index = np.zeros((size, size), int)
    if pattern == "border":
        index[(edge > 0.8) & (edge < 0.9)] = 1
    elif pattern == "oriental":
        waves = np.cos(9 * np.abs(u)) * np.cos(9 * np.abs(v)) + 0.6 * np.cos(23 * u) * np.cos(23 * v)
        index = np.where(waves > 0.45, 1, np.where(waves < -0.5, 2, 0))
        index[np.abs(u) + np.abs(v) < 0.45] = 2
        index[(np.abs(u) + np.abs(v) < 0.4) & (waves > 0)] = 1
        index[edge > 0.72] = np.where(np.cos(40 * u) * np.cos(40 * v) > 0.2, 2, 1)[edge > 0.72]
    elif pattern == "stripes":
        index = (rng.integers(0, 3, 24)[np.clip(((v + 1) * 12).astype(int), 0, 23)]).astype(int)
    elif pattern == "diamonds":
        index[(np.abs(((u + v) * 3) % 1 - 0.5) < 0.05) | (np.abs(((u - v) * 3) % 1 - 0.5) < 0.05)] = 1
    elif pattern == "blocks":
        number = rng.integers(0, 3, (6, 6))
        index = number[np.clip(((v + 1) * 3).astype(int), 0, 5), np.clip(((u + 1) * 3).astype(int), 0, 5)]
    pile = noise(rng, size, detail=1.6, period=6)
    shade = np.stack([a, b, c])[index] * (1 + 0.07 * pile[..., None])
    return np.clip(shade, 0, 1), np.clip(0.5 + 0.25 * pile, 0, 1)


def artwork(rng, size):
    """Paint a picture for a frame: a landscape, an abstract or a grid of patches; heights are flat."""
    line = np.linspace(0, 1, size)
    u, v = np.meshgrid(line, line)
    kind = rng.integers(3)
    palette = rng.uniform(0.1, 0.95, (6, 3)) * rng.uniform(0.6, 1.0, (6, 1))
    if kind == 0:
        canvas = palette[0] * v[..., None] + palette[1] * (1 - v[..., None])
        for level in range(4):
            ridge = 0.7 - 0.17 * level + 0.06 * noise(rng, size, detail=3.0, period=size / 3)[level][None, :]
            canvas = np.where((v < ridge)[..., None], palette[2 + level], canvas)
    elif kind == 1:
        field = noise(rng, size, detail=3.0, period=size / 2)
        canvas = palette[np.clip(((field + 2) * 1.5).astype(int), 0, 5)]
    else:
        number = rng.integers(0, 6, (5, 4))
        canvas = palette[number[np.minimum((v * 5).astype(int), 4), np.minimum((u * 4).astype(int), 3)]]
    brush = noise(rng, size, stretch=(3, 1), detail=1.5, period=size / 20)
    canvas = np.clip(canvas * (1 + 0.06 * brush[..., None]), 0, 1)
    margin = np.maximum(np.abs(u - 0.5), np.abs(v - 0.5)) > (0.5 if rng.random() < 0.5 else 0.4)
    return np.where(margin[..., None], 0.92, canvas), np.full((size, size), 0.5)


PAINTERS = {
    "wood": wood, "tiles": tiles, "bricks": bricks, "plaster": plaster, "carpet": carpet, "weave": weave,
    "wallpaper": wallpaper,
}  # fmt: skip


def paint(kind, seed, size, metres, **options):
    """Paint the texture `kind` with its own seed; see PAINTERS, `rug` and `artwork`.

    Parameters
    ----------
    kind : str
        A name in PAINTERS, "rug" or "artwork".
    seed : int or sequence of int
        Seed of the chance in it.
    size : int
        Side in pixels.
    metres : float
        Side in metres.
    **options
        Passed on.

    Returns
    -------
    colours, heights : ndarray, float32
        See the module.
    """
    rng = np.random.default_rng(seed)
    if kind in ("rug", "artwork"):
        colours, heights = {"rug": rug, "artwork": artwork}[kind](rng, size, **options)
    else:
        colours, heights = PAINTERS[kind](rng, size, metres, **options)
    return np.asarray(colours, np.float32), np.asarray(heights, np.float32)
