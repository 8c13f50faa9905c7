"""The studio as a person meets it: paint, erase, compare, keep, save, come back."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from scenery import panorama_rays, snapshot, wait_until
from studios import Gate, colour_of, studio, write_tour

from pano_inpaint.masks import grow
from pano_inpaint.panorama import read_panorama

pytestmark = pytest.mark.browser

HEIGHT = 128
READY = "html[data-state=ready][data-mode={}]"


@pytest.fixture
def tour(tmp_path):
    return write_tour(tmp_path / "tour", height=HEIGHT)


@pytest.fixture
def open_studio(open_tab):
    def open_(client, **options):
        tab = open_tab(reduced_motion="reduce", **({"viewport": {"width": 780, "height": 460}} | options))
        client.tabs.append(tab)
        tab.goto(client.url)
        tab.wait_for_selector(READY.format("paint"), state="attached")
        return tab

    return open_


def middle(tab, view="sphere"):
    box = tab.locator(f"#{view}").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def settle(tab):
    """Wait until the server has what was painted."""
    tab.evaluate("studio.session.flush()")


def look(tab, yaw, pitch):
    tab.evaluate("([yaw, pitch]) => studio.view.reset({yaw, pitch, fov: 80})", [yaw, pitch])


def shown_mask(tab):
    """The mask as the browser has it, bool (H, W)."""
    data = tab.evaluate("btoa(Array.from(studio.mask.data, (value) => String.fromCharCode(value)).join(''))")
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(HEIGHT, 2 * HEIGHT) > 0


def server_mask(client, number=0):
    return np.asarray(Image.open(io.BytesIO(client.bytes(f"api/scenes/{number}/mask")))) > 0


def cap(record):
    """Pixels no further from a record than its radius, from first principles."""
    yaw, pitch, radius = np.radians(record)
    axis = np.array([np.cos(pitch) * np.sin(yaw), np.sin(pitch), np.cos(pitch) * np.cos(yaw)])
    chord = np.linalg.norm(panorama_rays(2 * HEIGHT, HEIGHT) - axis, axis=-1)
    return 2 * np.arcsin(np.clip(chord / 2, 0, 1)) <= radius


def drag(tab, *points):
    x, y = middle(tab)
    tab.mouse.move(x + points[0][0], y + points[0][1])
    tab.mouse.down()
    for dx, dy in points[1:]:
        tab.mouse.move(x + dx, y + dy, steps=4)
    tab.mouse.up()


def test_a_click_paints_the_analytic_cap_at_equator_seam_and_nadir(tour, open_studio):
    with studio(tour) as client:
        tab = open_studio(client)
        places, expected = [(20, 0), (180, 0), (0, -90)], np.zeros((HEIGHT, 2 * HEIGHT), bool)
        for number, (yaw, pitch) in enumerate(places):
            look(tab, yaw, pitch)
            tab.evaluate(f"studio.brush.size = {8 + 3 * number}")
            tab.mouse.click(*middle(tab))
            settle(tab)
            (record,) = client.get("scenes/0")[1]["marks"][number]["points"]
            assert record[1] == pytest.approx(pitch, abs=1.5)
            assert np.cos(np.radians(record[0] - yaw)) > 0.999 or pitch == -90
            assert record[2] == 8 + 3 * number
            expected |= cap(record)
            np.testing.assert_array_equal(shown_mask(tab), expected)
            np.testing.assert_array_equal(server_mask(client), expected)
            shown = snapshot(tab, "(studio.view.tint = [1, 0, 0, 1], studio.view)")
            assert shown[shown.shape[0] // 2, shown.shape[1] // 2].tolist() == [255, 0, 0]


def test_strokes_over_the_seam_and_the_nadir_are_the_same_here_and_there(tour, open_studio):
    with studio(tour) as client:
        tab = open_studio(client)
        for yaw, pitch in [(180, 0), (0, -90)]:
            look(tab, yaw, pitch)
            drag(tab, (-100, -50), (0, 0), (110, -20))
        settle(tab)
        assert len(client.get("scenes/0")[1]["marks"]) == 2
        mask = shown_mask(tab)
        assert mask[HEIGHT // 2 - 4 : HEIGHT // 2 + 4, [0, -1]].any()
        assert mask[-1].all()
        np.testing.assert_array_equal(mask, server_mask(client))
        tab.evaluate("studio.view.tint = [1, 0, 0, 1]")
        look(tab, 77, -90)
        image = snapshot(tab, "studio.view")
        assert image[image.shape[0] // 2, image.shape[1] // 2].tolist() == [255, 0, 0]


def test_erase_compare_keep_save_reload(tour, open_studio):
    original = read_panorama(tour / "lounge.png").pixels
    with studio(tour) as client:
        tab = open_studio(client)
        look(tab, 180, 0)
        drag(tab, (-60, 0), (60, 10))
        mask = shown_mask(tab)
        before = snapshot(tab, "(studio.view.tint = [0, 0, 0, 0], studio.view)")
        tab.get_by_role("button", name="Erase", exact=True).click()
        tab.wait_for_selector(READY.format("decide"), state="attached")
        divider = tab.get_by_role("slider", name="Divider between before and after")
        divider.press("Home")
        after = snapshot(tab, "studio.view")
        y, x = (side // 2 for side in after.shape[:2])
        assert np.abs(after[y, x].astype(int) - colour_of(0)).max() < 6
        divider.press("End")
        assert np.abs(snapshot(tab, "studio.view").astype(int) - before).max() <= 6
        divider.press("Home")
        tab.keyboard.down("o")
        assert np.abs(snapshot(tab, "studio.view").astype(int) - before).max() <= 6
        tab.keyboard.up("o")
        np.testing.assert_array_equal(snapshot(tab, "studio.view"), after)
        tab.get_by_role("button", name="Try again").click()
        tab.wait_for_selector("#result-shown:has-text('seed 1')")
        tab.wait_for_selector(READY.format("decide"), state="attached")
        tab.reload()
        tab.wait_for_selector(READY.format("decide"), state="attached")
        tab.get_by_role("button", name="Keep").click()
        tab.wait_for_selector(READY.format("paint"), state="attached")
        assert not shown_mask(tab).any()
        tab.keyboard.press("Control+s")
        tab.wait_for_selector("#saved-shown:has-text('lounge_erased.png')")
        tab.reload()
        tab.wait_for_selector(READY.format("paint"), state="attached")
        assert tab.locator("#scenes .badge").first.inner_text() == "saved"
    saved = read_panorama(tour / "lounge_erased.png").pixels
    np.testing.assert_array_equal(saved[mask], np.broadcast_to(colour_of(1), (mask.sum(), 3)))
    np.testing.assert_array_equal(saved[~mask], original[~mask])
    np.testing.assert_array_equal(np.asarray(Image.open(tour / "lounge_erased_mask.png")) > 0, mask)
    np.testing.assert_array_equal(read_panorama(tour / "lounge.png").pixels, original)


def test_shadows_are_lifted_as_far_as_asked(tour, open_studio):
    with studio(tour) as client:
        tab = open_studio(client)
        drag(tab, (-30, 0), (30, 0))
        mask = shown_mask(tab)
        slider = tab.get_by_role("slider", name="Lift shadows within")
        for _ in range(6):
            slider.press("ArrowRight")
        assert tab.locator("#shadows-shown").inner_text() == "6°"
        tab.get_by_role("button", name="Erase", exact=True).click()
        tab.wait_for_selector("#result-shown:has-text('shadows lifted within 6°')")
        shown = np.asarray(Image.open(io.BytesIO(client.bytes("api/scenes/0/pictures/result"))), int)
    painted, lifted = np.abs(shown - colour_of(0)).max(axis=2) < 12, shown.min(axis=2) > 243
    assert painted[mask].mean() > 0.95 and lifted[grow(mask, np.radians(5)) & ~mask].mean() > 0.9


def test_undo_redo_clear_grow_tripod_and_what_survives(tour, open_studio):
    with studio(tour) as client:
        tab = open_studio(client)
        look(tab, 0, 0)
        drag(tab, (-80, 0), (80, 0))
        stroke = shown_mask(tab)
        tab.get_by_role("slider", name="Grow").fill("3")
        tab.keyboard.press("g")
        grown = shown_mask(tab)
        assert grown.sum() > stroke.sum()
        tab.keyboard.press("t")
        np.testing.assert_array_equal(shown_mask(tab), grown | cap([0, -90, 20]))
        tab.keyboard.press("Delete")
        assert not shown_mask(tab).any()
        for expected in (grown | cap([0, -90, 20]), grown, stroke, np.zeros_like(stroke)):
            tab.keyboard.press("Control+z")
            np.testing.assert_array_equal(shown_mask(tab), expected)
        assert tab.get_by_role("button", name="Undo").is_disabled()
        tab.keyboard.press("Control+Shift+z")
        tab.get_by_role("button", name="Redo").click()
        np.testing.assert_array_equal(shown_mask(tab), grown)
        settle(tab)
        tab.reload()
        tab.wait_for_selector(READY.format("paint"), state="attached")
        np.testing.assert_array_equal(shown_mask(tab), grown)
        tab.keyboard.press("Control+z")
        np.testing.assert_array_equal(shown_mask(tab), stroke)
        settle(tab)
    with studio(tour) as client:  # the server was ended meanwhile
        tab = open_studio(client)
        np.testing.assert_array_equal(shown_mask(tab), stroke)
        tab.keyboard.press("Control+y")
        np.testing.assert_array_equal(shown_mask(tab), grown)


def test_lasso_eraser_and_flat_view_work_on_one_mask(tour, open_studio):
    with studio(tour) as client:
        tab = open_studio(client)
        look(tab, 30, 10)
        tab.keyboard.press("l")
        drag(tab, (-90, -70), (90, -70), (90, 70), (-90, 70), (-90, -60))
        lasso = shown_mask(tab)
        assert lasso[cap([30, 10, 3])].all()
        tab.keyboard.press("e")
        tab.mouse.click(*middle(tab))
        holed = shown_mask(tab)
        assert not holed[cap([30, 10, 5])].any()
        assert not (holed & ~lasso).any()
        tab.keyboard.press("f")
        wait_until(tab, "studio.stage.plane.layers.after")
        tab.keyboard.press("b")
        box = tab.locator("#plane").bounding_box()
        where = tab.evaluate("studio.view.sphereToScreen(100, -50)")
        tab.mouse.click(box["x"] + where["x"], box["y"] + where["y"])
        settle(tab)
        record = client.get("scenes/0")[1]["marks"][-1]["points"][0]
        assert record[:2] == pytest.approx([100, -50], abs=1)
        np.testing.assert_array_equal(shown_mask(tab), holed | cap(record))
        np.testing.assert_array_equal(server_mask(client), holed | cap(record))
        x, y = (round(where[side]) for side in "xy")
        assert snapshot(tab, "(studio.view.maskOpacity = 1, studio.view)")[y, x].tolist() == [245, 33, 89]
        tab.keyboard.press("f")  # marks that were made on the flat view are on the sphere
        wait_until(tab, "studio.view === studio.stage.sphere")
        tab.evaluate("(async () => { while (!await studio.stage.loading); })()")  # a later load overtakes
        look(tab, 100, -50)
        shown = snapshot(tab, "(studio.view.tint = [1, 0, 0, 1], studio.view)")
        assert shown[shown.shape[0] // 2, shown.shape[1] // 2].tolist() == [255, 0, 0]


def test_everything_goes_by_keys_alone(tour, open_studio):
    with studio(tour) as client:
        tab = open_studio(client)
        tab.locator("#sphere").focus()
        tab.keyboard.press("]")
        size = tab.evaluate("studio.brush.size")
        assert size > 6
        tab.keyboard.press("Enter")
        for _ in range(3):
            tab.keyboard.press("ArrowRight")
        tab.keyboard.press("Shift+Enter")
        settle(tab)
        one, joined = client.get("scenes/0")[1]["marks"]
        assert joined["points"][0] == one["points"][0]
        assert joined["points"][1][0] > one["points"][0][0] + 15
        assert shown_mask(tab)[cap([joined["points"][1][0] / 2, 0, 2])].all()
        tab.keyboard.press("Control+Enter")
        tab.wait_for_selector(READY.format("decide"), state="attached")
        tab.keyboard.press("d")
        tab.wait_for_selector(READY.format("paint"), state="attached")
        assert shown_mask(tab).any()
        tab.keyboard.press("n")
        tab.wait_for_selector("#place:has-text('study')")
        tab.wait_for_selector(READY.format("paint"), state="attached")
        assert not shown_mask(tab).any()
        tab.keyboard.press("Shift+?")
        assert tab.get_by_role("dialog", name="Keys and gestures").is_visible()


TOUCH = """([kind, events]) => {
  const {canvas} = studio.view, box = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};       // refuses pointers that no device has
  for (const [type, pointerId, x, y, pressure] of events) {
    const place = {clientX: box.x + box.width / 2 + x, clientY: box.y + box.height / 2 + y};
    const event = {pointerId, pressure, pointerType: kind, bubbles: true, isPrimary: true, ...place};
    canvas.dispatchEvent(new PointerEvent(type, event));
  }
}"""


def test_touch_and_pen(tour, open_studio):
    with studio(tour) as client:
        tab = open_studio(client)
        down, move, up = "pointerdown", "pointermove", "pointerup"
        tab.evaluate(TOUCH, ["touch", [[down, 1, 0, 0, 0.5], [move, 1, 40, 0, 0.5], [up, 1, 40, 0, 0]]])
        fov = tab.evaluate("studio.view.fov")
        pinch = [[down, 1, -20, 0, 0.5], [move, 1, -25, 0, 0.5], [down, 2, 25, 0, 0.5]]
        pinch += [[move, 1, -50, 0, 0.5], [move, 2, 50, 0, 0.5], [up, 1, -50, 0, 0], [up, 2, 50, 0, 0]]
        tab.evaluate(TOUCH, ["touch", pinch])
        assert tab.evaluate("studio.view.fov") < fov * 0.7
        tab.evaluate(TOUCH, ["pen", [[down, 3, 0, 90, 0.2], [move, 3, 90, 90, 1], [up, 3, 90, 90, 0]]])
        settle(tab)
        finger, pen = client.get("scenes/0")[1]["marks"]
        assert [record[2] for record in finger["points"]] == [6, 6]
        assert pen["points"][0][2] == pytest.approx(6 * 0.4)
        assert pen["points"][1][2] == 6
        np.testing.assert_array_equal(shown_mask(tab), server_mask(client))


def test_a_long_erasing_is_watched_and_cancelled(tour, open_studio):
    gate = Gate()
    with studio(tour, gate) as client:
        tab = open_studio(client)
        tab.mouse.click(*middle(tab))
        tab.keyboard.press("Control+Enter")
        tab.wait_for_selector("#stage-shown:has-text('Hole 2 of 2')")
        assert tab.get_by_role("progressbar", name="Erasing").evaluate("(bar) => [bar.value, bar.max]") == [
            1,
            2,
        ]
        tab.reload()
        tab.wait_for_selector(READY.format("work"), state="attached")
        tab.get_by_role("button", name="study").click()
        tab.wait_for_selector(READY.format("paint"), state="attached")
        tab.mouse.click(*middle(tab))
        assert shown_mask(tab).any()
        tab.get_by_role("button", name="lounge").click()
        tab.wait_for_selector(READY.format("work"), state="attached")
        tab.get_by_role("button", name="Cancel").click()
        tab.wait_for_selector(READY.format("paint"), state="attached")
        gate.open.set()
        wait_until(tab, "!studio.session.isWatching")
        assert shown_mask(tab).any()
        assert client.get("scenes/0")[1]["result"] is None


def test_one_mask_for_all_scenes_and_all_erased(tour, open_studio):
    with studio(tour) as client:
        tab = open_studio(client)
        tab.get_by_role("button", name="Mark the tripod").click()
        tab.get_by_role("button", name="Same mask in all scenes").click()
        tab.get_by_role("button", name="Erase in all marked scenes").click()
        wait_until(tab, "studio.session.scenes.every((scene) => scene.result)")
        for _ in range(2):
            tab.wait_for_selector(READY.format("decide"), state="attached")
            tab.keyboard.press("a")
            tab.wait_for_selector(READY.format("paint"), state="attached")
            tab.keyboard.press("n")
            tab.wait_for_selector("html[data-state=ready]", state="attached")
        tab.get_by_role("button", name="Save", exact=True).click()
        wait_until(tab, "studio.session.scenes.every((scene) => scene.saved)")
    for name in ("lounge", "study"):
        mask = np.asarray(Image.open(tour / f"{name}_erased_mask.png")) > 0
        np.testing.assert_array_equal(mask, cap([0, -90, 20]))
        pixels = read_panorama(tour / f"{name}_erased.png").pixels
        assert (pixels[mask] == colour_of(0)).all()


# The answer 409 comes from the page itself here, because the browser would complain of a real one.
REFUSED = """async () => {
  const {session} = studio, real = window.fetch, answer = {error: "expected the marks of revision 1"};
  const told = new Promise((resolve) => session.addEventListener("conflict", resolve, {once: true}));
  window.fetch = async (path, options) => (options?.method === "PUT"
    ? new Response(JSON.stringify(answer), {status: 409}) : real(path, options));
  studio.clear(), studio.tripod();
  await told;
  window.fetch = real;
  return document.getElementById("toast").textContent;
}"""


def test_another_window_is_not_overwritten(tour, open_studio):
    with studio(tour) as client:
        one, other = open_studio(client), open_studio(client)
        one.keyboard.press("t")
        settle(one)
        refused = other.evaluate(REFUSED)
        assert "expected the marks" in refused
        wait_until(other, "document.documentElement.dataset.state === 'ready'")
        np.testing.assert_array_equal(shown_mask(other), cap([0, -90, 20]))


HOSTILE = "<b onclick=x>&\"' é"


def test_hostile_names_are_text(tmp_path, open_studio):
    write_tour(tmp_path, (f"{HOSTILE}.png", "b.png"), height=HEIGHT)
    with studio(tmp_path) as client:
        tab = open_studio(client)
        assert HOSTILE in tab.locator("#scenes .name").all_inner_texts()
        assert tab.evaluate("document.querySelectorAll('#scenes b').length") == 0


def test_a_picture_that_cannot_be_read_is_told_and_the_others_go_on(tour, chromium):
    (tour / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    context = chromium.new_context(viewport={"width": 780, "height": 460})
    with studio(tour) as client:
        tab = context.new_page()
        tab.goto(client.url)
        tab.wait_for_selector("html[data-state=error]", state="attached")
        told = tab.get_by_role("alert").inner_text()
        assert told.startswith("“a” could not be shown")
        tab.get_by_role("button", name="lounge").click()
        tab.wait_for_selector(READY.format("paint"), state="attached")
        tab.keyboard.press("t")
        np.testing.assert_array_equal(shown_mask(tab), cap([0, -90, 20]))
    context.close()


SCHEMES = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark", "viewport": {"width": 390, "height": 780}},
    "forced": {"forced_colors": "active"},
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_serious(tour, open_studio, scheme):
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()

    def check(tab):
        found = axe.run(tab).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        assert serious == [], [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious]

    with studio(tour) as client:
        tab = open_studio(client, **SCHEMES[scheme])
        tab.keyboard.press("t")
        check(tab)
        tab.keyboard.press("f")
        wait_until(tab, "studio.stage.plane.layers.after")
        check(tab)
        tab.keyboard.press("Shift+?")
        check(tab)
        tab.keyboard.press("Escape")
        tab.keyboard.press("Control+Enter")
        tab.wait_for_selector(READY.format("decide"), state="attached")
        check(tab)


NO_WEBGL = """{
  const original = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind.startsWith("webgl") ? null : original.call(this, kind, ...rest);
  };
}"""


def test_without_webgl_all_goes_on_the_flat_view(tour, open_tab):
    with studio(tour) as client:
        tab = open_tab(viewport={"width": 780, "height": 460})
        client.tabs.append(tab)
        tab.add_init_script(NO_WEBGL)
        tab.goto(client.url)
        tab.wait_for_selector(READY.format("paint"), state="attached")
        assert "cannot draw with WebGL" in tab.locator("#toast").inner_text()
        assert not tab.get_by_role("button", name="Flat view").is_visible()
        tab.mouse.click(*middle(tab, "plane"))
        settle(tab)
        (record,) = client.get("scenes/0")[1]["marks"][0]["points"]
        np.testing.assert_array_equal(shown_mask(tab), cap(record))
        tab.keyboard.press("f")
        tab.keyboard.press("Control+Enter")
        tab.wait_for_selector(READY.format("decide"), state="attached")
        tab.keyboard.press("a")
        tab.wait_for_selector(READY.format("paint"), state="attached")
        tab.keyboard.press("n")
        tab.wait_for_selector("#place:has-text('study')")


def test_a_server_that_comes_back_is_told(tour, open_studio):
    with studio(tour) as client:
        tab = open_studio(client)
        tab.evaluate("""() => {
          const real = window.fetch;
          window.fetch = () => Promise.reject(new TypeError("no answer"));
          studio.tripod();
          studio.session.addEventListener("trouble", () => { window.fetch = real; }, {once: true});
        }""")
        tab.wait_for_selector("#toast:has-text('answers again')")
        assert client.get("scenes/0")[1]["count"] == 1


def test_every_control_has_a_name_and_fits_a_small_screen(tour, open_studio):
    with studio(tour) as client:
        tab = open_studio(client, viewport={"width": 390, "height": 780}, device_scale_factor=2)
        for control in tab.locator("#bar button:visible, #tools button:visible, #panel button:visible").all():
            assert control.evaluate("(one) => one.ariaLabel || one.textContent.trim()")
            box = control.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
