"""The studio's page in headless Chromium: how soon it is interactive, and what a brush move costs.

    python -m benchmarks.studio [--width 4096] [--rounds 5] [--moves 100]

Start-up is from opening the address to the first frame after the page is ready, on a server that has never
shown the tour, and on a reload; the peer is a plain page with the same file in an `<img>`, decoded and
painted. A move is all script that it causes: handling the pointer, and the frame after it; the peer is a
brush on a plain 2D canvas of the picture's size, moved along the same way. What the graphics driver does
afterwards (here: a software renderer) is only in the last line. All take turns.
"""

import contextlib
import http.server
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

import pano_inpaint
from benchmarks.erase import resized
from pano_inpaint.panorama import Panorama, read_panorama, write_panorama

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests" / "browser"))

from headless import ARGUMENTS, find_chromium  # noqa: E402 (it lies beside the tests)

SAMPLES = Path(pano_inpaint.__file__).parent / "samples" / "home"
VIEWPORT = {"width": 960, "height": 600}
GRAIN = 3.0  # standard deviation of the noise that enlarged pictures get, as a camera's has
JPEG_QUALITY = 92
LIMITS = {"start-up": 2000.0, "move": 4.0}  # ms aimed at
LONG = 60_000  # ms

# Notes when the page is ready and drawn, and sums up the script of each move and of the frame after it.
WATCH = """(() => {
  const told = window.benchmark = {moves: []};
  const isReady = () => document.documentElement.dataset.state === "ready";
  const note = () => {
    if (isReady()) requestAnimationFrame(() => setTimeout(() => { told.ready ??= performance.now(); }));
  };
  const changes = {attributes: true, subtree: true, attributeFilter: ["data-state"]};
  new MutationObserver(note).observe(document, changes);
  let began = 0;
  addEventListener("pointermove", () => { began = performance.now(); told.moves.push(0); }, true);
  addEventListener("pointermove", () => { told.moves[told.moves.length - 1] += performance.now() - began; });
  const real = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => real((now) => {
    const start = performance.now();
    callback(now);
    if (told.moves.length) told.moves[told.moves.length - 1] += performance.now() - start;
  });
})();"""

# The next frame, drawn, and the start of the one after it.
FRAME = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"

PLAIN = """<!doctype html>
<meta charset="utf-8">
<body style="margin: 0">
<img src="picture.jpg" style="width: 100%">
<script>
document.images[0].decode().then(() => { document.documentElement.dataset.state = "ready"; });
</script>"""

PLAIN_BRUSH = """<!doctype html>
<meta charset="utf-8">
<body style="margin: 0; overflow: hidden">
<canvas style="width: 100%; display: block"></canvas>
<script>
const canvas = document.querySelector("canvas"), context = canvas.getContext("2d");
const picture = new Image();
picture.onload = () => {
  Object.assign(canvas, {width: picture.width, height: picture.height});
  context.drawImage(picture, 0, 0);
  Object.assign(context, {strokeStyle: "#ff265c", lineCap: "round", lineWidth: picture.width / 30});
  document.documentElement.dataset.state = "ready";
};
picture.src = "picture.jpg";
let last = null;
const at = (event) => [event.offsetX, event.offsetY].map((one) => one * canvas.width / canvas.clientWidth);
canvas.onpointerdown = (event) => { last = at(event); };
canvas.onpointerup = () => { last = null; };
canvas.onpointermove = (event) => {
  if (!last) return;
  for (const step of event.getCoalescedEvents()) {
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...(last = at(step)));
    context.stroke();
  }
};
</script>"""


def main(
    width: Annotated[int, typer.Option(help="Columns of the tour's panoramas.")] = 4096,
    rounds: Annotated[int, typer.Option(help="Times that each page is opened.")] = 5,
    moves: Annotated[int, typer.Option(help="Moves of the stroke that is drawn in each round.")] = 100,
) -> None:
    """Print milliseconds of our page and the plain ones, and their ratios."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        tour = write_tour(Path(name) / "tour", width)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        with plain_pages(tour, Path(name) / "plain") as plain:
            results = [measure(browser, tour, plain, moves) for _ in range(rounds)]
        browser.close()
    report(results)


def write_tour(folder, width):
    """Enlarge the bundled tour, with a camera's grain, for smooth pictures would load too soon."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for path in sorted(SAMPLES.glob("*.jpg")):
        pixels = resized(read_panorama(path).pixels, width)
        grainy = pixels + rng.normal(0, GRAIN, pixels.shape).astype(np.float32)
        pixels = np.rint(grainy.clip(0, 255)).astype(np.uint8)
        write_panorama(folder / path.name, Panorama(pixels), quality=JPEG_QUALITY)
    return folder


@contextlib.contextmanager
def plain_pages(tour, folder):
    """Serve the peers' pages and the tour's first picture; yields the address."""
    folder.mkdir()
    (folder / "picture.jpg").symlink_to(sorted(tour.glob("*.jpg"))[0])
    (folder / "start.html").write_text(PLAIN, "utf-8")
    (folder / "brush.html").write_text(PLAIN_BRUSH, "utf-8")
    handler = partial(Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Silent(http.server.SimpleHTTPRequestHandler):
    """A server of files that tells nobody of its requests."""

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def studio(tour):
    """Run a studio that has never seen the tour; yields its address."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "pano_inpaint", "studio", str(tour), "--no-open", "--out", out]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
            try:
                yield server.stdout.readline().split()[0]
            finally:
                server.terminate()


def measure(browser, tour, plain, moves):
    """Open every page once and draw a stroke on ours and on the plain brush.

    Parameters
    ----------
    browser : playwright Browser
    tour : Path
    plain : str
        Address of the plain pages.
    moves : int

    Returns
    -------
    dict
        Milliseconds: "first", "again", "plain" until a page is ready; for each move lists of the script,
        "move" and "plain move", and until the frame after it was done, "shown" and "plain shown".
    """
    found = {}
    with studio(tour) as url, opened(browser) as tab:
        found["first"] = ready(tab, lambda: tab.goto(url))
        found["again"] = ready(tab, tab.reload)
        found["move"], found["shown"] = draw(tab, "#sphere", moves)
        if not tab.evaluate("studio.session.shown"):
            raise RuntimeError("expected a stroke to be painted, found none")
    with opened(browser) as tab:
        found["plain"] = ready(tab, lambda: tab.goto(f"{plain}/start.html"))
        ready(tab, lambda: tab.goto(f"{plain}/brush.html"))
        found["plain move"], found["plain shown"] = draw(tab, "canvas", moves)
    return found


@contextlib.contextmanager
def opened(browser):
    """Yield a tab with an empty cache that takes notes."""
    context = browser.new_context(viewport=VIEWPORT, device_scale_factor=1)
    tab = context.new_page()
    tab.set_default_timeout(LONG)
    tab.add_init_script(WATCH)
    yield tab
    context.close()


def ready(tab, opening):
    """Open a page; returns the milliseconds until it stood."""
    opening()
    tab.wait_for_selector("html[data-state=ready]", state="attached")
    return tab.evaluate(FRAME + ".then(() => benchmark.ready)")


def draw(tab, selector, moves):
    """Draw a stroke to and fro, one move after the other; returns ms of script, and until the frame."""
    box = tab.locator(selector).bounding_box()
    steps = np.arange(moves + 1)
    x = box["x"] + box["width"] * (0.5 + 0.4 * np.sin(steps / 9))
    y = box["y"] + box["height"] * (0.5 + 0.35 * np.sin(steps / 31))
    tab.mouse.move(float(x[0]), float(y[0]))
    tab.mouse.down()
    tab.evaluate("() => { benchmark.moves = []; }")
    shown = []
    for place in zip(x[1:], y[1:], strict=True):
        began = time.perf_counter()
        tab.mouse.move(*map(float, place))
        tab.evaluate(FRAME)
        shown.append(1000 * (time.perf_counter() - began))
    costs = tab.evaluate("benchmark.moves")
    tab.mouse.up()
    return costs, shown


def report(results):
    """Print medians over the rounds, and all moves together."""
    table = Table(box=None)
    for column in ("", "ms", "plain page, ms", "ratio", "aim, ms"):
        table.add_column(column, justify="left" if not column else "right")
    plain = [one["plain"] for one in results]
    for name, label in (("first", "interactive, first visit"), ("again", "interactive, on a reload")):
        row(table, label, np.median([one[name] for one in results]), np.median(plain), LIMITS["start-up"])
    ours, theirs = (np.concatenate([one[name] for one in results]) for name in ("move", "plain move"))
    for name, share in (("median", 50), ("95th percentile", 95), ("worst", 100)):
        costs = (np.percentile(ours, share), np.percentile(theirs, share))
        row(table, f"brush move, {name}", *costs, LIMITS["move"])
    ours, theirs = (np.concatenate([one[name] for one in results]) for name in ("shown", "plain shown"))
    row(table, "move until the next frame, median", np.median(ours), np.median(theirs), None)
    Console().print(table)
    worst = max(one["first"] for one in results)
    told = (
        f"{len(results)} rounds, {len(ours)} moves; start-up: medians, the slowest first visit {worst:.0f} ms"
    )
    Console().print(told)


def row(table, label, ours, theirs, aim):
    """Add a line to the table."""
    digits = 0 if ours > 100 else 2
    told = "" if aim is None else f"{aim:.0f}"
    table.add_row(label, f"{ours:.{digits}f}", f"{theirs:.{digits}f}", f"{ours / theirs:.2f}", told)


if __name__ == "__main__":
    typer.run(main)
