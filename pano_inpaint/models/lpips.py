"""LPIPS: how different two pictures look, plain or averaged over the hole and the sphere."""

import numpy as np

from pano_inpaint.cube import face_weights
from pano_inpaint.cubemap import pad_faces, to_faces
from pano_inpaint.models.perceptual import Features, read_weights
from pano_inpaint.panorama import to_rgb

TILE = 512  # larger pictures go through in tiles of this side: VGG16 keeps 0.3 GB per tile
HALO = 112  # context round a tile: half the receptive field of relu5_3 (196 px), on the 16 px grid
MINIMUM_SIDE = 32  # under it AlexNet has no pixel left at relu5


class LPIPS:
    """Learned perceptual image patch similarity, version 0.1 (Zhang et al. 2018, equation 1).

    Activations of five layers are scaled to unit length in each pixel; the squared differences are weighted
    by channel and averaged over the picture. 0 = alike; around 0.5 = nothing in common.

    Parameters
    ----------
    network : {"alex", "vgg"}
        AlexNet is what its authors recommend for scoring; VGG16 is dearer and nearer to style losses.

    Raises
    ------
    ValueError
        If the network is unknown.
    MissingDependencyError, FileError
        As for `read_weights`.
    """

    def __init__(self, network="alex"):
        import tensorflow as tf

        self.network = network
        self._features = Features(network)
        self._heads = [tf.constant(head) for head in read_weights(network)[2]]

    def __call__(self, result, truth):
        """Compare whole pictures, as the reference does.

        Parameters
        ----------
        result, truth : ndarray of float, shape (N, H, W, 3)
            RGB in [0, 1], sides of at least 32 px.

        Returns
        -------
        ndarray of float32, shape (N,)

        Raises
        ------
        ValueError
            If the shapes differ or a side is too short.
        """
        _check_batch(result, truth)
        layers = self._layer_maps(np.float32(result), np.float32(truth))
        return sum(layer.numpy().mean(axis=(1, 2)) for layer in layers)

    def map(self, result, truth):
        """Compare pictures pixel by pixel: each layer's map enlarged bilinearly, then summed.

        Parameters
        ----------
        result, truth : ndarray of float, shape (N, H, W, 3)
            RGB in [0, 1], sides of at least 32 px.

        Returns
        -------
        ndarray of float32, shape (N, H, W)

        Raises
        ------
        ValueError
            If the shapes differ or a side is too short.
        """
        import tensorflow as tf

        _check_batch(result, truth)
        layers = self._layer_maps(np.float32(result), np.float32(truth))
        size = result.shape[1:3]
        return sum(tf.image.resize(layer[..., None], size).numpy()[..., 0] for layer in layers)

    def _layer_maps(self, result, truth):
        import tensorflow as tf

        pairs = zip(self._features(result), self._features(truth), self._heads, strict=True)
        return [tf.linalg.matvec(tf.square(_unit(a) - _unit(b)), head) for a, b, head in pairs]


def lpips_flat(lpips, result, truth, weights, *, wrap=False):
    """Average the LPIPS map of one flat picture under pixel weights.

    Sides above 512 px go through in tiles with 112 px of context; tiles without weight are not computed.

    Parameters
    ----------
    lpips : LPIPS
    result, truth : ndarray of float, shape (H, W, 3)
        RGB in [0, 1].
    weights : ndarray of float, shape (H, W)
        Such as `metrics.score_weights` gives.
    wrap : bool
        True for equirectangular pictures: context goes on over the ±180° seam. Rows near the poles are still
        stretched, which LPIPS was not made for: prefer `lpips_sphere`.

    Returns
    -------
    float
        NaN if the weights sum to zero.

    Raises
    ------
    ValueError
        If shapes do not fit.
    """
    if result.shape != truth.shape or weights.shape != result.shape[:2]:
        raise ValueError(
            f"Expected two pictures and weights of one size. Received: result {result.shape}, "
            f"truth {truth.shape}, weights {weights.shape}"
        )
    if wrap:
        edges = ((0, 0), (HALO, HALO), (0, 0))
        result, truth = np.pad(result, edges, mode="wrap"), np.pad(truth, edges, mode="wrap")
        weights = np.pad(weights, edges[:2])
    return _ratio(*_weighted_sum(lpips, result, truth, weights))


def lpips_sphere(lpips, result, truth, mask=None):
    """Average the LPIPS map over the sphere: six cube faces, weighted by solid angle and hole.

    An equirectangular picture stretches what lies near the poles into shapes that the networks never saw;
    a cube face is an ordinary 90° view. Each face is seen with a margin of its neighbours, so that nothing
    ends at its edges. Faces without a hole are not computed.

    Parameters
    ----------
    lpips : LPIPS
    result, truth : ndarray, shape (H, 2H, 3), uint8, uint16 or float in [0, 1]
        Equirectangular RGB; only faces with a hole are turned into floats.
    mask : ndarray of bool, shape (H, 2H), optional
        Only where True; the whole sphere if left out.

    Returns
    -------
    float
        NaN if the mask is empty.

    Raises
    ------
    ValueError
        If shapes do not fit.
    """
    size = max(MINIMUM_SIDE, result.shape[0] // 32 * 16)
    margin = min(HALO, size // 2)
    weights = np.broadcast_to(face_weights(size), (6, size, size))
    if mask is not None:
        weights = weights * to_faces(mask.astype(np.float32), size)
    padded = [pad_faces(to_faces(picture, size), margin) for picture in (result, truth)]
    sums = np.zeros(2)
    for a, b, weight in zip(*padded, weights, strict=True):
        if weight.any():
            sums += _weighted_sum(lpips, to_rgb(a), to_rgb(b), np.pad(weight, margin))
    return _ratio(*sums)


def _weighted_sum(lpips, result, truth, weights):
    """Sum map × weights and weights, tile by tile."""
    sums = np.zeros(2)
    for inner, outer, inset in _tiles(weights.shape):
        weight = weights[inner]
        if not weight.any():
            continue
        tile = lpips.map(result[outer][None], truth[outer][None])[0][inset]
        sums += (tile * weight).sum(dtype=np.float64), weight.sum(dtype=np.float64)
    return sums


def _tiles(shape):
    """Yield (slices to score, slices to see, slices of the former in the latter)."""
    for rows in _spans(shape[0]):
        for columns in _spans(shape[1]):
            yield tuple(zip(rows, columns, strict=True))


def _spans(length):
    """Cut a side into pieces of 288 px seen with 112 px around, on the 16 px grid of the last layer."""
    if length <= TILE:
        yield slice(0, length), slice(0, length), slice(0, length)
        return
    step = TILE - 2 * HALO
    for start in range(0, length, step):
        stop = min(start + step, length)
        # The last piece reaches back rather than being a sliver that the networks cannot take.
        low, high = max(0, min(start - HALO, length // 16 * 16 - TILE)), min(length, stop + HALO)
        yield slice(start, stop), slice(low, high), slice(start - low, stop - low)


def _ratio(total, weight):
    return float(total / weight) if weight > 0 else float("nan")


def _unit(features):
    """Scale each pixel's channels to length 1."""
    import tensorflow as tf

    return features / (tf.sqrt(tf.reduce_sum(tf.square(features), axis=-1, keepdims=True)) + 1e-10)


def _check_batch(result, truth):
    if result.shape != truth.shape or result.ndim != 4 or result.shape[-1] != 3:
        raise ValueError(
            f"Expected two batches (N, H, W, 3) of one shape. Received: {result.shape}, {truth.shape}"
        )
    if min(result.shape[1:3]) < MINIMUM_SIDE:
        raise ValueError(f"Expected sides of at least {MINIMUM_SIDE} px. Received: {result.shape[1:3]}")
