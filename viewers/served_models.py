"""The two models that are served: `completion` of a picture or six faces, and `panorama` with the eraser."""

import io
import re
import tempfile
import warnings
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from pano_inpaint.completer import HEADS
from pano_inpaint.errors import PanoInpaintError
from pano_inpaint.formats import SUFFIXES, read_picture
from pano_inpaint.metadata import Metadata
from pano_inpaint.panorama import read_mask, read_panorama, to_rgb, write_panorama
from pano_inpaint.picture import turned_upright
from pano_inpaint.png import encode_png
from pano_inpaint.shadows import pack_shadows
from viewers.tensor_json import ServingError, Signature, Tensor
from viewers.tfserving import Servable

_MAX16 = 65535
_ENDINGS = {name: ending for ending, name in reversed(SUFFIXES.items())}
_BYTES = Tensor("DT_STRING", (-1,))
_BYTES_IN = {"image_bytes": _BYTES, "mask_bytes": _BYTES}
_BYTES_OUT = {"completed_bytes": _BYTES}


def build_completion_servable(preset, *, max_pixels=2**21):
    """Build the model `completion`, with the signatures that `models.serving_export` exports.

    Parameters
    ----------
    preset : Preset
        Whose network completes; loaded at the first request, in the worker.
    max_pixels : int
        Of a picture. The network works at the picture's own size and needs about 500 bytes a pixel.

    Returns
    -------
    Servable
        Besides the export it reads TIFF and WebP, turns pictures upright as EXIF asks, and refuses masks
        in which nothing or everything is marked.
    """
    networks = _Networks(preset)
    size = preset.face_size
    completion = preset.config["completion"]
    turned = completion.get("rays", False)
    told = {f"{head}_bytes": _BYTES for head in HEADS if completion.get(head)}
    floats = Signature(
        _floats("picture", "mask", (-1, -1, -1)),
        {"completed": Tensor("DT_FLOAT", (-1, -1, -1, 3))},
        lambda tensors, job: {"completed": _complete_floats(networks, tensors, max_pixels)},
    )
    faces = Signature(
        _floats("picture", "mask", (6, size, size))
        | ({"rotation": Tensor("DT_FLOAT", (3, 3))} if turned else {}),
        {"completed": Tensor("DT_FLOAT", (6, size, size, 3))},
        lambda tensors, job: {"completed": _complete_faces(networks, tensors)},
    )
    strips = {"faces_bytes": size} | ({"finer_faces_bytes": 2 * size} if completion.get("shadows") else {})
    of_strips = {
        name: Signature(
            _BYTES_IN | ({"rotation": Tensor("DT_FLOAT", (-1, 3, 3))} if turned else {}),
            _BYTES_OUT | told,
            lambda tensors, job, side=side: _complete_strips(networks, tensors, side, job),
        )
        for name, side in strips.items()
    }
    return Servable(
        "completion",
        {
            "serving_default": _bytes_signature(lambda *both: _complete_picture(networks, *both, max_pixels)),
            "floats": floats,
            "faces": faces,
            **of_strips,
        },
    )


def build_panorama_servable(preset, *, max_pixels=2**27):
    """Build the model `panorama`: whole panorama files, erased as `Eraser.erase` does.

    Parameters
    ----------
    preset : Preset
        Whose network completes; loaded at the first request, in the worker.
    max_pixels : int
        Of a panorama's full frame.

    Returns
    -------
    Servable
        What comes back has the format, depth and metadata of what was sent.
    """
    networks = _Networks(preset)

    def run(tensors, job):
        def erase(image, mask):
            return _erase_panorama(networks.eraser, image, mask, max_pixels, job.watch)

        return _each(erase, tensors, job)

    return Servable("panorama", {"serving_default": Signature(_BYTES_IN, _BYTES_OUT, run)})


class _Networks:
    """What a preset can do, each loaded when it is first asked for."""

    def __init__(self, preset):
        self._preset = preset

    @cached_property
    def picture_function(self):
        from pano_inpaint.models.serving_export import build_serving_module

        return _loaded(build_serving_module, self._preset).floats

    @cached_property
    def completer(self):
        from pano_inpaint.completer import load_completer

        completer = _loaded(load_completer, self._preset)
        if completer.face_size != self._preset.face_size:  # the inference form may have another size
            completer = _loaded(load_completer, self._preset, runtime="keras")
        return completer

    @cached_property
    def finer(self):
        from pano_inpaint.completer import load_completer

        # An inference form that was written before there were finer faces has none.
        return self.completer.finer or _loaded(load_completer, self._preset, runtime="keras").finer

    @cached_property
    def eraser(self):
        from pano_inpaint.eraser import Eraser

        return _loaded(Eraser.load, self._preset.folder)


def _loaded(load, *arguments, **options):
    """Load a network; that it cannot be loaded is not the client's fault."""
    try:
        return load(*arguments, **options)
    except PanoInpaintError as error:
        raise ServingError(503, f"the network cannot be loaded: {error}") from error


def _floats(picture, mask, shape):
    return {picture: Tensor("DT_FLOAT", (*shape, 3)), mask: Tensor("DT_FLOAT", (*shape, 1))}


def _bytes_signature(complete):
    return Signature(_BYTES_IN, _BYTES_OUT, lambda tensors, job: _each(complete, tensors, job))


def _each(complete, tensors, job):
    """Complete one picture after the other, and stop between them when the job was cancelled.

    `complete` is given one of each tensor's entries and returns the encoded picture, or several outputs by
    name.
    """
    _check_batch(tensors)
    answers = []
    for one in zip(*tensors.values(), strict=True):
        job.check()
        try:
            answers.append(complete(*one))
        except PanoInpaintError as error:
            message = f"{error}; {error.hint}" if error.hint else str(error)
            raise ServingError(400, message) from error
    if not answers or isinstance(answers[0], bytes):
        answers = {"completed_bytes": answers}
    else:
        answers = {name: [answer[name] for answer in answers] for name in answers[0]}
    return {name: _as_objects(values) for name, values in answers.items()}


def _as_objects(values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _check_batch(tensors):
    images, masks = tensors["image_bytes"], tensors["mask_bytes"]
    if len(images) != len(masks):
        raise ServingError(400, f"expected a mask for each of {len(images)} pictures, received {len(masks)}")
    if len(tensors.get("rotation", images)) != len(images):
        raise ServingError(400, f"expected a rotation for each of {len(images)} pictures, received others")


def _complete_floats(networks, tensors, max_pixels):
    picture, mask = tensors["picture"], tensors["mask"]
    if picture.shape[:3] != mask.shape[:3]:
        raise ServingError(
            400, f"expected a mask of shape {(*picture.shape[:3], 1)} like its picture, received {mask.shape}"
        )
    _check_pixels("picture", picture[..., 0].size, max_pixels)
    _check_range(tensors)
    return networks.picture_function(picture=picture, mask=mask)["completed"].numpy()


def _complete_faces(networks, tensors):
    _check_range(tensors)
    hole = (tensors["mask"] >= 0.5).astype(np.float32)
    return networks.completer(tensors["picture"], hole, tensors.get("rotation", np.eye(3))).faces


def _complete_picture(networks, image, mask, max_pixels):
    with tempfile.TemporaryDirectory() as folder, _without_folder(folder):
        picture = read_picture(_stored(folder, "image_bytes", image, max_pixels))
        pixels = turned_upright(picture.pixels, picture.orientation)
        height, width = pixels.shape[:2]
        known = np.ones((height, width), bool)
        frame = SimpleNamespace(size=(width, height), known=known, is_partial=False, placement=None)
        hole = read_mask(_stored(folder, "mask_bytes", mask, max_pixels), like=frame)
    tensors = {"picture": to_rgb(pixels)[None], "mask": hole[None, ..., None].astype(np.float32)}
    completed = networks.picture_function(**tensors)["completed"].numpy()[0]
    pixels = np.rint(completed * 255).astype(np.uint8)
    return encode_png(pixels, Metadata(icc=picture.metadata.icc))


def _complete_strips(networks, tensors, size, job):
    def complete(image, mask, rotation=None):
        completion = _complete_strip(networks, image, mask, size, np.eye(3) if rotation is None else rotation)
        strip = np.rint(np.clip(completion.faces, 0, 1) * _MAX16).astype(np.uint16)
        encoded = {"completed_bytes": encode_png(strip.reshape(6 * size, size, 3), Metadata())}
        if completion.layout is not None:
            labels = completion.layout.reshape(6 * size, size, 1)
            encoded["layout_bytes"] = encode_png(labels, Metadata())
        if completion.shadows is not None:
            strip = pack_shadows(completion.shadows).reshape(6 * size, size, 3)
            encoded["shadows_bytes"] = encode_png(strip, Metadata())
        return encoded

    return _each(complete, tensors, job)


def _complete_strip(networks, image, mask, size, rotation):
    with tempfile.TemporaryDirectory() as folder, _without_folder(folder):
        pixels = read_picture(_stored(folder, "image_bytes", image, 6 * size**2)).pixels
        hole = read_picture(_stored(folder, "mask_bytes", mask, 6 * size**2)).pixels
    for name, strip in (("image_bytes", pixels), ("mask_bytes", hole)):
        if strip.shape[:2] != (6 * size, size):
            raise ServingError(
                400,
                f"{name}: expected six faces of {size}x{size} below one another, received "
                f"{strip.shape[1]}x{strip.shape[0]}",
            )
    marked = (to_rgb(hole)[..., :1] >= 0.5).astype(np.float32)
    faces, hole = to_rgb(pixels).reshape(6, size, size, 3), marked.reshape(6, size, size, 1)
    completer = networks.completer
    completer = completer if size == completer.face_size else networks.finer
    return completer(faces, hole, rotation)


def _erase_panorama(eraser, image, mask, max_pixels, watch):
    with tempfile.TemporaryDirectory() as folder, _without_folder(folder):
        panorama = read_panorama(_stored(folder, "image_bytes", image, max_pixels))
        _check_pixels(
            "image_bytes", panorama.pixels[..., 0].size, max_pixels
        )  # GPano may name a larger frame
        marked = read_mask(_stored(folder, "mask_bytes", mask, max_pixels), like=panorama)
        erased = eraser.erase(panorama, marked, watch=watch)
        result = Path(folder, f"completed_bytes{_ENDINGS[panorama.format]}")
        write_panorama(result, erased)
        return result.read_bytes()


class _without_folder:  # noqa: N801 (used like a function)
    """Take a temporary folder's name out of errors: the client knows the files by their inputs' names."""

    def __init__(self, folder):
        self._folder = f"{folder}/"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, PanoInpaintError):
            raise type(error)(str(error).replace(self._folder, ""), hint=error.hint) from error


def _stored(folder, name, data, max_pixels):
    """Store a sent picture as a file, if its header promises what can be worked on."""
    _check_pixels(name, _announced_pixels(data), max_pixels)
    path = Path(folder, name)
    path.write_bytes(data)
    return path


def _announced_pixels(data):
    """Return how many pixels a picture's header announces; 0 where it is no picture that can be read."""
    from PIL import Image
    from tifffile import TiffFile

    try:
        with warnings.catch_warnings(action="ignore"):
            if data[:2] in (b"II", b"MM"):
                with TiffFile(io.BytesIO(data)) as file:
                    return file.pages[0].imagewidth * file.pages[0].imagelength
            with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
                return image.width * image.height
    except Image.DecompressionBombError as error:  # it names the pixels, and nothing else does
        return int(re.search(r"\d+", str(error))[0])
    except Exception:  # a damaged header may raise anything; reading the file says what is wrong with it
        return 0


def _check_pixels(name, pixels, most):
    if pixels > most:
        raise ServingError(400, f"{name}: expected at most {most} pixels, received {pixels}")


def _check_range(tensors):
    for name in ("picture", "mask"):
        tensor = tensors[name]
        if not (tensor >= 0).all() or not (tensor <= 1).all():
            raise ServingError(400, f"{name}: expected values in [0, 1], received others")
