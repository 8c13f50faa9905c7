"""Procedural figures: people, a cat or dog, and the tripod under a camera."""

import numpy as np

from finetune.rooms.shapes import ball, cushion, cylinder, fitted, tube


def person(rng, size):
    """Build a standing person out of limbs and ellipsoids.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    size : tuple of 3 floats
        Width, depth, height in metres.

    Returns
    -------
    list of Part
        Slots "skin", "hair", "shirt", "trousers", "leg".
    """
    stance = rng.uniform(0.07, 0.12)
    parts = []
    for side in (-1, 1):
        x, step = side * stance, rng.uniform(-0.08, 0.08)
        parts.append(tube([(x * 0.9, 0, 0.9), (x, step * 0.6, 0.5), (x, step, 0.08)], (0.085, 0.065, 0.045),
                          material="trousers", segments=12))  # fmt: skip
        parts.append(
            cushion((0.095, 0.26, 0.09), (x, step - 0.05, 0.045), radius=0.04, material="leg", steps=4)
        )
        bend = rng.uniform(0.0, 0.2)
        elbow, hand = (side * 0.27, 0.02, 1.12), (side * (0.27 - bend), -0.25 * rng.random(), 0.88 + bend)
        parts.append(
            tube([(side * 0.18, 0, 1.42), elbow, hand], (0.055, 0.045, 0.035), material="shirt", segments=10)
        )
        parts.append(ball(0.045, hand, material="skin", segments=10))
    parts.append(cushion((0.36, 0.22, 0.62), (0, 0, 1.17), radius=0.1, material="shirt"))
    parts.append(cylinder(0.055, 0.12, (0, 0, 1.46), material="skin"))
    parts.append(ball(0.105, (0, 0, 1.64), squash=1.2, material="skin", segments=20))
    parts.append(ball(0.112, (0, 0.02, 1.675), squash=1.05, material="hair", segments=20))
    if rng.random() < 0.4:
        parts.append(ball(0.13, (0, 0.06, 1.56), squash=1.5, material="hair", segments=16))
    return fitted(parts, size)


def pet(rng, size):
    """Build a small four-legged animal lying or standing; see `person`. Slot "hair"."""
    body = ball(0.13, (0, 0.02, 0.2), squash=0.95, material="hair", segments=16)
    body.vertices[:, 1] *= 1.9
    parts = [body, ball(0.085, (0, -0.27, 0.33), material="hair", segments=14)]
    parts += [
        tube([(x, -0.26, 0.38), (x * 1.2, -0.26, 0.46)], (0.03, 0.004), material="hair")
        for x in (-0.05, 0.05)
    ]
    for x in (-0.07, 0.07):
        for y in (-0.15, 0.18):
            parts.append(tube([(x, y, 0.18), (x, y, 0)], (0.04, 0.025), material="hair"))
    angle = np.linspace(0, 1.5, 6)
    parts.append(
        tube(
            np.stack([0.08 * np.sin(angle), 0.25 + 0.12 * angle, 0.22 + 0.1 * angle**2], -1),
            0.022,
            material="hair",
        )
    )
    return fitted(parts, size)


def tripod(rng, size):
    """Build the tripod that stands right under a camera; see `person`. Slot "black"."""
    width, _, height = size
    hub = 0.62 * height
    parts = [
        tube([(0, 0, hub - 0.25), (0, 0, height)], 0.014, material="black"),
        cylinder(0.04, 0.06, (0, 0, hub), material="black"),
        cylinder(0.025, 0.03, (0, 0, height - 0.03), material="black"),
    ]
    start = rng.uniform(0, 2)
    for number in range(3):
        angle = start + number * 2 * np.pi / 3
        foot = (0.5 * width * np.cos(angle), 0.5 * width * np.sin(angle), 0)
        parts.append(tube([(0, 0, hub), foot], (0.016, 0.01), material="black"))
    return parts
