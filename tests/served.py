"""What the tests of the server share: a tiny preset, a server on a real socket, and ways to ask it."""

import base64
import io
import json
import socket
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager

import numpy as np
import uvicorn
from PIL import Image

FACE = 32


# A network that is told directions, and tells all that one can.
KNOWING = {"table": "folded", "rays": True, "layout": True, "shadows": True}


def write_tiny_preset(folder, **options):
    """A network with random weights, so that what it completes is not the smooth fill alone."""
    import keras

    from pano_inpaint.models.completion import CompletionConfig, build_completion_network
    from pano_inpaint.models.presets import find_preset, write_preset

    keras.utils.set_random_seed(3)
    config = CompletionConfig(width=1 / 16, hole_fill="prior", **options)
    network = build_completion_network(config)
    # These start at zero. Untrained residual layers grow what they see, so theirs is scaled down.
    spreads = {"colours": 1e-4 if config.table == "folded" else 0.02, "conv1_rays": 0.02, "shadows": 0.002}
    for layer in network.layers:
        if layer.name in spreads:
            values = np.random.default_rng(0).normal(0, spreads[layer.name], layer.kernel.shape)
            layer.kernel.assign(values)
    settings = {"stage": "test", "face_size": FACE, "discriminator": {}, "completion": config.to_dict()}
    write_preset(folder, settings, completion=network)
    return find_preset(folder)


@contextmanager
def running(app):
    """Serve an app on a free port of the loopback; yields its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def ask(url, body=None, *, method=None, headers=()):
    """Return status and JSON; a body that is no bytes is sent as JSON."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, dict(headers), method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            assert error.headers["Content-Type"] == "application/json"
            return error.code, json.load(error)


def b64(data):
    return {"b64": base64.b64encode(data).decode()}


def from_b64(value):
    """Decode a sent-back picture."""
    assert value.keys() == {"b64"}
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(value["b64"]))))


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def picture(height, width):
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 9), np.cos(y / 7), np.sin((x + y) / 11)]
    return np.stack([128 + 90 * wave for wave in waves], -1).astype(np.uint8)


def hole(height, width):
    mask = np.zeros((height, width), np.uint8)
    mask[height // 3 : 2 * height // 3, width // 4 : width // 2] = 255
    return mask
