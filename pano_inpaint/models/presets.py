"""Presets: folders with a network's settings, weights, inference form and card.

A preset is found by name among those in the package, or by its folder; a run folder is one too.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.files import replacing

BUNDLED = Path(__file__).resolve().parent.parent / "weights"
CONFIG = "config.json"
COMPLETION_WEIGHTS = "completion.weights.h5"
DISCRIMINATOR_WEIGHTS = "discriminator.weights.h5"
INFERENCE_FORM = "completion.tflite"
FINER_FORM = "finer.tflite"  # for faces of twice the side; opened if need be
NEW_LAYERS = re.compile(r"conv1_rays|layout|shadows\d*")  # what fine-tuning may add to a pretrained network
REQUIRED = {"completion", "discriminator", "face_size"}


@dataclass(frozen=True)
class Preset:
    """A network that can be loaded.

    Attributes
    ----------
    folder : Path
    config : dict
        What `config.json` holds: ``completion`` and ``discriminator`` (settings of the networks),
        ``face_size`` (side in pixels that the network was trained at), ``stage``.
    """

    folder: Path
    config: dict

    @property
    def face_size(self):
        """Side in pixels of the pictures or faces that the network was trained at."""
        return self.config["face_size"]

    @property
    def inference_form(self):
        """Path of the form that erases without TensorFlow, or None."""
        return self._form(INFERENCE_FORM)

    @property
    def finer_form(self):
        """Path of that for faces of twice the side, or None."""
        return self._form(FINER_FORM)

    def _form(self, name):
        path = self.folder / name
        return path if path.is_file() else None


def preset_names():
    """Return the names of the presets in the package."""
    return sorted(path.parent.name for path in BUNDLED.glob(f"*/{CONFIG}"))


def find_preset(name_or_folder):
    """Find a preset by its name or by its folder.

    Parameters
    ----------
    name_or_folder : str or Path
        A name of `preset_names`, or a folder such as a training run's.

    Returns
    -------
    Preset

    Raises
    ------
    UsageError
        If there is neither a preset of that name nor such a folder.
    FileError
        If the folder's settings cannot be read.
    """
    for folder in (BUNDLED / str(name_or_folder), Path(name_or_folder)):
        if (folder / CONFIG).is_file():
            return Preset(folder, _read_config(folder / CONFIG))
    raise UsageError(
        f"expected a preset's name ({', '.join(preset_names()) or 'none bundled'}) or a folder "
        f"with {CONFIG}, got {str(name_or_folder)!r}"
    )


def build_completion(preset, *, padding="zero", size=None, config=None):
    """Build a preset's completion network with its weights.

    Parameters
    ----------
    preset : Preset
    padding : {"zero", "cube"}
        See `completion.build_completion_network`; the weights serve both.
    size : int, optional
        Side of the input; the preset's own if left out.
    config : CompletionConfig, optional
        A network that differs from the preset's by what it sees and says besides colours (``rays``,
        ``layout``, ``shadows``): what the preset has no weights for starts afresh.

    Returns
    -------
    keras.Model

    Raises
    ------
    FileError
        If the preset's weights are missing, damaged or of another network.
    """
    from pano_inpaint.models.completion import CompletionConfig, build_completion_network

    own = CompletionConfig.from_dict(preset.config["completion"])
    size = size or preset.face_size
    model = build_completion_network(own, padding=padding, size=size)
    load_weights(model, preset.folder / COMPLETION_WEIGHTS)
    if config is None or config == own:
        return model
    wanted = build_completion_network(config, padding=padding, size=size)
    _transfer(model, wanted, preset)
    return wanted


def _transfer(model, wanted, preset):
    """Copy weights by layer; only what `NEW_LAYERS` names may be missing."""
    names = {layer.name for layer in model.layers}
    for layer in wanted.layers:
        if layer.name in names:
            try:
                layer.set_weights(model.get_layer(layer.name).get_weights())
            except ValueError as error:
                raise FileError(
                    f"expected weights for {layer.name} in {preset.folder}, got others: {error}"
                ) from error
        elif layer.weights and not NEW_LAYERS.fullmatch(layer.name):
            raise FileError(f"expected weights for {layer.name} in {preset.folder}, got none")


def build_trained_discriminator(preset, config=None):
    """Build a preset's discriminator, with its weights where the preset has them.

    Parameters
    ----------
    preset : Preset
    config : DiscriminatorConfig, optional
        A discriminator that differs from the preset's starts afresh.

    Returns
    -------
    keras.Model
    """
    from pano_inpaint.models.discriminators import DiscriminatorConfig, build_discriminator

    own = DiscriminatorConfig(**preset.config["discriminator"])
    model = build_discriminator(config or own)
    if config in (None, own) and (preset.folder / DISCRIMINATOR_WEIGHTS).is_file():
        load_weights(model, preset.folder / DISCRIMINATOR_WEIGHTS)
    return model


def load_weights(model, path):
    """Load a network's weights; a file that does not fit raises FileError."""
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise FileError(f"expected weights of {model.name} in {path}, got: {reason}") from error


def write_preset(folder, config, *, completion, discriminator=None):
    """Write settings and weights into a folder, each file under a temporary name first.

    Parameters
    ----------
    folder : Path
    config : dict
        See `Preset.config`.
    completion, discriminator : keras.Model
    """
    for model, name in ((completion, COMPLETION_WEIGHTS), (discriminator, DISCRIMINATOR_WEIGHTS)):
        if model is not None:
            with replacing(folder / name) as path:
                model.save_weights(path)
    with replacing(folder / CONFIG) as path:
        path.write_text(json.dumps(config, indent=2) + "\n")


def _read_config(path):
    try:
        config = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise FileError(f"expected a preset's settings in {path}, got: {error}") from error
    if not isinstance(config, dict) or not REQUIRED <= config.keys():
        raise FileError(f"expected the keys {', '.join(sorted(REQUIRED))} in {path}, got others")
    return config
