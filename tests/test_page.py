import base64
import hashlib
import json
import re
import webbrowser
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from pano_inpaint.errors import FileError, UsageError
from viewers.page import Scene, open_page, write_page

HOSTILE = "</script><script>alert(1)</script><!--<script>&amp;\u2028"
GPANO = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" {}/></rdf:RDF></x:xmpmeta>'
)


class Scripts(HTMLParser):
    """The scripts of a page as a browser's parser separates them: [(attributes, content)]."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.within = tag
        if tag == "script":
            self.found.append((dict(attrs), ""))

    def handle_endtag(self, tag):
        self.within = None

    def handle_data(self, data):
        if getattr(self, "within", None) == "script":
            attributes, content = self.found[-1]
            self.found[-1] = (attributes, content + data)


def read_page(path):
    scripts = Scripts(path.read_text("utf-8")).found
    data = next(content for attributes, content in scripts if attributes.get("id") == "scenes-data")
    pictures = [content for attributes, content in scripts if attributes.get("id", "").startswith("picture-")]
    return json.loads(data), pictures


def to_bytes(uri):
    return base64.b64decode(uri.split(",", 1)[1], validate=True)


@pytest.fixture
def picture(tmp_path):
    """Return a function that saves a noise panorama."""

    def picture_(name, size=(128, 64), **options):
        pixels = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / name, **options)
        return tmp_path / name

    return picture_


@pytest.mark.parametrize(("name", "kind"), [("a.jpg", "jpeg"), ("a.png", "png"), ("a.webp", "webp")])
def test_page_holds_the_files_own_bytes(tmp_path, picture, name, kind):
    path = picture(name)
    write_page(tmp_path / "page.html", [Scene("Lounge", path)])
    data, pictures = read_page(tmp_path / "page.html")
    assert pictures[0].startswith(f"data:image/{kind};base64,")
    assert to_bytes(pictures[0]) == path.read_bytes()
    assert data["title"] == data["scenes"][0]["name"] == "Lounge"
    assert data["scenes"][0]["before"] is None


def test_page_needs_nothing_else(tmp_path, picture):
    write_page(tmp_path / "page.html", [Scene("Lounge", picture("a.png"))])
    text = (tmp_path / "page.html").read_text("utf-8")
    assert not re.search(r"<link|<script[^>]+src=|@import|url\(", text)
    assert not re.search(r"https?://", text.replace("http://www.w3.org/2000/svg", ""))


def test_policy_names_exactly_the_pages_own_scripts(tmp_path, picture):
    write_page(tmp_path / "page.html", [Scene("Lounge", picture("a.png"))])
    text = (tmp_path / "page.html").read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    run = [content for attributes, content in Scripts(text).found if "type" not in attributes]
    hashes = [base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in run]
    assert policy.split("script-src ")[1].split() == [f"'sha256-{value}'" for value in hashes]
    assert "unsafe" not in policy


def test_a_file_shown_twice_is_embedded_once(tmp_path, picture):
    a, b = picture("a.png"), picture("b.jpg")
    write_page(tmp_path / "page.html", [Scene("1", a, before=b), Scene("2", b)])
    data, pictures = read_page(tmp_path / "page.html")
    assert len(pictures) == 2
    assert data["title"] == "Tour"
    assert [data["scenes"][0]["before"]["index"], data["scenes"][1]["panorama"]["index"]] == [1, 1]


def test_names_cannot_leave_their_place(tmp_path, picture):
    write_page(tmp_path / "page.html", [Scene(HOSTILE, picture("a.png"))], title=HOSTILE)
    data, pictures = read_page(tmp_path / "page.html")
    assert data["title"] == data["scenes"][0]["name"] == HOSTILE
    assert len(pictures) == 1
    assert "alert(1)</script>" not in (tmp_path / "page.html").read_text("utf-8")


def test_a_name_that_is_no_unicode_is_written(tmp_path, picture):
    write_page(tmp_path / "page.html", [Scene("caf\udce9", picture("a.png"))])
    assert read_page(tmp_path / "page.html")[0]["title"] == "caf?"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_is_converted(tmp_path, dtype):
    level = np.linspace(0, np.iinfo(dtype).max, 128)
    pixels = np.repeat(np.broadcast_to(level, (64, 128))[..., None], 3, -1).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    write_page(tmp_path / "page.html", [Scene("a", tmp_path / "a.tif")])
    _, pictures = read_page(tmp_path / "page.html")
    assert pictures[0].startswith("data:image/jpeg")
    shown = np.asarray(Image.open(BytesIO(to_bytes(pictures[0]))), float)
    assert np.abs(shown - np.linspace(0, 255, 128)[:, None]).max() < 4


def test_a_wide_picture_is_embedded_smaller(tmp_path, picture):
    path = picture("a.png", (512, 256))
    write_page(tmp_path / "page.html", [Scene("a", path)], max_width=256)
    _, pictures = read_page(tmp_path / "page.html")
    assert Image.open(BytesIO(to_bytes(pictures[0]))).size == (256, 128)
    write_page(tmp_path / "page.html", [Scene("a", path)], max_width=512)
    assert to_bytes(read_page(tmp_path / "page.html")[1][0]) == path.read_bytes()


def test_a_partial_panorama_says_where_it_lies(tmp_path, picture):
    tags = (
        'GPano:ProjectionType="equirectangular" '
        'GPano:FullPanoWidthPixels="512" GPano:FullPanoHeightPixels="256" '
        'GPano:CroppedAreaImageWidthPixels="200" GPano:CroppedAreaImageHeightPixels="100" '
        'GPano:CroppedAreaLeftPixels="40" GPano:CroppedAreaTopPixels="60"'
    )
    path = picture("a.jpg", (200, 100), xmp=GPANO.format(tags).encode())
    write_page(tmp_path / "page.html", [Scene("a", path)])
    data, _ = read_page(tmp_path / "page.html")
    assert data["scenes"][0]["panorama"]["crop"] == {"left": 40, "top": 60, "width": 512, "height": 256}
    thumbnail = Image.open(BytesIO(to_bytes(data["scenes"][0]["thumbnail"])))
    assert thumbnail.size == (272, 136)
    assert thumbnail.getpixel((250, 20)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("tags", "yaw"),
    [
        ("", 0),
        ('GPano:InitialViewHeadingDegrees="90"', 90),
        ('GPano:InitialViewHeadingDegrees="350" GPano:PoseHeadingDegrees="100"', -110),
        ('GPano:PoseHeadingDegrees="100"', 0),
        ('GPano:InitialViewHeadingDegrees="NaN"', 0),
    ],
)
def test_first_view_follows_gpano(tmp_path, picture, tags, yaw):
    path = picture("a.jpg", xmp=GPANO.format(tags).encode())
    write_page(tmp_path / "page.html", [Scene("a", path)])
    start = read_page(tmp_path / "page.html")[0]["scenes"][0]["start"]
    assert start == {"yaw": yaw, "pitch": 0, "fov": None}


def test_no_scene_is_refused(tmp_path):
    with pytest.raises(UsageError, match="at least one panorama"):
        write_page(tmp_path / "page.html", [])


def test_a_picture_that_is_no_panorama_is_refused_by_name(tmp_path, picture):
    path = picture("flat.png", (100, 80))
    with pytest.raises(UsageError, match=r"flat\.png.*twice as wide as high, received 100x80"):
        write_page(tmp_path / "page.html", [Scene("a", path)])


def test_missing_and_damaged_files_leave_the_old_page(tmp_path, picture):
    page = tmp_path / "page.html"
    page.write_text("old")
    whole = picture("whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.jpg").write_text("no picture")
    for name in ("none.jpg", "half.png", "text.jpg"):
        with pytest.raises(FileError, match=name):
            write_page(page, [Scene("a", tmp_path / name)])
    assert page.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "half.png",
        "page.html",
        "text.jpg",
        "whole.png",
    ]


def test_a_place_that_cannot_be_written_is_an_error(tmp_path, picture):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot write"):
        write_page(tmp_path / "file" / "page.html", [Scene("a", picture("a.png"))])


def test_open_page_gives_the_browser_a_file_address(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    assert open_page(tmp_path / "my page.html")
    assert opened == [f"{tmp_path.as_uri()}/my%20page.html"]
