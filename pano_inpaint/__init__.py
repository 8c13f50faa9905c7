"""Erase objects from 360° panoramas; transfer learning of the completion network that does it.

Importing this package loads neither TensorFlow nor Keras: each public name is fetched from its
module at first use (PEP 562).
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("pano-inpaint")
except PackageNotFoundError:  # a bare checkout
    __version__ = "0+unknown"

_HOME = {
    "Eraser": "eraser",
    "Panorama": "panorama",
    "PanoInpaintError": "errors",
    "read_mask": "panorama",
    "read_panorama": "panorama",
    "write_panorama": "panorama",
}

__all__ = sorted(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__():
    return sorted([*globals(), *__all__])
