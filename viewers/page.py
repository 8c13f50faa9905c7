"""One self-contained HTML page that shows panoramas all round, with a before/after divider.

The page holds the engine, the pictures' own bytes and nothing from the network, so that it opens from
``file://`` and can be sent to a client as it is.
"""

import base64
import hashlib
import html
import io
import json
import re
import warnings
import webbrowser
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.files import replacing
from pano_inpaint.gpano import find_placement, read_gpano
from pano_inpaint.panorama import read_panorama

MAX_WIDTH = 8192  # pixels: the largest texture of most phones; the engine itself takes 16384
THUMBNAIL = (272, 136)  # twice the size at which the scene list shows it, for dense screens
JPEG_QUALITY = 95
_MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_CHUNK = 3 * 2**18  # bytes encoded at once; a multiple of 3 keeps base64 free of padding in between


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
    """

    name: str
    panorama: Path
    before: Path | None = None


@dataclass(frozen=True)
class _Picture:
    """A picture as the page embeds it: where its bytes come from and where it lies on the sphere."""

    path: Path
    media_type: str
    content: bytes | None  # None: the file's own bytes, read when they are written
    crop: dict | None
    start: dict
    thumbnail: str


def write_page(path, scenes, *, title=None, max_width=MAX_WIDTH):
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

    Raises
    ------
    UsageError
        If there is no scene, or a picture is not a panorama.
    FileError
        If a picture cannot be read or the page cannot be written.
    """
    if not scenes:
        raise UsageError("expected at least one panorama to show, received none")
    pictures = {}
    for scene in scenes:
        for file in filter(None, (scene.panorama, scene.before)):
            if Path(file) not in pictures:
                pictures[Path(file)] = _read_picture(Path(file), max_width)
    order = {file: index for index, file in enumerate(pictures)}
    title = title or (scenes[0].name if len(scenes) == 1 else "Tour")
    described = [_describe(scene, pictures, order) for scene in scenes]
    head, tail = _fill_template(_clean(title), described)
    try:
        with replacing(path) as temporary, temporary.open("wb") as page:
            page.write(head.encode())
            for index, picture in enumerate(pictures.values()):
                _write_picture(page, index, picture)
            page.write(tail.encode())
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from error


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


def _describe(scene, pictures, order):
    panorama = Path(scene.panorama)
    return {
        "name": _clean(scene.name),
        "thumbnail": pictures[panorama].thumbnail,
        "start": pictures[panorama].start,
        "panorama": _refer(panorama, pictures, order),
        "before": _refer(Path(scene.before), pictures, order) if scene.before else None,
    }


def _refer(file, pictures, order):
    return {"index": order[file], "crop": pictures[file].crop}


def _clean(text):
    """Make a name writable: file names may hold bytes that are no UTF-8."""
    return str(text).encode("utf-8", "replace").decode("utf-8")


def _fill_template(title, scenes):
    """Return the page before and after its pictures."""
    static = files("viewers") / "static"
    page = (static / "viewer.html").read_text("utf-8")
    style = (static / "viewer.css").read_text("utf-8")
    page = _put(page, '<link rel="stylesheet" href="viewer.css">', f"<style>{style}</style>")
    scripts = []
    for name in re.findall(r'<script src="(\w+\.js)"></script>', page):
        scripts.append((static / name).read_text("utf-8"))
        page = _put(page, f'<script src="{name}"></script>', f"<script>{scripts[-1]}</script>")
    page = _put(page, "<!-- policy -->", _policy(style, scripts))
    page = _put(page, "<title>Panorama</title>", f"<title>{html.escape(title)}</title>")
    data = _script("scenes-data", "application/json", _to_json({"title": title, "scenes": scenes}))
    head, tail = page.split("<!-- pictures -->")
    return head + data, tail


def _put(page, mark, content):
    if page.count(mark) != 1:
        raise ValueError(f"expected {mark!r} once in viewer.html, received it {page.count(mark)} times")
    return page.replace(mark, content)


def _policy(style, scripts):
    """Allow only our own style and scripts by their hashes, and nothing from the network.

    Source: Content Security Policy Level 3, section 2.3.1 (hash sources).
    """
    rules = ["default-src 'none'", "img-src data: blob:", f"style-src {_hashed(style)}"]
    rules.append("script-src " + " ".join(map(_hashed, scripts)))
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'


def _hashed(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _to_json(value):
    """Encode as JSON that no HTML parser takes for markup: neither ``</script>`` nor ``<!--`` survives."""
    text = json.dumps(value, ensure_ascii=True)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _script(name, media_type, content):
    return f'<script id="{name}" type="{media_type}">{content}</script>\n'


def _write_picture(page, index, picture):
    page.write(f'<script id="picture-{index}" type="text/plain">data:{picture.media_type};base64,'.encode())
    source = picture.path.open("rb") if picture.content is None else io.BytesIO(picture.content)
    with source:
        while chunk := source.read(_CHUNK):
            page.write(base64.b64encode(chunk))
    page.write(b"</script>\n")


def _read_picture(path, max_width):
    image, media_type, tags = _open(path)
    try:
        with image:
            return _embed(path, image, media_type, tags, max_width)
    except UsageError as error:
        raise type(error)(f"{path}: {error}", hint=error.hint) from error
    except (OSError, SyntaxError) as error:  # Pillow reports damaged PNG chunks as SyntaxError
        raise FileError(f"cannot read {path}: {error}") from error


def _embed(path, image, media_type, tags, max_width):
    placement = find_placement(tags, *_upright_size(image))
    content = None
    if 2 * placement.full_height > max_width or media_type is None:
        image = _scaled(image, min(1, max_width / (2 * placement.full_height)))
        placement = find_placement(tags, *image.size)
        content, media_type = _encode(image)
    thumbnail = _thumbnail(image, placement)
    return _Picture(path, media_type, content, _crop(placement), _start(tags), thumbnail)


def _open(path):
    """Open a picture the browser can show lazily, or decode one that it cannot.

    Returns the picture, its media type (None if its bytes are not for the browser) and its GPano tags.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # 16384x8192 is no bomb here
            image = Image.open(path, formats=list(_MEDIA_TYPES))
    except Image.DecompressionBombError as error:
        raise FileError(f"cannot read {path}: {error}") from error
    except OSError as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise FileError(f"cannot read {path}: {error.strerror}") from error
        return _decode(path)
    return image, _MEDIA_TYPES[image.format], read_gpano(_xmp(image))


def _decode(path):
    """Decode what no browser shows, such as TIFF, to 8 bits of the whole sphere."""
    panorama = read_panorama(path)
    pixels = panorama.pixels
    if pixels.dtype.kind == "f":
        pixels = np.clip(pixels, 0, 1) * 255
    elif pixels.dtype == np.uint16:
        pixels = pixels / 257  # 65535 becomes 255
    pixels = np.round(pixels).astype(np.uint8)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    tags = read_gpano(panorama.metadata.xmp)
    return image, None, {name: value for name, value in tags.items() if "Pixels" not in name}


def _xmp(image):
    xmp = image.info.get("xmp")
    return xmp.encode() if isinstance(xmp, str) else xmp


def _upright_size(image):
    turned = image.getexif().get(0x0112, 1) >= 5  # Exif orientations 5 to 8 swap the sides
    return image.size[::-1] if turned else image.size


def _scaled(image, scale):
    image = _rgb(ImageOps.exif_transpose(image))
    size = [max(1, round(side * scale)) for side in image.size]
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)


def _rgb(image):
    """Reduce to 8-bit RGB; Pillow alone would clip 16-bit gray at 255."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image, np.uint32) >> 8).astype(np.uint8))
    return image.convert("RGB")


def _encode(image):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return stream.getvalue(), _MEDIA_TYPES["JPEG"]


def _thumbnail(image, placement):
    """Return the whole sphere as a small JPEG's data URI; decoding it also proves the file whole."""
    image.draft("RGB", (THUMBNAIL[0] * 2, THUMBNAIL[1] * 2))
    image = _rgb(ImageOps.exif_transpose(image))
    scale = THUMBNAIL[1] / placement.full_height
    box = [round(side * scale) for side in (placement.left, placement.top, placement.width, placement.height)]
    whole = Image.new("RGB", THUMBNAIL)
    whole.paste(image.resize([max(1, side) for side in box[2:]], Image.Resampling.LANCZOS), tuple(box[:2]))
    stream = io.BytesIO()
    whole.save(stream, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _crop(placement):
    if placement.is_full:
        return None
    size = {"width": 2 * placement.full_height, "height": placement.full_height}
    return {"left": placement.left, "top": placement.top, **size}


def _start(tags):
    """Work out the first view in degrees.

    The initial heading counts from north, as the pose of the picture's centre does, and from the centre
    where no pose is given. Source: Google, "Photo Sphere XMP Metadata", GPano parameter reference.
    """
    heading = _degrees(tags.get("InitialViewHeadingDegrees"))
    yaw = 0.0 if heading is None else heading - (_degrees(tags.get("PoseHeadingDegrees")) or 0.0)
    return {
        "yaw": (yaw + 180) % 360 - 180,
        "pitch": max(-90.0, min(90.0, _degrees(tags.get("InitialViewPitchDegrees")) or 0.0)),
        "fov": _degrees(tags.get("InitialHorizontalFOVDegrees")),
    }


def _degrees(value):
    try:
        angle = float(value)
    except (TypeError, ValueError):
        return None
    return angle if np.isfinite(angle) else None
