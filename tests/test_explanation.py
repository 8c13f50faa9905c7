"""What was understood, as pictures: right places, right colours, nothing invented."""

import numpy as np
import pytest
from rooms import SOFA, box_plan, render_room

from pano_inpaint.completer import Completion
from pano_inpaint.eraser import Eraser
from pano_inpaint.explanation import Explanation
from pano_inpaint.panorama import Panorama


class Gray:
    """Completes faces with mid-gray."""

    face_size = 64

    def __call__(self, faces, mask, rotation):
        return Completion(np.where(mask > 0, np.float32(0.5), faces))


@pytest.fixture(scope="module")
def room():
    return render_room(box_plan(4.0, 3.5), rows=128, floor="tiles", furniture=[SOFA])


@pytest.mark.parametrize("quality", ["draft", "standard", "fine"])
def test_pictures_show_what_there_is(room, quality):
    panorama, explanation = Panorama(room.furnished), Explanation()
    eraser = Eraser(Gray(), quality=quality)
    erased = eraser.erase(panorama, room.mask, explanation=explanation)
    np.testing.assert_array_equal(erased.pixels, eraser.erase(panorama, room.mask).pixels)
    pictures = explanation.pictures(panorama)
    expected = {"draft": {"guide"}, "standard": {"guide", "sources"}, "fine": {"guide", "sources", "planes"}}
    assert pictures.keys() == expected[quality]
    assert {picture.shape for picture in pictures.values()} == {room.furnished.shape}
    np.testing.assert_array_equal(pictures["guide"][~room.mask], room.furnished[~room.mask])


def test_copies_and_where_they_come_from_have_one_colour(room):
    panorama, explanation = Panorama(room.furnished), Explanation()
    Eraser(Gray()).erase(panorama, room.mask, explanation=explanation)
    drawn = explanation.pictures(panorama)["sources"].astype(int)
    faint = drawn - (room.furnished // 2 + 32)
    painted = np.abs(faint).max(axis=2) > 8
    assert (painted & room.mask).sum() > 0.9 * room.mask.sum()
    assert (painted & ~room.mask).any()  # sources lie outside


def test_a_large_panorama_is_drawn_small(monkeypatch, room):
    monkeypatch.setattr("pano_inpaint.explanation.WIDTH", 128)
    panorama, explanation = Panorama(room.furnished), Explanation()
    Eraser(Gray()).erase(panorama, room.mask, explanation=explanation)
    pictures = explanation.pictures(panorama)
    assert {picture.shape for picture in pictures.values()} == {(64, 128, 3)}


def test_another_seed_copies_from_elsewhere(room):
    panorama = Panorama(room.furnished)
    results = [Eraser(Gray(), seed=seed).erase(panorama, room.mask).pixels[room.mask] for seed in (0, 1, 2)]
    for one, other in zip(results, results[1:], strict=False):
        assert (np.abs(one.astype(int) - other).max(axis=1) > 8).mean() > 0.1
