"""The benchmark of transfer: how scenes are divided, and what is drawn."""

import itertools

import numpy as np
import pytest
from PIL import Image
from small_sets import add_homes, write_sets

from benchmarks.short_runs import SIZE, divide
from benchmarks.transfer import ARMS
from benchmarks.transfer_plot import STYLES, draw_curves
from pano_inpaint.errors import UsageError


@pytest.fixture
def sets(tmp_path):
    return *write_sets(tmp_path), tmp_path / "out"


def test_homes_are_held_out_whole(sets):
    order, validation, views = divide(*sets)
    training, held_out = ({item.scene for item in items} for items in (order(0), validation["homes"]))
    assert not training & held_out
    assert len(training | held_out) == 6
    assert len(order(0)) == 2 * len(training)
    assert not {item.name for item in views} & {item.name for item in validation["real"]}
    assert {item.name for item in order(1)} == {item.name for item in order(0)} and order(1) != order(0)


def test_homes_rendered_later_only_train_and_come_last(sets):
    before, held_out, _ = divide(*sets)
    add_homes(sets[0], range(6, 20))
    after, still_held_out, _ = divide(*sets)
    assert held_out == still_held_out
    for seed in (0, 1):
        assert after(seed)[: len(before(seed))] == before(seed)
    assert len(after(0)) == len(before(0)) + 28


def test_copies_have_the_size_that_is_trained_at(sets):
    order, _, _ = divide(*sets)
    item = order(0)[0]
    with Image.open(item.empty) as empty, Image.open(item.object_mask[0]) as objects:
        assert empty.size == objects.size == (4 * SIZE, 2 * SIZE)
        assert set(np.unique(np.asarray(objects))) == {0, 5}


def test_one_home_is_not_enough(tmp_path, sets):
    add_homes(tmp_path / "one", [0])
    with pytest.raises(UsageError, match="two homes"):
        divide(tmp_path / "one", *sets[1:])


def test_curves_are_drawn_of_whatever_is_there(tmp_path):
    assert STYLES.keys() == ARMS.keys()
    rows = [
        {"arm": arm, "panoramas": count, "seed": seed, "homes_psnr": 20.0 + count, "real_psnr": 19.0}
        for arm, count, seed in itertools.product(list(ARMS)[:3], (0, 10), (0, 1))
    ]
    draw_curves(rows, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > picture.height > 300
