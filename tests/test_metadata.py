"""EXIF blocks edited in place."""

import numpy as np
import pytest
from pictures import H, W, exif_block, smooth
from PIL import Image

from pano_inpaint.metadata import read_orientation, upright_exif
from pano_inpaint.panorama import read_panorama, write_panorama


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_applied_once(tmp_path, orientation, order):
    upright = smooth()
    # Exif 2.32, 4.6.4: how the upright picture has to be turned to be stored that way.
    turns = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }
    picture = Image.fromarray(np.ascontiguousarray(turns[orientation](upright)))
    picture.save(tmp_path / "a.png", exif=b"Exif\0\0" + exif_block(orientation, order))
    panorama = read_panorama(tmp_path / "a.png")
    np.testing.assert_array_equal(panorama.pixels, upright)
    write_panorama(tmp_path / "b.png", panorama)
    np.testing.assert_array_equal(read_panorama(tmp_path / "b.png").pixels, upright)


def test_exif_thumbnail_does_not_betray_what_was_erased():
    block = exif_block(6, thumbnail=b"secret sofa")
    edited = upright_exif(block, W, H)
    assert len(edited) == len(block)
    assert b"secret" not in edited
    assert read_orientation(edited) == 1


@pytest.mark.parametrize("block", [b"II*\0\xff\xff\xff\xff", b"junk", b"", b"MM\0*\0\0\0\x08\0\x01"])
def test_damaged_exif_is_left_alone(block):
    assert read_orientation(block) == 1
    assert upright_exif(block, W, H) == (block or None)
