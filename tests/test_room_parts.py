import numpy as np

from pano_inpaint.room_parts import LAYOUT, THING, is_of_plane, name_parts, widen_things


def test_no_thing_is_named_in_a_hole():
    scores = np.zeros((2, 3, len(LAYOUT)))
    scores[..., THING], scores[..., 1], scores[1, 2, 0] = 3, 1, 9
    hidden = np.array([[True, False, False], [True, True, True]])
    expected = [[1, THING, THING], [1, 1, 0]]
    np.testing.assert_array_equal(name_parts(scores, hidden), expected)


def test_what_shows_how_a_plane_looks():
    parts = np.arange(len(LAYOUT))
    shown = {kind: [LAYOUT[part] for part in parts[is_of_plane(parts, kind)]] for kind in LAYOUT[:3]}
    assert shown == {"floor": ["floor"], "wall": ["wall", "trim"], "ceiling": ["ceiling", "trim"]}


def test_things_and_openings_are_a_pixel_wider_over_the_seam():
    parts = np.full((6, 12), LAYOUT.index("wall"), np.uint8)
    parts[2, 0], parts[4, 6] = THING, LAYOUT.index("opening")
    wide = widen_things(parts)
    thing = [(row, column) for row in (1, 2, 3) for column in (11, 0, 1)]
    assert {tuple(place) for place in np.argwhere(wide == THING).tolist()} == set(thing)
    assert (wide == LAYOUT.index("opening")).sum() == 9
    assert (wide == LAYOUT.index("wall")).sum() == 72 - 18
