"""Marks as the browser draws them, pixel by pixel those that Python draws."""

import base64
from importlib.resources import files

import numpy as np
import pytest

from pano_inpaint.strokes import draw_marks
from viewers.studio.marks import read_marks

pytestmark = pytest.mark.browser

HEIGHT = 180
RNG = np.random.default_rng(11)
MARKS = {
    "cap at the equator": [{"kind": "stroke", "points": [[12.3, 0, 9.5]]}],
    "cap over the seam": [{"kind": "stroke", "points": [[-179.9, 20, 14]]}],
    "cap at the nadir": [{"kind": "stroke", "points": [[77, -90, 22]]}],
    "stroke along the equator": [{"kind": "stroke", "points": [[-50, 0, 8], [70, 0, 8]]}],
    "stroke along a meridian": [{"kind": "stroke", "points": [[10, -80, 5], [10, 60, 5]]}],
    "stroke over the pole": [{"kind": "stroke", "points": [[0, 70, 6], [165, 65, 6]]}],
    "stroke with pressure": [{"kind": "stroke", "points": [[170, 5, 3], [-175, 9, 8], [-160, -12, 5]]}],
    "wide brush": [{"kind": "stroke", "points": [[30, -60, 80], [110, -30, 80]]}],
    "eraser": [
        {"kind": "stroke", "points": [[180, 0, 30]]},
        {"kind": "stroke", "points": [[170, 5, 6], [-170, -5, 6]], "erase": True},
    ],
    "lasso": [{"kind": "lasso", "points": [[5, 5], [40, 8], [33, 40], [20, 12], [2, 30]]}],
    "lasso over the seam": [{"kind": "lasso", "points": [[170, -10], [-165, -14], [-170, 25], [175, 20]]}],
    "lasso round the nadir": [{"kind": "lasso", "points": [[a, -60 - a % 7] for a in range(0, 360, 40)]}],
    "lasso taken away": [
        {"kind": "stroke", "points": [[0, 80, 40]]},
        {"kind": "lasso", "points": [[a, 75] for a in range(360, 0, -60)], "erase": True},
    ],
    "growing": [
        {"kind": "stroke", "points": [[178, -70, 4], [-150, -85, 4]]},
        {"kind": "grow", "radius": 4.5},
    ],
    "clearing": [
        {"kind": "stroke", "points": [[1, 2, 3]]},
        {"kind": "clear"},
        {"kind": "stroke", "points": [[4, 5, 6]]},
    ],
    "scribble": [
        {
            "kind": "stroke",
            "points": np.stack(
                [
                    160 + RNG.normal(0, 9, 200).cumsum(),
                    np.clip(-50 + RNG.normal(0, 6, 200).cumsum(), -90, 90),
                    RNG.uniform(0.4, 9, 200),
                ],
                axis=1,
            )
            .round(4)
            .tolist(),
        }
    ],
}
DRAW = """([height, marks]) => {
  window.mask = new MarkMask(height);
  marks.forEach((mark) => mask.draw(mark));
  return btoa(Array.from(mask.data, (value) => String.fromCharCode(value)).join(""));
}"""


@pytest.fixture(scope="module")
def blank(chromium):
    tab = chromium.new_page()
    tab.add_script_tag(content=(files("viewers") / "static/marks.js").read_text("utf-8"))
    yield tab
    tab.close()


def drawn(tab, marks, height=HEIGHT):
    data = tab.evaluate(DRAW, [height, marks])
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, 2 * height) > 0


@pytest.mark.parametrize("name", MARKS)
def test_the_browser_draws_what_python_draws(blank, name):
    marks = MARKS[name]
    wrapped = [
        {**mark, "points": [[(p[0] + 180) % 360 - 180, *p[1:]] for p in mark["points"]]}
        if "points" in mark
        else mark
        for mark in marks
    ]
    expected = draw_marks([mark.to_mark() for mark in read_marks(wrapped)], HEIGHT)
    assert expected.any()
    np.testing.assert_array_equal(drawn(blank, wrapped), expected)


def test_what_was_drawn_last_can_be_taken_back(blank):
    before = drawn(blank, MARKS["eraser"])
    data = blank.evaluate(
        """(marks) => {
      mask.begin();
      marks.forEach((mark) => mask.draw(mark));
      const drawn = Array.from(mask.data);
      const patch = mask.end();
      mask.undo(patch);
      return [drawn, Array.from(mask.data)];
    }""",
        MARKS["scribble"],
    )
    after, undone = (np.reshape(one, (HEIGHT, 2 * HEIGHT)) > 0 for one in data)
    assert (after != before).any()
    np.testing.assert_array_equal(undone, before)


def test_only_what_changed_is_shown_anew(blank):
    blank.evaluate(DRAW, [HEIGHT, MARKS["cap over the seam"]])
    boxes = blank.evaluate("""() => {
      mask.takeChanges();
      mask.drawRecord([-179.9, 20, 14], null, false);
      const none = mask.takeChanges();
      mask.drawRecord([-179.9, 22, 14], [-179.9, 20, 14], false);
      return [none, mask.takeChanges()];
    }""")
    assert boxes[0] == []
    assert len(boxes[1]) == 2
    assert sum(box["width"] for box in boxes[1]) < 40
