"""axe-core on every state of the viewer's pages, in light, dark and forced colours, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from pano_inpaint.tours import Hotspot
from viewers.page import Scene, write_page

pytestmark = pytest.mark.browser
SCHEMES = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
}


@pytest.fixture
def page(tmp_path):
    for name, colour in (("a", (20, 60, 200)), ("b", (240, 240, 240))):
        Image.new("RGB", (128, 64), colour).save(tmp_path / f"{name}.png")
    spots = [Hotspot(0.2, 0.0, "b"), Hotspot(-0.2, 0.1, None, "A note")]
    scenes = [
        Scene("Lounge", tmp_path / "a.png", tmp_path / "b.png", "a", spots),
        Scene("Hall", tmp_path / "b.png", None, "b"),
    ]
    return write_page(tmp_path / "page.html", scenes, title="Home").path


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [360, 1000])
def test_no_serious_finding(page, show, width, scheme):
    tab = show(page, viewport={"width": width, "height": 640}, bypass_csp=True, **SCHEMES[scheme])
    tab.get_by_role("button", name="Note: A note").press("Enter")
    tab.locator("#scenes").evaluate("(scenes) => { scenes.hidden = false; }")
    check(tab)
    tab.keyboard.press("?")
    check(tab)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_finding_on_a_page_of_one_panorama(tmp_path, page, show, scheme):
    written = write_page(tmp_path / "single.html", [Scene("Lounge", tmp_path / "a.png")])
    tab = show(written.path, bypass_csp=True, **SCHEMES[scheme])
    check(tab)


def test_controls_are_told_apart_in_forced_colours(page, show):
    tab = show(page, viewport={"width": 1000, "height": 640}, **SCHEMES["forced"])
    look = (
        "(element) => [getComputedStyle(element).backgroundColor, getComputedStyle(element).borderTopColor]"
    )
    for part in ("#bar", "#tools", "#scenes", ".label"):
        for element in tab.locator(f"{part}:visible").all():
            ground, line = element.evaluate(look)
            assert ground != line or part == "#bar"  # the bar has a line below only
    knob = tab.locator("#divider span")
    arrow = knob.evaluate("(element) => getComputedStyle(element, '::before').borderBottomColor")
    assert arrow != knob.evaluate(look)[0]


def test_no_serious_finding_without_webgl(page, open_tab):
    tab = open_tab(bypass_csp=True)
    tab.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
    tab.goto(page.as_uri())
    tab.wait_for_selector("html[data-state=error]", state="attached")
    check(tab)


def check(tab):
    """Run axe-core; it needs eval, which the page's policy forbids unless that is bypassed."""
    found = Axe().run(tab).response["violations"]
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in serious] == []
