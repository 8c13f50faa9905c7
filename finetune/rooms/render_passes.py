"""What a rendering consists of, kept apart from Blender."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Rendering:
    """What one camera sees.

    Attributes
    ----------
    colour : ndarray, shape (H, W, 3), float32
        Linear radiance of the room, denoised, black outdoors.
    outdoors : ndarray, shape (H, W, 3), float32
        The view through windows, black in the room; the sum of both is the whole picture.
    index : ndarray, shape (H, W), int32
        Pass index of the nearest object, 0 outdoors.
    depth : ndarray, shape (H, W), float32
        Distance from the camera in metres, 0 outdoors.
    """

    colour: np.ndarray
    outdoors: np.ndarray
    index: np.ndarray
    depth: np.ndarray
