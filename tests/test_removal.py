import numpy as np
import pytest

from finetune.rooms.placement import Item
from finetune.rooms.removal import SHARES, choose_pieces, window_around, with_what_rests_on
from pano_inpaint.masks import grow

DESK = Item("desk", "desk", (1.4, 0.7, 0.75), (1.0, 1.0, 0.0), turn=0.4)
SCREEN = Item("monitor", "television", (0.5, 0.2, 0.4), (1.0, 1.1, 0.752))
FIGURE = Item("figure", "otherprop", (0.1, 0.1, 0.1), (1.1, 1.1, 1.154))
CHAIR = Item("chair", "chair", (0.5, 0.5, 0.9), (1.0, 0.8, 0.0))
PAINTING = Item("picture", "picture", (0.6, 0.04, 0.5), (1.0, 1.3, 1.4))
NUMBERED = [
    (1, 0, CHAIR), (2, 0, DESK), (3, 0, SCREEN), (4, 0, FIGURE), (5, 0, PAINTING), (6, 1, SCREEN),
]  # fmt: skip


def test_a_piece_takes_along_what_rests_on_it_and_nothing_else():
    assert with_what_rests_on(2, NUMBERED) == (2, 3, 4)
    assert with_what_rests_on(3, NUMBERED) == (3, 4)
    assert with_what_rests_on(1, NUMBERED) == (1,)


def instances(**shares):
    """A panorama of bands: each instance covers a share of the sphere, by areas in closed form."""
    height = 512
    index, bottom = np.zeros((height, 2 * height), int), -1.0
    sines = np.cos(np.pi * (np.arange(height) + 0.5) / height)
    for name, share in shares.items():
        index[(sines >= bottom) & (sines < bottom + 2 * share)] = int(name[1:])
        bottom += 2 * share
    return index


def test_only_pieces_well_in_view_are_chosen_and_each_of_them_sometimes():
    shown = instances(_1=0.05, _2=0.01, _3=0.02, _5=SHARES[0] / 2)
    chosen = {choose_pieces(shown, NUMBERED, np.random.default_rng(seed))[0] for seed in range(40)}
    assert chosen == {(1,), (2, 3, 4), (3, 4)}


@pytest.mark.parametrize("share", [SHARES[0] / 2, SHARES[1] * 1.2])
def test_nothing_is_chosen_that_is_too_small_or_too_near(share):
    assert choose_pieces(instances(_1=share), NUMBERED, np.random.default_rng(0)) == []


def test_what_is_outdoors_counts_for_nothing():
    shown = np.full((64, 128), -100)
    assert choose_pieces(shown, NUMBERED, np.random.default_rng(0)) == []


def test_several_pieces_are_chosen_each_once_and_the_first_as_if_it_were_alone():
    shown = instances(_1=0.05, _2=0.01, _3=0.02)
    for seed in range(10):
        alone, two, many = (
            choose_pieces(shown, NUMBERED, np.random.default_rng(seed), most=most) for most in (1, 2, 9)
        )
        assert alone == two[:1] == many[:1] and two == many[:2]
        assert sorted(many) == [(1,), (2, 3, 4), (3, 4)]


@pytest.mark.parametrize("column", [0, 20, 64, 126])
@pytest.mark.parametrize("row", [2, 20, 32, 60])
def test_a_window_holds_all_within_reach_and_not_the_whole_where_it_need_not(row, column):
    piece = np.zeros((64, 128), bool)
    piece[row : row + 2, column : column + 2] = True
    window = window_around(piece, np.radians(20))
    near = grow(piece, np.radians(20))
    inside = np.zeros_like(piece)
    inside[window] = True
    assert not (near & ~inside).any()
    whole = window[1] == slice(0, 128)
    assert whole == (column in (0, 126) or row in (2, 60))
    assert whole or inside.sum() < 2 * near.sum()
