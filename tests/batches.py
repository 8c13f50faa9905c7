"""What the input pipelines' batches are, and how tests take some of them."""

import numpy as np

LOCAL_SIZE = 24  # side of local windows, in pixels
KEYS = {"input", "truth", "mask", "weight", "window", "real_window", "layout", "blame", "rays"}


def take(dataset, count):
    return list(dataset.take(count).as_numpy_iterator())


def check_schema(batch, count, size):
    assert set(batch) == KEYS
    for key, channels in (("input", 3), ("truth", 3), ("mask", 1), ("weight", 1)):
        assert batch[key].shape == (count, size, size, channels) and batch[key].dtype == np.float32
        assert 0 <= batch[key].min() and batch[key].max() <= 1
    assert set(np.unique(batch["mask"])) <= {0.0, 1.0}
    assert batch["layout"].shape == (count, size, size) and batch["layout"].dtype == np.int32
    assert batch["rays"].shape == (count, size, size, 3) and batch["rays"].dtype == np.float32
    for key in ("window", "real_window"):
        assert batch[key].shape == (count, 2) and batch[key].dtype == np.int32
        assert batch[key].min() >= 0 and batch[key].max() <= size - LOCAL_SIZE


def same(one, other):
    return all(np.array_equal(one[key], other[key]) for key in KEYS)
