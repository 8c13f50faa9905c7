"""The engine by its pixels: every view against the analytic colour of its rays."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from scenery import look, panorama_rays, snapshot, sphere_colours, view_rays, wait_until

from viewers.page import Scene, write_page

pytestmark = pytest.mark.browser

COLOURS = {  # direction: colour of the panorama there
    (0, 0): (220, 40, 40),
    (90, 0): (40, 220, 40),
    (180, 0): (40, 40, 220),
    (-90, 0): (220, 220, 40),
    (0, 90): (40, 220, 220),
    (0, -90): (220, 40, 220),
}
VIEWS = [(0, 0), (180, 0), (-179.6, 20), (30, 89), (100, -90), (-60, -40)]

# Another view in the same page, with an option that only tests use.
SECOND_VIEW = """async ([limit, uris]) => {
  const canvas = document.createElement("canvas");
  Object.assign(canvas.style, {position: "fixed", inset: 0, width: "480px", height: "320px"});
  document.body.append(canvas);
  window.second = new PanoramaView(canvas, {maxTextureSize: limit});
  const pictures = await Promise.all(uris.map(async (uri) => {
    const image = Object.assign(new Image(), {src: uri});
    await image.decode();
    return image;
  }));
  await second.load({after: pictures[0], before: pictures[1]});
}"""


@pytest.fixture
def tab(tmp_path, smooth_panorama, show):
    write_page(tmp_path / "page.html", [Scene("smooth", smooth_panorama)])
    return show(tmp_path / "page.html")


def test_directions_show_their_colours_on_the_screen(tmp_path, show):
    axes = panorama_rays(512, 256)
    nearest = np.abs(axes).argmax(-1)
    negative = np.take_along_axis(axes, nearest[..., None], -1)[..., 0] < 0
    order = [(90, 0), (0, 90), (0, 0), (-90, 0), (0, -90), (180, 0)]
    palette = np.uint8([COLOURS[direction] for direction in order])
    Image.fromarray(palette[nearest + 3 * negative]).save(tmp_path / "colours.png")
    write_page(tmp_path / "page.html", [Scene("colours", tmp_path / "colours.png")])
    tab = show(tmp_path / "page.html")
    for (yaw, pitch), colour in COLOURS.items():
        look(tab, yaw, pitch)
        shot = np.asarray(Image.open(io.BytesIO(tab.screenshot())).convert("RGB"))
        assert np.abs(shot[160, 240] - np.int32(colour)).max() <= 1, (yaw, pitch)


def test_every_pixel_is_the_colour_of_its_ray(tab):
    for yaw, pitch in VIEWS:
        look(tab, yaw, pitch)
        expected = sphere_colours(view_rays(480, 320, yaw, pitch, 90))
        error = np.abs(snapshot(tab) - expected.astype(np.int32))
        assert error.max() <= 2, (yaw, pitch)
        assert error.mean() < 0.6, (yaw, pitch)


def test_no_line_at_the_seam(tab):
    look(tab, 180, 0, 40)
    rows = snapshot(tab)[100:220].astype(np.int32)
    assert np.abs(np.diff(rows, axis=1)).max() <= 2


def test_tiles_show_what_one_texture_shows(tab):
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 256, (2, 160, 320, 3), np.uint8)
    uris = [_data_uri(picture) for picture in noise]
    shots = {}
    for limit in (4096, 70):
        tab.evaluate(SECOND_VIEW, [limit, uris])
        wait_until(tab, "window.second && second.layers.after && second.canvas.width === 480")
        shots[limit] = []
        for yaw, pitch in VIEWS:
            tab.evaluate("([yaw, pitch]) => second.reset({yaw, pitch, fov: 100})", [yaw, pitch])
            shots[limit].append(snapshot(tab, "second"))
        grid = tab.evaluate("second.grids[0]")
    assert (grid["columns"], grid["rows"]) == (5, 3)
    assert np.abs(np.int32(shots[4096]) - np.int32(shots[70])).max() <= 2


def test_a_large_picture_is_read_from_its_smaller_copies(tab):
    fine = np.int16(sphere_colours(panorama_rays(2048, 1024)))
    striped = np.stack([fine - 20, fine + 20], axis=2).reshape(1024, 4096, 3)
    tab.evaluate(SECOND_VIEW, [1000, [_data_uri(np.repeat(np.uint8(striped), 2, axis=0))]])
    wait_until(tab, "window.second && second.layers.after && second.canvas.width === 480")
    grids = tab.evaluate("second.grids.map(({columns, rows}) => [columns, rows])")
    assert grids == [[5, 3], [3, 2]]
    tab.evaluate("second.reset({yaw: 170, pitch: 20, fov: 90})")
    expected = sphere_colours(view_rays(480, 320, 170, 20, 90))
    assert np.abs(snapshot(tab, "second") - expected.astype(np.int32)).max() <= 2


def test_many_rays_per_pixel_keep_a_fine_pattern_even(tab):
    stripes = np.zeros((1024, 2048, 3), np.uint8)
    stripes[:, ::2] = 255
    tab.evaluate(SECOND_VIEW, [4096, [_data_uri(stripes)]])
    wait_until(tab, "window.second && second.layers.after && second.canvas.width === 480")
    tab.evaluate("second.reset({fov: 110})")
    shown = snapshot(tab, "second")[150:170, 200:280].astype(np.int32)
    assert np.abs(shown.mean() - 127.5) < 6
    assert shown.std() < 45


def test_screen_and_sphere_are_inverse(tab):
    look(tab, 123, -35, 80)
    points = tab.evaluate("""() => [[10, 20], [240, 160], [479, 319], [3, 300]].map(([x, y]) => {
      const {yaw, pitch} = viewer.view.screenToSphere(x, y);
      const back = viewer.view.sphereToScreen(yaw, pitch);
      return [x - back.x, y - back.y];
    })""")
    assert np.abs(points).max() < 1e-6
    assert tab.evaluate("viewer.view.sphereToScreen(123 - 180, 35)") is None
    assert tab.evaluate("viewer.view.screenToSphere(240, 160)") == pytest.approx({"yaw": 123, "pitch": -35})


def test_screen_position_of_a_ray(tab):
    look(tab, 20, 10, 90)
    for x, y in [(0, 0), (479, 100), (240, 319)]:
        ray = view_rays(480, 320, 20, 10, 90)[y, x]
        direction = tab.evaluate("([x, y]) => viewer.view.screenToSphere(x, y)", [x + 0.5, y + 0.5])
        assert direction["yaw"] == pytest.approx(np.degrees(np.arctan2(ray[0], ray[2])))
        assert direction["pitch"] == pytest.approx(np.degrees(np.arcsin(ray[1])))


def test_yaw_wraps_and_pitch_and_zoom_stop(tab):
    tab.evaluate("Object.assign(viewer.view, {yaw: 190, pitch: 200, fov: 500})")
    assert tab.evaluate("[viewer.view.yaw, viewer.view.pitch]") == [-170, 90]
    assert 100 < tab.evaluate("viewer.view.fov") < 130
    tab.evaluate("viewer.view.fov = 0.1")
    assert 8 < tab.evaluate("viewer.view.fov") < 13


def test_nothing_is_drawn_while_nothing_changes(tab):
    tab.evaluate("viewer.view.render()")
    frames = """() => new Promise((resolve) => {
      const before = viewer.view.frames;
      let left = 10;
      const wait = () => left-- ? requestAnimationFrame(wait) : resolve(viewer.view.frames - before);
      wait();
    })"""
    assert tab.evaluate(frames) == 0


def test_mask_tints_what_it_covers(tab):
    tab.evaluate("""async () => {
      window.mask = {width: 128, height: 64, data: new Uint8Array(128 * 64)};
      const after = await viewer._fetchSource(viewer.scene.panorama);
      await viewer.view.load({after, mask});
      viewer.view.tint = [1, 0, 0, 1];
    }""")
    look(tab, 180, 0, 60)
    untouched = snapshot(tab)
    assert np.abs(untouched[160, 240] - sphere_colours(view_rays(480, 320, 180, 0, 60))[160, 240]).max() <= 2
    tab.evaluate("""() => {
      for (let row = 30; row < 34; row++) {
        mask.data.fill(255, row * 128, row * 128 + 3);
        mask.data.fill(255, row * 128 + 125, row * 128 + 128);
      }
      viewer.view.update("mask", {x: 0, y: 30, width: 3, height: 4});
      viewer.view.update("mask", {x: 125, y: 30, width: 3, height: 4});
    }""")
    tinted = snapshot(tab)
    assert tinted[155:165, 200:280].tolist() == [[[255, 0, 0]] * 80] * 10
    assert np.array_equal(tinted[:60], untouched[:60])


def test_mask_over_a_pole_is_updated_on_both_sides(tab):
    tab.evaluate("""async () => {
      window.mask = {width: 128, height: 64, data: new Uint8Array(128 * 64)};
      await viewer.view.load({after: await viewer._fetchSource(viewer.scene.panorama), mask});
      viewer.view.tint = [1, 0, 0, 1];
      mask.data.fill(255, 62 * 128);
      viewer.view.update("mask", {x: 0, y: 62, width: 128, height: 2});
    }""")
    look(tab, 77, -90, 20)
    assert snapshot(tab)[158:162, 238:242].tolist() == [[[255, 0, 0]] * 4] * 4


def test_partial_panorama_lies_where_its_crop_says(tab):
    tab.evaluate("""async () => {
      const part = Object.assign(document.createElement("canvas"), {width: 128, height: 128});
      const context = part.getContext("2d");
      context.fillStyle = "rgb(0, 200, 0)";
      context.fillRect(0, 0, 128, 128);
      await viewer.view.load({after: {picture: part, crop: {left: 256, top: 64, width: 512, height: 256}}});
    }""")
    middles = {(45, 0): [0, 200, 0], (-45, 0): [0, 0, 0], (135, 0): [0, 0, 0], (45, 70): [0, 0, 0]}
    for (yaw, pitch), colour in middles.items():
        look(tab, yaw, pitch, 30)
        assert snapshot(tab)[160, 240].tolist() == colour


def test_lost_context_comes_back(tab):
    look(tab, 30, 10)
    before = snapshot(tab)
    tab.evaluate("""() => new Promise((resolve) => {
      const {view} = viewer;
      const extension = view.gl.getExtension("WEBGL_lose_context");
      view.canvas.addEventListener("webglcontextlost", () => setTimeout(() => extension.restoreContext()));
      view.addEventListener("restore", resolve);
      extension.loseContext();
    })""")
    assert np.array_equal(snapshot(tab), before)


def test_canvas_follows_the_window_and_the_screen(tmp_path, smooth_panorama, show):
    write_page(tmp_path / "page.html", [Scene("smooth", smooth_panorama)])
    tab = show(tmp_path / "page.html", device_scale_factor=2)
    assert tab.evaluate("[viewer.view.canvas.width, viewer.view.canvas.height]") == [960, 640]
    tab.set_viewport_size({"width": 300, "height": 400})
    wait_until(tab, "viewer.view.canvas.width === 600 && viewer.view.canvas.height === 800")
    look(tab, -100, 5, 60)
    expected = sphere_colours(view_rays(600, 800, -100, 5, 60))
    assert np.abs(snapshot(tab) - expected.astype(np.int32)).max() <= 2


def _data_uri(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
