"""HTML pages that show panoramas all round: scenes with hotspots between them, and a before/after divider.

A page holds the engine, and the pictures' own bytes either in itself or in scripts beside it, but nothing
from the network, so that it opens from ``file://`` and can be sent to a client as it is. Scripts, because
browsers let a page from ``file://`` read nothing else that WebGL may show.
"""

import base64
import hashlib
import html
import json
import os
import re
import webbrowser
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import numpy as np

from pano_inpaint.errors import FileError, PanoInpaintError, UsageError
from pano_inpaint.files import replacing
from pano_inpaint.tours import Hotspot, View
from viewers.embedding import read_embedded

MAX_WIDTH = 8192  # pixels: the largest texture of most phones; the engine itself takes 16384
FORMS = ("auto", "file", "folder")
LARGEST_FILE = 40 * 2**20  # bytes of pictures up to which a page is one file; browsers parse a third more
_CHUNK = 3 * 2**18  # bytes encoded at once; a multiple of 3 keeps base64 free of padding in between
_SIDECAR = re.compile(r"picture-[0-9a-f]{16}\.js")


@dataclass(frozen=True)
class Scene:
    """One panorama of a page.

    Attributes
    ----------
    name : str
        What the page calls it.
    panorama : Path
        Picture file: JPEG, PNG, TIFF or WebP, 2:1 or with GPano crop tags.
    before : Path or None
        The same place as it was; the page then has a before/after divider.
    id : str or None
        What hotspots of other scenes call it.
    hotspots : tuple of Hotspot
        Ways to other scenes, and notes. A way to a scene that is not on the page is left out.
    view : View or None
        Where it is first looked at; as the file's GPano says if left out.
    """

    name: str
    panorama: Path
    before: Path | None = None
    id: str | None = None
    hotspots: tuple[Hotspot, ...] = ()
    view: View | None = None


@dataclass(frozen=True)
class Page:
    """A page that was written.

    Attributes
    ----------
    path : Path
        The file to open.
    sidecars : tuple of Path
        Files with its pictures; none if they are in the page.
    problems : tuple of str
        Why scenes are left out.
    """

    path: Path
    sidecars: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()


def write_page(path, scenes, *, title=None, max_width=MAX_WIDTH, form="auto", skip_unreadable=False):
    """Write a page that shows panoramas.

    Parameters
    ----------
    path : str or Path
        HTML file to write; appears under this name only when it is complete.
    scenes : sequence of Scene
        At least one. The first is shown first.
    title : str, optional
        Heading of the page; the only scene's name, or "Tour", if left out.
    max_width : int, optional
        Pictures wider than this are embedded as scaled copies; at most 16384, which is what the engine
        and the browsers' decoders take.
    form : {"auto", "file", "folder"}
        Whether the pictures are in the page, or in ``NAME_files`` beside it, where each is fetched when it
        is looked at; by their size if left out.
    skip_unreadable : bool
        Whether to leave out scenes whose picture cannot be read instead of refusing them all.

    Returns
    -------
    Page

    Raises
    ------
    UsageError
        If there is no scene, or a picture is not a panorama.
    FileError
        If a picture cannot be read or the page cannot be written.
    """
    if form not in FORMS:
        raise UsageError(f"expected a form of {', '.join(FORMS)}, received {form!r}")
    if not scenes:
        raise UsageError("expected at least one panorama to show, received none")
    path = Path(path)
    shown, pictures, problems = _read_all(scenes, max_width, skip_unreadable)
    title = title or (scenes[0].name if len(scenes) == 1 else "Tour")
    size = sum(picture.size for picture in pictures.values())
    apart = form == "folder" or (form == "auto" and size > LARGEST_FILE)
    try:
        names = _write_sidecars(path, pictures) if apart else {}
        head, tail = _fill_template(_clean(title), _describe_all(shown, pictures, names), apart=apart)
        with replacing(path) as temporary, temporary.open("wb") as page:
            page.write(head.encode())
            if not apart:
                for index, picture in enumerate(pictures.values()):
                    page.write(f'<script id="picture-{index}" type="text/plain">'.encode())
                    _write_data_uri(page, picture)
                    page.write(b"</script>\n")
            page.write(tail.encode())
        _remove_old_sidecars(path, set(names.values()))
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from error
    sidecars = dict.fromkeys(path.parent / name for name in names.values())
    return Page(path, tuple(sidecars), tuple(problems))


def open_page(path):
    """Show a written page in the user's browser.

    Parameters
    ----------
    path : str or Path
        HTML file.

    Returns
    -------
    bool
        Whether a browser was found.
    """
    return webbrowser.open(Path(path).resolve().as_uri())


def _read_all(scenes, max_width, skip_unreadable):
    """Read every picture once; returns the scenes that can be shown, the pictures, and what is wrong."""
    shown, pictures, errors = [], {}, {}

    def is_readable(scene, file):
        try:
            if file not in pictures:
                pictures[file] = read_embedded(file, max_width)
        except PanoInpaintError as error:
            if not skip_unreadable:
                raise
            errors[f"{scene.name}: {error}"] = error
            return False
        return True

    for scene in scenes:
        if not is_readable(scene, Path(scene.panorama)):
            continue
        if scene.before is not None and not is_readable(scene, Path(scene.before)):
            scene = replace(scene, before=None)
        shown.append(scene)
    if not shown:
        raise next(iter(errors.values()))
    return shown, pictures, list(errors)


def _describe_all(scenes, pictures, names):
    order = {file: index for index, file in enumerate(pictures)}
    places = {scene.id: index for index, scene in enumerate(scenes) if scene.id is not None}

    def refer(file):
        where = {"file": quote(os.fsencode(names[file]))} if file in names else {}
        return {"index": order[file], "crop": pictures[file].crop, **where}

    return [
        {
            "name": _clean(scene.name),
            "thumbnail": pictures[Path(scene.panorama)].thumbnail,
            "start": pictures[Path(scene.panorama)].start if scene.view is None else _look(scene.view),
            "panorama": refer(Path(scene.panorama)),
            "before": refer(Path(scene.before)) if scene.before else None,
            "hotspots": [
                _describe_hotspot(spot, places)
                for spot in scene.hotspots
                if spot.target in places or (spot.target is None and spot.text)
            ],
        }
        for scene in scenes
    ]


def _describe_hotspot(spot, places):
    yaw, pitch = (float(angle) for angle in np.degrees((spot.yaw, spot.pitch)).round(3))
    described = {"yaw": yaw, "pitch": pitch, "text": _clean(spot.text)}
    if spot.target is not None:
        described["target"] = places[spot.target]
    if spot.arrival is not None:
        described["arrival"] = _look(spot.arrival)
    return described


def _look(view):
    """Return a view in the page's degrees."""
    yaw, pitch = (float(angle) for angle in np.degrees((view.yaw, view.pitch)).round(3))
    fov = None if view.fov is None else float(np.degrees(view.fov).round(3))
    return {"yaw": (yaw + 180) % 360 - 180, "pitch": max(-90.0, min(90.0, pitch)), "fov": fov}


def _clean(text):
    """Make a name writable: file names may hold bytes that are no UTF-8."""
    return str(text).encode("utf-8", "replace").decode("utf-8")


def _fill_template(title, scenes, *, apart):
    """Return the page before and after its pictures."""
    static = files("viewers") / "static"
    page = (static / "viewer.html").read_text("utf-8")
    styles, scripts = [], []
    for name in re.findall(r'<link rel="stylesheet" href="(\w+\.css)">', page):
        styles.append((static / name).read_text("utf-8"))
        page = _put(page, f'<link rel="stylesheet" href="{name}">', f"<style>{styles[-1]}</style>")
    for name in re.findall(r'<script src="(\w+\.js)"></script>', page):
        scripts.append((static / name).read_text("utf-8"))
        page = _put(page, f'<script src="{name}"></script>', f"<script>{scripts[-1]}</script>")
    page = _put(page, "<!-- policy -->", _policy(styles, scripts, apart=apart))
    page = _put(page, "<title>Panorama</title>", f"<title>{html.escape(title)}</title>")
    data = _script("scenes-data", "application/json", _to_json({"title": title, "scenes": scenes}))
    return _put(page, "<!-- scenes -->", data).split("<!-- pictures -->")


def _put(page, mark, content):
    if page.count(mark) != 1:
        raise ValueError(f"expected {mark!r} once in viewer.html, received it {page.count(mark)} times")
    return page.replace(mark, content)


def _policy(styles, scripts, *, apart):
    """Allow only our own styles and scripts by their hashes, and nothing from the network.

    With pictures apart, also scripts from the page's own place, which is no origin on ``file://``. Source:
    Content Security Policy Level 3, section 2.3.1 (hash sources).
    """
    rules = ["default-src 'none'", "img-src data: blob:"]
    rules.append("style-src " + " ".join(map(_hashed, styles)))
    rules.append("script-src " + " ".join([*map(_hashed, scripts), *(("'self'", "file:") if apart else ())]))
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'


def _hashed(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _to_json(value):
    """Encode as JSON that no HTML parser takes for markup: neither ``</script>`` nor ``<!--`` survives."""
    text = json.dumps(value, ensure_ascii=True)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _script(name, media_type, content):
    return f'<script id="{name}" type="{media_type}">{content}</script>\n'


def _write_data_uri(stream, picture):
    stream.write(f"data:{picture.media_type};base64,".encode())
    with picture.open() as source:
        while chunk := source.read(_CHUNK):
            stream.write(base64.b64encode(chunk))


def _sidecar_folder(path):
    return path.with_name(f"{path.stem}_files")


def _write_sidecars(path, pictures):
    """Write each picture as a script; returns their names, counted from the page, by picture file.

    They are called by their content, so that a page that is there already stays whole until it is replaced.
    """
    names = {}
    for file, picture in pictures.items():
        with picture.open() as source:
            name = f"picture-{hashlib.file_digest(source, 'sha256').hexdigest()[:16]}"
        target = _sidecar_folder(path) / f"{name}.js"
        names[file] = f"{target.parent.name}/{target.name}"
        with replacing(target) as temporary, temporary.open("wb") as sidecar:
            sidecar.write(f'(window.panoramaPictures ??= {{}})["{target.name}"] = "'.encode())
            _write_data_uri(sidecar, picture)
            sidecar.write(b'";\n')
    return names


def _remove_old_sidecars(path, kept):
    folder = _sidecar_folder(path)
    if not folder.is_dir():
        return
    for old in folder.iterdir():
        if _SIDECAR.fullmatch(old.name) and f"{folder.name}/{old.name}" not in kept:
            old.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
