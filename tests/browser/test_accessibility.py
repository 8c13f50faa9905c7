"""axe-core on every state of the viewer's page, in light and dark, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from pano_inpaint.tours import Hotspot
from viewers.page import Scene, write_page

pytestmark = pytest.mark.browser


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_no_serious_finding(page, show, width, scheme):
    tab = show(page, viewport={"width": width, "height": 640}, color_scheme=scheme, bypass_csp=True)
    tab.get_by_role("button", name="Note: A note").press("Enter")
    tab.locator("#scenes").evaluate("(scenes) => { scenes.hidden = false; }")
    check(tab)
    tab.keyboard.press("?")
    check(tab)


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
