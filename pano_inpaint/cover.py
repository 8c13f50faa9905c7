"""What a hole is covered with: copies on its surfaces, fetched from the panorama's own pixels and joined."""

from dataclasses import dataclass

import cv2
import numpy as np

from .blending import membrane
from .charts import Panels
from .cube import directions_to_faces
from .panorama import from_rgb, to_rgb
from .planes import Structure
from .room_parts import is_of_plane
from .sampling import remap
from .seams import join_copies
from .texture import Copies

_STEEP = 8.0  # distances of a plane from its foot beyond which it is not worth looking at it straight
_DARK = 0.1  # added to colours before their logarithm is taken, in which light adds up
_BAND = 2**20  # pixels fetched at a time
_SHADE = np.radians(2.5)  # shadows beside a hole die away in it over this
_SUBPIXELS = np.arange(-3, 4, 2) / 8  # places in a pixel, along each side, where surfaces are told apart


@dataclass(eq=False)
class Surface:
    """Panels with the copies chosen on the first; `first` is the number of the first label.

    A view has no plane's number, and where the hole is seen in several, the `face` it stands for. Of paint
    the light alone says what it looks like.
    """

    panels: Panels
    number: int | None
    copies: Copies
    light: np.ndarray | None
    own_light: np.ndarray | None
    first: int
    face: int | None = None
    is_paint: bool = False

    @property
    def last(self):
        """Number behind its last label."""
        return self.first + len(self.copies.offsets)

    def labels(self, directions):
        """Label of the copy each direction has."""
        x, y = self.panels.charts[0].pixels(directions)
        shape = self.copies.labels.shape
        column = np.clip(np.rint(x).astype(int), 0, shape[1] - 1)
        row = np.clip(np.rint(y).astype(int), 0, shape[0] - 1)
        return self.first + np.maximum(self.copies.labels[row, column], 0)

    def places(self, labels, directions):
        """Find directions on the chart, and where on it their copies come from; NaN where it is never met."""
        x, y = self.panels.charts[0].pixels(directions)
        offset = self.copies.offsets[labels - self.first]
        return (x, y), (x + offset[:, 1], y + offset[:, 0])

    def fetch(self, pyramid, labels, directions):
        """Fetch what copies show in directions, lit as it is there; and whether that is known."""
        (x, y), (there_x, there_y) = self.places(labels, directions)
        met = np.isfinite(x)
        x, y, there_x, there_y = (np.where(met, place, 0) for place in (x, y, there_x, there_y))
        rays = self.panels.directions(there_x, there_y)
        colours, known = pyramid.sample(rays, interpolation="bicubic")
        size = self.panels.camera_pixels
        blur = size(x, y, pyramid.height) / size(there_x, there_y, pyramid.height)
        finer = blur > 1.8
        if finer.any():
            coarse = float(np.median(blur[finer]))
            colours[finer], known[finer] = pyramid.sample(rays[finer], coarse, interpolation="bicubic")
        if self.light is not None:
            colours = colours * np.exp(_at(self.light, x, y) - _at(self.own_light, there_x, there_y))
        return colours, known & met


@dataclass(eq=False)
class Cover:
    """The surfaces of a hole, with the copies chosen on each.

    Attributes
    ----------
    region : Region
    structure : Structure
    surfaces : list
        On planes first, then views.
    parts : callable or None
        What is seen: directions (..., 3) to places (...) in `room_parts.LAYOUT`.
    """

    region: object
    structure: Structure
    surfaces: list
    parts: object = None

    def labels(self, rays):
        """Label of the copy in directions (N, 3) of the hole; −1 where there is nothing to copy."""
        labels = np.full(len(rays), -1)
        index = self.structure.plane_at(rays)
        for surface in self.surfaces:
            if surface.number is not None:
                plane = surface.panels.charts[0].plane
                own = np.flatnonzero(index == surface.number)
                own = own[is_near(plane, rays[own])]
                labels[own] = surface.labels(rays[own])
        views = [surface for surface in self.surfaces if surface.number is None]
        if views:
            bare = np.flatnonzero(labels < 0)
            faces = self.faces(rays[bare])
            for view in views:
                own = bare if view.face is None else bare[faces == view.face]
                labels[own] = view.labels(rays[own])
        return labels

    def faces(self, rays):
        """Faces of a cube turned towards the hole that directions fall on."""
        return directions_to_faces(rays @ self.region.rotation.astype(np.float32), 1)[0]

    @property
    def kinds(self):
        """Numbers of the planes, each once, and None for all views as one."""
        return list(dict.fromkeys(surface.number for surface in self.surfaces))

    def owners(self, labels):
        """Turn labels (N,) into indices of `kinds`; −1 where there is none."""
        if not self.surfaces:
            return np.full(len(labels), -1)
        kinds = self.kinds
        table = np.array([kinds.index(surface.number) for surface in self.surfaces], int)
        firsts = [surface.first for surface in self.surfaces]
        return np.where(labels >= 0, table[np.searchsorted(firsts, labels, side="right") - 1], -1)

    def is_paint(self, rays):
        """Which directions (N, 3) of the hole show paint."""
        labels = self.labels(rays)
        paint = np.zeros(len(rays), bool)
        for surface in self.surfaces:
            if surface.is_paint:
                paint |= (labels >= surface.first) & (labels < surface.last)
        return paint

    def sources(self, labels, rays):
        """Directions (N, 3) that copies in directions are taken from; NaN where there are none."""
        sources = np.full(rays.shape, np.nan, np.float32)
        for surface in self.surfaces:
            own = np.flatnonzero((labels >= surface.first) & (labels < surface.last))
            x, y = surface.places(labels[own], rays[own])[1]
            met = np.isfinite(x)
            sources[own[met]] = surface.panels.directions(x[met], y[met])
        return sources

    def fetch(self, pyramid, labels, rays):
        """Fetch what copies show in directions: colours (N, 3), and whether they are known (N,)."""
        colours, known = np.zeros((len(labels), 3), np.float32), np.zeros(len(labels), bool)
        for surface in self.surfaces:
            own = np.flatnonzero((labels >= surface.first) & (labels < surface.last))
            for part in np.array_split(own, len(own) // _BAND + 1):
                if len(part):
                    colours[part], known[part] = surface.fetch(pyramid, labels[part], rays[part])
        return colours, known


def _at(light, x, y):
    return remap(light, x.astype(np.float32), y.astype(np.float32))


def is_near(plane, rays):
    """Which directions meet a plane where it is worth looking at it straight."""
    return np.hypot(*plane.to_plane(rays)) < _STEEP * plane.distance


def paint_tile(pixels, tile, cover, pyramid, *, shadows_lifted=False):
    """Fetch a tile's copies, join them to each other and to what is around, and write them."""
    filled = _logs(to_rgb(tile.cut(pixels)))
    row, column = np.nonzero(tile.mask)
    rays = tile.rays(row, column)
    labels, owners = np.full((2, *tile.mask.shape), -1)
    labels[row, column] = cover.labels(rays)
    owners[row, column] = cover.owners(labels[row, column])

    def sample(label, row, column):
        colours, known = cover.fetch(pyramid, label, tile.rays(row, column))
        return _logs(np.clip(colours, 0, 1)), known  # brighter light than white is white in the picture, too

    filled[row, column], known = sample(labels[row, column], row, column)
    unknown = _unknown(tile, pyramid)
    bare = tile.mask.copy()
    bare[row, column] = ~known
    if bare.any():
        filled = _continued(filled, bare, bare | unknown & ~tile.mask)
    rims = _rims(tile, unknown, cover)
    lit = [number is not None for number in cover.kinds]
    shade = _SHADE * pyramid.height / np.pi
    filled = join_copies(
        filled, tile.mask, labels, sample,
        owners=owners, rims=rims, lit=lit, shade=shade, shadows_lifted=shadows_lifted,
    )  # fmt: skip
    colours = np.exp(filled) - _DARK
    _mix_edges(colours, tile, cover)
    own = tile.places()
    there = tile.in_panorama(*own)
    pixels[there] = from_rgb(colours[own], pixels[there])


def _mix_edges(colours, tile, cover):
    """Where surfaces meet within a pixel of the hole, mix them by how much of it each takes up."""
    owners = np.full(tile.mask.shape, -1)
    near = np.nonzero(cv2.dilate(tile.mask.astype(np.uint8), np.ones((3, 3), np.uint8)))
    owners[near] = cover.owners(cover.labels(tile.rays(*near)))
    levels = np.float32(owners)
    meeting = cv2.dilate(levels, np.ones((3, 3))) != cv2.erode(levels, np.ones((3, 3)))
    row, column = np.nonzero(meeting & tile.mask)
    subpixels = [tile.rays(row + down, column + right) for down in _SUBPIXELS for right in _SUBPIXELS]
    parts = np.array([cover.owners(cover.labels(rays)) for rays in subpixels])
    around = [(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    around = [(np.clip(i, 0, owners.shape[0] - 1), np.clip(j, 0, owners.shape[1] - 1)) for i, j in around]
    total, weight = np.zeros((len(row), 3), np.float32), np.zeros((len(row), 1), np.float32)
    for kind in np.unique(parts):
        same = np.array([owners[place] == kind for place in around], np.float32)[..., None]
        count = same.sum(axis=0)
        beside = sum(one * colours[place] for one, place in zip(same, around, strict=True))
        own = owners[row, column, None] == kind
        colour = np.where(own, colours[row, column], beside / np.maximum(count, 1))
        share = (parts == kind).mean(axis=0, dtype=np.float32)[:, None] * (count > 0)
        total += share * colour
        weight += share
    colours[row, column] = np.where(weight > 0, total / np.maximum(weight, 1e-6), colours[row, column])


def _logs(colours):
    return np.log(colours + _DARK)


def _unknown(tile, pyramid):
    """Find what of a tile's window must not be looked at; what has been completed there may be."""
    rows, start, width = tile.window
    row, column = np.arange(rows.start, rows.stop), np.arange(start, start + width) % (2 * pyramid.height)
    return pyramid.unknown(row[:, None], column) & ~tile.written


def _rims(tile, unknown, cover):
    """Find the pixels around a tile that each kind of surface should meet.

    Around the hole those of the same plane, for views all; of what has been completed the same surface's.
    """
    ring = cv2.dilate(tile.mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~tile.mask
    row, column = np.nonzero(ring & ~unknown)
    rays, written = tile.rays(row, column), tile.written[row, column]
    index = cover.structure.plane_at(rays)
    parts = None if cover.parts is None else cover.parts(rays)
    owners = np.full(len(row), -1)
    owners[written] = cover.owners(cover.labels(rays[written]))
    rims = []
    for kind, number in enumerate(cover.kinds):
        rim = np.zeros(tile.mask.shape, bool)
        beside = np.ones(len(row), bool) if number is None else index == number
        if parts is not None and number is not None:
            beside &= is_of_plane(parts, cover.structure.planes[number].kind)
        chosen = np.where(written, owners == kind, beside)
        rim[row[chosen], column[chosen]] = True
        rims.append(rim)
    return rims


def _continued(filled, bare, unknown):
    """Fill smoothly what has nothing to copy; mid-gray if nothing is known around it either."""
    if unknown.all():
        return np.where(bare[..., None], _logs(np.float32(0.5)), filled)
    return np.where(bare[..., None], membrane(filled, unknown), filled)
