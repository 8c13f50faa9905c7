"""The inference form: the completion network as a LiteRT file that erases without TensorFlow."""

import tempfile

import tensorflow as tf

from pano_inpaint.files import replacing
from pano_inpaint.models.completion import output_names
from pano_inpaint.models.presets import FINER_FORM, INFERENCE_FORM, build_completion


def write_inference_form(preset, *, size=None):
    """Convert a preset's network, with cube padding, and write it into the preset's folder.

    Weights are kept as 16-bit floats and computed with as 32-bit ones; against Keras the result
    differs by less than 1/255. A network that tells shadows is also written for faces of twice the side.

    Parameters
    ----------
    preset : Preset
    size : int, optional
        Side of the six faces in pixels; the preset's own if left out.

    Returns
    -------
    Path
        Of the form; the one for faces of twice the side lies beside it.
    """
    size = size or preset.face_size
    _write_form(preset, size, preset.folder / INFERENCE_FORM)
    if preset.config["completion"].get("shadows"):
        _write_form(preset, 2 * size, preset.folder / FINER_FORM)
    else:  # of another network that was there before
        (preset.folder / FINER_FORM).unlink(missing_ok=True)
    return preset.folder / INFERENCE_FORM


def _write_form(preset, size, path):
    module = _module(build_completion(preset, padding="cube", size=size), size)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=module.complete)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
        form = converter.convert()
    with replacing(path) as temporary:
        temporary.write_bytes(form)


def _module(network, size):
    """Wrap a Keras network so that the converter finds its variables and may freeze them."""
    specs = [tf.TensorSpec((6, size, size, one.shape[-1]), tf.float32, one.name) for one in network.inputs]
    module = tf.Module()
    module.variables_to_freeze = [weight.value for weight in network.weights]

    def complete(*inputs):
        outputs = network(list(inputs), training=False)
        several = isinstance(outputs, list | tuple)
        return dict(zip(output_names(network), outputs if several else [outputs], strict=True))

    module.complete = tf.function(complete, input_signature=specs)
    return module
