"""What is seen through windows: a painted outdoor panorama."""

import numpy as np

from finetune.rooms.textures import noise


def paint_view(seed, *, height=512, time="sun"):
    """Paint an equirectangular outdoor scene: sky, clouds, hills, houses or trees, ground.

    Parameters
    ----------
    seed : int
        Seed of its chance.
    height : int
        Rows; twice as many columns.
    time : str
        "sun", "overcast", "dusk" or "night".

    Returns
    -------
    ndarray, shape (height, 2 height, 3), float32
        Linear RGB, about 1 at the brightest part of the sky; row 0 at the top.
    """
    rng = np.random.default_rng(seed)
    width = 2 * height
    latitude = (0.5 - (np.arange(height) + 0.5) / height) * np.pi
    canvas = _sky(rng, latitude, width, time)
    haze = canvas[height // 2 - 1 : height // 2, :, :].mean(axis=1, keepdims=True)
    layers = ["hills"] if rng.random() < 0.7 else []
    layers += [str(rng.choice(["houses", "trees", "both"]))]
    for layer in layers:
        for name in ("trees", "houses") if layer == "both" else (layer,):
            line, colour = _skyline(rng, name, width, height)
            covered = latitude[:, None] < line[None]
            far = 0.65 if name == "hills" else 0.12
            paint = colour * (1 - far) + haze * far
            canvas = np.where(covered[..., None], paint, canvas)
    ground = _ground(rng, latitude, width, haze)
    below = np.broadcast_to(latitude[:, None] < -0.02, canvas.shape[:2])
    canvas = np.where(below[..., None], ground, canvas)
    if time == "night":
        canvas = canvas + _lit_windows(rng, canvas.shape, latitude)
    return canvas.astype(np.float32)


def _sky(rng, latitude, width, time):
    zenith, horizon = {
        "sun": ((0.16, 0.34, 0.75), (0.72, 0.84, 0.95)), "overcast": ((0.75, 0.78, 0.82), (0.88, 0.9, 0.92)),
        "dusk": ((0.16, 0.2, 0.42), (0.95, 0.55, 0.32)), "night": ((0.01, 0.015, 0.04), (0.05, 0.05, 0.08)),
    }[time]  # fmt: skip
    up = np.clip(latitude / (np.pi / 2), 0, 1)[:, None, None] ** 0.55
    sky = np.array(horizon) * (1 - up) + np.array(zenith) * up
    cloud = noise(rng, 2 * len(latitude), stretch=(2.5, 1.0), detail=2.2, period=len(latitude) / 3)[
        : len(latitude)
    ]
    amount = {"sun": 0.5, "overcast": 0.25, "dusk": 0.4, "night": 0.1}[time]
    weight = np.clip((cloud - rng.uniform(-0.3, 0.9)) * 0.7, 0, 1)[..., None] * amount
    white = np.array((1.0, 1.0, 1.0)) if time in ("sun", "overcast") else np.array(horizon) * 1.1
    return np.broadcast_to(sky, (len(latitude), width, 3)) * (1 - weight) + white * weight


def _skyline(rng, name, width, height):
    """Draw the upper edge of hills, trees or houses (radians) and their colour, row by column."""
    angle = np.arange(width) / width
    if name == "hills":
        line = 0.03 + 0.05 * rng.random()
        for k in range(1, 6):
            line = line + 0.03 / k * np.sin(2 * np.pi * (k * angle + rng.random()))
        return line, np.array([0.16, 0.24, 0.16])
    if name == "trees":
        count = int(rng.integers(20, 60))
        line = np.full(width, -0.03)
        for _ in range(count):
            middle, half, top = rng.random(), rng.uniform(0.01, 0.04), rng.uniform(0.03, 0.32)
            gap = (angle - middle + 0.5) % 1 - 0.5
            line = np.maximum(line, top * np.sqrt(np.clip(1 - (gap / half) ** 2, 0, 1)) - 0.02)
        line = line + 0.012 * noise(rng, width, detail=1.0, period=8)[0]
        leaf = np.array([0.09, 0.17, 0.06]) * rng.uniform(0.7, 1.6)
        shade = 1 + 0.45 * noise(rng, width, detail=1.5, period=16)[:height]
        return line, leaf * np.clip(shade, 0.25, 2)[..., None]
    return _houses(rng, width, height)


def _houses(rng, width, height):
    line, colour = np.full(width, -0.05), np.zeros((height, width, 3)) + 0.3
    latitude = (0.5 - (np.arange(height) + 0.5) / height) * np.pi
    position = 0
    while position < width:
        wide = int(rng.integers(width // 60, width // 16))
        top = rng.uniform(0.05, 0.35)
        if rng.random() < 0.75:
            stop = min(position + wide, width)
            span = slice(position, stop)
            roof = rng.uniform(0.0, 0.12) * (1 - np.abs(np.linspace(-1, 1, stop - position)))
            line[span] = top + roof
            wall = np.array([0.55, 0.48, 0.42]) * rng.uniform(0.4, 1.4) * rng.uniform(0.85, 1.15, 3)
            colour[:, span] = wall
            colour[latitude > top, span] = np.array([0.3, 0.12, 0.08]) * rng.uniform(0.6, 1.3)
            pitch = max(5, wide // int(rng.integers(3, 7)))
            across = np.arange(stop - position) % pitch
            rows = ((top - latitude) % 0.065) / 0.065
            pane = (rows[:, None] > 0.35) & (rows[:, None] < 0.8) & (latitude[:, None] < top)
            pane = pane & (across > 0.3 * pitch)[None] & (across < 0.75 * pitch)[None]
            colour[:, span][pane] = (0.12, 0.14, 0.17)
        position += wide + int(rng.integers(0, width // 40))
    return line, colour


def _ground(rng, latitude, width, haze):
    base = np.array([[0.12, 0.2, 0.07], [0.22, 0.22, 0.21], [0.26, 0.22, 0.16]][int(rng.integers(3))])
    grain = noise(rng, width, stretch=(3, 1), detail=1.4, period=60)[: len(latitude)]
    depth = np.clip(-latitude / 0.5, 0, 1)[:, None, None]
    return (base * (1 + 0.2 * grain[..., None])) * depth + (0.5 * haze + 0.5 * base) * (1 - depth)


def _lit_windows(rng, shape, latitude):
    """Draw scattered warm lights near the horizon."""
    glow = np.zeros(shape)
    rows = np.flatnonzero((latitude > -0.05) & (latitude < 0.12))
    for _ in range(int(rng.integers(15, 50))):
        row, column = int(rng.choice(rows)), int(rng.integers(shape[1]))
        glow[row : row + 1, column : column + 2] = np.array([3.0, 2.0, 1.0]) * rng.uniform(0.3, 1.5)
    return glow
