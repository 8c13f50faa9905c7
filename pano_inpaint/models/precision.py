"""Numeric precision: mixed bfloat16 where it is fast, float32 elsewhere."""

import os
import warnings
from contextlib import contextmanager
from pathlib import Path

PRECISIONS = ("auto", "float32", "bfloat16")
FAST_CPU_FLAGS = {"avx512_bf16", "amx_bf16"}


def resolve_precision(wanted="auto"):
    """Return the Keras dtype policy to train with.

    Parameters
    ----------
    wanted : {"auto", "float32", "bfloat16"}
        "auto" takes bfloat16 where a GPU or the processor computes in it.

    Returns
    -------
    {"float32", "mixed_bfloat16"}
        Asking for bfloat16 where it is emulated (up to 17 times slower) warns and returns "float32".

    Raises
    ------
    ValueError
        If `wanted` is none of the three.
    """
    if wanted not in PRECISIONS:
        raise ValueError(f"precision must be one of {PRECISIONS}. Received: {wanted!r}")
    if wanted == "float32":
        return "float32"
    obstacle = _bfloat16_obstacle()
    if obstacle is None:
        return "mixed_bfloat16"
    if wanted == "bfloat16":
        warnings.warn(f"training in float32: bfloat16 would be slower here, {obstacle}", stacklevel=2)
    return "float32"


@contextmanager
def dtype_policy(name):
    """Build Keras layers under a dtype policy within this context."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _bfloat16_obstacle():
    """Return why bfloat16 is slow on this machine, or None."""
    if _has_bfloat16_gpu():
        return None
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1").strip().lower() in ("0", "false"):
        return "oneDNN is switched off (TF_ENABLE_ONEDNN_OPTS)"
    if not FAST_CPU_FLAGS & _cpu_flags():
        return "the processor has neither AVX512-BF16 nor AMX-BF16"
    return None


def _has_bfloat16_gpu():
    """Tell whether every GPU has compute capability 8.0 (Ampere) or later."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return bool(gpus) and all(detail.get("compute_capability", (0,)) >= (8,) for detail in details)


def _cpu_flags(cpuinfo=Path("/proc/cpuinfo")):
    """Return the processor's feature flags; empty where the system does not tell."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return set()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return set(flags.partition(":")[2].split())
