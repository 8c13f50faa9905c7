"""The networks, their losses and the training loop; the only rooms that import TensorFlow."""

import os

# TensorFlow leaves oneDNN off on processors without AVX512: training is half as fast there without it.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
