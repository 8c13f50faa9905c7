"""Running the completion network on the six faces of a panorama, without TensorFlow where possible."""

import importlib.util
import os
import sys
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pano_inpaint.cube import level_rays
from pano_inpaint.errors import FileError
from pano_inpaint.room_parts import name_parts

RUNTIMES = ("auto", "litert", "keras")
HEADS = ("layout", "shadows")  # what a network may tell besides colours, in the order of its outputs


class Completion(NamedTuple):
    """What a network makes of six faces.

    Attributes
    ----------
    faces : ndarray, shape (6, S, S, 3), float32
        Completed; in [0, 1] outside the hole, and about so inside.
    layout : ndarray, shape (6, S, S), uint8, or None
        Part of the empty room at each pixel, or a thing before it, numbered as in `room_parts.LAYOUT`; None
        if the network does not tell.
    shadows : ndarray, shape (6, S, S, 3), float32, or None
        Logarithm of how much brighter each pixel beside the hole would be without what the hole shows, see
        `shadows`; None if the network does not tell.
    """

    faces: np.ndarray
    layout: np.ndarray | None = None
    shadows: np.ndarray | None = None


def load_completer(preset, *, runtime="auto"):
    """Load a preset's network for completing panoramas.

    Parameters
    ----------
    preset : Preset
    runtime : {"auto", "litert", "keras"}
        "auto" takes the preset's inference form where it has one, and Keras otherwise. The two
        differ by less than 1/255.

    Returns
    -------
    callable
        ``complete(faces, mask, rotation)`` with faces (6, S, S, 3), float32 in [0, 1], mask (6, S, S, 1),
        1 = hole, and how the cube is turned in the room (3, 3); returns a `Completion`. Its attribute
        ``face_size`` is S, and ``tells`` are those of `HEADS` that the network has. If it tells shadows,
        ``finer`` is the same for faces of 2S, else None: what is small and near a hole, it sees better.

    Raises
    ------
    ValueError
        If there is no such runtime.
    FileError
        If the preset's files are damaged.
    """
    if runtime not in RUNTIMES:
        raise ValueError(f"runtime must be one of {RUNTIMES}. Received: {runtime!r}")
    light = preset.inference_form is not None and importlib.util.find_spec("ai_edge_litert") is not None
    if runtime == "keras" or (runtime == "auto" and not light):
        return _KerasCompleter(preset)
    if preset.inference_form is None:
        raise FileError(f"expected an inference form in {preset.folder}, got none")
    return _LiteRTCompleter(preset.inference_form, preset.finer_form)


class _LiteRTCompleter:
    def __init__(self, form, finer_form=None):
        from ai_edge_litert.interpreter import Interpreter

        self._finer_form = finer_form
        try:
            with _quiet_stderr():
                interpreter = Interpreter(str(form), num_threads=os.cpu_count())
                interpreter.allocate_tensors()
                self._run = interpreter.get_signature_runner()
        except (RuntimeError, ValueError) as error:
            raise FileError(f"expected a LiteRT network in {form}, got: {error}") from error
        self._inputs = self._run.get_input_details()
        self.tells = {*HEADS} & {*self._run.get_output_details()}
        self.face_size = int(self._inputs["picture"]["shape"][1])

    @property
    def finer(self):  # opened anew each time: kept, it would hold some 100 MB
        return None if self._finer_form is None else _LiteRTCompleter(self._finer_form)

    def __call__(self, faces, mask, rotation):
        inputs = {"picture": faces.astype(np.float32), "mask": mask.astype(np.float32)}
        if "rays" in self._inputs:
            inputs["rays"] = level_rays(self.face_size, rotation)
        return _completion(mask, **self._run(**inputs))


def _completion(mask, completed, layout=None, shadows=None):
    return Completion(completed, None if layout is None else name_parts(layout, mask[..., 0] > 0), shadows)


@contextmanager
def _quiet_stderr():
    """Keep the runtime's native greeting off the user's terminal; its errors are raised, not printed."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class _KerasCompleter:
    def __init__(self, preset, face_size=None):
        from pano_inpaint.models.completion import output_names
        from pano_inpaint.models.presets import build_completion

        self._preset = preset
        self.face_size = face_size or preset.face_size
        self._network = build_completion(preset, padding="cube", size=self.face_size)
        self.tells = {*HEADS} & {*output_names(self._network)}

    @cached_property
    def finer(self):
        if "shadows" not in self.tells or self.face_size != self._preset.face_size:
            return None
        return _KerasCompleter(self._preset, 2 * self.face_size)

    def __call__(self, faces, mask, rotation):
        from pano_inpaint.models.completion import complete_batch

        rays = level_rays(self.face_size, rotation)
        batch = {"input": faces.astype(np.float32), "mask": mask.astype(np.float32), "rays": rays}
        outputs = complete_batch(self._network, batch)
        return _completion(mask, *(None if output is None else np.asarray(output) for output in outputs))
