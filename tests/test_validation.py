"""Scores of networks on held-out panoramas."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from finetune.validation import score_network
from pano_inpaint.models.gan import discriminate
from pano_inpaint.models.losses import SLIGHT
from pano_inpaint.room_parts import LAYOUT

SIZE = 16
FLOOR, WALL = LAYOUT.index("floor"), LAYOUT.index("wall")


class Network:
    """Completes with mid-gray and takes everything for floor."""

    def __init__(self):
        self.inputs = [type("Input", (), {"name": name}) for name in ("picture", "mask")]
        self.layers = [type("Layer", (), {"name": name}) for name in ("merge", "layout")]

    def __call__(self, inputs, training):
        picture, mask = inputs
        logits = np.zeros((*picture.shape[:3], len(LAYOUT)), np.float32)
        logits[..., FLOOR] = 1
        return [np.where(mask > 0, np.float32(0.5), picture), logits]


def panorama(layout):
    """Faces of mid-gray, hidden on two of them."""
    mask = np.zeros((6, SIZE, SIZE, 1), np.float32)
    mask[2], mask[5] = 1, 1
    truth = np.full((6, SIZE, SIZE, 3), 0.5, np.float32)
    weight = np.ones_like(mask)
    return {"input": truth * (1 - mask), "truth": truth, "mask": mask, "weight": weight, "layout": layout}


def test_layout_counts_what_is_hidden_and_known():
    labels = np.full((6, SIZE, SIZE), WALL, np.int32)
    labels[2] = FLOOR
    labels[5, : SIZE // 2] = -1
    scores = score_network(Network(), [panorama(labels)])
    assert scores["layout"] == pytest.approx(2 / 3)
    assert scores["psnr"] == np.inf


def test_panoramas_without_labels_say_nothing_about_the_layout():
    known, unknown = np.full((6, SIZE, SIZE), FLOOR, np.int32), np.full((6, SIZE, SIZE), -1, np.int32)
    assert score_network(Network(), [panorama(known), panorama(unknown)])["layout"] == 1
    assert np.isnan(score_network(Network(), [panorama(unknown)])["layout"])


class Shadowing(Network):
    """Tells a shadow everywhere, too."""

    def __init__(self):
        super().__init__()
        self.layers += [type("Layer", (), {"name": "shadows"})]

    def __call__(self, inputs, training):
        return [*super().__call__(inputs, training), np.full_like(inputs[0], 0.3)]


def test_shadows_count_where_somebody_is_to_blame():
    labels = np.full((6, SIZE, SIZE), FLOOR, np.int32)
    blamed, unknown = (panorama(labels) | {"blame": np.full(labels.shape, who)} for who in (1.0, -1.0))
    scores = score_network(Shadowing(), [blamed, unknown])
    assert scores["shadows"] == pytest.approx(0.3 - SLIGHT / 2)
    assert np.isnan(score_network(Shadowing(), [unknown])["shadows"])


class Judge:
    """Takes what is brighter than mid-gray in the picture's middle for real, the darker for completed."""

    inputs = (None, tf.zeros((1, 8, 8, 3)))

    def __call__(self, inputs, training):
        assert not training and inputs[1].shape == (6, 8, 8, 3)
        return 10 * (tf.reduce_mean(inputs[1], axis=(1, 2))[:, :1] - 0.5)


@pytest.mark.parametrize("brightness", [0.9, 0.55, 0.45])
def test_a_discriminator_is_scored_on_faces_with_holes(brightness):
    """What the hole shows is real and brighter, or not; completed with mid-gray nobody can tell: 1."""
    faces = panorama(np.full((6, SIZE, SIZE), FLOOR, np.int32))
    faces["truth"] = np.where(faces["mask"] > 0, brightness, 0.9 + 0 * faces["truth"]).astype(np.float32)
    faces["input"] = faces["truth"] * (1 - faces["mask"])
    faces |= dict.fromkeys(("window", "real_window"), np.full((6, 2), 4, np.int32))
    judging = partial(discriminate, Judge(), kind="hinge")
    scores = score_network(Network(), [faces], discriminate=judging)
    real = max(0, 1 - 10 * (brightness - 0.5))
    assert scores["discriminator"] == pytest.approx(2 * real / 6 + 1)  # four faces are surely real
    assert "discriminator" not in score_network(Network(), [faces])
