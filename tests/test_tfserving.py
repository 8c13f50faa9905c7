"""The REST protocol, asked over a real socket."""

import gc
import gzip
import json
import signal
import socket
import struct
import subprocess
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from served import ask, b64, from_b64, hole, picture, png, running, write_tiny_preset

from pano_inpaint.errors import PanoInpaintError
from viewers.server import build_app, build_model_app, serve
from viewers.tensor_json import Signature, Tensor
from viewers.tfserving import Limits, Servable

FLOAT, BYTES = Tensor("DT_FLOAT", (-1,)), Tensor("DT_STRING", (-1,))
MATRIX = Tensor("DT_FLOAT", (-1, 2, -1))


def reverse(tensors, _job):
    result = np.empty(len(tensors["text"]), object)
    result[:] = [text[::-1] for text in tensors["text"]]
    return {"text": result, "text_bytes": result}


SERVABLES = [
    Servable(
        "arithmetic",
        {
            "serving_default": Signature({"x": FLOAT}, {"y": FLOAT}, lambda t, _: {"y": t["x"] / 2 + 3}),
            "sum": Signature({"a": FLOAT, "b": FLOAT}, {"s": FLOAT}, lambda t, _: {"s": t["a"] + t["b"]}),
            "text": Signature({"text": BYTES}, {"text": BYTES, "text_bytes": BYTES}, reverse),
            "matrix": Signature({"m": MATRIX}, {"m": MATRIX}, lambda t, _: {"m": t["m"]}),
            "bug": Signature({"x": FLOAT}, {"x": FLOAT}, lambda t, _: t["y"]),
        },
        version=version,
        labels={"stable": 1} if version == 1 else {},
    )
    for version in (1, 3)
]


@pytest.fixture(scope="module")
def server():
    with running(build_app(SERVABLES, limits=Limits(body_bytes=100_000, values=1000))) as url:
        yield url


def test_the_documented_example(server):
    """`curl -d '{"instances": [1.0,2.0,5.0]}'` of TensorFlow Serving's documentation."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}  # what curl -d sends
    answer = ask(f"{server}/v1/models/arithmetic:predict", b'{"instances": [1.0,2.0,5.0]}', headers=form)
    assert answer == (200, {"predictions": [3.5, 4.0, 5.5]})
    answer = ask(f"{server}/v1/models/half:predict", b'{"instances": [1.0,5.0]}')
    assert answer == (404, {"error": "Servable not found for request: Latest(half)"})


@pytest.mark.parametrize(
    ("request_body", "answer"),
    [
        ({"inputs": [1, 2]}, {"outputs": [3.5, 4.0]}),
        ({"signature_name": "", "instances": [0.2]}, {"predictions": [3.1]}),
        ({"signature_name": "sum", "instances": [{"a": 1, "b": 2}]}, {"predictions": [3.0]}),
        ({"signature_name": "sum", "inputs": {"a": [1, 2], "b": [0.5, 1]}}, {"outputs": [1.5, 3.0]}),
        ({"signature_name": "sum", "instances": [{"a": 0.1, "b": 0}] * 2}, {"predictions": [0.1, 0.1]}),
        (
            {"signature_name": "text", "instances": ["ab", {"b64": "Y2Q="}]},
            {"predictions": [{"text": t, "text_bytes": b64(t.encode())} for t in ("ba", "dc")]},
        ),
        (
            {"signature_name": "text", "inputs": [{"b64": "Y W\nI"}]},  # white space and padding are free
            {"outputs": {"text": ["ba"], "text_bytes": [b64(b"ba")]}},
        ),
        (
            {"signature_name": "matrix", "inputs": {"m": [[[1], [2]]]}},
            {"outputs": [[[1.0], [2.0]]]},
        ),
    ],
)
def test_rows_and_columns(server, request_body, answer):
    assert ask(f"{server}/v1/models/arithmetic:predict", request_body) == (200, answer)


def test_not_a_number_goes_through(server):
    _, answer = ask(f"{server}/v1/models/arithmetic:predict", b'{"instances": [NaN, -Infinity]}')
    assert np.isnan(answer["predictions"][0])
    assert answer["predictions"][1] == -np.inf


def test_gzip_is_unpacked(server):
    url, headers = f"{server}/v1/models/arithmetic:predict", {"Content-Encoding": "gzip"}
    body = gzip.compress(b'{"instances": [1]}')
    assert ask(url, body, headers=headers) == (200, {"predictions": [3.5]})
    assert ask(url, body[:-9], headers=headers)[0] == 400
    assert ask(url, b"plain", headers=headers)[0] == 400
    assert ask(url, gzip.compress(b" " * 10**6), headers=headers)[0] == 413
    assert ask(url, body, headers={"Content-Encoding": "br"})[0] == 400


def test_status_of_versions(server):
    status = {"error_code": "OK", "error_message": ""}
    three, one = ({"version": v, "state": "AVAILABLE", "status": status} for v in "31")
    url = f"{server}/v1/models/arithmetic"
    assert ask(url) == (200, {"model_version_status": [three, one]})
    assert ask(f"{url}/versions/3") == (200, {"model_version_status": [three]})
    assert ask(f"{url}/labels/stable") == (200, {"model_version_status": [one]})


def test_metadata(server):
    code, answer = ask(f"{server}/v1/models/arithmetic/metadata")
    assert code == 200
    assert answer["model_spec"] == {"name": "arithmetic", "signature_name": "", "version": "3"}
    signature = answer["metadata"]["signature_def"]["signature_def"]["matrix"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    dims = [{"size": size, "name": ""} for size in ("-1", "2", "-1")]
    assert signature["inputs"]["m"]["dtype"] == "DT_FLOAT"
    assert signature["outputs"]["m"]["tensor_shape"] == {"dim": dims, "unknown_rank": False}
    _, answer = ask(f"{server}/v1/models/arithmetic/labels/stable/metadata")
    assert answer["model_spec"]["version"] == "1"


@pytest.mark.parametrize(
    ("method", "path", "code", "message"),
    [
        ("GET", "models/x", 404, "Could not find any versions of model x"),
        ("GET", "models/x/metadata", 404, "Servable not found for request: Latest(x)"),
        ("GET", "models/arithmetic/versions/2", 404, "Could not find version 2 of model arithmetic"),
        (
            "GET",
            "models/arithmetic/versions/2/metadata",
            404,
            "Servable not found for request: Specific(arithmetic, 2)",
        ),
        ("GET", "models/arithmetic/labels/new", 400, "Unrecognized servable version label: new"),
        (
            "GET",
            f"models/arithmetic/versions/{2**63}",
            400,
            f"Failed to convert version: {2**63} to numeric.",
        ),
        ("GET", f"models/arithmetic/versions/{'9' * 5000}", 400, None),
        ("GET", "models/arithmetic/versions/two", 400, None),
        ("GET", "models/arithmetic/versions/²", 400, None),
        ("GET", "models", 400, "Missing model name in request."),
        ("GET", "models/a:predict", 400, "Malformed request: GET /v1/models/a:predict"),
        ("POST", "models/arithmetic", 400, "Malformed request: POST /v1/models/arithmetic"),
        ("DELETE", "models/arithmetic", 400, "Malformed request: DELETE /v1/models/arithmetic"),
        ("GET", "models/../../etc/passwd", 400, None),
        ("GET", "models/%2e%2e%2fetc%2fpasswd", 400, None),
        ("GET", "models/%00", 404, None),
        (
            "POST",
            "models/arithmetic:classify",
            400,
            "Expected classification signature method_name to be tensorflow/serving/classify. "
            "Was: tensorflow/serving/predict",
        ),
    ],
)
def test_wrong_paths(server, method, path, code, message):
    address = f"{server}/v1/{path}".replace("²", "%C2%B2")
    received, answer = ask(address, method=method)
    assert received == code
    assert answer.keys() == {"error"}
    assert message is None or answer["error"] == message


def test_outside_the_protocol(server):
    assert ask(f"{server}/nothing") == (404, {"error": "Not Found"})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"{", "JSON Parse error: "),
        (b"\xff\xfe\xff", "JSON Parse error: "),
        (b"[" * 50_000, "JSON Parse error: "),
        (b'{"instances": ' + b"[" * 900 + b"]" * 900 + b"}", ""),
        (b'{"instances": [' + b"9" * 5000 + b"]}", ""),
        (b"--boundary\r\nContent-Disposition: form-data", "JSON Parse error: "),
        ([], "JSON Value: [] Is not object"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"signature_name": 1, "instances": [1]}, "'signature_name' key must be a string value."),
        (
            {"signature_name": "x", "inputs": 1},
            'Serving signature name: "x" not found in signature def',
        ),
        ({"instances": [1], "inputs": [1]}, "expecting only one of 'inputs' or 'instances' keys to exist"),
        ({"instances": {}}, "Excepting 'instances' to be an list/array"),
        ({"instances": []}, "No values in 'instances' array"),
        ({"instances": [None]}, "JSON Value: null Type: Null is not of expected type: float"),
        ({"instances": ["1"]}, 'JSON Value: "1" Type: String is not of expected type: float'),
        ({"instances": [True]}, "Type: True is not of expected type: float"),
        ({"instances": [{"b64": ""}]}, "Type: Object is not of expected type: float"),
        ({"instances": [2**24]}, "without loss of precision"),
        ({"instances": [10**300]}, "without loss of precision"),
        ({"instances": [1e39]}, "without loss of precision"),
        ({"instances": [1, [2]]}, "Expecting shape [] but got: [1]"),
        ({"instances": [[1, 2], [3]]}, "Expecting tensor size: 2 but got: 1"),
        ({"instances": [[1, [2]]]}, "Encountered list at unexpected level: 1 expected < 1"),
        ({"instances": [[[1], [2, 3]]]}, "list at unexpected size: 2 at level: 1 expected size: 1"),
        ({"instances": [[[1], 2]]}, "JSON Value: 2 found at incorrect level: 2 in the JSON DOM."),
        ({"instances": [[1]]}, "Expecting shape [-1] for input x but got: [1,1]"),
        ({"instances": [[]]}, "but got: [1,0]"),
        ({"inputs": 1}, "Expecting shape [-1] for input x but got: []"),
        ({"instances": [{"x": 1, "y": 2}]}, "JSON object: does not have named input: y"),
        ({"instances": [{}]}, "keys must be equal to: x"),
        ({"instances": [{"x": 1}, 1]}, "Expecting object but got list at item 1 of input list"),
        ({"instances": [1, {"x": 1}]}, "Expecting value/list but got object at item 1 of input list"),
        ({"inputs": {"y": [1]}}, "Missing named input: x in 'inputs' object."),
        ({"signature_name": "sum", "instances": [1]}, "instances is a plain list, but expecting"),
        ({"signature_name": "sum", "inputs": [1]}, "inputs is a plain value/list, but expecting an object"),
        ({"signature_name": "text", "instances": [{"b64": "!"}]}, "Unable to base64 decode"),
        ({"signature_name": "text", "instances": [{"b64": "é"}]}, "Unable to base64 decode"),
        ({"signature_name": "text", "inputs": [{"b64": 1}]}, "not formatted correctly for base64 data"),
        (b'{"signature_name": "text", "instances": ["\\ud800", 1]}', "not of expected type: string"),
        ({"signature_name": "matrix", "instances": [[[1], [2], [3]]]}, "Expecting shape [-1,2,-1] for input"),
    ],
)  # fmt: skip
def test_wrong_bodies(server, body, message):
    code, answer = ask(f"{server}/v1/models/arithmetic:predict", body)
    assert (code, answer.keys()) == (400, {"error"})
    assert message in answer["error"]
    assert len(answer["error"]) < 1000


def test_body_is_limited(server):
    url = f"{server}/v1/models/arithmetic:predict"
    large = {"error": "expected a request of at most 100000 bytes, received more"}
    assert ask(url, b" " * 100_001) == (413, large)
    many = {"error": "expected at most 1000 values in a request, received more"}
    assert ask(url, b"[" + b"1," * 1001) == (413, many)


def test_a_defect_is_told_without_details(server):
    code, answer = ask(f"{server}/v1/models/arithmetic:predict", {"signature_name": "bug", "instances": [1]})
    assert (code, answer) == (500, {"error": "Internal error"})


def test_openapi_is_served(server):
    code, document = ask(f"{server}/openapi.json")
    assert code == 200
    assert "/v1/models/{name}/versions/{version}:predict" in document["paths"]
    operation = document["paths"]["/v1/models/{name}/labels/{label}"]["get"]
    assert [p["schema"]["enum"] for p in operation["parameters"]] == [["arithmetic"], ["stable"]]


FULL = "The queue is full: 0 requests are waiting; try again later"


class Slow:
    """A model that works until it is released or cancelled."""

    def __init__(self):
        self.entered, self.release, self.stopped = threading.Event(), threading.Event(), threading.Event()

    def run(self, tensors, job):
        self.entered.set()
        try:
            while not self.release.wait(0.01):
                job.check()
        finally:
            self.stopped.set()
        return tensors

    @property
    def servables(self):
        return [Servable("slow", {"serving_default": Signature({"x": FLOAT}, {"x": FLOAT}, self.run)})]


def test_a_full_queue_refuses_and_nothing_blocks():
    slow = Slow()
    app = build_app(slow.servables, limits=Limits(waiting=0))
    with running(app) as url, ThreadPoolExecutor() as pool:
        first = pool.submit(ask, f"{url}/v1/models/slow:predict", {"instances": [1]})
        assert slow.entered.wait(30)
        assert ask(f"{url}/v1/models/slow")[0] == 200
        code, answer = ask(f"{url}/v1/models/slow:predict", {"instances": [1]})
        assert (code, answer) == (429, {"error": FULL})
        slow.release.set()
        assert first.result() == (200, {"predictions": [1.0]})
        assert ask(f"{url}/v1/models/slow:predict", {"instances": [2]}) == (200, {"predictions": [2.0]})


def test_time_is_limited_and_the_work_stopped(caplog):
    slow = Slow()
    with running(build_app(slow.servables, limits=Limits(seconds=0.6))) as url:
        code, answer = ask(f"{url}/v1/models/slow:predict", {"instances": [1]})
        assert (code, answer) == (504, {"error": "Timed out after 0.6 s waiting for the answer"})
        assert slow.stopped.wait(30)
        with socket.create_connection(url.removeprefix("http://").split(":")) as connection:
            connection.sendall(b"POST /v1/models/slow:predict HTTP/1.0\r\nContent-Length: 9\r\n\r\n{")
            assert connection.recv(100).startswith(b"HTTP/1.1 408")
    gc.collect()
    assert not [record for record in caplog.records if record.name == "asyncio"]


def test_work_stops_when_the_client_goes_away():
    slow = Slow()
    with running(build_app(slow.servables)) as url:
        body = b'{"instances": [1]}'
        head = f"POST /v1/models/slow:predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(url.removeprefix("http://").split(":")) as connection:
            connection.sendall(head.encode() + body)
            assert slow.entered.wait(30)
        assert slow.stopped.wait(30)


def test_shutting_down():
    slow = Slow()
    app = build_app(slow.servables)
    with running(app) as url, ThreadPoolExecutor() as pool:
        open_request = pool.submit(ask, f"{url}/v1/models/slow:predict", {"instances": [1]})
        assert slow.entered.wait(30)
        app.state.worker.close()
        for answer in (open_request.result(), ask(f"{url}/v1/models/slow:predict", {"instances": [1]})):
            assert answer == (503, {"error": "The server is shutting down"})


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_process_of_its_own_ends_cleanly(ending):
    code = (
        "from functools import partial; from viewers.server import *; "
        "serve(build_app([]), port=0, announce=partial(print, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        url = process.stdout.readline().decode().strip()
        assert ask(f"{url}/v1/models/a")[0] == 404
        process.send_signal(ending)
        _, complaints = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGTERM)
    assert not complaints


def test_a_taken_port_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PanoInpaintError, match=f"cannot listen on 127.0.0.1:{port}"):
            serve(build_app([]), port=port)


def test_cors_only_when_asked():
    def allowed(url, origin):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, port)) as connection:
            connection.sendall(f"GET /v1/models/arithmetic HTTP/1.0\r\nOrigin: {origin}\r\n\r\n".encode())
            return b"access-control-allow-origin" in connection.makefile("rb").read().lower()

    with running(build_app(SERVABLES)) as url:
        assert not allowed(url, "https://a.example")
    with running(build_app(SERVABLES, cors=["https://a.example"])) as url:
        assert allowed(url, "https://a.example")
        assert not allowed(url, "https://b.example")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    preset = write_tiny_preset(tmp_path_factory.mktemp("preset"))
    with running(build_model_app(preset.folder)) as url:
        yield f"{url}/v1/models"


def test_completion_of_a_picture(models):
    pixels, mask = picture(37, 50), hole(37, 50)
    row = {"image_bytes": b64(png(pixels)), "mask_bytes": b64(png(mask))}
    code, answer = ask(f"{models}/completion:predict", {"instances": [row, row]})
    assert code == 200
    first, second = (from_b64(value) for value in answer["predictions"])
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[mask == 0], pixels[mask == 0])
    assert (first[mask > 0] != pixels[mask > 0]).any()
    column = {name: [value] for name, value in row.items()}
    code, answer = ask(f"{models}/completion/versions/1:predict", {"inputs": column})
    assert code == 200
    np.testing.assert_array_equal(from_b64(answer["outputs"][0]), first)
    floats = {
        "picture": (pixels[None] / 255).tolist(),
        "mask": (mask[None, ..., None] / 255).tolist(),
    }
    code, answer = ask(f"{models}/completion:predict", {"signature_name": "floats", "inputs": floats})
    assert code == 200
    assert np.abs(np.array(answer["outputs"])[0] * 255 - first).max() <= 0.51


def test_erasing_a_panorama(models):
    pixels, mask = picture(48, 96), hole(48, 96)
    row = {"image_bytes": b64(png(pixels)), "mask_bytes": b64(png(mask))}
    code, answer = ask(f"{models}/panorama/labels/stable:predict", {"instances": [row]})
    assert code == 200
    erased = from_b64(answer["predictions"][0])
    np.testing.assert_array_equal(erased[mask == 0], pixels[mask == 0])
    assert (erased[mask > 0] != pixels[mask > 0]).any()


def bomb(width, height):
    """A PNG whose header promises more than there is."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9)))


GOOD, MASK = png(picture(16, 32)), png(hole(16, 32))


@pytest.mark.parametrize("model", ["completion", "panorama"])
@pytest.mark.parametrize(
    ("image", "mask", "message"),
    [
        (b"", MASK, "image_bytes: expected a picture file, received an empty one"),
        (b"no picture", MASK, "image_bytes: expected a JPEG, PNG, TIFF or WebP picture"),
        (GOOD, b"GIF89a", "mask_bytes: expected"),
        (GOOD[:60], MASK, "image_bytes: "),
        (b"II*\0" + b"\xff" * 50, MASK, "image_bytes: "),
        (b"RIFF\xff\xff\xff\xffWEBPVP8L" + b"\0" * 50, MASK, "image_bytes: "),
        (bomb(100_000, 100_000), MASK, "image_bytes: expected at most {} pixels, received 10000000000"),
        (bomb(2**31 - 1, 2**31 - 1), MASK, "image_bytes: "),
        (bomb(32, 16), MASK, "image_bytes: "),
        (GOOD, bomb(100_000, 100_000), "mask_bytes: expected at most {} pixels, received 10000000000"),
        (GOOD, png(hole(8, 16)), "mask_bytes: expected a mask of 32x16"),
        (GOOD, png(np.zeros((16, 32), np.uint8)), "mask_bytes: expected a mask with something to erase"),
        (GOOD, png(np.full((16, 32), 255, np.uint8)), "mask_bytes: expected a mask that leaves something"),
    ],
)  # fmt: skip
def test_hostile_pictures(models, model, image, mask, message):
    row = {"image_bytes": b64(image), "mask_bytes": b64(mask)}
    code, answer = ask(f"{models}/{model}:predict", {"instances": [row]})
    assert (code, answer.keys()) == (400, {"error"})
    most = {"completion": 2**21, "panorama": 2**27}[model]
    assert answer["error"].startswith(message.format(most))


@pytest.mark.parametrize(
    ("picture_values", "mask_values"),
    [
        ([[[np.nan, 0, 0]]], [[[1]]]),
        ([[[np.inf, 0, 0]]], [[[1]]]),
        ([[[2, 0, 0]]], [[[1]]]),
        ([[[0, 0, 0]]], [[[-1]]]),
        ([[[0, 0]]], [[[1]]]),
        ([[[0, 0, 0]]], [[[1], [1]]]),
        ([[0, 0, 0]], [[[1]]]),
    ],
)
def test_hostile_floats(models, picture_values, mask_values):
    row = {"picture": picture_values, "mask": mask_values}
    code, answer = ask(f"{models}/completion:predict", {"signature_name": "floats", "instances": [row]})
    assert (code, answer.keys()) == (400, {"error"})
    assert json.dumps(answer)


def test_uneven_columns(models):
    inputs = {"image_bytes": [b64(GOOD)] * 2, "mask_bytes": [b64(MASK)]}
    code, answer = ask(f"{models}/completion:predict", {"inputs": inputs})
    assert (code, answer) == (400, {"error": "expected a mask for each of 2 pictures, received 1"})
