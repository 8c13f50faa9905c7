"""Walking through a tour by its marked places, and turning with the device."""

import json

import numpy as np
import pytest
from PIL import Image
from scenery import look, snapshot, wait_until

from pano_inpaint.tours import Hotspot, View, read_tour
from viewers.page import Scene, write_page
from viewers.tour_page import write_tour_page

pytestmark = pytest.mark.browser

BLUE, ORANGE = (20, 60, 200), (240, 140, 30)
ASK = "DeviceOrientationEvent.requestPermission = async () => '{}';"


def spot(yaw, pitch, target=None, text="", arrival=None):
    return Hotspot(np.radians(yaw), np.radians(pitch), target, text, arrival)


@pytest.fixture
def page(tmp_path):
    """A page of two rooms: the lounge's ways and note, and the hall."""
    for name, colour in (("lounge", BLUE), ("hall", ORANGE)):
        Image.new("RGB", (128, 64), colour).save(tmp_path / f"{name}.png")
    arrival = View(np.radians(100), np.radians(10))
    ways = [spot(20, -5, "hall", "the hall", arrival), spot(-170, 0, "hall")]
    scenes = [
        Scene("Lounge", tmp_path / "lounge.png", None, "lounge", [*ways, spot(5, 20, None, "Oak")]),
        Scene("Hall", tmp_path / "hall.png", None, "hall", [spot(0, 0, "lounge")]),
    ]
    return write_page(tmp_path / "page.html", scenes).path


def wait_for_scene(tab, name):
    tab.wait_for_selector("html[data-state=ready]", state="attached")
    assert tab.get_by_role("application", name=name).is_visible()


def test_marks_stay_on_their_direction(page, show):
    tab = show(page)
    mark = tab.get_by_role("button", name="Go to the hall").locator(".mark")
    for yaw, pitch in ((0, 0), (40, 20), (10, -30)):
        look(tab, yaw, pitch)
        tab.evaluate("viewer.view.render()")
        at = tab.evaluate("viewer.view.sphereToScreen(20, -5)")
        box = mark.bounding_box()
        assert box["x"] + box["width"] / 2 == pytest.approx(at["x"], abs=0.2)
        assert box["y"] + box["height"] / 2 == pytest.approx(at["y"], abs=0.2)
    assert tab.evaluate("document.querySelectorAll('.hotspot.away').length") > 0


def test_a_click_walks_on_and_looks_where_one_arrives(page, show):
    tab = show(page)
    tab.get_by_role("button", name="Go to the hall").click()
    wait_for_scene(tab, "Hall")
    assert (snapshot(tab) == ORANGE).all()
    assert tab.evaluate("[viewer.view.yaw, viewer.view.pitch]") == pytest.approx([100, 10])
    assert tab.evaluate("document.activeElement.id") == "panorama"
    assert tab.locator(".hotspot").count() == 1
    tab.keyboard.press("0")
    assert tab.evaluate("viewer.view.yaw") == 0


def test_keys_reach_places_behind(page, show):
    tab = show(page)
    for _ in range(3):
        tab.keyboard.press("Tab")
    focused = tab.locator(".hotspot:focus")
    assert focused.get_attribute("aria-label") == "Go to Hall"
    assert tab.evaluate("viewer.view.yaw") == pytest.approx(-170)
    tab.evaluate("viewer.view.render()")
    assert "away" not in focused.get_attribute("class")
    tab.keyboard.press("Enter")
    wait_for_scene(tab, "Hall")


def test_a_note_opens_and_closes(page, show):
    tab = show(page)
    note = tab.get_by_role("button", name="Note: Oak")
    note.click()
    assert note.get_attribute("aria-expanded") == "true"
    assert note.locator(".tag").is_visible()
    tab.mouse.move(5, 300)
    tab.keyboard.press("Escape")
    assert note.get_attribute("aria-expanded") == "false"


def test_pictures_beside_the_page_are_fetched_when_looked_at(tmp_path, page, show, open_tab):
    home = tmp_path / "a # home"
    for name, colour in (("a", BLUE), ("b", ORANGE)):
        home.mkdir(exist_ok=True)
        Image.new("RGB", (128, 64), colour).save(home / f"{name}.png")
    links = {"a": [{"sceneId": "b", "yaw": 0, "pitch": 0}], "b": []}
    scenes = {name: {"panorama": f"{name}.png", "hotSpots": links[name]} for name in "ab"}
    (home / "tour.json").write_text(json.dumps({"scenes": scenes}))
    written = write_tour_page(home / "page.html", read_tour(home), form="folder")
    tab = show(written.path)
    assert (snapshot(tab) == BLUE).all()
    assert tab.evaluate("viewer.blobs.size") == 1
    tab.get_by_role("button", name="Go to b").click()
    wait_for_scene(tab, "b")
    assert (snapshot(tab) == ORANGE).all()


def test_a_missing_picture_beside_the_page_is_named(tmp_path, page, chromium):
    Image.new("RGB", (128, 64), BLUE).save(tmp_path / "a.png")
    written = write_page(tmp_path / "apart.html", [Scene("a", tmp_path / "a.png")], form="folder")
    written.sidecars[0].unlink()
    tab = chromium.new_page()
    tab.goto(written.path.as_uri())
    tab.wait_for_selector("html[data-state=error]", state="attached")
    assert "apart_files/picture-" in tab.get_by_role("alert").inner_text()
    tab.close()


def test_a_turned_device_turns_the_view(page, show):
    tab = show(page, has_touch=True, is_mobile=True)
    devtools = tab.context.new_cdp_session(tab)

    def turn(alpha, beta, gamma):
        angles = {"alpha": alpha, "beta": beta, "gamma": gamma}
        devtools.send("DeviceOrientation.setDeviceOrientationOverride", angles)

    turn(30, 90, 0)  # upright, looking 30 degrees to the west of north
    tab.evaluate(ASK.format("granted"))
    tab.get_by_role("button", name="Look around by turning the device").click()
    wait_until(tab, "viewer.gyroscope.running && viewer.gyroscope._heading !== null")
    turn(10, 110, 0)  # 20 degrees to the right, and leaning back: up
    wait_until(tab, "Math.abs(viewer.view.pitch - 20) < 0.01")
    assert tab.evaluate("viewer.view.yaw") == pytest.approx(20, abs=0.01)
    turn(10, 0, -90)  # the same way, held across
    wait_until(tab, "Math.abs(viewer.view.pitch) < 0.01")
    assert tab.evaluate("viewer.view.yaw") == pytest.approx(20 + 90, abs=0.01)
    tab.get_by_role("button", name="Look around by turning the device").click()
    turn(10, 120, 0)
    assert tab.evaluate("viewer.gyroscope.running") is False
    assert tab.evaluate("document.getElementById('gyroscope').ariaPressed") == "false"


def test_refused_sensors_are_told(page, show):
    tab = show(page, has_touch=True, is_mobile=True, script=ASK.format("denied"))
    tab.get_by_role("button", name="Look around by turning the device").click()
    wait_until(tab, "document.getElementById('status').textContent.includes('may not be used')")


def test_no_sensor_no_button(page, show):
    assert not show(page).locator("#gyroscope").is_visible()
