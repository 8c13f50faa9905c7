"""The local server: one FastAPI app that models and pages share, and running it."""

import socket
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException

from pano_inpaint import __version__
from pano_inpaint.errors import PanoInpaintError
from pano_inpaint.models.presets import find_preset
from viewers.served_models import build_completion_servable, build_panorama_servable
from viewers.tensor_json import ServingError
from viewers.tfserving import Limits, RestApi, error_response
from viewers.worker import Worker

_GRACE = 5  # seconds that open requests get when the server is stopped


def build_app(servables, *, routers=(), limits=None, cors=()):
    """Build the app.

    Parameters
    ----------
    servables : sequence of Servable
        Models under ``/v1/models``.
    routers : sequence of fastapi.APIRouter
        Further routes, such as a page's; they come first, may have a lifespan of their own, and find the
        shared worker as ``request.app.state.worker``. Every error is answered as ``{"error": …}``.
    limits : Limits, optional
        How much is taken on.
    cors : sequence of str
        Origins whose pages may call; none by default.

    Returns
    -------
    fastapi.FastAPI
        OpenAPI is at ``/openapi.json``. Interactive documentation is left out: it would load scripts from
        elsewhere.
    """
    limits = limits or Limits()
    worker = Worker(limits.waiting)

    @asynccontextmanager
    async def lifespan(_app):
        try:
            yield
        finally:
            worker.close()

    app = FastAPI(title="pano-inpaint", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.worker = worker
    if cors:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors),
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type"],
        )
    _add_error_handlers(app)
    for router in (*routers, RestApi(servables, worker, limits).router):
        app.include_router(router)
    return app


def build_model_app(preset="indoor", *, limits=None, cors=(), routers=()):
    """Build the app that serves a preset's models.

    Parameters
    ----------
    preset : str or Path
        Name or folder, see `presets.find_preset`.
    limits, cors, routers
        See `build_app`.

    Returns
    -------
    fastapi.FastAPI

    Raises
    ------
    UsageError, FileError
        If there is no such preset, or it cannot be read.
    """
    found = find_preset(preset)
    servables = [build_completion_servable(found), build_panorama_servable(found)]
    return build_app(servables, routers=routers, limits=limits, cors=cors)


def serve(app, *, host="127.0.0.1", port=8501, announce=lambda _url: None):
    """Run an app until it is interrupted (SIGINT) or ended (SIGTERM).

    Open requests get a few seconds to finish; then work is cancelled.

    Parameters
    ----------
    app : fastapi.FastAPI
        What `build_app` returned.
    host : str
        Address to listen on.
    port : int
        0 takes a free one.
    announce : callable
        Told the server's address once it can be reached.

    Raises
    ------
    PanoInpaintError
        If the address is taken or not this machine's.
    """
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE,
    )
    with listener:
        shown = f"[{host}]" if ":" in host else host
        announce(f"http://{shown}:{listener.getsockname()[1]}")
        try:
            uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt:
            return


def _listen(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PanoInpaintError(
            f"cannot listen on {host}:{port}: {reason}", hint="choose another --port, or 0 for a free one"
        ) from error


def _add_error_handlers(app):
    """Answer every error in the protocol's form, whoever raises it."""

    async def answer_serving_error(_request, error):
        return error_response(error.status, str(error))

    async def answer_http_error(_request, error):
        response = error_response(error.status_code, str(error.detail))
        response.headers.update(error.headers or {})
        return response

    async def answer_invalid(_request, error):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return error_response(422, f"{place}: {first['msg']}")

    async def answer_bug(_request, _error):  # the traceback goes to the server's log
        return error_response(500, "Internal error")

    app.add_exception_handler(ServingError, answer_serving_error)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(Exception, answer_bug)
