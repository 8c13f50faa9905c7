"""Complete a hole at the panorama's own resolution, surface by surface, from the panorama itself.

Each plane the hole touches is looked at straight, its light is taken off, and every pixel is told from where
on the same plane to copy (`texture`). The copies are then fetched from the panorama's own pixels, once and
without a flat picture in between, and lit as their new place is. What lies on no plane is completed alike in
perspective views.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .blending import membrane, smooth_fill
from .charts import Panels, Pyramid, chart_around, direction_angles, panel_beside, view_chart
from .cubemap import directions_to_faces
from .panorama import to_rgb
from .planes import Structure
from .sampling import remap
from .seams import join_copies
from .shading import estimate_light, typical_colours
from .sphere import lonlat_to_pixel, lonlat_to_vector, pixel_to_lonlat, vector_to_lonlat
from .texture import QUALITIES, Copies, find_copies

CHART_PIXELS = {"draft": 15_000, "standard": 40_000, "fine": 90_000}  # of the hole, where copies are chosen
LIGHT = 0.25  # camera heights (about 0.4 m): light on a surface is smoother than this
LAYER = 0.15  # camera heights: walls look different this much higher or lower
_FEWEST = 64  # hole pixels of a plane: fewer go with the views
_SUPPORT = 0.3  # known pixels a plane must have in its chart, per pixel to be completed
_WIDE = np.radians(50)  # a hole that reaches further from its middle is seen in several views
_STEEP = 8.0  # distances of a plane from its foot beyond which it is not worth looking at it straight
_AROUND = 2  # known pixels that the seams see around the hole's window
_BESIDE = 1.2  # distances to both sides of its foot that another wall is looked at for what to copy
# How much a completion should look like its guide from far; measured: 0.8 in views costs sharpness.
_PLANE_GUIDE, _VIEW_GUIDE = 0.8, 0.5
_BEYOND = 0.02  # camera heights
_BAND = 2**20  # pixels fetched at a time


@dataclass(eq=False)
class _Surface:
    """Panels with the copies chosen on the first; `first` is the number of the first label."""

    panels: Panels
    number: int | None
    copies: Copies
    light: np.ndarray | None
    first: int

    def labels(self, directions):
        """Label of the copy each direction has."""
        x, y = self.panels.charts[0].pixels(directions)
        shape = self.copies.labels.shape
        column = np.clip(np.rint(x).astype(int), 0, shape[1] - 1)
        row = np.clip(np.rint(y).astype(int), 0, shape[0] - 1)
        return self.first + np.maximum(self.copies.labels[row, column], 0)

    def fetch(self, pyramid, labels, directions):
        """Fetch what copies show in directions, lit as it is there; and whether that is known."""
        x, y = self.panels.charts[0].pixels(directions)
        met = np.isfinite(x)
        x, y = np.where(met, x, 0), np.where(met, y, 0)
        offset = self.copies.offsets[labels - self.first]
        there_x, there_y = x + offset[:, 1], y + offset[:, 0]
        rays = self.panels.directions(there_x, there_y)
        colours, known = pyramid.sample(rays, interpolation="bicubic")
        size = self.panels.camera_pixels
        blur = size(x, y, pyramid.height) / size(there_x, there_y, pyramid.height)
        finer = blur > 1.8
        if finer.any():
            coarse = float(np.median(blur[finer]))
            colours[finer], known[finer] = pyramid.sample(rays[finer], coarse, interpolation="bicubic")
        if self.light is not None:
            colours = colours * np.exp(self._lit(x, y) - self._lit(there_x, there_y))
        return colours, known & met

    def _lit(self, x, y):
        return remap(self.light, x.astype(np.float32), y.astype(np.float32))


def complete_hole(pixels, region, structure=None, *, unknown=None, guide=None, seed=0, quality="standard"):
    """Complete one hole of a panorama.

    Parameters
    ----------
    pixels : ndarray, shape (H, 2H, C)
        As stored in a file.
    region : Region
        The hole.
    structure : Structure, optional
        The room's planes; views only if left out.
    unknown : ndarray of bool, shape (H, 2H), optional
        All that must not be copied: this hole and others, and what no camera saw. This hole if left out.
    guide : callable, optional
        What the completion should look like from far: directions (..., 3) to colours (..., 3) in [0, 1].
    seed : int
        Another seed gives another completion.
    quality : {"draft", "standard", "fine"}

    Returns
    -------
    ndarray of float32, shape (rows, width, 3)
        The region's window: completed inside the hole, the original around it; in [0, 1].

    Raises
    ------
    ValueError
        If the quality is unknown, or nothing of the panorama is known.
    """
    if quality not in QUALITIES:
        raise ValueError(f"Expected quality {' or '.join(QUALITIES)}. Received: {quality!r}")
    height = len(pixels)
    unknown = _whole_mask(region, height) if unknown is None else unknown | _whole_mask(region, height)
    if unknown.all():
        raise ValueError("Expected a panorama with known pixels. Received: none")
    window = _Window(region, height)
    row, column = np.nonzero(window.mask)
    rays = window.rays(row, column)
    job = _Job(Pyramid(pixels, unknown), structure or Structure(np.eye(3)), region, guide, seed, quality)
    labels, surfaces = job.cover(rays)
    return window.completed(pixels, unknown, job, (row, column), labels, surfaces)


@dataclass(eq=False)
class _Job:
    """What all surfaces of a hole are completed with."""

    pyramid: Pyramid
    structure: Structure
    region: object
    guide: object
    seed: int
    quality: str

    def cover(self, rays):
        """Choose copies for all rays, on planes where possible; returns their labels and the surfaces."""
        labels = np.full(len(rays), -1)
        surfaces = []
        index = self.structure.plane_at(rays)
        for number in np.unique(index[index >= 0]):
            chosen = np.flatnonzero(index == number)
            plane = self.structure.planes[number]
            u, v = plane.to_plane(rays[chosen])
            chosen = chosen[np.hypot(u, v) < _STEEP * plane.distance]
            if len(chosen) >= _FEWEST:
                chart = chart_around(
                    plane, rays[chosen], self.pyramid.height, CHART_PIXELS[self.quality],
                    heights=self._heights(plane),
                )  # fmt: skip
                self._add(surfaces, labels, rays, chosen, chart, number)
        bare = np.flatnonzero(labels < 0)
        for chosen in self._views(rays, bare):
            chart = view_chart(rays[chosen], self.pyramid.height, CHART_PIXELS[self.quality])
            self._add(surfaces, labels, rays, chosen, chart, None)
        return labels, surfaces

    def _heights(self, plane):
        """Where a wall ends, with a little of what comes after."""
        floor, ceiling = self.structure.floor, self.structure.ceiling
        if plane.kind != "wall":
            return -np.inf, np.inf
        return (
            -floor.distance - _BEYOND if floor else -np.inf,
            ceiling.distance + _BEYOND if ceiling else np.inf,
        )

    def _views(self, rays, bare):
        """Split rays so that each part fits into a view."""
        if not len(bare):
            return []
        if direction_angles(rays[bare])[1] <= _WIDE:
            return [bare]
        faces = directions_to_faces(rays[bare] @ self.region.rotation.astype(np.float32), 1)[0]
        return [bare[faces == face] for face in np.unique(faces)]

    def _add(self, surfaces, labels, rays, chosen, chart, number):
        """Choose copies on a chart and label the chosen rays, unless there is too little to copy."""
        surface = self._surface(chart, number)
        if surface is not None:
            surface.first = surfaces[-1].first + len(surfaces[-1].copies.offsets) if surfaces else 0
            labels[chosen] = surface.labels(rays[chosen])
            surfaces.append(surface)

    def _surface(self, chart, number):
        finest = chart.camera_pixels(*_foot(chart), self.pyramid.height)
        parts = [self._panel(chart, number, chart.step / finest)]
        charts = [chart]
        if not parts[0].hole.any():
            return None
        if number is not None and chart.plane.kind == "wall":
            for other, plane in enumerate(self.structure.planes):
                if plane.kind == "wall" and other != number:
                    charts.append(panel_beside(chart, plane, _BESIDE))
                    parts.append(self._panel(charts[-1], other, chart.step / finest))
                    parts[-1].hole[:] = False
        known = np.hstack([part.known for part in parts])
        hole = np.hstack([part.hole for part in parts])
        if np.count_nonzero(known) < (_SUPPORT * np.count_nonzero(hole) if number is not None else 1):
            return None
        wall = number is not None and chart.plane.kind == "wall"
        light = None if number is None else np.hstack([part.light for part in parts])
        picture = np.hstack([part.even for part in parts])
        guide = self._guide(parts, charts) if self.guide else None
        if guide is None and number is not None:
            guide = typical_colours(picture, known, layered=wall)
        elif guide is None:
            guide = smooth_fill(picture, ~known)
        copies = find_copies(
            picture, hole, known=known, blur=np.hstack([part.blur for part in parts]), guide=guide,
            guide_weight=_VIEW_GUIDE if number is None else _PLANE_GUIDE,
            layer=LAYER / chart.step if wall else None, seed=self.seed, quality=self.quality,
        )  # fmt: skip
        return _Surface(Panels(tuple(charts)), number, copies, light, 0)

    def _panel(self, chart, number, coarsening):
        """Look at a surface, and take its light off."""
        grid = chart.grid()
        picture, known = self.pyramid.sample(grid, coarsening)
        hole = _inside(self.region, grid, self.pyramid.height).astype(np.uint8)
        hole = cv2.dilate(hole, np.ones((5, 5), np.uint8)).astype(bool) & ~known
        light, even = None, picture
        if number is not None:
            own = self.structure.plane_at(grid) == number
            known, hole = known & own, hole & own
            light = estimate_light(picture, known, LIGHT / chart.step, hole=hole if hole.any() else None)
            mean = light[known].mean(axis=0) if known.any() else 0
            even = picture * np.exp(mean - light)
        x, y = np.arange(chart.size[0]), np.arange(chart.size[1])[:, None]
        blur = np.log2(chart.camera_pixels(x, y, self.pyramid.height)).astype(np.float32)
        return _Panel(even, known, hole, light, blur)

    def _guide(self, parts, charts):
        """Look at the guide on the panels, with their own light off."""
        guides = []
        for part, chart in zip(parts, charts, strict=True):
            guide = np.asarray(self.guide(chart.grid()), np.float32)
            if part.light is not None and part.known.any():
                guide = guide * np.exp(part.light[part.known].mean(axis=0) - part.light)
            guides.append(guide)
        return np.hstack(guides)


@dataclass(eq=False)
class _Panel:
    """What is known of a chart: evenly lit colours, masks, its light and the size of the camera's pixels."""

    even: np.ndarray
    known: np.ndarray
    hole: np.ndarray
    light: np.ndarray | None
    blur: np.ndarray


def _foot(chart):
    """Pixel coordinates of the point of a chart that is nearest to its plane's foot."""
    width, rows = chart.size
    x = np.clip(-chart.left / chart.step, 0, width - 1)
    return x, np.clip(chart.top / chart.step, 0, rows - 1)


class _Window:
    """A region's window with a little around it; a region all around the viewer meets itself."""

    def __init__(self, region, height):
        rows, start, width = region.window
        self._around = _AROUND if width < 2 * height else min(rows.stop - rows.start, height)
        top, bottom = min(_AROUND, rows.start), min(_AROUND, height - rows.stop)
        self.height, self.rows = height, slice(rows.start - top, rows.stop + bottom)
        self.start, self._top, self._inner = start - self._around, top, region.mask.shape
        mask = np.pad(region.mask, ((top, bottom), (0, 0)))
        mode = {"mode": "wrap"} if width == 2 * height else {}
        self.mask = np.pad(mask, ((0, 0), (self._around, self._around)), **mode)

    def rays(self, row, column):
        """Directions of the window's pixels, float32."""
        lon, lat = pixel_to_lonlat(column + self.start, row + self.rows.start, 2 * self.height, self.height)
        return lonlat_to_vector(lon.astype(np.float32), lat.astype(np.float32))

    def cut(self, picture):
        """Cut the window out of a panorama."""
        columns = np.arange(self.start, self.start + self.mask.shape[1]) % (2 * self.height)
        return picture[self.rows][:, columns]

    def completed(self, pixels, unknown, job, places, labels, surfaces):
        """Fetch the copies, join them, and give back the region's own window."""
        filled = to_rgb(self.cut(pixels))
        table = np.full(self.mask.shape, -1)
        table[places] = labels
        owners, rims = self._owners(labels, places, surfaces, self.cut(unknown), job.structure)

        def sample(label, row, column):
            colours, known = np.zeros((len(label), 3), np.float32), np.zeros(len(label), bool)
            for surface in surfaces:
                last = surface.first + len(surface.copies.offsets)
                own = np.flatnonzero((label >= surface.first) & (label < last))
                for part in np.array_split(own, len(own) // _BAND + 1):
                    if len(part):
                        colours[part], known[part] = surface.fetch(
                            job.pyramid, label[part], self.rays(row[part], column[part])
                        )
            return colours, known

        colours, known = sample(labels, *places)
        filled[places] = np.clip(colours, 0, 1)
        bare = self.mask.copy()
        bare[places] = ~known
        if bare.any():
            filled = _continued(filled, bare, bare | self.cut(unknown) & ~self.mask)
        filled = join_copies(filled, self.mask, table, sample, owners=owners, rims=rims)
        rows, width = self._inner
        return np.clip(filled[self._top : self._top + rows, self._around : self._around + width], 0, 1)

    def _owners(self, labels, places, surfaces, unknown, structure):
        """Map the surfaces inside the hole (all views as one) and the rim that each should meet."""
        numbers = [surface.number for surface in surfaces]
        kinds = list(dict.fromkeys(numbers))
        table = np.array([kinds.index(number) for number in numbers], int)
        firsts = [surface.first for surface in surfaces]
        owners = np.full(self.mask.shape, -1)
        if surfaces:
            found = table[np.searchsorted(firsts, labels, side="right") - 1]
            owners[places] = np.where(labels >= 0, found, -1)
        ring = cv2.dilate(self.mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~self.mask
        row, column = np.nonzero(ring & ~unknown)
        index = structure.plane_at(self.rays(row, column))
        rims = []
        for number in kinds:
            rim = np.zeros(self.mask.shape, bool)
            chosen = np.ones(len(row), bool) if number is None else index == number
            rim[row[chosen], column[chosen]] = True
            rims.append(rim)
        return owners, rims


def _continued(filled, bare, unknown):
    """Fill smoothly what has nothing to copy; mid-gray if nothing is known around it either."""
    if unknown.all():
        return np.where(bare[..., None], np.float32(0.5), filled)
    return np.where(bare[..., None], membrane(filled, unknown), filled)


def _inside(region, directions, height):
    """Which directions fall into a region."""
    x, y = lonlat_to_pixel(*vector_to_lonlat(directions), 2 * height, height)
    rows, start, width = region.window
    row = np.rint(y).astype(int) - rows.start
    column = (np.rint(x).astype(int) - start) % (2 * height)
    there = (row >= 0) & (row < region.mask.shape[0]) & (column < width)
    return there & region.mask[np.where(there, row, 0), np.where(there, column, 0)]


def _whole_mask(region, height):
    rows, start, width = region.window
    mask = np.zeros((height, 2 * height), bool)
    mask[rows, np.arange(start, start + width) % (2 * height)] = region.mask
    return mask
