"""The networks, their losses and the training loop; the only rooms that import TensorFlow."""
