"""Input pipelines for training: tf.data from photo sets and panorama sets.

Every dataset here yields one schema, a dict as `models.gan.CompletionGAN` takes it. B is the batch of
photos, or the six faces of one panorama in the order front, right, back, left, up, down:

============  ==============  ========  ==============================================================
key           shape           dtype     meaning
============  ==============  ========  ==============================================================
input         (B, S, S, 3)    float32   what is seen around the hole, [0, 1]; the furnished room of a pair
truth         (B, S, S, 3)    float32   what should be in the hole, [0, 1]; the empty room of a pair
mask          (B, S, S, 1)    float32   1 = hole
weight        (B, S, S, 1)    float32   what a pixel counts: 1 in photos; its solid angle on a cube's face,
                                        0 where a panorama has no picture or a blurred one
window        (B, 2)          int32     top left corner (row, column) of the local window with the hole
real_window   (B, 2)          int32     that of the local window for the real picture
layout        (B, S, S)       int32     part of the room, see `room_parts`, below 0 where unknown
blame         (B, S, S)       float32   share of what input and truth differ by around the hole that is due
                                        to what the hole hides, below 0 where unknown
rays          (B, S, S, 3)    float32   direction of each pixel, up being up; zeros in photos
============  ==============  ========  ==============================================================

Batch k of a training stream is a function of the seed and k alone: ``start=k`` goes on exactly there.
"""

import numpy as np
import tensorflow as tf

from pano_inpaint.decoding import Unreadable
from pano_inpaint.errors import MissingDependencyError, UsageError
from pano_inpaint.pano_samples import PanoramaSettings, PanoramaStream
from pano_inpaint.photo_samples import CropSettings, HoleSettings, PhotoStream

__all__ = [
    "CropSettings",
    "HoleSettings",
    "PanoramaSettings",
    "TfdsPhotos",
    "Unreadable",
    "panorama_dataset",
    "photo_dataset",
    "tfds_photos",
]

CACHE_BYTES = 2**30
_ENDLESS = 2**62


def photo_dataset(
    sources,
    *,
    batch,
    seed,
    size=128,
    crops=None,
    holes=None,
    training=True,
    start=0,
    cache_bytes=CACHE_BYTES,
    unreadable=None,
):
    """Build the pipeline of square pictures with holes.

    Parameters
    ----------
    sources : sequence
        Paths of photos (`photos.PhotoSet`), `pano_sets.PanoItem` for views into panoramas, or
        `tfds_photos`.
    batch : int
        Pictures in a batch.
    seed : int
        0 or more.
    size : int
        Side of the pictures in pixels.
    crops : CropSettings, optional
    holes : HoleSettings, optional
    training : bool
        Endless, shuffled and augmented; else one pass over the middles of all pictures, always with the
        same holes, the last batch perhaps smaller.
    start : int
        Number of the first batch.
    cache_bytes : int
        Bound of the memory for decoded, downsized pictures; 0 decodes anew each time.
    unreadable : Unreadable, optional
        Takes the pictures that could not be decoded.

    Returns
    -------
    tf.data.Dataset
        Of the schema at the top of this module.

    Raises
    ------
    UsageError
        If there is no picture or a setting is impossible.
    FileError
        If no picture can be decoded.
    """
    if batch < 1:
        raise UsageError(f"batch must be at least 1. Received: {batch}")
    stream = PhotoStream(
        sources,
        size=size,
        seed=seed,
        training=training,
        crops=crops,
        holes=holes,
        cache_bytes=cache_bytes,
        unreadable=unreadable,
    )
    signature = (
        tf.TensorSpec((size, size, 3), tf.uint8),
        tf.TensorSpec((size, size), tf.bool),
        tf.TensorSpec((2,), tf.int32),
        tf.TensorSpec((2,), tf.int32),
    )
    samples = _draws(stream, signature, first=start * batch).batch(batch, drop_remainder=training)

    def to_schema(picture, mask, window, real_window):
        picture = tf.cast(picture, tf.float32) / 255
        mask = tf.cast(mask, tf.float32)[..., None]
        shape = tf.shape(mask)[:3]
        unknown, nowhere = tf.fill(shape, -1), tf.zeros_like(picture)
        windows = (window, real_window)
        nobody = tf.cast(unknown, tf.float32)
        return _schema(picture, picture, mask, tf.ones_like(mask), *windows, unknown, nobody, nowhere)

    return _finished(samples.map(to_schema, num_parallel_calls=tf.data.AUTOTUNE))


def panorama_dataset(
    items,
    *,
    seed,
    face_size=128,
    settings=None,
    local_size=64,
    training=True,
    start=0,
    cache_bytes=CACHE_BYTES,
    unreadable=None,
):
    """Build the pipeline of cube faces with holes, one panorama an element.

    Parameters
    ----------
    items : sequence of PanoItem
    seed : int
        0 or more.
    face_size : int
        Side of a face in pixels.
    settings : PanoramaSettings, optional
    local_size : int
        Side of the local windows in pixels.
    training : bool
        Endless, shuffled, another rotation and hole each time; else one pass, rotation and hole of an
        item fixed by its name and the seed.
    start : int
        Number of the first element.
    cache_bytes : int
        Bound of the memory for decoded panoramas of height 2 · `face_size`.
    unreadable : Unreadable, optional
        Takes the panoramas that could not be decoded.

    Returns
    -------
    tf.data.Dataset
        Of the schema at the top of this module, B = 6.

    Raises
    ------
    UsageError
        If there is no panorama or a setting is impossible.
    FileError
        If no panorama can be decoded.
    """
    stream = PanoramaStream(
        items,
        face_size=face_size,
        seed=seed,
        training=training,
        settings=settings,
        local_size=local_size,
        cache_bytes=cache_bytes,
        unreadable=unreadable,
    )
    faces = (6, face_size, face_size)
    signature = (
        tf.TensorSpec((*faces, 3), tf.uint8),
        tf.TensorSpec((*faces, 3), tf.uint8),
        tf.TensorSpec(faces, tf.bool),
        tf.TensorSpec(faces, tf.float32),
        tf.TensorSpec((6, 2), tf.int32),
        tf.TensorSpec((6, 2), tf.int32),
        tf.TensorSpec(faces, tf.int32),
        tf.TensorSpec(faces, tf.float32),
        tf.TensorSpec((*faces, 3), tf.float32),
    )

    def to_schema(seen, truth, mask, weight, *others):
        seen, truth = (tf.cast(pixels, tf.float32) / 255 for pixels in (seen, truth))
        mask = tf.cast(mask, tf.float32)[..., None]
        return _schema(seen, truth, mask, weight[..., None], *others)

    samples = _draws(stream, signature, first=start)
    return _finished(samples.map(to_schema, num_parallel_calls=tf.data.AUTOTUNE))


def tfds_photos(name, split):
    """Open a data set of TensorFlow Datasets as photos.

    It is downloaded and prepared as array records where it is not there yet.

    Parameters
    ----------
    name : str
        Such as ``places365_small``.
    split : str
        Such as ``train`` or ``validation``.

    Returns
    -------
    TfdsPhotos
        For `photo_dataset`.

    Raises
    ------
    MissingDependencyError
        If tensorflow-datasets is not installed.
    UsageError
        If there is no such data set or split, or its elements have no ``image``.
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise MissingDependencyError(
            "TensorFlow Datasets is not installed", hint="pip install 'pano-inpaint[tfds]'"
        ) from error
    try:
        source = tfds.data_source(name, split=split)
    except ValueError as error:
        raise UsageError(
            f"Expected a data set of TensorFlow Datasets. Received: {name} {split}: {error}"
        ) from error
    return TfdsPhotos(f"{name}/{split}", source)


class TfdsPhotos:
    """Photos of a data source of TensorFlow Datasets, by number.

    Parameters
    ----------
    name : str
        Stands before the number where a picture is named.
    source : sequence of dict
        Elements with a uint8 ``image``.
    numbers : range, optional
        Which of them; all if left out. A slice of the photos is made this way, without reading any.
    """

    def __init__(self, name, source, numbers=None):
        if not len(source) or "image" not in source[0]:
            raise UsageError(f"Expected elements with an image. Received: {name} without")
        self.name, self._source = name, source
        self._numbers = range(len(source)) if numbers is None else numbers

    def __len__(self):
        return len(self._numbers)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return TfdsPhotos(self.name, self._source, self._numbers[index])
        return np.asarray(self._source[self._numbers[index]]["image"])

    def name_of(self, index):
        """Name a picture for the log without reading it (str)."""
        return f"{self.name}#{self._numbers[index]}"


def _draws(stream, signature, *, first):
    """Map places of the stream to samples, in parallel and in order."""
    stream.check()
    last = _ENDLESS if stream.training else len(stream)
    dtypes = [spec.dtype for spec in signature]

    def draw(index):
        drawn = tf.numpy_function(stream.draw, [index], dtypes, stateful=False)
        return tuple(tf.ensure_shape(part, spec.shape) for part, spec in zip(drawn, signature, strict=True))

    return tf.data.Dataset.range(first, last).map(
        draw, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )


def _schema(*values):
    keys = ("input", "truth", "mask", "weight", "window", "real_window", "layout", "blame", "rays")
    return dict(zip(keys, values, strict=True))


def _finished(dataset):
    options = tf.data.Options()
    # Several workers each draw the whole stream and keep their part of every batch.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.prefetch(2).with_options(options)
