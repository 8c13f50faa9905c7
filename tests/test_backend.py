"""The completer that asks a server."""

import json

import numpy as np
import pytest
from served import FACE, KNOWING, running, write_tiny_preset

from pano_inpaint.backend import RemoteCompleter
from pano_inpaint.completer import load_completer
from pano_inpaint.eraser import Eraser
from pano_inpaint.errors import PanoInpaintError, UsageError
from pano_inpaint.panorama import Panorama
from pano_inpaint.sphere import rotation_matrix
from viewers.server import build_app, build_model_app
from viewers.tensor_json import ServingError, Signature, Tensor
from viewers.tfserving import Servable

BYTES = Tensor("DT_STRING", (-1,))
TURN = rotation_matrix(1.0, -0.5, 0.1)
FACES = {"picture": Tensor("DT_FLOAT", (6, FACE, FACE, 3)), "mask": Tensor("DT_FLOAT", (6, FACE, FACE, 1))}


@pytest.fixture(scope="module", params=[{}, KNOWING], ids=["plain", "knowing"])
def preset(tmp_path_factory, request):
    return write_tiny_preset(tmp_path_factory.mktemp("preset"), **request.param)


@pytest.fixture(scope="module")
def server(preset):
    with running(build_model_app(preset.folder)) as url:
        yield url


@pytest.fixture
def faces():
    y, x = np.mgrid[:FACE, :FACE] / FACE
    return np.stack([np.stack([x, y, (x + y) / 2], -1)] * 6).astype(np.float32)


@pytest.fixture
def mask():
    mask = np.zeros((6, FACE, FACE, 1), np.float32)
    mask[0, 8:20, 12:28] = 1
    mask[1, :, :5] = 1
    return mask


@pytest.mark.parametrize("path", ["", "/", "/v1/models/completion", "/v1/models/completion/versions/1"])
def test_completes_as_here(preset, server, faces, mask, path):
    remote, local = RemoteCompleter(server + path), load_completer(preset)
    assert remote.face_size == local.face_size == FACE
    completed, layout, shadows = remote(faces, mask, TURN)
    assert completed.dtype == np.float32
    expected = local(faces, mask, TURN)
    assert np.abs(completed - np.clip(expected.faces, 0, 1)).max() < 1e-3
    np.testing.assert_array_equal(layout, expected.layout)
    assert (shadows is None) == (expected.shadows is None)
    if shadows is not None:
        assert np.ptp(shadows) > 0.05 and np.abs(shadows - expected.shadows).max() < 1e-3
    known = mask[..., 0] == 0
    np.testing.assert_array_equal(completed[known], faces[known])
    assert (completed[~known] != faces[~known]).any()


def test_finer_faces_are_completed_as_here(preset, server, faces, mask):
    remote, local = (completer.finer for completer in (RemoteCompleter(server), load_completer(preset)))
    if not preset.config["completion"]["shadows"]:
        assert remote is local is None
        return
    assert remote.face_size == local.face_size == 2 * FACE and remote.finer is local.finer is None
    assert remote.tells == local.tells
    faces, mask = (np.kron(part, np.ones((1, 2, 2, 1), np.float32)) for part in (faces, mask))
    ours, theirs = local(faces, mask, TURN), remote(faces, mask, TURN)
    assert np.abs(theirs.faces - np.clip(ours.faces, 0, 1)).max() < 1e-3
    assert np.ptp(theirs.shadows) > 0.05 and np.abs(theirs.shadows - ours.shadows).max() < 1e-3


def test_erases_as_here(preset, server):
    y, x = np.mgrid[:64, :128]
    pixels = np.stack([128 + 90 * np.sin(x / 9), 128 + 90 * np.cos(y / 7), x + y], -1).astype(np.uint8)
    marked = np.zeros((64, 128), bool)
    marked[25:40, 50:70] = True
    panorama = Panorama(pixels)
    here = Eraser(load_completer(preset), quality="draft").erase(panorama, marked).pixels.astype(int)
    there = Eraser(RemoteCompleter(server), quality="draft").erase(panorama, marked).pixels.astype(int)
    assert np.abs(here - there).max() <= 1


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8501", "ftp://a", "file:///etc/passwd", "http://", "http://a/v1/other", "http://a?b=c",
        "http://a:x", "http://[", "http://u:p@a", "http://a/v1/models/b:predict",
    ],
)  # fmt: skip
def test_other_addresses_are_refused(url):
    with pytest.raises(UsageError, match="expected a server's address"):
        RemoteCompleter(url)


def test_errors_of_the_server_are_told(server, faces, mask):
    with pytest.raises(PanoInpaintError, match=r"404: Servable not found for request: Latest\(other\)"):
        RemoteCompleter(f"{server}/v1/models/other")
    with pytest.raises(UsageError, match="signatures 'faces' and 'faces_bytes'"):
        RemoteCompleter(f"{server}/v1/models/panorama")


def test_nobody_answers():
    with pytest.raises(PanoInpaintError, match="cannot be reached"):
        RemoteCompleter("http://127.0.0.1:9", pause=pytest.fail)


def fake(run):
    signatures = {
        "faces": Signature(FACES, {"completed": FACES["picture"]}, run),
        "faces_bytes": Signature(
            {"image_bytes": BYTES, "mask_bytes": BYTES}, {"completed_bytes": BYTES}, run
        ),
    }
    return build_app([Servable("completion", signatures)])


def test_a_busy_server_is_asked_again(faces, mask):
    calls, pauses = [], []

    def run(tensors, _job):
        calls.append(None)
        if len(calls) < 3:
            raise ServingError(429, "full")
        return {"completed_bytes": tensors["image_bytes"]}

    with running(fake(run)) as url:
        completed = RemoteCompleter(url, pause=pauses.append)(faces, mask, TURN)
    np.testing.assert_allclose(completed.faces, faces, atol=1e-5)
    assert len(calls) == 3
    assert pauses == sorted(pauses)
    assert len(pauses) == 2


def test_a_server_that_stays_busy_is_given_up(faces, mask):
    def run(_tensors, _job):
        raise ServingError(503, "down")

    with running(fake(run)) as url:
        completer = RemoteCompleter(url, pause=lambda _seconds: None)
        with pytest.raises(PanoInpaintError, match="503: down"):
            completer(faces, mask, TURN)


@pytest.mark.parametrize("answer", [b"no picture", b"\x89PNG\r\n\x1a\n", b""])
def test_answers_that_are_no_faces(faces, mask, answer):
    def run(_tensors, _job):
        result = np.empty(1, object)
        result[0] = answer
        return {"completed_bytes": result}

    with running(fake(run)) as url, pytest.raises(PanoInpaintError, match="six completed faces"):
        RemoteCompleter(url)(faces, mask, TURN)


def test_what_is_sent_is_small(faces, mask):
    """A request is no longer than its pixels, which as JSON numbers would take nine times that."""
    sizes = []

    def run(tensors, _job):
        sizes.append(sum(len(tensor[0]) for tensor in tensors.values()))
        return {"completed_bytes": tensors["image_bytes"]}

    with running(fake(run)) as url:
        RemoteCompleter(url)(faces, mask, TURN)
    assert sizes[0] < len(json.dumps(faces.tolist())) / 9
