"""The benchmark of the studio's page: it opens what it says, paints, and compares."""

import pytest

from benchmarks.studio import measure, plain_pages, report, write_tour
from pano_inpaint.panorama import read_panorama

pytestmark = pytest.mark.browser


def test_pages_are_opened_and_strokes_drawn(tmp_path, chromium, capsys):
    tour = write_tour(tmp_path / "tour", 512)
    assert read_panorama(tour / "child_1.jpg").size == (512, 256)
    with plain_pages(tour, tmp_path / "plain") as plain:
        result = measure(chromium, tour, plain, 4)
    assert {name for name, value in result.items() if not isinstance(value, list)} == {
        "first",
        "again",
        "plain",
    }
    assert len(result["move"]) == len(result["plain move"]) == len(result["shown"]) == 4
    assert min(result["move"]) > 0
    report([result | {"first": 900.0, "again": 450.0, "plain": 300.0, "move": [2.0], "plain move": [0.5]}])
    told = capsys.readouterr().out
    assert "3.00" in told
    assert "4.00" in told
