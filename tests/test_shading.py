import numpy as np

from pano_inpaint.shading import (
    estimate_light,
    even_layers,
    is_paint,
    local_light,
    strangeness,
    typical_colours,
)


def lit_surface(seed=0, size=160):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    light = (0.5 + 0.4 * np.exp(-((x - 0.3) ** 2 + (y - 0.2) ** 2) / 0.3))[..., None]
    texture = np.array([0.8, 0.7, 0.6]) * np.exp(rng.normal(0, 0.05, (size, size, 1)))
    return (light * texture).astype(np.float32), np.log(light)


def test_light_of_an_evenly_coloured_surface():
    picture, truth = lit_surface()
    light = estimate_light(picture, np.ones((160, 160), bool), 12)
    off = light - truth
    assert (off - off.mean(axis=(0, 1)))[12:-12, 12:-12].std() < 0.02


def test_light_goes_on_through_a_hole():
    picture, truth = lit_surface()
    hole = np.zeros((160, 160), bool)
    hole[60:110, 50:100] = True
    picture[hole] = 0.9
    light = estimate_light(picture, ~hole, 12, hole=hole)
    off = light - truth
    assert np.abs(off - np.median(off, axis=(0, 1)))[hole].max() < 0.1


def test_a_hole_is_told_what_light_it_lies_in():
    picture, known = np.full((160, 160, 3), 0.5, np.float32), np.ones((160, 160), bool)
    known[:, 100:] = False  # a wall that grows dark towards a corner, behind what is to be erased
    truth = np.where(np.arange(160) < 90, 0, -0.004 * (np.arange(160) - 90))[None, :, None]
    told = picture * np.exp(truth).astype(np.float32)
    picture = np.where(known[..., None], told, np.float32(0.9))
    off = [
        np.abs(estimate_light(picture, known, 12, hole=~known, told=what) - truth - np.log(0.5))[:, 120:]
        for what in (None, told)
    ]
    assert off[1].mean() < 0.5 * off[0].mean()
    plain = estimate_light(picture, known, 12, hole=~known)
    light = estimate_light(picture, known, 12, hole=~known, told=np.full_like(picture, 0.25))
    assert np.abs(light - plain)[known].max() < 0.35 * np.log(2)


def test_contact_shadow_is_not_carried_into_the_hole():
    picture, truth = lit_surface()
    hole = np.zeros((160, 160), bool)
    hole[60:110, 50:100] = True
    shadow = np.zeros_like(hole)
    shadow[54:116, 44:106] = True
    picture[shadow & ~hole] *= 0.8
    off = [estimate_light(picture, ~hole, 12, hole=h)[hole].mean() for h in (hole, None)]
    off = np.array(off) - (truth[hole].mean() + np.log([0.8, 0.7, 0.6]).mean())
    assert abs(off[0]) < 0.06 and off[1] < off[0] - 0.02


def test_another_material_is_not_light():
    picture, truth = lit_surface()
    picture[40:120, 120:] *= np.array([0.9, 0.6, 0.4], np.float32)
    light = estimate_light(picture, np.ones((160, 160), bool), 12)
    off = light - truth - np.log([0.8, 0.7, 0.6])
    assert np.abs(off[50:110, 95:115]).mean() < 0.05


def test_typical_colours_of_layers():
    even = np.full((30, 40, 3), 0.7, np.float32)
    even[25:] = 0.9
    even[:, 5:10] = 0.1
    known = np.ones((30, 40), bool)
    known[:, 20:30] = False
    assert np.allclose(typical_colours(even, known)[..., 0], 0.7)
    layers = typical_colours(even, known, layered=True)
    assert np.allclose(layers[:25], 0.7) and np.allclose(layers[25:], 0.9)


def test_a_wall_looks_like_itself_before_it_looks_like_others():
    even = np.full((30, 80, 3), 0.7, np.float32)
    even[25:, :20] = 0.9  # its skirting; that of the others is higher
    even[20:, 20:] = 0.3
    known = np.ones((30, 80), bool)
    known[:10, :20] = False
    look = typical_colours(even, known, layered=True, first=20)
    assert np.allclose(look[:25], 0.7) and np.allclose(look[25:], 0.9)


def test_a_little_of_a_walls_own_skirting_is_enough_where_the_others_show_furniture():
    even = np.full((30, 80, 3), 0.7, np.float32)
    even[27:, 20:] = np.random.default_rng(1).uniform(0.1, 0.9, (3, 60, 1))
    even[27:, :2] = 0.3
    known = np.ones((30, 80), bool)
    known[:, 2:20] = False
    look = typical_colours(even, known, layered=True, first=20)
    assert np.allclose(look[:27], 0.7) and np.allclose(look[27:], 0.3)


def test_rows_that_furniture_stands_before_look_like_the_wall():
    even = np.full((30, 40, 3), 0.7, np.float32)
    even[27:] = 0.9
    even[10:18, :24] = np.random.default_rng(1).uniform(0.1, 0.4, (8, 24, 1))
    layers = typical_colours(even, np.ones((30, 40), bool), layered=True)
    assert np.allclose(layers[:27], 0.7) and np.allclose(layers[27:], 0.9)


def test_layers_are_even_and_stay_apart():
    rows = np.full(120, 0.6)
    rows[60:100] *= np.linspace(1, 0.88, 40)  # a shadow that deepens
    rows[100:] = 0.85  # skirting
    look = np.broadcast_to(rows[:, None, None], (120, 8, 3)).astype(np.float32)
    even = even_layers(look, 6)
    assert np.ptp(even[:90, 0, 0]) < 0.01 and np.allclose(even[110:], 0.85)
    assert np.allclose(even[0], 0.6, atol=0.03)


def paint_and_books(rng, grain, height):
    """Paint of a grain, in log intensity, and rows of books to stand before it, 160 pixels wide."""
    grains = np.exp(rng.normal(0, grain, (height, 160, 1)))
    paint = (np.array([0.7, 0.6, 0.5]) * grains).astype(np.float32)
    return paint, (0.2 + 0.6 * rng.random((height, 20, 1))).repeat(8, axis=1).astype(np.float32)


def test_paint_and_pattern():
    paint, _ = paint_and_books(np.random.default_rng(1), 0.005, 120)
    known, hole = np.ones((120, 160), bool), np.zeros((120, 160), bool)
    hole[50:80, 60:100] = True
    known &= ~hole
    boards = paint * np.where(np.arange(160) // 8 % 2, 1, 0.85).astype(np.float32)[:, None]
    assert is_paint(paint, known, 4, hole=hole) and not is_paint(boards, known, 4, hole=hole)
    curtained = np.where((np.abs(np.arange(160) - 80) < 45)[:, None], boards, paint)
    assert not is_paint(curtained, known, 4, hole=hole)
    assert not is_paint(curtained, known, 4, hole=hole, furnished=True)
    beside = np.where((np.arange(160) < 96)[:, None], boards, paint)
    assert not is_paint(beside, known, 4, hole=hole)
    assert is_paint(beside, known, 4, hole=hole, furnished=True)


def test_paint_is_known_by_little_of_it_unless_flowers_break_it():
    paint, books = paint_and_books(np.random.default_rng(3), 0.01, 160)
    hole = np.zeros((160, 160), bool)
    hole[120:, 40:112] = True
    known = ~hole
    shelves = np.where((np.arange(160) < 100)[:, None, None], books, paint)
    assert is_paint(shelves, known, 4, hole=hole, furnished=True)
    y, x = np.mgrid[:160, :160]
    flowers = (np.hypot(y % 26 - 13, x % 26 - 13) < 4)[..., None]
    papered = np.where(flowers, np.float32(0.3), paint)
    assert not is_paint(papered, known, 4, hole=hole, furnished=True)


def test_paint_whose_furniture_is_told_is_known_by_half_of_it():
    paint, books = paint_and_books(np.random.default_rng(4), 0.005, 120)
    hole = np.zeros((120, 160), bool)
    hole[50:80, 120:150] = True
    for edge, expected in ((60, True), (100, False)):
        shelves = np.where((np.arange(160) < edge)[:, None], books, paint)
        assert is_paint(shelves, ~hole, 4, hole=hole, own=True) == expected
    beside = np.where((np.abs(np.arange(160) - 135) < 35)[:, None], books, paint)
    assert not is_paint(beside, ~hole, 4, hole=hole, own=True)


def test_a_thing_on_a_wall_is_strange():
    even = np.full((80, 100, 3), 0.6, np.float32)
    even[30:50, 40:60] = 0.2
    known = np.ones((80, 100), bool)
    away = local_light(even, typical_colours(even, known), known, 3)
    strange = strangeness(away, known, 3)
    assert strange[32:48, 42:58].min() == 1 and strange[:15].max() == 0
    assert np.abs(even * np.exp(-away) - 0.6)[:15].max() < 1e-4
