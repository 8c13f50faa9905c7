"""What the networks are trained for."""

import tensorflow as tf

from pano_inpaint.shadows import DARK, DEEPEST

RECONSTRUCTIONS = ("l2", "l1")
ADVERSARIES = ("bce", "hinge")
SLIGHT = 0.2  # log intensity: smaller errors of a shadow count by their squares
SEEN = 0.2  # share of the layout loss that a pixel outside the hole has


def reconstruction_loss(completed, truth, mask, weight, *, kind="l2"):
    """Return the mean error per colour inside the hole.

    Parameters
    ----------
    completed, truth : Tensor, shape (B, H, W, 3), float32 in [0, 1]
    mask : Tensor, shape (B, H, W, 1)
        1 = hole; elsewhere nothing counts (Iizuka et al. 2017, equation 2).
    weight : Tensor, shape (B, H, W, 1)
        What each pixel counts, such as its share of the sphere.
    kind : {"l2", "l1"}
        Squared or absolute error.

    Returns
    -------
    Tensor, scalar
        0 when there is no hole at all.
    """
    error = completed - truth
    error = tf.abs(error) if kind == "l1" else tf.square(error)
    counted = mask * weight
    return tf.math.divide_no_nan(tf.reduce_sum(error * counted), 3 * tf.reduce_sum(counted))


def layout_loss(logits, layout, mask, weight):
    """Return the mean cross entropy of the layout, where it is known.

    Parameters
    ----------
    logits : Tensor, shape (B, H, W, K), float32
    layout : Tensor, shape (B, H, W), int32
        Number of the true part of the room, or below 0 where nobody knows.
    mask : Tensor, shape (B, H, W, 1)
        1 = hole. What is seen counts `SEEN` of what is hidden: it is easy, and it is not asked for.
    weight : Tensor, shape (B, H, W, 1)
        What each pixel counts.

    Returns
    -------
    Tensor, scalar
    """
    known = tf.cast(layout >= 0, tf.float32)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(layout, 0), logits)
    counted = known * (weight * (mask + SEEN * (1 - mask)))[..., 0]
    return tf.math.divide_no_nan(tf.reduce_sum(entropy * counted), tf.reduce_sum(counted))


def shadow_loss(shadows, seen, truth, blame, mask, weight):
    """Return the mean error of the shadows beside a hole, in log intensity: `huber` of each.

    Parameters
    ----------
    shadows : Tensor, shape (B, H, W, 3), float32
        By how much the picture would be brighter.
    seen, truth : Tensor, shape (B, H, W, 3), float32 in [0, 1]
        The picture with what casts the shadows, and the empty room.
    blame : Tensor, shape (B, H, W)
        What share of the difference is due to what the hole hides; below 0 where nobody knows.
    mask : Tensor, shape (B, H, W, 1)
        1 = hole; there is no shadow to be told there.
    weight : Tensor, shape (B, H, W, 1)
        What each pixel counts.

    Returns
    -------
    Tensor, scalar
        0 where nothing is known.
    """
    known = tf.cast(blame >= 0, tf.float32)[..., None]
    wanted = blame[..., None] * log_ratio(truth, seen)
    error, counted = huber(shadows - wanted), known * weight * (1 - mask)
    return tf.math.divide_no_nan(tf.reduce_sum(error * counted), 3 * tf.reduce_sum(counted))


def huber(error):
    """Return squares of errors below `SLIGHT` and absolute ones above, joined without a bend (Huber 1964)."""
    size = tf.abs(error)
    slight = tf.minimum(size, SLIGHT)
    return slight * slight / (2 * SLIGHT) + size - slight


def log_ratio(one, other):
    """Return by how much a picture is brighter than another, in log intensity of at most `DEEPEST`."""
    ratio = tf.math.log((one + DARK) / (other + DARK))
    return tf.clip_by_value(ratio, -DEEPEST, DEEPEST)


def discriminator_loss(real, fake, present, *, kind="bce"):
    """Return the discriminator's loss on the logits of real and of completed pictures.

    Parameters
    ----------
    real, fake : Tensor, shape (B, 1), float32
        Logits of "real".
    present : Tensor, shape (B, 1)
        1 where the completed picture has a hole; a fake without one is real and does not count.
    kind : {"bce", "hinge"}
        Cross entropy (Goodfellow et al. 2014) or hinge (Lim and Ye 2017); an undecided
        discriminator stands at 2·ln 2 ≈ 1.39 and at 2.

    Returns
    -------
    Tensor, scalar
    """
    if kind == "hinge":
        on_real, on_fake = tf.nn.relu(1 - real), tf.nn.relu(1 + fake)
    else:
        on_real, on_fake = tf.nn.softplus(-real), tf.nn.softplus(fake)
    return tf.reduce_mean(on_real) + _mean_present(on_fake, present)


def adversarial_loss(fake, present, *, kind="bce"):
    """Return what the completion network loses where the discriminator sees through it.

    Shapes and kinds as in `discriminator_loss`; the non-saturating form for "bce".
    """
    return _mean_present(-fake if kind == "hinge" else tf.nn.softplus(-fake), present)


def feature_matching_loss(truth, completed, present):
    """Return how far the discriminator's activations on completed pictures are from those on the truth.

    The mean absolute difference of each layer, summed over layers and branches (Wang et al. 2018,
    section 3.2, equation 4).

    Parameters
    ----------
    truth, completed : list of Tensor, shape (B, h, w, c)
        Activations on the same parts of the pictures, layer by layer. No gradient flows into the truth.
    present : Tensor, shape (B, 1)
        1 where the completed picture has a hole; others do not count.

    Returns
    -------
    Tensor, scalar
    """
    total = tf.constant(0.0)
    for true, found in zip(truth, completed, strict=True):
        error = tf.abs(tf.cast(found, tf.float32) - tf.cast(tf.stop_gradient(true), tf.float32))
        total += _mean_present(tf.reduce_mean(error, axis=(1, 2, 3))[:, None], present)
    return total


def _mean_present(values, present):
    return tf.math.divide_no_nan(tf.reduce_sum(values * present), tf.reduce_sum(present))
