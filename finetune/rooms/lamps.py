"""Ceiling lamps: what hangs there, and where its light comes from."""

from dataclasses import dataclass, field

import numpy as np

from finetune.rooms import ground, shell
from finetune.rooms.shapes import Part, ball, cylinder, tube, turned


@dataclass
class CeilingLamp:
    """A ceiling lamp.

    Attributes
    ----------
    position : tuple of 3 floats
        Where its light comes from, metres.
    radius : float
        Size of the source in metres.
    parts : list of Part
        What is seen of it.
    downwards : bool
        Whether it shines down only.
    """

    position: tuple[float, float, float]
    radius: float
    parts: list[Part] = field(default_factory=list)
    downwards: bool = False


def ceiling_lamps(rng, room):
    """Build a room's ceiling lamps: pendant, flush disc, chandelier, or a grid of spots.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    room : Room
        Room.

    Returns
    -------
    list of CeilingLamp
        Each with the place its light comes from.
    """
    x, y = shell.ceiling_anchor(room)
    top = float(room.height_at((x, y)))
    manner = rng.choice(["pendant", "disc", "spots", "globe", "branches"], p=[0.25, 0.28, 0.2, 0.15, 0.12])
    if top < 2.3 or room.kind in ("hall", "bathroom"):
        manner = rng.choice(["disc", "spots"])
    if manner == "spots":
        return _spots(room, x, y)
    if manner == "disc":
        radius = rng.uniform(0.14, 0.24)
        parts = [cylinder(radius, 0.05, (x, y, top - 0.06), material="lamp_glow", segments=32),
                 cylinder(radius + 0.01, 0.015, (x, y, top - 0.015), material="metal",
                     segments=32)]  # fmt: skip
        return [CeilingLamp((x, y, top - 0.075), radius, parts, downwards=True)]
    drop = min(rng.uniform(0.3, 0.7), top - 2.0)
    z = top - drop
    rod = [
        tube([(x, y, z), (x, y, top)], 0.006, material="black"),
        cylinder(0.05, 0.03, (x, y, top - 0.03), material="metal"),
    ]
    if manner == "globe":
        radius = rng.uniform(0.1, 0.18)
        globe = ball(radius, (x, y, z - radius), material="lamp_glow", segments=24)
        return [CeilingLamp((x, y, z - 2 * radius - 0.06), radius, [*rod, globe])]
    if manner == "pendant":
        low, high = rng.uniform(0.15, 0.26), rng.uniform(0.04, 0.2)
        shade = turned([(low, z - 0.22), (high, z)], (x, y, 0), material="lamp_shade", segments=32)
        bulb = ball(0.035, (x, y, z - 0.12), material="lamp_glow", segments=12)
        return [CeilingLamp((x, y, z - 0.26), 0.08, [*rod, shade, bulb])]
    parts = rod
    arms = int(rng.integers(4, 7))
    for number in range(arms):
        angle = number * 2 * np.pi / arms
        tip = (x + 0.28 * np.cos(angle), y + 0.28 * np.sin(angle), z - 0.02)
        bend = (x + 0.18 * np.cos(angle), y + 0.18 * np.sin(angle), z - 0.1)
        parts += [
            tube([(x, y, z), bend, tip], 0.008, material="metal"),
            ball(0.045, tip, material="lamp_glow", segments=12),
        ]
    return [CeilingLamp((x, y, z - 0.2), 0.2, parts)]


def _spots(room, x, y):
    lamps, reach = [], np.ptp(room.polygon, axis=0) * 0.24
    for dx in (-1, 1):
        for dy in (-1, 1):
            point = np.array([x + dx * reach[0], y + dy * reach[1]])
            top = float(room.height_at(point))
            if abs(top - room.height) > 1e-6 or not ground.contains(room.polygon, point):
                continue
            parts = [cylinder(0.045, 0.006, (*point, top - 0.006), material="lamp_glow", segments=16),
                     turned([(0.045, -0.008), (0.06, -0.008), (0.06, 0)], (*point, top),
                         material="metal")]  # fmt: skip
            lamps.append(
                CeilingLamp((float(point[0]), float(point[1]), top - 0.02), 0.05, parts, downwards=True)
            )
    return lamps
