"""The viewer page as a person meets it: pointer, wheel, keys, divider, scenes, and when things go wrong."""

import io

import numpy as np
import pytest
from PIL import Image
from scenery import look, snapshot, wait_until

from viewers.page import Scene, write_page

pytestmark = pytest.mark.browser

BLUE, ORANGE = (20, 60, 200), (240, 140, 30)
HOSTILE = "</script><script>window.broken = 1</script><!--<img src=x onerror='window.broken = 1'>"


# Pointer events of one instant, so that the machine's pace does not decide how fast the finger was.
SEND = """() => {
  viewer.view.canvas.setPointerCapture = () => {};       // refuses pointers that no device has
  const send = (type, pointerId, clientX) => viewer.view.canvas.dispatchEvent(new PointerEvent(type,
    {pointerId, clientX, clientY: 160, pointerType: "touch", bubbles: true}));
"""
FLICK = (
    SEND
    + """
  send("pointerdown", 1, 300);
  send("pointermove", 1, 250);
  send("pointermove", 1, 200);
  const released = viewer.view.yaw;
  send("pointerup", 1, 200);
  return released;
}"""
)
PINCH = (
    SEND
    + """
  send("pointerdown", 1, 200), send("pointerdown", 2, 280);
  send("pointermove", 1, 160), send("pointermove", 2, 320);
  send("pointerup", 1, 160), send("pointerup", 2, 320);
}"""
)


@pytest.fixture
def flat(tmp_path):
    """Return a function that makes a panorama of one colour."""

    def flat_(name, colour):
        path = tmp_path / f"{name}.png"
        Image.new("RGB", (128, 64), colour).save(path)
        return path

    return flat_


@pytest.fixture
def compared(tmp_path, flat, show):
    page = tmp_path / "page.html"
    write_page(page, [Scene("Lounge", flat("after", BLUE), flat("before", ORANGE))])
    return show(page)


@pytest.fixture
def alone(tmp_path, smooth_panorama, show):
    write_page(tmp_path / "page.html", [Scene("Lounge", smooth_panorama)])
    return show(tmp_path / "page.html")


def screen(tab):
    return np.asarray(Image.open(io.BytesIO(tab.screenshot())).convert("RGB"))


def heading(tab):
    return tab.evaluate("[viewer.view.yaw, viewer.view.pitch, viewer.view.fov]")


@pytest.mark.parametrize(("to_x", "to_y", "yaw_sign", "pitch_sign"), [(60, 160, 1, 0), (240, 250, 0, 1)])
def test_dragging_pulls_the_picture_along(alone, to_x, to_y, yaw_sign, pitch_sign):
    alone.mouse.move(240, 160)
    alone.mouse.down()
    alone.mouse.move(to_x, to_y, steps=4)
    alone.mouse.up()
    yaw, pitch, _ = heading(alone)
    assert (np.sign(round(yaw, 6)), np.sign(round(pitch, 6))) == (yaw_sign, pitch_sign)


def test_a_flick_runs_on_and_comes_to_rest(tmp_path, smooth_panorama, show):
    write_page(tmp_path / "page.html", [Scene("Lounge", smooth_panorama)])
    tab = show(tmp_path / "page.html", reduced_motion="no-preference")
    released = tab.evaluate(FLICK)
    wait_until(tab, "!viewer.view.moving")
    assert heading(tab)[0] > released + 5 > 5


def test_reduced_motion_stops_at_once(alone):
    released = alone.evaluate(FLICK)
    assert heading(alone)[0] == released > 0
    assert not alone.evaluate("viewer.view.moving")


def test_pinching_zooms(alone):
    wide = heading(alone)[2]
    alone.evaluate(PINCH)
    yaw, _, near = heading(alone)
    assert np.tan(np.radians(near) / 2) == pytest.approx(np.tan(np.radians(wide) / 2) / 2)
    assert abs(yaw) < 3


def test_wheel_zooms_in_and_out_within_limits(alone):
    wide = heading(alone)[2]
    alone.mouse.move(240, 160)
    alone.mouse.wheel(0, -300)
    wait_until(alone, f"viewer.view.fov < {wide - 5}")
    for _ in range(15):
        alone.mouse.wheel(0, 1000)
    wait_until(alone, "viewer.view.fov > 110")
    assert heading(alone)[2] < 130


def test_keys_turn_zoom_and_return(alone):
    fov = heading(alone)[2]
    alone.keyboard.press("ArrowRight")
    assert heading(alone)[0] > 5
    alone.keyboard.press("ArrowLeft")
    alone.keyboard.press("ArrowUp")
    yaw, pitch, _ = heading(alone)
    assert (round(yaw, 9), pitch > 5) == (0, True)
    alone.keyboard.press("+")
    assert heading(alone)[2] < fov
    alone.keyboard.press("0")
    assert heading(alone) == pytest.approx([0, 0, fov])


def test_before_is_left_of_the_divider_and_after_right(compared):
    shown = screen(compared)
    assert shown[280, 100].tolist() == list(ORANGE)
    assert shown[200, 300].tolist() == list(BLUE)
    drawn = snapshot(compared)
    assert (drawn[:, :240] == ORANGE).all()
    assert (drawn[:, 240:] == BLUE).all()


def test_divider_is_a_slider(compared):
    divider = compared.get_by_role("slider", name="Divider between before and after")
    assert divider.get_attribute("aria-valuenow") == "50"
    divider.press("ArrowLeft")
    assert divider.get_attribute("aria-valuenow") == "48"
    divider.press("End")
    assert (snapshot(compared) == ORANGE).all()
    divider.press("Home")
    assert (snapshot(compared) == BLUE).all()
    assert heading(compared)[0] == 0
    compared.keyboard.press("]")
    assert divider.get_attribute("aria-valuenow") == "2"


def test_divider_follows_the_pointer(compared):
    box = compared.locator("#divider span").bounding_box()
    compared.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    compared.mouse.down()
    compared.mouse.move(120, 200, steps=3)
    compared.mouse.up()
    assert compared.locator("#divider").get_attribute("aria-valuenow") == "25"
    assert heading(compared)[0] == 0
    drawn = snapshot(compared)
    assert (drawn[:, :120] == ORANGE).all()
    assert (drawn[:, 120:] == BLUE).all()


def test_original_shows_while_it_is_held(compared):
    compared.keyboard.down("b")
    assert (snapshot(compared) == ORANGE).all()
    compared.keyboard.up("b")
    assert (snapshot(compared)[:, 240:] == BLUE).all()
    button = compared.get_by_role("button", name="Show the original")
    button.hover()
    compared.mouse.down()
    assert (snapshot(compared) == ORANGE).all()
    compared.mouse.up()
    assert (snapshot(compared)[:, 240:] == BLUE).all()
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert (snapshot(compared) == ORANGE).all()


def test_autorotation_turns_until_touched(tmp_path, smooth_panorama, show):
    write_page(tmp_path / "page.html", [Scene("Lounge", smooth_panorama)])
    tab = show(tmp_path / "page.html", reduced_motion="no-preference")
    button = tab.get_by_role("button", name="Turn automatically")
    button.click()
    wait_until(tab, "viewer.view.yaw > 0.05")
    assert button.get_attribute("aria-pressed") == "true"
    tab.mouse.click(100, 160)
    assert button.get_attribute("aria-pressed") == "false"
    wait_until(tab, "!viewer.view.moving")


def test_nothing_turns_by_itself_where_motion_is_unwanted(alone):
    alone.keyboard.press("r")
    assert not alone.evaluate("viewer.controls.autorotate || viewer.view.moving")
    assert not alone.locator("#autorotate").is_visible()
    alone.keyboard.press("?")
    assert not alone.get_by_text("Turn automatically", exact=True).is_visible()


def test_full_screen_and_back(alone):
    button = alone.get_by_role("button", name="Full screen")
    button.click()
    wait_until(alone, "document.fullscreenElement")
    wait_until(alone, "document.getElementById('fullscreen').ariaPressed === 'true'")
    alone.keyboard.press("f")
    wait_until(alone, "!document.fullscreenElement")


def test_help_opens_closes_and_leaves_the_view_alone(compared):
    compared.keyboard.press("?")
    dialog = compared.get_by_role("dialog", name="Looking around")
    assert dialog.is_visible()
    assert dialog.get_by_text("Move the divider").is_visible()
    assert not dialog.get_by_text("Previous or next scene").is_visible()
    compared.keyboard.press("ArrowRight")
    compared.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert heading(compared)[0] == 0


def test_scenes_are_walked_by_list_and_keys(tmp_path, flat, show):
    scenes = [Scene("Lounge", flat("a", BLUE), flat("b", ORANGE)), Scene("Kitchen", flat("c", (9, 99, 9)))]
    write_page(tmp_path / "page.html", scenes, title="Riverside")
    tab = show(tmp_path / "page.html", viewport={"width": 900, "height": 600})
    assert tab.get_by_role("heading", name="Riverside").is_visible()
    tab.get_by_role("button", name="Kitchen").click()
    tab.wait_for_selector("html[data-state=ready]", state="attached")
    assert (snapshot(tab) == (9, 99, 9)).all()
    assert not tab.locator("#divider").is_visible()
    assert tab.get_by_role("button", name="Kitchen").get_attribute("aria-current") == "true"
    assert tab.get_by_role("application", name="Kitchen").is_visible()
    assert tab.locator("#place").inner_text() == "Kitchen · 2 of 2"
    tab.keyboard.press("n")
    tab.wait_for_selector("html[data-state=ready]", state="attached")
    assert tab.locator("#divider").is_visible()
    assert (snapshot(tab)[:, 450:] == BLUE).all()


def test_names_are_text_and_never_markup(tmp_path, flat, show):
    scenes = [Scene(HOSTILE, flat("a", BLUE)), Scene("2 ‮ \u2028 é", flat("b", ORANGE))]
    write_page(tmp_path / "page.html", scenes, title=HOSTILE)
    tab = show(tmp_path / "page.html", viewport={"width": 900, "height": 600})
    assert tab.title() == HOSTILE
    assert tab.locator("h1").inner_text() == HOSTILE
    assert tab.locator("#scenes span").first.inner_text() == HOSTILE
    assert tab.evaluate("window.broken") is None


def test_everything_operable_has_a_name_and_fits_the_screen(compared):
    for control in compared.locator("button:visible, [role=slider]:visible, canvas").all():
        assert control.get_attribute("aria-label")
        box = control.bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 480
        assert box["y"] + box["height"] <= 320
    compared.keyboard.press("Tab")
    assert compared.evaluate("document.activeElement.id") == "panorama"


def test_first_view_is_the_files_own(tmp_path, show):
    heading_tags = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" '
        'GPano:PoseHeadingDegrees="200" GPano:InitialViewHeadingDegrees="70" '
        'GPano:InitialViewPitchDegrees="-10"/></rdf:RDF></x:xmpmeta>'
    )
    Image.new("RGB", (128, 64), BLUE).save(tmp_path / "a.jpg", xmp=heading_tags.encode())
    write_page(tmp_path / "page.html", [Scene("a", tmp_path / "a.jpg")])
    tab = show(tmp_path / "page.html")
    assert heading(tab)[:2] == pytest.approx([-130, -10])
    look(tab, 0, 0)
    tab.keyboard.press("Home")
    assert heading(tab)[:2] == pytest.approx([-130, -10])


def test_missing_webgl_is_told_and_the_flat_picture_shown(tmp_path, flat, open_tab):
    Image.new("RGB", (64, 32), ORANGE).save(tmp_path / "b.png")
    write_page(tmp_path / "page.html", [Scene("Lounge", flat("a", BLUE)), Scene("Hall", tmp_path / "b.png")])
    tab = open_tab(viewport={"width": 900, "height": 600})
    tab.add_init_script("""{
      const original = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return kind.startsWith("webgl") ? null : original.call(this, kind, ...rest);
      };
    }""")
    tab.goto((tmp_path / "page.html").as_uri())
    tab.wait_for_selector("html[data-state=error]", state="attached")
    assert "cannot draw with WebGL" in tab.get_by_role("alert").inner_text()
    wait_until(tab, "document.querySelector('#message img').naturalWidth === 128")
    assert not tab.locator("#tools").is_visible()
    tab.get_by_role("button", name="Hall").click()
    wait_until(tab, "document.querySelector('#message img').naturalWidth === 64")
    assert tab.locator("#place").inner_text() == "Hall · 2 of 2"


def test_a_picture_the_browser_refuses_is_named(tmp_path, flat, open_tab):
    page = tmp_path / "page.html"
    write_page(page, [Scene("Lounge", flat("a", BLUE))])
    text = page.read_text("utf-8")
    mark = 'type="text/plain">data:image/png;base64,'
    start = text.index(mark) + len(mark)
    page.write_text(text[:start] + "AAAA" + text[start:], "utf-8")
    tab = open_tab()
    tab.goto(page.as_uri())
    tab.wait_for_selector("html[data-state=error]", state="attached")
    assert "“Lounge” could not be shown" in tab.get_by_role("alert").inner_text()
