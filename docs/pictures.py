"""Take the README's pictures of the pages, in the tests' browser, from the bundled tour.

    python docs/pictures.py [studio] [viewer]

Needs `pip install 'pano-inpaint[test]'` and a Chromium; takes about a minute.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.append(str(ROOT / "tests" / "browser"))

from conftest import ARGUMENTS, find_chromium  # noqa: E402 (it lies beside the tests)

TOUR = ROOT / "pano_inpaint" / "samples" / "home"
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
    write("viewer", shot(tab))


PICTURES = {"studio": take_studio, "viewer": take_viewer}


def run(*arguments):
    """Run the command line."""
    subprocess.run([sys.executable, "-m", "pano_inpaint", *map(str, arguments)], check=True, cwd=ROOT)


@contextmanager
def started(*arguments):
    """Run a server by the command line; yields the address it tells."""
    command = [sys.executable, "-m", "pano_inpaint", *map(str, arguments)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield server.stdout.readline().split()[0]
    finally:
        server.terminate()
        server.wait()


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
