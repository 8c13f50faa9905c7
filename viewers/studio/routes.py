"""What the studio's page asks for. Scenes go by their numbers, so that no name ever becomes a path."""

import io
from importlib.resources import files
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from pano_inpaint.eraser import QUALITIES
from pano_inpaint.metadata import Metadata
from pano_inpaint.png import encode_png
from viewers.tensor_json import ServingError
from viewers.worker import ClosedError, QueueFullError

from .marks import MOST_MARKS, Mark
from .store import ConflictError

STATIC = {
    "tiles.js": "text/javascript", "engine.js": "text/javascript", "controls.js": "text/javascript",
    "comparison.js": "text/javascript", "flat.js": "text/javascript", "marks.js": "text/javascript",
    "brush.js": "text/javascript", "session.js": "text/javascript", "stage.js": "text/javascript",
    "panel.js": "text/javascript", "shortcuts.js": "text/javascript", "studio.js": "text/javascript",
    "page.css": "text/css", "studio.css": "text/css",
}  # fmt: skip
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
_PAGE_HEADERS = {**_HEADERS, "Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
_FRESH = {**_HEADERS, "Cache-Control": "no-cache"}  # kept, but asked for again each time
_MOST_SCENES = 10_000
_ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
_REFUSED = {
    "description": "What was expected and received",
    "content": {"application/json": {"schema": _ERROR}},
}
_ERRORS: dict = {"4XX": _REFUSED, "5XX": _REFUSED}


def _sends(kind):
    """Say in OpenAPI that a route answers with a picture."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {"response_class": Response, "responses": {200: {"content": {kind: schema}}, **_ERRORS}}


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Edit(_Request):
    """A change of a scene's marks."""

    revision: int = Field(ge=0, description="The one that the change is based on")
    keep: int = Field(ge=0, le=MOST_MARKS, description="How many of the marks stay")
    add: list[Mark] = Field([], max_length=MOST_MARKS, description="What comes behind them")
    shown: int = Field(ge=0, le=MOST_MARKS, description="How many count then; the rest can be redone")


class Erasing(_Request):
    """What is to be erased."""

    scenes: list[Annotated[int, Field(ge=0)]] = Field(min_length=1, max_length=_MOST_SCENES)
    seed: int = Field(0, ge=0, lt=2**31)
    quality: Literal[QUALITIES] = "standard"
    shadows_deg: float = Field(0.0, ge=0, le=45, description="Degrees within which shadows are lifted")


class Saving(_Request):
    """What is to be saved."""

    scenes: list[Annotated[int, Field(ge=0)]] = Field(min_length=1, max_length=_MOST_SCENES)


class Studio:
    """Routes of the page and of what it asks.

    Parameters
    ----------
    store : Store
    pictures : Pictures
    tasks : Tasks
    saver : Saver
    quality : str
        What the page offers first.

    Attributes
    ----------
    router : fastapi.APIRouter
    """

    def __init__(self, store, pictures, tasks, saver, *, quality="standard"):
        self._store, self._pictures, self._tasks, self._saver = store, pictures, tasks, saver
        self._quality = quality
        self.router = APIRouter(tags=["Studio"], responses=_ERRORS)
        add = self.router.add_api_route
        add("/", self.page, methods=["GET"], include_in_schema=False)
        add("/favicon.ico", self.icon, methods=["GET"], include_in_schema=False)
        add("/static/{name}", self.static, methods=["GET"], include_in_schema=False)
        add("/api/tour", self.tour, methods=["GET"])
        add("/api/scenes/{number}", self.scene, methods=["GET"])
        add("/api/scenes/{number}/thumbnail", self.thumbnail, methods=["GET"], **_sends("image/jpeg"))
        add("/api/scenes/{number}/pictures/{kind}", self.picture, methods=["GET"], **_sends("image/jpeg"))
        add("/api/scenes/{number}/mask", self.mask, methods=["GET"], **_sends("image/png"))
        add("/api/scenes/{number}/marks", self.edit, methods=["PUT"])
        add("/api/scenes/{number}/spread", self.spread, methods=["POST"])
        add("/api/scenes/{number}/accept", self.accept, methods=["POST"])
        add("/api/scenes/{number}/discard", self.discard, methods=["POST"])
        add("/api/scenes/{number}/reopen", self.reopen, methods=["POST"])
        add("/api/tasks", self.erase, methods=["POST"], status_code=202)
        add("/api/tasks", self.tasks, methods=["GET"])
        add("/api/tasks/{number}", self.task, methods=["GET"])
        add("/api/tasks/{number}", self.cancel, methods=["DELETE"])
        add("/api/save", self.save, methods=["POST"])

    def page(self):
        """Send the page."""
        return Response(_static("studio.html"), media_type="text/html", headers={**_PAGE_HEADERS, **_FRESH})

    def icon(self):
        """Send no icon: the page carries its own."""
        return Response(status_code=204)

    def static(self, name: str):
        """Send one of the page's files."""
        if name not in STATIC:
            raise ServingError(404, "expected one of the page's files")
        return Response(_static(name), media_type=STATIC[name], headers=_FRESH)

    def tour(self):
        """Tell of the tour, its scenes and the tasks."""
        tour = self._store.tour
        return {
            "title": _clean(tour.title),
            "format": tour.format,
            "whole": self._saver.writes_mirror,
            "qualities": QUALITIES,
            "quality": self._quality,
            "notes": [_clean(note) for note in self._store.notes],
            "scenes": [self._describe(number) for number in range(len(tour.scenes))],
            "tasks": self.tasks(),
        }

    def scene(self, number: int):
        """Tell of a scene, with its marks."""
        self._check(number)
        work = self._store.look(number)
        return {**self._describe(number), "marks": work.marks}

    def thumbnail(self, number: int, request: Request):
        """Send a scene's small picture."""
        self._check(number, usable=True)
        return _cached(
            request, self._pictures.tag(number, "current"), lambda: self._pictures.thumbnail(number)
        )

    def picture(self, number: int, kind: Literal["original", "current", "result"], request: Request):
        """Send a scene's picture: JPEG of the whole sphere."""
        self._check(number, usable=True)
        return _cached(
            request, self._pictures.tag(number, kind), lambda: self._pictures.encoded(number, kind)
        )

    def mask(self, number: int):
        """Send what is marked: PNG at the panorama's own size, white = erase."""
        self._check(number, usable=True)
        height = len(self._pictures.original(number).pixels)
        mask = self._pictures.mask(number, height)
        data = encode_png(mask[..., None].astype(np.uint8) * np.uint8(255), Metadata())
        return Response(data, media_type="image/png", headers=_FRESH)

    def edit(self, number: int, edit: Edit):
        """Change a scene's marks."""
        self._check(number, usable=True, idle=True)
        with self._store.change(number) as work:
            work.edit(edit.revision, edit.keep, [mark.to_json() for mark in edit.add], edit.shown)
        return self._describe(number)

    def spread(self, number: int):
        """Add a scene's marks to those of all other scenes."""
        self._check(number, usable=True)
        marks = self._store.look(number).current_marks
        if not marks:
            raise ConflictError("expected something marked, found nothing")
        done, left_out = [], []
        for other, scene in enumerate(self._store.tour.scenes):
            if other == number or scene.source is None:
                continue
            if self._tasks.is_busy(other) or self._store.look(other).candidate:
                left_out.append(other)
                continue
            with self._store.change(other) as work:
                shown = work.current_marks
                if shown[-len(marks) :] != marks:
                    work.edit(work.revision, len(shown), marks, len(shown) + len(marks))
            done.append(other)
        return {"scenes": done, "left_out": left_out}

    def accept(self, number: int):
        """Keep a result."""
        return self._decide(number, lambda work: work.accept())

    def discard(self, number: int):
        """Drop a result; the marks stay."""
        return self._decide(number, lambda work: work.discard())

    def reopen(self, number: int):
        """Take the last accepted result back, and show what was marked for it."""
        return self._decide(number, lambda work: work.reopen())

    def erase(self, erasing: Erasing, request: Request):
        """Put erasings into the queue."""
        for number in erasing.scenes:
            self._check(number, usable=True)
        started = []
        try:
            for number in dict.fromkeys(erasing.scenes):
                worker = request.app.state.worker
                wanted = erasing.model_dump(exclude={"scenes"})
                task = self._tasks.start(worker, number, **wanted)
                started.append(task.to_json())
        except QueueFullError as error:
            if not started:
                raise ServingError(429, "The queue is full; try again later") from error
        except ClosedError as error:
            raise ServingError(503, "The server is shutting down") from error
        return {"tasks": started}

    def tasks(self):
        """Tell of all tasks."""
        return [task.to_json() for task in self._tasks.list()]

    def task(self, number: int):
        """Tell of a task."""
        return self._find(number).to_json()

    def cancel(self, number: int):
        """Cancel a task."""
        task = self._find(number)
        self._tasks.cancel(task)
        return task.to_json()

    def save(self, saving: Saving):
        """Write accepted results under new names."""
        for number in saving.scenes:
            self._check(number, usable=True)
        saved = self._saver.save(list(dict.fromkeys(saving.scenes)))
        described = [{**one, **_written(one)} for one in saved]
        return {"saved": described, "scenes": [self._describe(one["scene"]) for one in saved]}

    def _decide(self, number, decision):
        self._check(number, usable=True, idle=True)
        with self._store.change(number) as work:
            dropped = decision(work)
        self._store.forget(dropped or [])
        return self.scene(number)

    def _check(self, number, *, usable=False, idle=False):
        scenes = self._store.tour.scenes
        if not 0 <= number < len(scenes):
            raise ServingError(404, f"expected a scene of 0 to {len(scenes) - 1}, received {number}")
        if usable and scenes[number].source is None:
            raise ConflictError(f"{_clean(scenes[number].name)}: {_clean(scenes[number].problem)}")
        if idle and self._tasks.is_busy(number):
            raise ConflictError("expected a scene that is not being worked on")

    def _find(self, number):
        task = self._tasks.find(number)
        if task is None:
            raise ServingError(404, f"expected the number of a task, received {number}")
        return task

    def _describe(self, number):
        scene, work = self._store.tour.scenes[number], self._store.look(number)
        view = scene.view
        return {
            "number": number,
            "name": _clean(scene.name),
            "problem": _clean(scene.problem) if scene.problem else None,
            "notes": [_clean(note) for note in scene.notes],
            "view": {name: _degrees(getattr(view, name)) for name in ("yaw", "pitch", "fov")},
            "revision": work.revision,
            "count": len(work.marks),
            "shown": work.shown,
            "accepted": len(work.accepted),
            "result": _brief(work.candidate) if work.candidate else None,
            "saved": _written(work.saved) if work.is_saved else None,
            "tag": self._pictures.tag(number, "current"),
        }


def _brief(result):
    return {
        name: getattr(result, name) for name in ("file", "seed", "quality", "shadows_deg", "share", "seconds")
    }


def _written(saved):
    return {kind: _clean(saved[kind]) for kind in ("picture", "mask")}


def _degrees(angle):
    return None if angle is None else round(float(np.degrees(angle)), 6)


def _clean(text):
    """Make text writable: file names may hold bytes that are no UTF-8."""
    return str(text).encode("utf-8", "replace").decode("utf-8")


def _static(name):
    return (files("viewers") / "static" / name).read_bytes()


def _cached(request, tag, make):
    """Answer with a JPEG, or that the browser has it already."""
    headers = {**_FRESH, "ETag": f'"{tag}"'}
    if request.headers.get("if-none-match") == f'"{tag}"':
        return Response(status_code=304, headers=headers)
    data = make()
    with Image.open(io.BytesIO(data)) as picture:
        headers["X-Picture-Size"] = f"{picture.width}x{picture.height}"
    return Response(data, media_type="image/jpeg", headers=headers)
