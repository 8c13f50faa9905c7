"""What a rendering consists of, kept apart from Blender."""

from dataclasses import dataclass

import numpy as np

_OVERLAP = 1 / 16  # of the width: the denoiser knows of no other end, and what it leaves of the noise differs


def overlap(width):
    """Columns that are rendered beyond each end of a panorama of a width."""
    return max(1, round(_OVERLAP * width))


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

    def joined(self, beyond):
        """Join the ends of a rendering that goes on for so many columns beyond each.

        Where both ends show the same, light changes over from one to the other, so that no seam is left.
        """
        colour, outdoors = (_faded(values, beyond) for values in (self.colour, self.outdoors))
        index, depth = (values[:, beyond:-beyond] for values in (self.index, self.depth))
        return Rendering(colour, outdoors, index, depth)

    def within(self, window, other):
        """Return another rendering that shows this one in a window (rows, columns)."""
        parts = {name: getattr(other, name).copy() for name in ("colour", "outdoors", "index", "depth")}
        for name, values in parts.items():
            values[window] = getattr(self, name)[window]
        return Rendering(**parts)


def _faded(values, beyond):
    """Cut columns off both ends, cross-fading what they show with what stays of the other end."""
    twice = 2 * beyond  # columns that both ends show: `beyond` on each side of where they meet
    share = ((np.arange(twice, dtype=np.float32) + 0.5) / twice)[:, None]
    meeting = values[:, -twice:] * (1 - share) + values[:, :twice] * share
    kept = values[:, beyond:-beyond].copy()
    kept[:, -beyond:], kept[:, :beyond] = meeting[:, :beyond], meeting[:, beyond:]
    return kept
