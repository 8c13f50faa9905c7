"""The studio put together: a tour, its kept work, and the app that serves page, work and models."""

import socket
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from pano_inpaint.errors import PanoInpaintError
from pano_inpaint.tours import read_tour
from viewers.server import build_app
from viewers.tfserving import Limits, error_response

from .guard import Guard
from .pictures import Pictures
from .routes import Studio
from .saving import Saver, without_results
from .store import ConflictError, Store
from .work import Tasks

_WAITING = 8  # requests of other programs that may wait besides the tour's scenes


def build_studio(
    source, make_eraser, *, out=None, servables=(), quality="standard", host="127.0.0.1", limits=None
) -> FastAPI:
    """Build the app of a studio.

    Parameters
    ----------
    source : str or Path
        What `read_tour` reads.
    make_eraser : callable
        See `Tasks`.
    out : str or Path, optional
        Folder for results and work; beside the tour if left out.
    servables : sequence of Servable
        Models served besides, by TensorFlow Serving's protocol.
    quality : str
        What the page offers first.
    host : str
        Name that the server will listen on.
    limits : Limits, optional
        How much is taken on; by default all scenes of the tour can wait.

    Returns
    -------
    fastapi.FastAPI
        Holds the tour's work until it is shut down. Its ``state.studio_folder`` is where that is kept.

    Raises
    ------
    FileError, UsageError
        If there is no tour, nowhere to keep the work, or another studio has it.
    """
    tour = without_results(read_tour(source))
    out = Path(out) if out is not None else None
    store = Store(out or tour.root, tour)
    pictures = Pictures(store)
    saver = Saver(store, pictures, out)
    studio = Studio(store, pictures, Tasks(store, pictures, make_eraser), saver, quality=quality)
    limits = limits or Limits(waiting=_WAITING + len(tour.scenes))
    app = build_app(servables, routers=[studio.router], limits=limits)
    app.router.lifespan_context = _closing(app.router.lifespan_context, store)
    app.router.redirect_slashes = False
    app.state.studio_folder = store.folder
    app.add_middleware(Guard, host=host)

    async def answer_conflict(_request, error):
        return error_response(409, str(error))

    async def answer_problem(_request, error):
        return error_response(422, f"{error}; {error.hint}" if error.hint else str(error))

    app.add_exception_handler(ConflictError, answer_conflict)
    app.add_exception_handler(PanoInpaintError, answer_problem)
    return app


def choose_port(folder):
    """Return the port of the last time if it is free, or 0, so that an open page finds its server again.

    Parameters
    ----------
    folder : Path
        Where the work is kept.

    Returns
    -------
    int
    """
    try:
        port = int((folder / "port").read_text("ascii"))
        with socket.create_server(("127.0.0.1", port)):
            return port
    except (OSError, ValueError, OverflowError):
        return 0


def remember_port(folder, url):
    """Keep the port of a server's address for the next time."""
    try:
        (folder / "port").write_text(url.rpartition(":")[2], "ascii")
    except OSError:
        return  # the next time has another port, and nothing else is lost


def _closing(lifespan, store):
    """Let another server have the store when the app's own lifespan ends."""

    @asynccontextmanager
    async def around(app):
        async with lifespan(app) as state:
            try:
                yield state
            finally:
                store.close()

    return around
