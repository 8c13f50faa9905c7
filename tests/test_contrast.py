"""What is darker than the rest of its floor, wall or ceiling is seen to be, and nothing else."""

import numpy as np
import pytest

from pano_inpaint.cube import face_directions
from pano_inpaint.models.contrast import Contrast
from pano_inpaint.room_parts import LAYOUT

SIDE = 64
SURE = 20.0  # a logit


def logits(parts):
    """As a network that is sure of these parts, (..., H, W), would say."""
    return SURE * np.eye(len(LAYOUT), dtype=np.float32)[parts]


@pytest.fixture
def floor_and_wall():
    """A bright wall above a dark floor with a darker patch in it: colours, mask, parts."""
    parts = np.full((1, SIDE, SIDE), LAYOUT.index("wall"))
    parts[:, 32:] = LAYOUT.index("floor")
    colours = np.where(parts[..., None] == LAYOUT.index("wall"), np.float32(0.8), np.float32(-0.2))
    colours = np.repeat(colours, 3, -1)
    colours[:, 46:50, 30:34] -= 0.5
    return colours, np.zeros((1, SIDE, SIDE, 1), np.float32), parts


def test_a_patch_is_darker_than_its_floor_by_as_much_and_a_wall_beside_does_not_count(floor_and_wall):
    colours, mask, parts = floor_and_wall
    nearest, _, widest = np.split(np.asarray(Contrast()(colours, mask, logits(parts))), 3, axis=-1)
    patch = np.s_[0, 46:50, 30:34]
    assert (nearest[patch] < -0.3).all() and (widest[patch] < -0.45).all() and (widest[patch] > -0.5).all()
    assert np.abs(nearest[0, :32]).max() < 1e-3 and np.abs(nearest[0, 33:36]).max() < 0.02
    assert nearest[0, 43, 32].min() > 0.02  # beside it the floor is brighter than around


def test_what_is_masked_neither_counts_nor_is_compared(floor_and_wall):
    colours, mask, parts = floor_and_wall
    mask[:, 44:52, 28:36] = 1
    before = np.asarray(Contrast()(colours, mask, logits(parts)))
    assert np.abs(before).max() < 1e-3
    colours[:, 44:52, 28:36] = 3
    np.testing.assert_array_equal(Contrast()(colours, mask, logits(parts)), before)


@pytest.mark.parametrize("part", ["opening", "trim", "thing"])
def test_only_planes_are_compared(floor_and_wall, part):
    colours, mask, parts = floor_and_wall
    parts[:, 46:50, 30:34] = LAYOUT.index(part)
    assert np.abs(np.asarray(Contrast()(colours, mask, logits(parts)))).max() < 1e-3


def test_across_faces_a_floor_is_one():
    """On a cube of a floor whose light falls off smoothly no border is seen: what it makes is even, too."""
    rays = face_directions(SIDE)
    parts = np.where(rays[..., 1] > 0, LAYOUT.index("wall"), LAYOUT.index("floor"))
    colours = np.repeat(0.3 * rays[..., :1], 3, -1).astype(np.float32)
    mask = np.zeros((6, SIDE, SIDE, 1), np.float32)

    def steps(padding_mode):
        made = np.asarray(Contrast(padding_mode=padding_mode)(colours, mask, logits(parts)))
        low = made[:4, SIDE // 2 + 12 :]  # front, right, back and left; the floor
        return max(np.abs(low[i][:, -1] - low[(i + 1) % 4][:, 0]).max() for i in range(4))

    assert steps("cube") < 0.5 * steps("zero")


def test_sides_that_cannot_be_halved_are_as_good(floor_and_wall):
    colours, mask, parts = floor_and_wall
    whole = np.asarray(Contrast()(colours, mask, logits(parts)))
    cut = [one[:, : SIDE - 6, : SIDE - 10] for one in (colours, mask, logits(parts))]
    made = np.asarray(Contrast()(*cut))
    assert made.shape == (1, SIDE - 6, SIDE - 10, 9)
    np.testing.assert_allclose(made[:, :40, :30], whole[:, :40, :30], atol=0.05)


def test_nothing_is_learnt_through_the_layout(floor_and_wall):
    import tensorflow as tf

    colours, mask, parts = floor_and_wall
    layout = tf.Variable(logits(parts))
    with tf.GradientTape() as tape:
        made = tf.reduce_sum(Contrast()(colours, mask, layout))
    assert tape.gradient(made, layout) is None
