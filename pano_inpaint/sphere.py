"""Pixel centre ↔ longitude and latitude ↔ unit vector, rotations, and sampling on the sphere.

Longitude grows to the right and is 0 at the picture's centre, latitude grows upwards; x right, y up,
z forward.
The centre of pixel (i, j) lies at lon = ((i + ½) / W − ½)·2π, lat = (½ − (j + ½) / H)·π.
"""

from dataclasses import dataclass

import numpy as np

from .errors import UsageError
from .sampling import remap

_CHUNK = 2**20  # directions worked on at a time: 12 MB of vectors


def pixel_to_lonlat(x, y, width, height):
    """Turn pixel coordinates of an equirectangular picture into angles.

    Parameters
    ----------
    x, y : array_like, float
        Column and row; 0 is the centre of the first pixel. Columns may lie past either end.
    width, height : int
        Size of the picture in pixels.

    Returns
    -------
    lon, lat : ndarray, float64
        Radians. The longitude is not brought back into [−π, π).
    """
    lon = ((np.asarray(x, float) + 0.5) / width - 0.5) * 2 * np.pi
    lat = (0.5 - (np.asarray(y, float) + 0.5) / height) * np.pi
    return lon, lat


def lonlat_to_pixel(lon, lat, width, height):
    """Turn angles into pixel coordinates of an equirectangular picture.

    Parameters
    ----------
    lon, lat : ndarray, float
        Radians; any longitude.
    width, height : int
        Size of the picture in pixels.

    Returns
    -------
    x, y : ndarray, float
        Column in [−½, W − ½) for longitudes in [−π, π) and row in [−½, H − ½]; 0 is the centre of the
        first pixel.
    """
    x = (lon * (0.5 / np.pi) + 0.5) * width - 0.5
    y = (0.5 - lat * (1 / np.pi)) * height - 0.5
    return x, y


def lonlat_to_vector(lon, lat):
    """Turn angles into unit vectors.

    Parameters
    ----------
    lon, lat : array_like, float
        Radians; broadcast against each other.

    Returns
    -------
    ndarray, shape (..., 3)
        x right, y up, z forward.
    """
    lon, lat = np.broadcast_arrays(lon, lat)
    return np.stack([np.cos(lat) * np.sin(lon), np.sin(lat), np.cos(lat) * np.cos(lon)], axis=-1)


def vector_to_lonlat(vectors):
    """Turn vectors of any length into angles.

    Parameters
    ----------
    vectors : ndarray, shape (..., 3)
        x right, y up, z forward.

    Returns
    -------
    lon, lat : ndarray, shape (...)
        Radians, longitude in [−π, π]; exact near the poles too.
    """
    x, y, z = np.moveaxis(np.asarray(vectors), -1, 0)
    return np.arctan2(x, z), np.arctan2(y, np.hypot(x, z))


def rotation_matrix(yaw, pitch, roll=0.0):
    """Rotation that turns a camera looking forward towards (yaw, pitch).

    Parameters
    ----------
    yaw, pitch : float
        Longitude and latitude that ``rotation_matrix(yaw, pitch) @ [0, 0, 1]`` looks at, radians.
    roll : float
        Tilts the camera's top to its right before it is turned, radians.

    Returns
    -------
    ndarray, shape (3, 3), float64
    """
    (sy, sp, sr), (cy, cp, cr) = np.sin([yaw, pitch, roll]), np.cos([yaw, pitch, roll])
    around_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    around_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    around_z = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return around_y @ around_x @ around_z


def without_yaw(rotation):
    """Turn a rotated camera back to the front, its pitch and roll kept.

    Parameters
    ----------
    rotation : ndarray, shape (3, 3)
        Such as `rotation_matrix` returns.

    Returns
    -------
    ndarray, shape (3, 3), float64
    """
    forward = np.asarray(rotation)[:, 2]
    return rotation_matrix(-np.arctan2(forward[0], forward[2]), 0.0) @ rotation


def latitude_weights(height):
    """Relative solid angle of the pixels of each row, cos(lat).

    The weights of WS-PSNR for equirectangular pictures (Sun, Lu and Yu 2017).

    Parameters
    ----------
    height : int
        Rows of the panorama.

    Returns
    -------
    ndarray, shape (height, 1), float64
        Broadcasts against (H, W).
    """
    return np.cos(pixel_to_lonlat(0, np.arange(height), 2 * height, height)[1])[:, None]


def window_directions(window, height):
    """Directions of the pixels of a window of a panorama.

    Parameters
    ----------
    window : tuple of (slice, int, int)
        Rows, first column and width in columns; columns past the right end go on at the left one.
    height : int
        Rows of the panorama; it is twice as wide.

    Returns
    -------
    ndarray, shape (rows, width, 3), float32
        Unit vectors.
    """
    rows, start, columns = window
    lon, lat = pixel_to_lonlat(
        np.arange(start, start + columns), np.arange(*rows.indices(height)), 2 * height, height
    )
    directions = np.empty((len(lat), len(lon), 3), np.float32)
    directions[..., 0] = np.cos(lat)[:, None] * np.sin(lon)
    directions[..., 1] = np.sin(lat)[:, None]
    directions[..., 2] = np.cos(lat)[:, None] * np.cos(lon)
    return directions


@dataclass(frozen=True)
class Grid:
    """Where to sample an equirectangular picture: pixel coordinates, and which of them are near a pole.

    Attributes
    ----------
    x, y : ndarray, float32, shape (...)
        Column and row; 0 is the centre of the first pixel.
    polar : ndarray, intp, shape (n,)
        Flat indices of the samples whose interpolation reaches over a pole.
    """

    x: np.ndarray
    y: np.ndarray
    polar: np.ndarray


def equirectangular_grid(directions, height):
    """Where directions fall on a panorama; worth keeping when many pictures are sampled alike.

    Parameters
    ----------
    directions : ndarray, shape (..., 3)
        Vectors of any length.
    height : int
        Rows of the panorama; it is twice as wide.

    Returns
    -------
    Grid
    """
    x, y = lonlat_to_pixel(*vector_to_lonlat(directions), 2 * height, height)
    polar = np.flatnonzero((y < 1) | (y > height - 2))
    return Grid(x.astype(np.float32, copy=False), y.astype(np.float32, copy=False), polar)


def sample_grid(panorama, grid, interpolation="bilinear"):
    """Sample a panorama at a grid; wraps at the seam and continues over the poles.

    Parameters
    ----------
    panorama : ndarray, shape (H, 2H) or (H, 2H, C)
        Any dtype of `pano_inpaint.sampling.remap`.
    grid : Grid
        From `equirectangular_grid` for the same height.
    interpolation : {"bilinear", "bicubic", "nearest"}

    Returns
    -------
    ndarray, shape (...) or (..., C), dtype of `panorama`
    """
    height = len(panorama)
    sampled = remap(panorama, grid.x, grid.y, interpolation, wrap=True)
    if not grid.polar.size:
        return sampled
    x, y = grid.x.ravel()[grid.polar], grid.y.ravel()[grid.polar]
    flat = sampled.reshape(grid.x.size, *panorama.shape[2:])
    # Wrapping is right for columns only: the few samples near a pole are taken again from caps of six rows.
    for first, chosen in ((-2, y < height / 2), (height - 4, y >= height / 2)):
        cap = _rows_over_the_poles(panorama, range(first, first + 6))
        flat[grid.polar[chosen]] = remap(
            cap, x[chosen], y[chosen] - np.float32(first), interpolation, wrap=True
        )
    return sampled


def _rows_over_the_poles(panorama, rows):
    """Rows of a panorama where row −1 is row 0 half a turn on, and so forth."""
    height, width = panorama.shape[:2]

    def row_at(row):
        if 0 <= row < height:
            return panorama[row]
        mirrored = -1 - row if row < 0 else 2 * height - 1 - row
        return np.roll(panorama[np.clip(mirrored, 0, height - 1)], width // 2, axis=0)

    return np.stack([row_at(row) for row in rows])


def overlapping(panorama, columns):
    """Repeat columns of a panorama beyond its other end, for what looks around each pixel.

    Parameters
    ----------
    panorama : ndarray, shape (H, W) or (H, W, C)
    columns : int
        How many, on each side; 1 to W.

    Returns
    -------
    ndarray, shape (H, W + 2 columns) or (H, W + 2 columns, C)
    """
    return np.concatenate([panorama[:, -columns:], panorama, panorama[:, :columns]], axis=1)


def check_panorama(panorama):
    """Raise unless an array has a panorama's shape.

    Parameters
    ----------
    panorama : ndarray
        Should have shape (H, 2H) or (H, 2H, C).

    Raises
    ------
    UsageError
        If the width is not twice the height, or there are not two or three axes.
    """
    if panorama.ndim not in (2, 3) or panorama.shape[1] != 2 * panorama.shape[0]:
        raise UsageError(f"Expected a panorama of shape (H, 2H) or (H, 2H, C). Received: {panorama.shape}")


def sample_equirectangular(panorama, directions, *, interpolation="bilinear"):
    """Sample a panorama in given directions.

    Parameters
    ----------
    panorama : ndarray, shape (H, 2H) or (H, 2H, C)
        Any dtype of `pano_inpaint.sampling.remap`.
    directions : ndarray, shape (..., 3)
        Vectors of any length; x right, y up, z forward.
    interpolation : {"bilinear", "bicubic", "nearest"}
        Samples are points: shrink the panorama first where the result is to be much coarser than it.

    Returns
    -------
    ndarray, shape (...) or (..., C), dtype of `panorama`

    Raises
    ------
    UsageError
        If the width is not twice the height or the interpolation is unknown.
    """
    check_panorama(panorama)
    directions = np.asarray(directions)
    vectors = directions.reshape(-1, 3)
    if len(vectors) <= _CHUNK:
        return sample_grid(panorama, equirectangular_grid(directions, len(panorama)), interpolation)
    sampled = np.empty((len(vectors), *panorama.shape[2:]), panorama.dtype)
    for first in range(0, len(vectors), _CHUNK):
        grid = equirectangular_grid(vectors[first : first + _CHUNK], len(panorama))
        sampled[first : first + _CHUNK] = sample_grid(panorama, grid, interpolation)
    return sampled.reshape(*directions.shape[:-1], *panorama.shape[2:])


def to_perspective(panorama, *, yaw, pitch, fov, size, roll=0.0, interpolation="bilinear"):
    """Look into a panorama with a pinhole camera.

    Parameters
    ----------
    panorama : ndarray, shape (H, 2H) or (H, 2H, C)
        Any dtype of `pano_inpaint.sampling.remap`.
    yaw, pitch, roll : float
        Where the camera looks and how it is tilted, as in `rotation_matrix`, radians.
    fov : float
        Horizontal field of view between the outer edges of the first and last pixel, radians, in (0, π).
    size : tuple of int
        Width and height of the view in pixels.
    interpolation : {"bilinear", "bicubic", "nearest"}
        Samples are points, without antialiasing: a view much coarser than the panorama should be taken
        larger and then shrunk.

    Returns
    -------
    ndarray, shape (height, width) or (height, width, C), dtype of `panorama`

    Raises
    ------
    UsageError
        If the field of view is not between 0 and π, or the panorama's width is not twice its height.
    """
    if not 0 < fov < np.pi:
        raise UsageError(f"fov must lie between 0 and π radians. Received: {fov}")
    check_panorama(panorama)
    width, height = size
    scale = 2 * np.tan(fov / 2) / width
    plane = np.empty((height, width, 3), np.float32)
    plane[..., 0] = (np.arange(width) - (width - 1) / 2) * scale
    plane[..., 1] = ((height - 1) / 2 - np.arange(height))[:, None] * scale
    plane[..., 2] = 1
    directions = plane @ rotation_matrix(yaw, pitch, roll).T.astype(np.float32)
    return sample_equirectangular(panorama, directions, interpolation=interpolation)
