"""What the studio's tests share: small tours, erasers that need no network, and a server with both."""

import io
import threading
import time
import urllib.request
from contextlib import contextmanager

import numpy as np
from PIL import Image
from served import ask, running
from tour_samples import direction_panorama

from pano_inpaint.masks import grow
from viewers.studio.app import build_studio

CAP = {"kind": "stroke", "erase": False, "points": [[175.0, 5.0, 12.0], [-170.0, -3.0, 12.0]]}
NADIR = {"kind": "stroke", "erase": False, "points": [[0.0, -90.0, 20.0]]}


class Painter:
    """Stands in for the eraser: paints what is marked in a colour that depends on the seed."""

    def __init__(self, quality, seed, check):
        self.quality, self.seed, self.check = quality, seed, check
        self.has_lifted = False

    def erase(self, panorama, mask, *, watch, shadows_lifted=False):
        assert shadows_lifted == self.has_lifted
        self.has_lifted = False
        watch(0, 1)
        pixels = panorama.pixels.copy()
        pixels[mask] = colour_of(self.seed)
        watch(1, 1)
        return panorama.with_pixels(pixels)

    def lift_shadows(self, panorama, mask, reach):
        self.has_lifted = True
        shadow = grow(mask, reach) & ~mask
        lit = np.where(shadow[..., None], np.uint8(255), panorama.pixels)
        return panorama.with_pixels(lit), mask, shadow


class Gate:
    """An eraser maker whose erasers stop half-way until they are let through."""

    def __init__(self):
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, quality, seed, check):
        gate = self

        class Waiting(Painter):
            def erase(self, panorama, mask, *, watch, **options):
                watch(0, 2)
                watch(1, 2)
                gate.reached.set()
                if not gate.open.wait(20):
                    raise TimeoutError
                return super().erase(panorama, mask, watch=watch, **options)

        return Waiting(quality, seed, check)


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def colour_of(seed):
    return (40 + seed % 200, 200, 40)


def write_tour(folder, names=("lounge.png", "study.png"), height=64):
    folder.mkdir(parents=True, exist_ok=True)
    for turn, name in enumerate(names):
        picture = np.roll(direction_panorama(height), 10 * turn, axis=1)
        Image.fromarray(picture).save(folder / name)
    return folder


class Client:
    """A program that uses the studio's routes; `tabs` are closed before the studio ends."""

    def __init__(self, url):
        self.url = url
        self.tabs = []

    def get(self, path):
        return ask(f"{self.url}/api/{path}")

    def send(self, path, document=None, method="POST", **headers):
        headers = {"Content-Type": "application/json", **headers}
        body = {} if document is None else document
        return ask(f"{self.url}/api/{path}", body, method=method, headers=headers.items())

    def ok(self, path, document=None, method="POST"):
        status, answer = self.send(path, document, method)
        assert status in (200, 202), answer
        return answer

    def mark(self, number, *marks):
        scene = self.get(f"scenes/{number}")[1]
        edit = {"revision": scene["revision"], "keep": 0, "add": list(marks), "shown": len(marks)}
        return self.ok(f"scenes/{number}/marks", edit, "PUT")

    def bytes(self, path):
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=60) as response:
            return response.read()

    def erase(self, number, **options):
        """Erase and wait for the end; returns the task."""
        (task,) = self.ok("tasks", {"scenes": [number], **options})["tasks"]
        return self.wait(task["id"])

    def wait(self, task, states=("done", "failed", "cancelled")):
        deadline = time.monotonic() + 30
        while (now := self.get(f"tasks/{task}")[1])["state"] not in states:
            assert time.monotonic() < deadline, now
            threading.Event().wait(0.005)
        return now


@contextmanager
def studio(source, make_eraser=Painter, **options):
    with running(build_studio(source, make_eraser, **options)) as url:
        client = Client(url)
        try:
            yield client
        finally:
            for tab in client.tabs:
                tab.close()
