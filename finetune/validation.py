"""Scores of a completion network on held-out panoramas: inside the hole, every part of the sphere alike."""

import numpy as np

from pano_inpaint.metrics import l1, psnr, ssim
from pano_inpaint.models.completion import complete_batch
from pano_inpaint.models.losses import shadow_loss
from pano_inpaint.scoring import load_lpips, mean_scores


def score_network(completion, panoramas, evaluators=(), *, discriminate=None):
    """Score a completion network.

    Parameters
    ----------
    completion : keras.Model
    panoramas : iterable of dict
        Elements of `data.panorama_dataset`, as tensors or arrays.
    evaluators : sequence of LPIPS
    discriminate : callable, optional
        Completed faces and what they were completed from to a discriminator's loss.

    Returns
    -------
    dict
        Means over the panoramas of ``psnr``, ``ssim``, ``l1`` and ``lpips_<network>``, all weighted by
        solid angle and over the holes only; with a layout head also ``layout``, the share of the holes
        whose part of the room it names, over panoramas with labels, and with a head for shadows ``shadows``,
        the `shadow_loss` beside the holes, over panoramas that know them; with a discriminator its loss,
        ``discriminator``.
    """
    return mean_scores([_score_panorama(completion, faces, evaluators, discriminate) for faces in panoramas])


def load_evaluators():
    """Return the LPIPS networks that are installed, and notes about those that are not."""
    return load_lpips(("alex",))


def _score_panorama(completion, faces, evaluators, discriminate):
    outputs = complete_batch(completion, faces)
    completed = np.clip(np.asarray(outputs.completed), 0, 1)
    truth = np.asarray(faces["truth"])
    weights = np.asarray(faces["mask"] * faces["weight"])[..., 0]
    strip = {"result": _strip(completed), "truth": _strip(truth), "weights": _strip(weights)}
    scores = {"psnr": psnr(**strip), "l1": l1(**strip), "ssim": _mean_ssim(completed, truth, weights)}
    if outputs.layout is not None:
        scores["layout"] = _layout_accuracy(np.asarray(outputs.layout), np.asarray(faces["layout"]), weights)
    if outputs.shadows is not None:
        scores["shadows"] = _shadow_error(outputs.shadows, faces)
    if discriminate is not None:
        scores["discriminator"] = float(discriminate(outputs.completed, faces))
    for evaluator in evaluators:
        distances = evaluator.map(completed, truth)
        scores[f"lpips_{evaluator.network}"] = float(np.average(distances, weights=weights))
    return scores


def _layout_accuracy(logits, layout, weights):
    """Return the share of what is known of the layout that is right, NaN if nothing is known."""
    weights = weights * (layout >= 0)
    return float(np.average(logits.argmax(axis=-1) == layout, weights=weights)) if weights.any() else np.nan


def _shadow_error(shadows, faces):
    """Return the loss of the shadows, NaN if nothing is known of them."""
    known = (np.asarray(faces["blame"]) >= 0).any()
    where = faces["blame"], faces["mask"], faces["weight"]
    return float(shadow_loss(shadows, faces["input"], faces["truth"], *where)) if known else np.nan


def _strip(faces):
    """Lay the faces out below each other."""
    return faces.reshape(-1, *faces.shape[2:])


def _mean_ssim(completed, truth, weights):
    """Average over the faces: SSIM looks at neighbourhoods, which a strip of faces would mix."""
    totals = weights.sum(axis=(1, 2))
    seen = np.flatnonzero(totals)
    values = [ssim(completed[face], truth[face], weights[face]) for face in seen]
    return float(np.average(values, weights=totals[seen]))
