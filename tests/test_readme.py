"""The README's lines for the REST API, run as they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from served import hole, running

from viewers.server import build_app
from viewers.tensor_json import Signature, Tensor
from viewers.tfserving import Servable

README = Path(__file__).resolve().parents[1] / "README.md"
BYTES = Tensor("DT_STRING", (-1,))
SIDE = 512


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A folder with room.jpg, larger than an argument of a command may be, and mask.png."""
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, 2 * SIDE, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "room.jpg", quality=90)
    Image.fromarray(hole(SIDE, 2 * SIDE)).save(tmp_path / "mask.png")
    assert (tmp_path / "room.jpg").stat().st_size > 2**17
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def address():
    """A server whose `panorama` sends the picture back."""
    tensors = {"image_bytes": BYTES, "mask_bytes": BYTES}
    same = Signature(tensors, {"completed_bytes": BYTES}, lambda t, _: {"completed_bytes": t["image_bytes"]})
    with running(build_app([Servable("panorama", {"serving_default": same})])) as url:
        yield url.removeprefix("http://")


def block(pattern, address):
    """Return the lines of the README that match, meant for another address."""
    (lines,) = re.findall(pattern, README.read_text("utf-8"), re.DOTALL)
    return lines.replace("localhost:8501", address)


def test_the_curl_line(room, address):
    if not shutil.which("curl"):
        pytest.skip("no curl found")
    lines = block(r"--port 8501\n(printf.*?:predict)\n", address)
    command = subprocess.run(["bash", "-c", lines], capture_output=True, text=True, check=True)
    assert command.stdout.startswith('{"predictions": [{"b64": "')


def test_the_python_client(room, address):
    lines = block(r"```python\n(import base64, json.*?)```", address)
    subprocess.run([sys.executable, "-c", lines], check=True, env=os.environ)
    assert (room / "empty.jpg").read_bytes() == (room / "room.jpg").read_bytes()
