"""How a Chromium without a screen is found and started: by the tests, and for pictures and measurements."""

import os
import shutil

ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium():
    """Return the path of a Chromium; None if there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
