"""A preset's completion network as a SavedModel that a stock TensorFlow Serving loads as it is.

::

    DIR/models.config                                            what the server is started with
    DIR/completion/N/saved_model.pb, variables/                  version N; the highest is served
    DIR/completion/N/assets.extra/tf_serving_warmup_requests     run once before the version is served
"""

import re
import shutil
from pathlib import Path

import tensorflow as tf

from pano_inpaint.cube import face_directions
from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.files import replacing
from pano_inpaint.models.completion import (
    CompletionConfig,
    build_completion_network,
    complete_batch,
    output_names,
)
from pano_inpaint.models.presets import COMPLETION_WEIGHTS, build_completion, load_weights
from pano_inpaint.models.tables import TABLES
from pano_inpaint.room_parts import THING
from pano_inpaint.shadows import DEEPEST

MODEL_NAME = "completion"
MODELS_CONFIG = "models.config"
LARGEST_DIVISOR = max(table.size_divisor for table in TABLES.values())
WARMUP = Path("assets.extra", "tf_serving_warmup_requests")
_WARMUP_SIDE = 64  # pixels; enough that no level of the network is empty
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in `panorama.read_mask`
_HALF = 127.5  # from where an 8-bit mask is bright
_MAX16 = 65535.0


def write_serving_export(preset, folder, *, version=None, served_from=None):
    """Write a version of a preset's network for TensorFlow Serving.

    The version appears under its number when it is whole, so a running server may watch the folder.

    Parameters
    ----------
    preset : Preset
        Whose weights are exported.
    folder : str or Path
        Gets ``models.config`` and ``completion/N``; created if it is missing.
    version : int, optional
        N, at least 1; one more than the highest there is if left out.
    served_from : str, optional
        Where the server will see `folder`, for instance its place in a container; its absolute path here
        if left out. The server does not take relative ones.

    Returns
    -------
    Path
        ``folder/completion/N``.

    Raises
    ------
    UsageError
        If the version exists or is no positive number, or `served_from` is relative.
    FileError
        If something cannot be written.
    """
    folder = Path(folder)
    base = folder.resolve() if served_from is None else Path(served_from)
    if not base.is_absolute():
        raise UsageError(f"expected an absolute path for the server, received {str(served_from)!r}")
    target = _free_version(folder / MODEL_NAME, version)
    module = build_serving_module(preset)
    temporary = target.with_name(f".part.{target.name}")  # no number, so no server takes it for a version
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        _write_version(module, temporary)
        temporary.rename(target)  # fails if the version has come into being meanwhile, as it should
        with replacing(folder / MODELS_CONFIG) as path:
            path.write_text(models_config(base / MODEL_NAME))
    except OSError as error:
        raise FileError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def models_config(base_path):
    """Return the text of a server's ``--model_config_file`` for a model folder, a text-format protobuf."""
    quoted = str(base_path).replace("\\", "\\\\").replace('"', '\\"')
    lines = [f'name: "{MODEL_NAME}"', f'base_path: "{quoted}"', 'model_platform: "tensorflow"']
    return "model_config_list {\n  config {\n    " + "\n    ".join(lines) + "\n  }\n}\n"


def build_serving_module(preset):
    """Build the functions that are exported.

    Parameters
    ----------
    preset : Preset
        Whose weights are used.

    Returns
    -------
    tf.Module
        With four functions or five, named like their signatures.

        ``serving_default(image_bytes, mask_bytes)`` → ``completed_bytes``
            Batches of encoded pictures, each with a mask of its size (bright or, where alpha varies,
            opaque = erase); 8-bit PNG comes back.
        ``floats(picture, mask)`` → ``completed``
            (B, H, W, 3) in [0, 1] and (B, H, W, 1) with 1 = hole, any sides; [0, 1] comes back.
        ``faces(picture, mask)`` → ``completed``
            (6, S, S, 3) and (6, S, S, 1): a cube, padded across its edges; S is the preset's. What comes
            back may overshoot [0, 1] inside the hole, as it does from `completer.load_completer`.
        ``faces_bytes(image_bytes, mask_bytes)`` → ``completed_bytes``
            The same as 16-bit PNG of (6 S, S) pixels, the faces below one another: a tenth of the JSON.

        For a network that knows directions the last two have a third input ``rotation``, (3, 3) and
        (B, 3, 3): how the cube is tilted in the room, its yaw left out; a single picture comes with no
        directions. For a network that tells the layout ``faces_bytes`` has a second output
        ``layout_bytes``: the strip of `room_parts.LAYOUT` numbers as 8-bit PNG; for one that tells shadows
        it has ``shadows_bytes``: theirs as 16-bit PNG, see `shadows.pack_shadows`. Such a network also has
        ``finer_faces_bytes``, which is ``faces_bytes`` for faces of 2S.

    Raises
    ------
    FileError
        If the weights are damaged.
    """
    config = CompletionConfig.from_dict(preset.config["completion"])
    pictures = build_completion_network(config)
    load_weights(pictures, preset.folder / COMPLETION_WEIGHTS)
    cubes = build_completion(preset, padding="cube")
    networks = [pictures, cubes]
    module = tf.Module()
    _add_picture_functions(module, pictures, TABLES[config.table].size_divisor)
    module.faces, module.faces_bytes = _face_functions(cubes, preset.face_size)
    if config.shadows:
        networks.append(build_completion(preset, padding="cube", size=2 * preset.face_size))
        module.finer_faces_bytes = _face_functions(networks[-1], 2 * preset.face_size)[1]
    module.kept = [weight.value for network in networks for weight in network.weights]
    return module


def _add_picture_functions(module, network, divisor):
    def complete(picture, mask):
        height, width = tf.shape(picture)[1], tf.shape(picture)[2]
        message = "expected a mask of the picture's size"
        fits = tf.debugging.assert_equal(tf.shape(mask)[:3], tf.shape(picture)[:3], message=message)
        with tf.control_dependencies([fits]):  # or a worse worded error comes first
            hole = tf.cast(mask >= 0.5, tf.float32)
        completed = _outputs(network, _widened(picture, divisor), _widened(hole, divisor), None).completed
        return tf.clip_by_value(completed[:, :height, :width], 0, 1)  # a correction may overshoot

    def complete_bytes(image, mask):
        picture = tf.io.decode_image(image, channels=3, expand_animations=False)
        picture = tf.ensure_shape(tf.cast(picture, tf.float32) / 255, (None, None, 3))
        completed = complete(picture[None], _painted(mask)[None])[0]
        return {"completed_bytes": tf.io.encode_png(tf.cast(tf.round(completed * 255), tf.uint8))}

    module.floats = _function(
        lambda picture, mask: {"completed": complete(picture, mask)},
        picture=tf.TensorSpec((None, None, None, 3), tf.float32),
        mask=tf.TensorSpec((None, None, None, 1), tf.float32),
    )
    module.serving_default = _bytes_function(complete_bytes)


def _face_functions(network, size):
    """Return the functions of six faces and of strips of them."""
    turned = len(network.inputs) > 2
    forward = tf.constant(face_directions(size))

    def complete(picture, mask, rotation=None):
        rays = tf.einsum("fhwi,ji->fhwj", forward, rotation) if turned else None
        return _outputs(network, picture, tf.cast(mask >= 0.5, tf.float32), rays)

    def complete_bytes(image, mask, *rotation):
        picture = tf.io.decode_png(image, channels=3, dtype=tf.uint16)
        mask = tf.io.decode_png(mask, channels=1)
        picture = tf.reshape(tf.ensure_shape(picture, (6 * size, size, 3)), (6, size, size, 3))
        mask = tf.reshape(tf.ensure_shape(mask, (6 * size, size, 1)), (6, size, size, 1))
        hole = tf.cast(tf.cast(mask, tf.float32) > _HALF, tf.float32)
        completed, layout, shadows = complete(tf.cast(picture, tf.float32) / _MAX16, hole, *rotation)
        strip = tf.reshape(tf.clip_by_value(completed, 0, 1), (6 * size, size, 3))
        encoded = {"completed_bytes": tf.io.encode_png(tf.cast(tf.round(strip * _MAX16), tf.uint16))}
        if layout is not None:
            hidden = tf.argmax(layout[..., :THING], -1)
            labels = tf.cast(tf.where(hole[..., 0] > 0, hidden, tf.argmax(layout, -1)), tf.uint8)
            encoded["layout_bytes"] = tf.io.encode_png(tf.reshape(labels, (6 * size, size, 1)))
        if shadows is not None:
            levels = (tf.clip_by_value(shadows / DEEPEST, -1, 1) + 1) / 2 * _MAX16  # as `pack_shadows`
            strip = tf.cast(tf.round(tf.reshape(levels, (6 * size, size, 3))), tf.uint16)
            encoded["shadows_bytes"] = tf.io.encode_png(strip)
        return encoded

    rotation = {"rotation": tf.TensorSpec((3, 3), tf.float32)} if turned else {}
    faces = _function(
        lambda *inputs, **named: {"completed": complete(*inputs, **named).completed},
        picture=tf.TensorSpec((6, size, size, 3), tf.float32),
        mask=tf.TensorSpec((6, size, size, 1), tf.float32),
        **rotation,
    )
    names = [f"{name}_bytes" for name in output_names(network)]
    rotations = {"rotation": tf.TensorSpec((None, 3, 3), tf.float32)} if turned else {}
    return faces, _bytes_function(complete_bytes, names, **rotations)


def _function(function, **specs):
    named = [tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in specs.items()]
    return tf.function(function, input_signature=named)


def _bytes_function(complete_bytes, outputs=("completed_bytes",), **further):
    """Return a function over batches of encoded pictures and masks, one after the other."""

    def complete(*inputs):
        return tf.map_fn(
            lambda one: complete_bytes(*one),
            inputs,
            fn_output_signature=dict.fromkeys(outputs, tf.string),
            parallel_iterations=1,
        )

    spec = tf.TensorSpec((None,), tf.string)
    return _function(complete, image_bytes=spec, mask_bytes=spec, **further)


def _outputs(network, picture, mask, rays):
    """Return what a network makes of pictures; `rays` None tells no directions."""
    rays = tf.zeros_like(picture) if rays is None else rays
    return complete_batch(network, {"input": picture, "mask": mask, "rays": rays})


def _widened(pictures, divisor):
    """Mirror pictures at their right and lower edge, up to the next multiple of the network's stride."""
    for axis in (1, 2):
        side = tf.shape(pictures)[axis]
        index = tf.range(side + -side % LARGEST_DIVISOR)
        mirrored = tf.maximum(2 * side - 1 - index, 0)
        pictures = tf.gather(pictures, tf.where(index < side, index, mirrored), axis=axis)
    return pictures


def _painted(data):
    """Decode a mask by the rules of `panorama.read_mask`: (H, W, 1), 1 = erase."""
    pixels = tf.io.decode_image(data, expand_animations=False)
    pixels = tf.cast(tf.ensure_shape(pixels, (None, None, None)), tf.float32)
    channels = tf.shape(pixels)[2]
    colours = tf.cond(channels < 3, lambda: pixels[..., :1], lambda: pixels[..., :3] * _LUMA)
    bright = tf.round(tf.reduce_sum(colours, -1, keepdims=True)) > _HALF
    has_alpha = channels % 2 == 0
    opaque = tf.where(has_alpha, pixels[..., -1:], 255.0) > _HALF
    drawn = tf.reduce_any(opaque) & ~tf.reduce_all(opaque)  # alpha varies: it is what was painted
    plain = ~drawn | (tf.reduce_any(opaque & bright) & tf.reduce_any(opaque & ~bright))
    return tf.ensure_shape(tf.cast(opaque & (bright | ~plain), tf.float32), (None, None, 1))


def _free_version(base, version):
    present = [int(path.name) for path in base.glob("*") if re.fullmatch(r"[0-9]+", path.name)]
    version = max(present, default=0) + 1 if version is None else version
    if version < 1:
        raise UsageError(f"expected a version of at least 1, received {version}")
    if version in present:
        raise UsageError(
            f"expected a new version, but {base / str(version)} exists", hint="leave --version out"
        )
    return base / str(version)


def _write_version(module, folder):
    names = ("serving_default", "floats", "faces", "faces_bytes", "finer_faces_bytes")
    signatures = {name: getattr(module, name) for name in names if hasattr(module, name)}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    warmup = folder / WARMUP
    warmup.parent.mkdir(exist_ok=True)
    size = module.faces.input_signature[0].shape[1]
    inputs = _warmup_inputs(
        size, turned=len(module.faces.input_signature) > 2, finer="finer_faces_bytes" in signatures
    )
    with tf.io.TFRecordWriter(str(warmup)) as writer:
        for signature, tensors in inputs.items():
            writer.write(prediction_log(signature, tensors))


def _warmup_inputs(size, *, turned, finer):
    side = _WARMUP_SIDE
    picture = tf.fill((1, side, side, 3), 0.5)
    around = [side // 2, side // 4]
    hole = tf.pad(tf.ones((1, side // 4, side // 4, 1)), [[0, 0], around, around, [0, 0]])
    return {
        "serving_default": {
            "image_bytes": [_png(picture[0], tf.uint8)],
            "mask_bytes": [_png(hole[0], tf.uint8)],
        },
        "floats": {"picture": picture.numpy(), "mask": hole.numpy()},
        "faces_bytes": _warmup_faces(size, turned=turned),
        **({"finer_faces_bytes": _warmup_faces(2 * size, turned=turned)} if finer else {}),
    }


def _warmup_faces(size, *, turned):
    strip = tf.fill((6 * size, size, 1), 0.5)
    return {
        "image_bytes": [_png(tf.repeat(strip, 3, -1), tf.uint16)],
        "mask_bytes": [_png(strip, tf.uint8)],
        **({"rotation": tf.eye(3, batch_shape=[1]).numpy()} if turned else {}),
    }


def _png(picture, dtype):
    return tf.io.encode_png(tf.cast(tf.round(picture * dtype.max), dtype)).numpy()


def prediction_log(signature, inputs):
    """Encode a request as the protobuf ``tensorflow.serving.PredictionLog`` that warm-up files hold.

    Parameters
    ----------
    signature : str
        Name of the signature.
    inputs : dict of str to ndarray or list of bytes
        The request's tensors.

    Returns
    -------
    bytes
        By hand, so that nobody needs ``tensorflow-serving-api``: every message here is nothing but
        length-delimited fields (protobuf encoding guide, "Length-Delimited Records"), with the numbers of
        ``prediction_log.proto``, ``predict.proto`` and ``model.proto``.
    """
    spec = _field(1, MODEL_NAME.encode()) + _field(3, signature.encode())  # ModelSpec: name, signature_name
    request = _field(1, spec)  # PredictRequest.model_spec
    for name, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        request += _field(2, _field(1, name.encode()) + _field(2, tensor))  # .inputs: key, value
    return _field(6, _field(1, request))  # PredictionLog.predict_log.request


def _field(number, content):
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value):
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
