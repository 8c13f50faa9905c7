import numpy as np
import py360convert
import pytest

from pano_inpaint.cube import Face
from pano_inpaint.cubemap import to_faces
from pano_inpaint.errors import UsageError
from pano_inpaint.layouts import LAYOUTS, from_layout, to_layout
from pano_inpaint.sphere import window_directions

FACES = np.random.default_rng(0).integers(0, 256, (6, 5, 5, 3), np.uint8)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_round_trip(layout):
    np.testing.assert_array_equal(from_layout(to_layout(FACES, layout), layout), FACES)


@pytest.mark.parametrize(("layout", "theirs"), [("strip", "horizon"), ("dice", "dice"), ("dict", "dict")])
def test_layouts_lie_as_py360convert_has_them(layout, theirs):
    """Every face the right way round: a picture of directions tells each flip and each turn apart."""
    directions = window_directions((slice(None), 0, 256), 128)
    faces = from_layout(py360convert.e2c(directions, 32, cube_format=theirs), layout)
    assert np.abs(faces - to_faces(directions, 32)).max() < 0.05


def test_matterport_order():
    six = to_layout(FACES, "matterport")
    np.testing.assert_array_equal(six[0], FACES[Face.UP])
    np.testing.assert_array_equal(six[1], FACES[Face.FRONT])
    np.testing.assert_array_equal(six[5], FACES[Face.DOWN])
    np.testing.assert_array_equal(from_layout(list(six), "matterport"), FACES)


@pytest.mark.parametrize(
    ("pictures", "layout"),
    [
        (np.zeros((5, 31, 3)), "strip"),
        (np.zeros((15, 25, 3)), "dice"),
        ({"F": np.zeros((5, 5, 3))}, "dict"),
        ([np.zeros((5, 5, 3))] * 5, "matterport"),
        (FACES, "row"),
    ],
)
def test_refusals(pictures, layout):
    with pytest.raises(UsageError, match="layout"):
        from_layout(pictures, layout)
