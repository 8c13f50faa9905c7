"""The inference form: the completion network as a LiteRT file that erases without TensorFlow."""

import tempfile

import tensorflow as tf

from pano_inpaint.completer import FINER
from pano_inpaint.files import replacing
from pano_inpaint.models.completion import output_names
from pano_inpaint.models.presets import INFERENCE_FORM, build_completion


def write_inference_form(preset, *, size=None):
    """Convert a preset's network, with cube padding, and write it into the preset's folder.

    Weights are kept as 16-bit floats and computed with as 32-bit ones; against Keras the result
    differs by less than 1/255. A network that tells shadows is also written for faces of twice the side,
    under the signature `completer.FINER`; its weights are stored once.

    Parameters
    ----------
    preset : Preset
    size : int, optional
        Side of the six faces in pixels; the preset's own if left out.

    Returns
    -------
    Path
    """
    size = size or preset.face_size
    module = tf.Module()
    signatures = {"serving_default": _function(module, preset, size)}
    if preset.config["completion"].get("shadows"):
        signatures[FINER] = _function(module, preset, 2 * size)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[*signatures])
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
        form = converter.convert()
    path = preset.folder / INFERENCE_FORM
    with replacing(path) as temporary:
        temporary.write_bytes(form)
    return path


def _function(module, preset, size):
    """Wrap a preset's network, kept in a module, so that the converter finds its variables to freeze."""
    network = build_completion(preset, padding="cube", size=size)
    specs = [tf.TensorSpec((6, size, size, one.shape[-1]), tf.float32, one.name) for one in network.inputs]
    kept = getattr(module, "variables_to_freeze", [])
    module.variables_to_freeze = [*kept, *(weight.value for weight in network.weights)]

    def complete(*inputs):
        outputs = network(list(inputs), training=False)
        several = isinstance(outputs, list | tuple)
        return dict(zip(output_names(network), outputs if several else [outputs], strict=True))

    return tf.function(complete, input_signature=specs)
