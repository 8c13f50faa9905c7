"""The network's part on another machine: a completer that asks a TensorFlow Serving, or our own server."""

import base64
import copy
import http.client
import json
import re
import struct
import time
import urllib.error
import urllib.parse
import urllib.request

import numpy as np

from .completer import HEADS, Completion
from .errors import PanoInpaintError, UsageError
from .metadata import Metadata
from .png import decode_png, encode_png
from .shadows import unpack_shadows
from .sphere import without_yaw

SIGNATURE = "faces_bytes"
FINER_SIGNATURE = "finer_faces_bytes"  # the same for faces of twice the side
_MAX16 = 65535
_BUSY = (429, 503)
_PAUSES = (1, 2, 4, 8, 16)  # seconds between attempts while a server is busy
_MODEL_PATH = r"(/.*)?/v1/models/[^/:]+((/versions/[0-9]+)|(/labels/[^/:]+))?"


class RemoteCompleter:
    """Completes six faces like those of `completer.load_completer`, on a server.

    Parameters
    ----------
    url : str
        ``http://HOST:PORT``, or with the model and its version as well:
        ``…/v1/models/completion/versions/2``.
    timeout : float
        Seconds that the server may take for an answer.
    pause : callable
        Waits for a number of seconds before a busy server is asked again.

    Attributes
    ----------
    face_size : int
        Side of the faces in pixels, as the server's metadata tells.
    tells : set of str
        What the network tells besides colours, of `completer.HEADS`.
    finer : RemoteCompleter or None
        The same network for faces of twice the side, if the server has it.

    Raises
    ------
    UsageError
        If `url` is none of that kind, or the model there has no signature for faces.
    PanoInpaintError
        If the server cannot be reached or answers with an error.
    """

    def __init__(self, url, *, timeout=120.0, pause=time.sleep):
        self._url = _model_url(url)
        self._timeout = timeout
        self._pause = pause
        self._signature, self.finer = SIGNATURE, None
        self.face_size, self._wants_rotation, self.tells, has_finer = self._read_signatures()
        if has_finer:
            finer = copy.copy(self)
            finer._signature, finer.face_size = FINER_SIGNATURE, 2 * self.face_size
            self.finer = finer

    def __call__(self, faces, mask, rotation):
        """Complete faces.

        Parameters
        ----------
        faces : ndarray, shape (6, S, S, 3), float32 in [0, 1]
            Sent with 16 bits.
        mask : ndarray, shape (6, S, S, 1)
            1 = hole.
        rotation : ndarray, shape (3, 3)
            How the cube is turned in the room.

        Returns
        -------
        Completion
            In [0, 1]; the faces themselves where the mask is 0.

        Raises
        ------
        PanoInpaintError
            If the server cannot be reached, or what it answers is an error or no faces.
        """
        size = self.face_size
        picture = np.rint(np.clip(faces, 0, 1) * _MAX16).astype(np.uint16).reshape(6 * size, size, 3)
        marked = np.where(np.asarray(mask) >= 0.5, np.uint8(255), np.uint8(0)).reshape(6 * size, size, 1)
        instance = {"image_bytes": _packed(picture), "mask_bytes": _packed(marked)}
        if self._wants_rotation:
            instance["rotation"] = without_yaw(rotation).tolist()
        answer = self._ask(":predict", {"signature_name": self._signature, "instances": [instance]})
        try:
            outputs = answer["predictions"][0]
            outputs = outputs if self.tells else {"completed_bytes": outputs}
            completed = _unpacked(outputs["completed_bytes"]).reshape(6, size, size, 3)
            layout = shadows = None
            if "layout" in self.tells:
                layout = _unpacked(outputs["layout_bytes"]).reshape(6, size, size)
            if "shadows" in self.tells:
                shadows = unpack_shadows(_unpacked(outputs["shadows_bytes"])).reshape(6, size, size, 3)
        except (LookupError, TypeError, ValueError, OSError, struct.error) as error:
            raise PanoInpaintError(f"{self._url}: expected six completed faces, received others") from error
        completed = completed.astype(np.float32) / _MAX16
        completed = np.where(np.asarray(mask) >= 0.5, completed, faces).astype(np.float32)
        return Completion(completed, layout, shadows)

    def _read_signatures(self):
        """Return the faces' side, whether turns are asked for, what is told, and if of finer faces too."""
        metadata = self._ask("/metadata")
        try:
            signatures = metadata["metadata"]["signature_def"]["signature_def"]
            shape = [int(d["size"]) for d in signatures["faces"]["inputs"]["picture"]["tensor_shape"]["dim"]]
            inputs, outputs = signatures[SIGNATURE]["inputs"], signatures[SIGNATURE]["outputs"]
            has_finer = FINER_SIGNATURE in signatures
            if shape != [6, shape[1], shape[1], 3] or shape[1] < 1:
                raise ValueError
        except (LookupError, TypeError, ValueError) as error:
            raise UsageError(
                f"{self._url}: expected a model with the signatures 'faces' and {SIGNATURE!r}, "
                "received another",
                hint="pano-inpaint export writes such a model",
            ) from error
        tells = {head for head in HEADS if f"{head}_bytes" in outputs}
        return shape[1], "rotation" in inputs, tells, has_finer

    def _ask(self, path, document=None):
        """Call the server, again and again while it is busy."""
        for pause in _PAUSES:
            try:
                return self._call(path, document)
            except _BusyError:
                self._pause(pause)
        return self._call(path, document)

    def _call(self, path, document):
        data = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"})  # noqa: S310 (`_model_url` lets http and https pass only)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            kind = _BusyError if error.code in _BUSY else PanoInpaintError
            raise kind(f"{self._url}: the server answered {error.code}: {_reason(error)}") from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise PanoInpaintError(
                f"{self._url}: the server cannot be reached: {reason}", hint="is it running? try: curl URL"
            ) from error
        except ValueError as error:
            raise PanoInpaintError(f"{self._url}: expected JSON from the server, received others") from error


class _BusyError(PanoInpaintError):
    """The server has too much to do, or is not ready yet."""


def _model_url(url):
    try:
        parts = urllib.parse.urlsplit(str(url))
        host, _port = parts.hostname, parts.port
    except ValueError:
        parts, host = urllib.parse.urlsplit(""), None
    path = parts.path.rstrip("/")
    if not re.search(r"/v1(/|$)", path):
        path += "/v1/models/completion"
    plain = not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in ("http", "https") or not (host and plain and re.fullmatch(_MODEL_PATH, path)):
        raise UsageError(
            f"expected a server's address such as http://localhost:8501, received {str(url)!r}",
            hint="a model is named so: http://localhost:8501/v1/models/completion",
        )
    return f"{parts.scheme}://{parts.netloc}{path}"


def _packed(pixels):
    return {"b64": base64.b64encode(encode_png(pixels, Metadata())).decode()}


def _unpacked(value):
    return decode_png(base64.b64decode(value["b64"])).pixels


def _reason(error):
    """Return what a server's error says."""
    body = error.read(10_000)
    try:
        return str(json.loads(body)["error"])
    except (LookupError, TypeError, ValueError):
        return error.reason
