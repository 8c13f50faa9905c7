"""Streams of training pictures: the order in which items are drawn, epoch after epoch.

Place i of a stream is a function of the seed and i alone (and of the files): a run resumed at step k
sees what a straight run would have seen. Nothing here needs TensorFlow.
"""

import threading

import numpy as np

from pano_inpaint.decoding import PictureCache, Unreadable
from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.photos import hash_fraction


class Stream:
    """An endless shuffled stream of items, or one fixed pass over them.

    Parameters
    ----------
    items : sequence
        Each with its own `_load`.
    seed : int
    training : bool
        Shuffle anew each epoch and draw anew each time; else item i is always drawn the same way.
    cache_bytes : int
    unreadable : Unreadable or None
    """

    def __init__(self, items, *, seed, training, cache_bytes, unreadable):
        if not len(items):
            raise UsageError("Expected at least one picture. Received: none")
        if seed < 0:
            raise UsageError(f"seed must be 0 or more. Received: {seed}")
        self.items, self.seed, self.training = items, seed, training
        self.unreadable = Unreadable() if unreadable is None else unreadable
        self.cache = PictureCache(cache_bytes)
        self._order, self._epoch, self._lock = None, None, threading.Lock()

    def __len__(self):
        return len(self.items)

    def check(self):
        """Raise FileError unless some picture can be decoded."""
        self._readable(0)

    def _position(self, index):
        if not self.training:
            return index % len(self.items)
        epoch, place = divmod(index, len(self.items))
        with self._lock:
            if self._epoch != epoch:
                self._order = np.random.default_rng([self.seed, epoch]).permutation(len(self.items))
                self._epoch = epoch
            return int(self._order[place])

    def _readable(self, index):
        """Decode the item at a place of the stream, or the next one that can be decoded."""
        for step in range(len(self.items)):
            position = self._position(index + step)
            name = self._name(position)
            if name in self.unreadable:
                continue
            try:
                return position, self.cache.get(position, lambda position=position: self._load(position))
            except FileError as error:
                self.unreadable.add(name, str(error))
        raise FileError(f"Expected a picture that can be decoded. Received: {len(self.items)} that cannot")

    def _rng(self, index, position):
        if self.training:
            return np.random.default_rng([self.seed, 1, index])
        return np.random.default_rng([self.seed, 2, int(hash_fraction(self._name(position)) * 2**53)])
