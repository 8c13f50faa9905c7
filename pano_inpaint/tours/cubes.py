"""Panoramas kept as the tiles of a cube's faces in several sizes, as Marzipano and Pannellum do.

Seen from the cube's centre each face is turned as in `pano_inpaint.cube`: the bottom edge of the upper
face and the top edge of the lower one touch the front face. Source: Marzipano, src/geometries/Cube.js
(``faceRotation``); Pannellum, documentation of ``cubeMap`` and ``multiRes``.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pano_inpaint.cube import Face, face_directions
from pano_inpaint.cubemap import from_faces
from pano_inpaint.errors import FileError, PanoInpaintError, UsageError
from pano_inpaint.files import replacing
from pano_inpaint.formats import encode_picture, read_bytes, read_picture
from pano_inpaint.metadata import Metadata
from pano_inpaint.pano_sets import read_size
from pano_inpaint.panorama import Panorama, from_rgb
from pano_inpaint.sphere import equirectangular_grid, sample_grid

from .names import locate

LETTERS = {"f": Face.FRONT, "r": Face.RIGHT, "b": Face.BACK, "l": Face.LEFT, "u": Face.UP, "d": Face.DOWN}
_MAX_TILES = 256  # along a face's edge: 131072 pixels with tiles of 512
_CHUNK = 2**20  # face pixels whose directions are worked out at a time


@dataclass(frozen=True)
class Level:
    """The six faces in one size.

    Attributes
    ----------
    size : int
        Side of a face in pixels.
    tile : int
        Side of a tile in pixels; those at the right and bottom edges may be smaller.
    names : tuple of tuple of tuple of str
        Files by face, row and column.
    """

    size: int
    tile: int
    names: tuple

    def tiles(self, face):
        """Yield name and window (rows, columns) of each tile of a face."""
        for row, names in enumerate(self.names[face]):
            for column, name in enumerate(names):
                first = (row * self.tile, column * self.tile)
                yield name, tuple(slice(a, min(a + self.tile, self.size)) for a in first)


def find_level(root, name_of, *, base=""):
    """Find the tiles of one level on the disk, and measure them.

    Parameters
    ----------
    root : Path
        The tour's folder.
    name_of : callable
        ``name_of(letter, row, column)`` is the name of a tile, or None where there can be none; the letter
        is one of f, r, b, l, u, d.
    base : str
        Folder that names count from.

    Returns
    -------
    Level or None
        None if the first tile is missing.

    Raises
    ------
    FileError
        If another tile is missing or no picture.
    UsageError
        If a name leads out of the tour.
    """
    first = inside_or_none(root, name_of("f", 0, 0), base)
    if first is None:
        return None
    row = [first]
    while len(row) < _MAX_TILES and (name := inside_or_none(root, name_of("f", 0, len(row)), base)):
        row.append(name)
    tile, height = read_size(root / first)
    if tile != height:
        raise FileError(f"{first}: expected a square tile, received {tile}x{height}")
    count, size = len(row), tile * (len(row) - 1) + read_size(root / row[-1])[0]
    names = tuple(
        tuple(
            tuple(locate(root, name_of(letter, y, x), base=base) for x in range(count)) for y in range(count)
        )
        for letter in LETTERS
    )
    return Level(size, tile, names)


def inside_or_none(root, name, base):
    """Return a file's name in the tour; None if there is no such file, or no name."""
    try:
        return None if name is None else locate(root, name, base=base)
    except FileError:
        return None


@dataclass(frozen=True)
class CubeTiles:
    """A scene's picture in the tiles of a cube.

    Attributes
    ----------
    root : Path
        The tour's folder.
    levels : tuple of Level
        Largest first.
    preview : str or None
        Name of a strip of the six faces, one below the other.
    preview_order : str
        Letters of its faces.
    """

    root: Path
    levels: tuple[Level, ...]
    preview: str | None = None
    preview_order: str = "bdflru"

    @property
    def files(self):
        """Names of the scene's own files."""
        names = [name for level in self.levels for face in level.names for row in face for name in row]
        return tuple(names) + ((self.preview,) if self.preview else ())

    @property
    def height(self):
        """Rows of the panorama that keeps every pixel of the largest faces.

        A row of the panorama spans π / H, a face's central pixel 2 / S: H = π S / 2, rounded up to even.
        """
        return 2 * int(np.ceil(np.pi * self.levels[0].size / 4))

    def read(self):
        """Put the largest faces together.

        Returns
        -------
        Panorama
            RGB, uint8, `height` rows; of no file.

        Raises
        ------
        FileError
            If a tile is damaged or of another size than its level says.
        """
        level = self.levels[0]
        faces = np.empty((6, level.size, level.size, 3), np.uint8)
        for face in Face:
            _read_face(self.root, level, face, faces[face])
        pixels = from_faces(faces, self.height, interpolation="bicubic")
        pixels.flags.writeable = False
        icc = read_picture(self.root / level.names[0][0][0]).metadata.icc
        note = f"put together from cube faces of {level.size}x{level.size}"
        return Panorama(pixels, Metadata(icc=icc), notes=(note,))

    def write(self, completed, original, folder, *, quality=None):
        """Write the tiles that a completed panorama changes, on every level.

        Face pixels next to a changed pixel of the panorama are sampled from it; all others keep what their
        tile held. Smaller levels get area averages of the largest one. A tile is coded with its own tables.

        Parameters
        ----------
        completed, original : Panorama
            Both as `read` gives them.
        folder : Path
            Root of the mirror.
        quality : int, optional
            1 to 100, JPEG and WebP tiles only; instead of the tile's own.

        Returns
        -------
        list of str
            Names of the files written.
        """
        if completed.pixels.shape != original.pixels.shape or completed.pixels.dtype != np.uint8:
            raise UsageError(
                f"expected uint8 pixels of shape {original.pixels.shape}, "
                f"received {completed.pixels.dtype} of {completed.pixels.shape}"
            )
        changed = np.zeros(original.pixels.shape[:2], np.uint8)
        for channel in range(3):
            changed[original.pixels[..., channel] != completed.pixels[..., channel]] = 255
        written, patches = [], {}
        for face in Face:
            pixels, touched = self._completed_face(face, completed.pixels, changed)
            if touched is None:
                continue
            for level in self.levels:
                patch = _shrunk(pixels, touched, level.size)
                tiles = list(level.tiles(face))
                written += _write_windows(self.root, folder, tiles, *patch, quality)
            patches[face] = (pixels, touched)
        if self.preview and patches:
            written += self._write_preview(patches, folder, quality)
        return written

    def _completed_face(self, face, panorama, changed):
        """Return the largest face with its new pixels, and where they are; None where there are none."""
        level = self.levels[0]
        touched = np.zeros((level.size, level.size), bool)
        pixels = None
        step = max(1, _CHUNK // level.size)
        for top in range(0, level.size, step):
            rows = slice(top, min(top + step, level.size))
            rays = _rays(face, level.size, rows)
            touched[rows] = sample_grid(changed, equirectangular_grid(rays, len(panorama))) > 0
            if not touched[rows].any():
                continue
            if pixels is None:
                pixels = _read_face(self.root, level, face, np.empty((level.size, level.size, 3), np.uint8))
            grid = equirectangular_grid(rays[touched[rows]], len(panorama))
            pixels[rows][touched[rows]] = sample_grid(panorama, grid, "bicubic")
        return pixels, None if pixels is None else touched

    def _write_preview(self, patches, folder, quality):
        width, height = read_size(self.root / self.preview)
        if height != 6 * width:
            return []
        strip = np.zeros((height, width, 3), np.uint8)
        touched = np.zeros((height, width), bool)
        for place, letter in enumerate(self.preview_order):
            if LETTERS[letter] in patches:
                rows = slice(place * width, (place + 1) * width)
                strip[rows], touched[rows] = _shrunk(*patches[LETTERS[letter]], width)
        whole = [(self.preview, (slice(0, height), slice(0, width)))]
        return _write_windows(self.root, folder, whole, strip, touched, quality)


def _rays(face, size, rows):
    """Directions (rows, size, 3) of some rows of one face, as `face_directions` has them for all six."""
    corners = face_directions(2)[face].astype(np.float64)
    corners = corners / np.abs(corners).max(axis=-1, keepdims=True)  # on the cube, at u, v = ±½
    right, down, centre = corners[0, 1] - corners[0, 0], corners[1, 0] - corners[0, 0], corners.mean((0, 1))
    u = (2 * np.arange(size) + 1 - size) / size
    return (u[:, None] * right + u[rows, None, None] * down + centre).astype(np.float32)


def _shrunk(pixels, touched, size):
    """Bring a completed face to a level's size; every pixel that sees a touched one counts as touched."""
    if size == len(pixels):
        return pixels, touched
    small = cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA)
    return small, cv2.resize(touched.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA) > 0


def _read_face(root, level, face, pixels):
    """Fill a face (S, S, 3) with its tiles."""
    for name, window in level.tiles(face):
        picture = _read_tile(root, name, window)
        tile = picture.pixels
        pixels[window] = tile[..., :3] if tile.shape[-1] > 2 else tile[..., :1]
    return pixels


def _read_tile(root, name, window):
    picture = read_picture(root / name)
    expected = tuple(part.stop - part.start for part in window)
    if picture.pixels.shape[:2] != expected or picture.pixels.dtype != np.uint8:
        height, width = picture.pixels.shape[:2]
        raise FileError(
            f"{name}: expected a tile of {expected[1]}x{expected[0]} with 8 bits, "
            f"received {width}x{height}, {picture.pixels.dtype}"
        )
    return picture


def _write_windows(root, folder, tiles, pixels, touched, quality):
    """Write those of a face's tiles that are touched; returns their names."""
    written = []
    for name, window in tiles:
        chosen = touched[window]
        if not chosen.any():
            continue
        data = _repainted(root, name, window, pixels[window], chosen, quality)
        try:
            with replacing(folder / name) as temporary:
                temporary.write_bytes(data)
        except OSError as error:
            raise FileError(f"{name}: cannot be written: {error.strerror or error}") from error
        written.append(name)
    return written


def _repainted(root, name, window, pixels, chosen, quality):
    """Return a tile's file with new pixels in some places."""
    picture = _read_tile(root, name, window)
    tile = picture.pixels.copy()
    tile[chosen] = from_rgb(pixels[chosen].astype(np.float32) / 255, tile[chosen])
    source = read_bytes(root / name) if picture.format == "JPEG" else None
    if picture.format not in ("JPEG", "WEBP"):
        quality = None
    try:
        return encode_picture(
            picture.format, tile, picture.metadata, picture.coding, quality=quality, source=source
        )
    except PanoInpaintError as error:
        raise type(error)(f"{name}: {error}", hint=error.hint) from error
