"""The REST protocol of TensorFlow Serving: predict, status and metadata, with its errors.

Paths, shapes and wording follow tensorflow/serving, ``g3doc/api_rest.md`` and
``model_servers/http_rest_api_*.cc``; a client cannot tell the difference, except that sizes are limited.
"""

import asyncio
import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from pano_inpaint.metadata import Metadata
from pano_inpaint.png import encode_png
from viewers.tensor_json import (
    ServingError,
    Signature,
    describe_signature,
    read_document,
    read_tensors,
    write_tensors,
)
from viewers.worker import CancelledJobError, ClosedError, QueueFullError

DEFAULT_SIGNATURE = "serving_default"
_ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_CLIENT_GONE = 499  # nobody reads it; nginx's number for it, as TensorFlow Serving's
_INT64 = 2**63


@dataclass(frozen=True)
class Servable:
    """A model that is served.

    Attributes
    ----------
    name : str
        What it is called in paths.
    signatures : dict of str to Signature
        ``serving_default`` is what a request gets that names none.
    version : int
        Its number; of a name's versions the highest is served unless a request says otherwise.
    labels : dict of str to int
        Other names of versions.
    """

    name: str
    signatures: Mapping[str, Signature]
    version: int = 1
    labels: Mapping[str, int] = field(default_factory=lambda: {"stable": 1})


@dataclass(frozen=True)
class Limits:
    """How much a server takes on.

    Attributes
    ----------
    body_bytes : int
        Of a request, unpacked (413).
    values : int
        Numbers in a request (413): Python holds the interpreter while it parses them.
    waiting : int
        Requests besides the one that is worked on (429).
    seconds : float
        For a request's body to arrive (408), and then for its answer (504).
    """

    body_bytes: int = 2**26
    values: int = 2**21
    waiting: int = 8
    seconds: float = 300.0


class RestApi:
    """Routes of the protocol.

    Parameters
    ----------
    servables : sequence of Servable
        Models, in any number of versions.
    worker : Worker
        Does the predictions.
    limits : Limits
        See there.

    Attributes
    ----------
    router : fastapi.APIRouter
        To be included after all others: it answers everything below ``/v1``.
    """

    def __init__(self, servables, worker, limits):
        self._servables = sorted(servables, key=lambda servable: servable.version)
        self._worker = worker
        self._limits = limits
        self._inside = 0
        self.router = APIRouter(tags=["TensorFlow Serving"])
        for kind in ("", "versions", "labels"):
            self._add_routes(kind)
        self.router.add_api_route(
            "/v1/{rest:path}", _refuse_path, methods=_ALL_METHODS, include_in_schema=False
        )

    def _add_routes(self, kind):
        selector = {"": "", "versions": "/versions/{version}", "labels": "/labels/{label}"}[kind]
        path = f"/v1/models/{{name}}{selector}"
        suffix = f"_{kind}" if kind else ""
        shared = {"responses": _RESPONSES, "response_class": Response}
        for verb, tail, method in (
            (self.predict, ":predict", "POST"),
            (self.describe, "/metadata", "GET"),
            (self.status, "", "GET"),
        ):
            extra = {"parameters": self._parameters(path)} | (_PREDICT_BODY if method == "POST" else {})
            self.router.add_api_route(
                path + tail,
                verb,
                methods=[method],
                operation_id=verb.__name__ + suffix,
                openapi_extra=extra,
                **shared,
            )
        for method in ("classify", "regress"):
            self.router.add_api_route(
                f"{path}:{method}", self.refuse_method, methods=["POST"], include_in_schema=False
            )

    def _parameters(self, path):
        """Tell OpenAPI what can be put into a path."""
        known = {
            "name": {servable.name for servable in self._servables},
            "version": {str(servable.version) for servable in self._servables},
            "label": {label for servable in self._servables for label in servable.labels},
        }
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "enum": sorted(known[name])},
            }
            for name in re.findall(r"{(\w+)}", path)
        ]

    async def predict(self, request: Request):
        """Answer a request: `instances` give `predictions`, `inputs` give `outputs`."""
        if self._inside > self._limits.waiting:
            raise _too_many(self._limits.waiting)
        self._inside += 1
        try:
            body = await self._timed(_read_body(request, self._limits), 408, "the request's body")
            return _json(await self._timed(self._answer(request, body), 504, "the answer"))
        finally:
            self._inside -= 1

    async def status(self, request: Request):
        """Tell which versions of a model there are."""
        name, version = self._named(request)
        found = [s for s in self._servables if s.name == name and version in (None, s.version)]
        if not found and version is not None:
            raise ServingError(404, f"Could not find version {version} of model {name}")
        if not found:
            raise ServingError(404, f"Could not find any versions of model {name}")
        status = {"error_code": "OK", "error_message": ""}
        versions = [{"version": str(s.version), "state": "AVAILABLE", "status": status} for s in found[::-1]]
        return _json(json.dumps({"model_version_status": versions}, indent=1))

    async def describe(self, request: Request):
        """Tell a model's signatures."""
        servable = self._find(request)
        signatures = {name: describe_signature(s) for name, s in servable.signatures.items()}
        spec = {"name": servable.name, "signature_name": "", "version": str(servable.version)}
        metadata = {"signature_def": {"signature_def": signatures}}
        return _json(json.dumps({"model_spec": spec, "metadata": metadata}, indent=1))

    async def refuse_method(self, request: Request):
        """Refuse what only classifiers and regressors have."""
        self._find(request)
        method = request.url.path.rpartition(":")[2].lower()
        noun = {"classify": "classification", "regress": "regression"}[method]
        raise ServingError(
            400,
            f"Expected {noun} signature method_name to be tensorflow/serving/{method}. "
            "Was: tensorflow/serving/predict",
        )

    def _named(self, request):
        """Return the name and version that a path means, or None for the latest version."""
        name = request.path_params["name"]
        version, label = (request.path_params.get(key) for key in ("version", "label"))
        if ":" in name or ":" in (label or "") or (version and not re.fullmatch(r"[0-9]+", version)):
            raise _malformed(request)
        if label is not None:
            versions = [s.labels[label] for s in self._servables if s.name == name and label in s.labels]
            if not versions:
                raise ServingError(400, f"Unrecognized servable version label: {label}")
            return name, versions[-1]
        if version is not None and (len(version) > 19 or int(version) >= _INT64):
            raise ServingError(400, f"Failed to convert version: {version} to numeric.")
        return name, version and int(version)

    def _find(self, request):
        name, version = self._named(request)
        found = [s for s in self._servables if s.name == name and version in (None, s.version)]
        if not found:
            wanted = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise ServingError(404, f"Servable not found for request: {wanted}")
        return found[-1]

    async def _answer(self, request, body):
        """Parse beside the event loop, predict in the worker, and stop if the client goes away."""
        signature, tensors, by_row = await asyncio.to_thread(self._parse, request, body)
        try:
            job = self._worker.submit(lambda job: write_tensors(signature.run(tensors, job), by_row=by_row))
        except QueueFullError as error:
            raise _too_many(self._worker.waiting) from error
        except ClosedError as error:
            raise _shutting_down() from error
        answer = asyncio.wrap_future(job.future)
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # or asyncio complains
        gone = asyncio.create_task(_disconnected(request))
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if answer.cancelled():
                raise _shutting_down()
            if not answer.done():
                raise ServingError(_CLIENT_GONE, "the client went away")
            return answer.result()
        except CancelledJobError as error:
            raise _shutting_down() from error
        finally:
            job.cancel()
            gone.cancel()

    def _parse(self, request, body):
        document = read_document(body)
        servable = self._find(request)
        name = document.get("signature_name") or DEFAULT_SIGNATURE
        signature = servable.signatures.get(name)
        if signature is None:
            raise ServingError(400, f'Serving signature name: "{name[:200]}" not found in signature def')
        return signature, *read_tensors(document, signature)

    async def _timed(self, work, status, what):
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await work
        except TimeoutError as error:
            raise ServingError(
                status, f"Timed out after {self._limits.seconds:g} s waiting for {what}"
            ) from error


def error_response(status, message):
    """Return an error in the protocol's form.

    Parameters
    ----------
    status : int
        HTTP status.
    message : str
        For a person to read.

    Returns
    -------
    fastapi.responses.Response
    """
    headers = {"Retry-After": "5"} if status in (429, 503) else None
    return _json(json.dumps({"error": message}), status, headers)


async def _refuse_path(request: Request):
    if request.method == "GET" and re.fullmatch(r"/v1/models/?", request.url.path):
        raise ServingError(400, "Missing model name in request.")
    raise _malformed(request)


async def _read_body(request, limits):
    """Read a request's body, up to the limit; gzip is unpacked."""
    body = bytearray()
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 19 and int(announced) > limits.body_bytes:
        raise _too_large(limits)
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limits.body_bytes:
                raise _too_large(limits)
    except ClientDisconnect as error:
        raise ServingError(_CLIENT_GONE, "the client went away") from error
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise ServingError(400, f"expected a Content-Encoding of gzip or none, received {coding[:50]}")
    if coding == "gzip":
        body = await asyncio.to_thread(_unpacked, body, limits)
    if body.count(b",") > limits.values:
        raise ServingError(413, f"expected at most {limits.values} values in a request, received more")
    return bytes(body)


def _unpacked(body, limits):
    unpacker = zlib.decompressobj(wbits=31)  # 16 + 15: gzip with any window
    try:
        unpacked = unpacker.decompress(body, limits.body_bytes + 1)
    except zlib.error as error:
        raise ServingError(400, f"expected a body packed with gzip: {error}") from error
    if len(unpacked) > limits.body_bytes:
        raise _too_large(limits)
    if not unpacker.eof:
        raise ServingError(400, "expected a body packed with gzip, received the start of one")
    return unpacked


async def _disconnected(request):
    """Wait until the client goes away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _json(content, status=200, headers=None):
    return Response(content, status, headers, "application/json")


def _malformed(request):
    return ServingError(400, f"Malformed request: {request.method} {request.url.path[:200]}")


def _too_many(waiting):
    return ServingError(429, f"The queue is full: {waiting} requests are waiting; try again later")


def _too_large(limits):
    return ServingError(413, f"expected a request of at most {limits.body_bytes} bytes, received more")


def _shutting_down():
    return ServingError(503, "The server is shutting down")


def _example_png(pixels):
    return {"b64": base64.b64encode(encode_png(pixels.astype(np.uint8), Metadata())).decode()}


_B64 = {
    "type": "object",
    "properties": {"b64": {"type": "string", "format": "byte"}},
    "required": ["b64"],
    "additionalProperties": False,
}
_ROW = {
    "type": "object",
    "properties": {"image_bytes": _B64, "mask_bytes": _B64},
    "required": ["image_bytes", "mask_bytes"],
    "example": {
        "image_bytes": _example_png(np.full((8, 16, 1), 128)),
        "mask_bytes": _example_png(np.pad(np.full((4, 4, 1), 255), ((2, 2), (6, 6), (0, 0)))),
    },
}
_COLUMN = {"type": "array", "items": _B64}
_PREDICT_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "description": "As `serving_default` wants it; …/metadata tells of other signatures.",
                    "properties": {
                        "signature_name": {"type": "string", "default": DEFAULT_SIGNATURE},
                        "instances": {"type": "array", "minItems": 1, "items": _ROW},
                        "inputs": {
                            "type": "object",
                            "properties": {"image_bytes": _COLUMN, "mask_bytes": _COLUMN},
                            "required": ["image_bytes", "mask_bytes"],
                        },
                    },
                    "oneOf": [{"required": ["instances"]}, {"required": ["inputs"]}],
                }
            }
        },
    }
}
_ERROR = {
    "description": "What is wrong",
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
        }
    },
}
_ANSWER = {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}
_RESPONSES = {200: _ANSWER, "4XX": _ERROR, "5XX": _ERROR}
