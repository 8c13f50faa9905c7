"""GPano tags: reading, writing, placing."""

import pytest
from pictures import XMP, H, W, packet

from pano_inpaint.errors import UsageError
from pano_inpaint.gpano import NAMESPACE, Placement, find_placement, read_gpano, write_gpano


def test_gpano_is_added_and_other_xmp_kept():
    placement = Placement(H, 0, 0, W, H)
    result = write_gpano(XMP, placement)
    assert b"\xc3\x89tage" in result
    assert read_gpano(result)["ProjectionType"] == "equirectangular"
    assert write_gpano(result, placement) == result
    assert find_placement(read_gpano(result), W, H) == placement


@pytest.mark.parametrize("start", [None, b"", b"not xmp at all", b'<rdf:RDF xmlns:rdf="x"/>'])
def test_gpano_starts_a_packet_where_there_is_none(start):
    assert read_gpano(write_gpano(start, Placement(H, 0, 0, W, H)))["FullPanoHeightPixels"] == str(H)


def test_gpano_elements_under_another_prefix_are_replaced():
    old = packet((W, H), (W, H), (0, 0)).replace(b"GPano:", b"g:").replace(b"xmlns:GPano", b"xmlns:g")
    old = old.replace(
        b"</rdf:RDF>",
        f'<rdf:Description xmlns:g="{NAMESPACE}">'.encode()
        + b"<g:PoseHeadingDegrees>12</g:PoseHeadingDegrees></rdf:Description></rdf:RDF>",
    )
    new = write_gpano(old, Placement(2 * H, 0, 0, 2 * W, 2 * H))
    assert read_gpano(new)["FullPanoWidthPixels"] == str(2 * W)
    assert read_gpano(new)["PoseHeadingDegrees"] == "12"
    assert new.count(b"FullPanoWidthPixels") == 1


def test_tags_of_a_scaled_picture_are_scaled():
    tags = read_gpano(packet((8000, 4000), (4000, 1000), (1000, 600)))
    assert find_placement(tags, 1000, 250) == Placement(1000, 250, 150, 1000, 250)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (((W, H), (40, 20), (30, 6)), "inside the full frame"),
        (((100, 80), (40, 20), (0, 0)), "twice as wide as high"),
        (((W, H), (40, 30), (0, 0)), "shaped like its GPano crop"),
        (((0, 0), (40, 20), (0, 0)), None),
        (((W, H), (40, 20), (-3, 0)), None),
    ],
)
def test_gpano_that_contradicts_itself(tags, message):
    parsed = read_gpano(packet(*tags))
    if message is None:  # nonsense: as if there were no tags
        assert find_placement(parsed, 40, 20).is_full
        return
    with pytest.raises(UsageError, match=message):
        find_placement(parsed, 40, 20)


def test_another_projection_is_refused():
    with pytest.raises(UsageError, match="received GPano projection 'cylindrical'"):
        find_placement({"ProjectionType": "cylindrical"}, W, H)
