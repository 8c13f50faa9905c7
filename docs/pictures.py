"""Take the README's pictures of what is erased, and of the pages in the tests' browser, from the samples.

    python docs/pictures.py [hall] [studio] [viewer] [tours] [serve]

Needs `pip install 'pano-inpaint[test]'` and a Chromium; takes about a minute.
"""

import base64
import io
import json
import math
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.append(str(ROOT / "tests" / "browser"))

from headless import ARGUMENTS, find_chromium  # noqa: E402 (it lies beside the tests)

from pano_inpaint.sphere import to_perspective  # noqa: E402

SAMPLES = ROOT / "pano_inpaint" / "samples"
TOUR = SAMPLES / "home"
SIZE = {"width": 960, "height": 540}
LONG = 300_000  # ms


def main(names):
    """Take the pictures of these names, or all."""
    chosen = [PICTURES[name] for name in names or PICTURES]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        tour = Path(shutil.copytree(TOUR, Path(folder) / "home"))
        for take in chosen:
            take(browser, tour)
        browser.close()


def take_hall(_browser, tour):
    """Erase the benches of the bundled hall with their shadows; before and after side by side."""
    hall, emptied = SAMPLES / "hall.jpg", tour.parent / "hall.jpg"
    run("erase", hall, "--mask", SAMPLES / "hall_mask.png", "--shadows", 15, "-o", emptied)
    look = {"yaw": math.radians(2), "pitch": math.radians(-22), "fov": math.radians(85), "size": (478, 300)}
    views = [to_perspective(np.asarray(Image.open(path)), **look) for path in (hall, emptied)]
    write("hall", Image.fromarray(np.hstack([views[0], np.full((300, 10, 3), 255, np.uint8), views[1]])))


def take_studio(browser, tour):
    """Paint over the dresser in one window, and compare the result in another: light beside dark."""
    with started("studio", tour / "tour.json", "--no-open", "--out", tour.parent / "work") as url:
        tab = open_page(browser, url)
        tab.evaluate("studio.view.reset({yaw: 10, pitch: -12, fov: 95})")
        paint(tab, (-40, -20), (60, 0), (50, 60), (-30, 50), (-30, 15), (40, 35))
        painted = shot(tab)
        tab.get_by_role("button", name="Erase", exact=True).click()
        tab.wait_for_selector("html[data-state=ready][data-mode=decide]", state="attached", timeout=LONG)
        tab.emulate_media(color_scheme="dark")
        tab.wait_for_selector("#toast", state="hidden")
        compared = shot(tab)
    both = Image.new("RGB", (painted.width * 2 + 12, painted.height), "white")
    both.paste(painted, (0, 0))
    both.paste(compared, (painted.width + 12, 0))
    write("studio", both.resize((both.width // 2, both.height // 2), Image.Resampling.LANCZOS))


def take_viewer(browser, tour):
    """Show the bundled tour, furnished and empty, half and half."""
    page = tour.parent / "tour.html"
    run("view", tour / "empty", "--before", tour / "tour.json", "--no-open", "-o", page)
    tab = open_page(browser, page.as_uri())
    tab.evaluate("viewer.view.reset({yaw: -8, pitch: -14, fov: 110})")
    tab.evaluate("new Promise(requestAnimationFrame)")
    write("viewer", shot(tab))


def take_tours(browser, tour):
    """Stand in the bundled tour, emptied with its links, where a hotspot leads on."""
    emptied = Path(shutil.copytree(tour / "empty", tour.parent / "emptied"))
    shutil.copy(tour / "tour.json", emptied)
    page = tour.parent / "tours.html"
    run("view", emptied, "--before", tour / "tour.json", "--no-open", "-o", page)
    tab = open_page(browser, page.as_uri())
    tab.get_by_role("button", name="living 2", exact=True).click()
    tab.wait_for_selector("html[data-state=ready]", state="attached")
    tab.get_by_role("button", name="Scenes").click()
    tab.evaluate("""() => {
      const [{yaw, pitch}] = viewer.scene.hotspots;
      viewer.view.reset({yaw: yaw - 15, pitch: pitch + 12, fov: 100});
    }""")
    tab.evaluate("new Promise(requestAnimationFrame)")
    write("tours", shot(tab))


FIGURE = """<!doctype html>
<meta charset="utf-8">
<style>
  body {{ margin: 0; padding: 14px; width: 932px; background: #fff; font: 15px/1.5 monospace; }}
  div {{ display: flex; gap: 10px; }}
  figure {{ margin: 0; flex: 1; }}
  img {{ display: block; width: 100%; border-radius: 4px; }}
  figcaption {{ padding: 6px 2px 0; white-space: pre; }}
</style>
<div>
  <figure><img src="{image}"><figcaption>"image_bytes": {{"b64": …}}</figcaption></figure>
  <figure><img src="{mask}"><figcaption>"mask_bytes": {{"b64": …}}</figcaption></figure>
  <figure><img src="{answer}"><figcaption>{{"predictions": [{{"b64": …}}]}}</figcaption></figure>
</div>"""


def take_serve(browser, tour):
    """Show what was sent to the REST API and what came back."""
    image, mask = ((SAMPLES / name).read_bytes() for name in ("hall.jpg", "hall_mask.png"))
    image, mask = (base64.b64encode(data).decode() for data in (image, mask))
    body = json.dumps({"instances": [{"image_bytes": {"b64": image}, "mask_bytes": {"b64": mask}}]})
    with started("serve", "--port", "0") as url:  # that of the first model
        url = url.replace("completion", "panorama:predict")
        with urllib.request.urlopen(url, body.encode()) as response:
            (prediction,) = json.load(response)["predictions"]
    sources = {"image": f"jpeg;base64,{image}", "mask": f"png;base64,{mask}"}
    sources["answer"] = f"jpeg;base64,{prediction['b64']}"
    tab = browser.new_page(viewport={"width": 960, "height": 100}, device_scale_factor=1)
    tab.set_content(FIGURE.format(**{name: f"data:image/{data}" for name, data in sources.items()}))
    picture = Image.open(io.BytesIO(tab.screenshot(full_page=True))).convert("RGB")
    write("serve", picture)


PICTURES = {
    "hall": take_hall,
    "studio": take_studio,
    "viewer": take_viewer,
    "tours": take_tours,
    "serve": take_serve,
}


def run(*arguments):
    """Run the command line."""
    subprocess.run([sys.executable, "-m", "pano_inpaint", *map(str, arguments)], check=True, cwd=ROOT)


@contextmanager
def started(*arguments):
    """Run a server by the command line; yields the address it tells."""
    command = [sys.executable, "-m", "pano_inpaint", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            yield server.stdout.readline().split()[0]
        finally:
            server.terminate()


def open_page(browser, url):
    """Open a page and wait until its first scene stands."""
    tab = browser.new_page(viewport=SIZE, device_scale_factor=1, reduced_motion="reduce")
    tab.goto(url)
    tab.wait_for_selector("html[data-state=ready]", state="attached", timeout=LONG)
    return tab


def paint(tab, *points):
    """Move the brush through points, counted from the view's middle."""
    box = tab.locator("#sphere").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x + points[0][0], y + points[0][1])
    tab.mouse.down()
    for dx, dy in points[1:]:
        tab.mouse.move(x + dx, y + dy, steps=4)
    tab.mouse.up()


def shot(tab):
    """Return what the page shows."""
    return Image.open(io.BytesIO(tab.screenshot())).convert("RGB")


def write(name, picture):
    """Write one of the README's pictures."""
    picture.save(DOCS / f"{name}.jpg", quality=85, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
