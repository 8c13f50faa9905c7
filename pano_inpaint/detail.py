"""Complete a hole at the panorama's own resolution, surface by surface, from the panorama itself.

Each plane the hole touches is looked at straight, its light is taken off, and every pixel is told from where
on the same plane to copy (`texture`). The copies are then fetched from the panorama's own pixels, once and
without a flat picture in between, and lit as their new place is. What lies on no plane is completed alike in
perspective views.
"""

from dataclasses import dataclass, fields, replace

import cv2
import numpy as np

from .blending import smooth_fill
from .charts import Panels, Pyramid, chart_around, direction_angles, panel_beside, view_chart
from .cover import Cover, Surface, is_near, paint_tile
from .hole_tiles import tiles
from .panorama import to_rgb
from .planes import Structure
from .room_parts import THING, is_of_plane
from .shading import estimate_light, even_layers, is_paint, local_light, strangeness, typical_colours
from .sphere import lonlat_to_vector, pixel_to_lonlat
from .texture import QUALITIES, find_copies

CHART_PIXELS = {"draft": 15_000, "standard": 40_000, "fine": 90_000}  # of the hole, where copies are chosen
LIGHT = 0.25  # camera heights (about 0.4 m): light on a surface is smoother than this
SPOT = 0.06  # camera heights: what is larger and differs from the surface does not belong to it
LAYER = 0.15  # camera heights: walls look different this much higher or lower
_FIT = 0.3  # less strange than this: paint like the rest
_GRAIN = 0.05  # plain pixels per pixel to be completed that are enough to take a paint's grain from
_FEWEST = 64  # hole pixels of a plane: fewer go with the views
_SUPPORT = 0.3  # known pixels a plane must have in its chart, per pixel to be completed
_TOLD_SUPPORT = 0.03  # the same if the parts of the room are told: views would copy what is no part of it
_BESIDE_HOLE = 0.12  # sides of a hole, taken for a square: around it is looked what speaks for a plane
_BORNE_OUT = 0.5  # share of that which must be told to be the plane's; measured: with more, vaults lose
_EDGE = 0.12  # camera heights above a wall's foot and below its top: skirting and cornice
_BARE = 0.05  # share of what is seen of a plane that must be its own to go by it alone
_WIDE = np.radians(50)  # a hole that reaches further from its middle is seen in several views
_AROUND = 2  # known pixels that the seams see around a tile of the hole
_RAYS = 2**18  # pixels of a hole by which its surfaces are laid out; of a larger one not every pixel is asked
_BESIDE = 1.2  # distances to both sides of its foot that another wall is looked at for what to copy
# How much a completion should look like its guide from far; measured: 0.8 in views costs sharpness.
_PLANE_GUIDE, _VIEW_GUIDE = 0.8, 0.5
_BEYOND = 0.02  # camera heights of what comes after a wall that are looked at with it


def complete_hole(
    pixels, region, structure=None, *, unknown=None, guide=None, parts=None, seed=0, quality="standard",
    shadows_lifted=False,
):  # fmt: skip
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
    parts : callable, optional
        What is seen: directions (..., 3) to places (...) in `room_parts.LAYOUT`. No plane is believed to look
        like things before it or openings in it.
    seed : int
        Another seed gives another completion.
    quality : {"draft", "standard", "fine"}
    shadows_lifted : bool
        Whether what the hole's object cast on its surroundings is gone. What is darker there is then the
        surface itself, which the hole meets; its guide is believed for the light as well.

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
    painted = pixels.copy()
    paint_hole(
        painted, Pyramid(pixels, unknown), region, structure,
        guide=guide, parts=parts, seed=seed, quality=quality, shadows_lifted=shadows_lifted,
    )  # fmt: skip
    rows, start, width = region.window
    return to_rgb(painted[rows][:, np.arange(start, start + width) % (2 * height)])


def paint_hole(
    pixels, pyramid, region, structure=None, *, guide=None, parts=None, seed=0, quality="standard",
    shadows_lifted=False,
):  # fmt: skip
    """Complete one hole of a panorama in place, in bounded memory.

    Parameters
    ----------
    pixels : ndarray, shape (H, 2H, C)
        The panorama; written inside the hole only, and looked at around it.
    pyramid : Pyramid
        The panorama as it was, to copy from; it knows what must not be copied, this hole included.
    region, structure, guide, parts, seed, quality, shadows_lifted
        As for `complete_hole`.

    Returns
    -------
    Cover
        What was copied from where.

    Raises
    ------
    ValueError
        As for `complete_hole`.
    """
    if quality not in QUALITIES:
        raise ValueError(f"Expected quality {' or '.join(QUALITIES)}. Received: {quality!r}")
    if pyramid.is_blind:
        raise ValueError("Expected a panorama with known pixels. Received: none")
    structure = structure or Structure(np.eye(3))
    job = _Job(pyramid, structure, region, guide, parts, seed, quality, shadows_lifted)
    cover = job.cover()
    for tile in tiles(region, len(pixels), around=_AROUND):
        paint_tile(pixels, tile, cover, pyramid, shadows_lifted=shadows_lifted)
    return cover


@dataclass(eq=False)
class _Job:
    """What all surfaces of a hole are completed with."""

    pyramid: Pyramid
    structure: Structure
    region: object
    guide: object
    parts: object
    seed: int
    quality: str
    shadows_lifted: bool

    def cover(self):
        """Choose copies for the hole, on planes where possible."""
        rays, each = _rays_of(self.region, self.pyramid.height)
        cover = Cover(self.region, self.structure, [], self.parts)
        index = self.structure.plane_at(rays)
        for number in np.unique(index[index >= 0]):
            plane = self.structure.planes[number]
            chosen = np.flatnonzero(index == number)
            chosen = chosen[is_near(plane, rays[chosen])]
            if len(chosen) * each >= _FEWEST:
                low, high = self.structure.heights(plane)
                chart = chart_around(
                    plane, rays[chosen], self.pyramid.height, CHART_PIXELS[self.quality],
                    heights=(low - _BEYOND, high + _BEYOND), each=each,
                )  # fmt: skip
                self._add(cover, chart, number)
        bare = rays[cover.labels(rays) < 0]
        if not len(bare):
            return cover
        faces = cover.faces(bare) if direction_angles(bare)[1] > _WIDE else np.full(len(bare), -1)
        for face in np.unique(faces):
            chart = view_chart(
                bare[faces == face], self.pyramid.height, CHART_PIXELS[self.quality], each=each
            )
            self._add(cover, chart, None, face=None if face < 0 else face)
        return cover

    def _add(self, cover, chart, number, **details):
        """Choose copies on a chart, unless there is too little to copy."""
        surface = self._surface(chart, number)
        if surface is not None:
            surface.first = cover.surfaces[-1].last if cover.surfaces else 0
            cover.surfaces.append(replace(surface, **details))

    def _surface(self, chart, number):
        """Choose copies for what a chart shows of the hole; None where it shows too little to copy."""
        charts, panels = self._panels(chart, number)
        joined = _side_by_side(panels)
        support = 1
        if number is not None:
            support = (_SUPPORT if self.parts is None else _TOLD_SUPPORT) * np.count_nonzero(joined.hole)
        if not joined.hole.any() or np.count_nonzero(joined.known) < support:
            return None
        if number is not None and not self._is_borne_out(chart, panels[0]):
            return None
        guide = self._guide(panels, charts) if self.guide else None
        if number is None:
            picture = joined.even
            texture = _Texture(picture, smooth_fill(picture, ~joined.known) if guide is None else guide)
        else:
            trim = np.logical_or(*self._trims(chart))
            texture = _texture_of_plane(joined, guide, chart, trim, is_told=self.parts is not None)
        copies = find_copies(
            texture.picture, joined.hole, known=joined.known, source=texture.source, blur=joined.blur,
            strange=texture.strange, guide=texture.guide,
            guide_weight=_VIEW_GUIDE if number is None else _PLANE_GUIDE,
            layer=LAYER / chart.step if texture.is_layered else None, seed=self.seed, quality=self.quality,
        )  # fmt: skip
        return Surface(
            Panels(tuple(charts)), number, copies, texture.light, texture.own, 0, is_paint=texture.is_paint
        )

    def _panels(self, chart, number):
        """Look at a surface, and beside a wall at others, all in the mean light of the one with the hole."""
        coarsening = chart.step / chart.camera_pixels(*_foot(chart), self.pyramid.height)
        charts, panels = [chart], [self._panel(chart, number, coarsening)]
        first = panels[0]
        if number is None or not first.hole.any():
            return charts, panels
        if chart.plane.kind == "wall":
            for other, plane in enumerate(self.structure.planes):
                if plane.kind == "wall" and other != number:
                    charts.append(panel_beside(chart, plane, _BESIDE))
                    panels.append(self._panel(charts[-1], other, coarsening))
                    panels[-1].hole[:] = False
        level = first.light[first.known].mean(axis=0) if first.known.any() else np.zeros(3)
        return charts, [
            replace(panel, even=panel.even * np.exp(level), light=panel.light - level) for panel in panels
        ]

    def _panel(self, chart, number, coarsening):
        """Look at a surface, and take its light off."""
        grid = chart.grid()
        picture, known = self.pyramid.sample(grid, coarsening)
        hole = self.region.contains(grid, self.pyramid.height).astype(np.uint8)
        hole = cv2.dilate(hole, np.ones((5, 5), np.uint8)).astype(bool) & ~known
        light, even, seen = None, picture, known
        if number is not None:
            own = self.structure.plane_at(grid) == number
            seen, hole = known & own, hole & own
            known = self._bare(seen, grid, chart)
            told = self.guide(grid) if self.guide and self.shadows_lifted and hole.any() else None
            light = estimate_light(
                picture, known, LIGHT / chart.step, hole=hole if hole.any() else None, told=told
            )
            even = picture * np.exp(-light)
        x, y = np.arange(chart.size[0]), np.arange(chart.size[1])[:, None]
        blur = np.log2(chart.camera_pixels(x, y, self.pyramid.height)).astype(np.float32)
        return _Panel(even, seen, known, hole, light, blur)

    def _bare(self, known, grid, chart):
        """Leave out of what is known of a plane what is not its own, unless next to nothing remains."""
        if self.parts is None or not known.any():
            return known
        parts = self.parts(grid)
        own = is_of_plane(parts, chart.plane.kind)
        if chart.plane.kind == "wall":
            # Edges tell better than a network where a wall ends: at its foot nothing is floor.
            foot, top = self._trims(chart)
            own |= foot[:, None] & is_of_plane(parts, "floor")
            own |= top[:, None] & is_of_plane(parts, "ceiling")
        bare = known & own
        return bare if np.count_nonzero(bare) > _BARE * np.count_nonzero(known) else known

    def _is_borne_out(self, chart, panel):
        """Tell whether what is seen around the hole speaks for a plane; things before it say nothing."""
        if self.parts is None:
            return True
        hole = panel.hole.astype(np.uint8)
        side = 2 * round(_BESIDE_HOLE * np.sqrt(np.count_nonzero(hole))) + 5
        around = cv2.dilate(hole, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))) > hole
        parts = self.parts(chart.grid())[around & panel.seen]
        parts = parts[parts != THING]
        own = is_of_plane(parts, chart.plane.kind, with_openings=True)
        return not len(own) or own.mean() >= _BORNE_OUT

    def _trims(self, chart):
        """Find a chart's rows that a wall's skirting may take up, and those of a cornice, bool (H,) each."""
        low, high = self.structure.heights(chart.plane)
        v = chart.top - np.arange(chart.size[1]) * chart.step
        return v < low + _EDGE, v > high - _EDGE

    def _guide(self, panels, charts):
        """Look at the guide on the panels, with their own light off."""
        guides = []
        for panel, chart in zip(panels, charts, strict=True):
            guide = np.asarray(self.guide(chart.grid()), np.float32)
            if panel.light is not None:
                guide = guide * np.exp(-panel.light)
            guides.append(guide)
        return np.hstack(guides)


@dataclass(eq=False)
class _Panel:
    """What is known of a chart: evenly lit colours, masks, its light and the size of the camera's pixels.

    Of what is `seen`, what is not its own left out, the surface is `known`.
    """

    even: np.ndarray
    seen: np.ndarray
    known: np.ndarray
    hole: np.ndarray
    light: np.ndarray | None
    blur: np.ndarray


def _side_by_side(panels):
    """Join panels to a wide one."""
    parts = ([getattr(panel, field.name) for panel in panels] for field in fields(_Panel))
    return _Panel(*(None if part[0] is None else np.hstack(part) for part in parts))


@dataclass(eq=False)
class _Texture:
    """What copies are chosen by on a surface, and what they are lit with.

    `guide` says what the picture should look like from far, `strange` how little a pixel belongs to the
    surface, `source` where copies may come from; a copy leaves `own` light behind and takes on `light`.
    """

    picture: np.ndarray
    guide: np.ndarray
    light: np.ndarray | None = None
    own: np.ndarray | None = None
    strange: np.ndarray | None = None
    source: np.ndarray | None = None
    is_layered: bool = False
    is_paint: bool = False


def _texture_of_plane(panel, guide, chart, trim, *, is_told):
    """Tell what a plane looks like, and whether it is paint: then all but its grain is light.

    In rows of `trim`, bool (H,), it looks like itself further along, whatever the guide says.
    """
    is_wall, spot = chart.plane.kind == "wall", SPOT / chart.step
    look = typical_colours(panel.even, panel.known, layered=is_wall, first=chart.size[0])
    away = local_light(panel.even, look, panel.known, spot)
    strange = strangeness(away, panel.known, spot)
    if not _is_paint(panel, chart, spot, is_told=is_told):
        guide = look if guide is None else np.where(trim[:, None, None], look, guide)
        return _Texture(panel.even, guide, panel.light, panel.light, strange, is_layered=is_wall)
    plain = panel.known & (strange < _FIT)
    # All that varies more slowly than paint's grain is light or the look of its layer.
    look = even_layers(look, spot) if is_wall else look
    if is_wall and plain.any():
        away = local_light(panel.even, look, plain, spot)
    layer = np.log(look)
    enough = np.count_nonzero(plain) > _GRAIN * np.count_nonzero(panel.hole)
    return _Texture(
        panel.even * np.exp(-away) / look, np.ones_like(look), panel.light + layer,
        panel.light + away + layer, strange,
        source=plain if enough else None, is_paint=True,
    )  # fmt: skip


def _is_paint(panel, chart, spot, *, is_told):
    """Tell whether a plane is paint; a wall by what is told to be its own, if enough of that is seen."""
    if chart.plane.kind != "wall":
        return is_paint(panel.even, panel.seen, spot, hole=panel.hole)
    if not is_told:
        return is_paint(panel.even, panel.seen, spot, hole=panel.hole, furnished=True)
    own = (slice(None), slice(0, chart.size[0]))
    if np.count_nonzero(panel.known[own]) < _GRAIN * np.count_nonzero(panel.hole):
        own = (slice(None), slice(None))
    return is_paint(panel.even[own], panel.known[own], spot, hole=panel.hole[own], own=True)


def _foot(chart):
    """Pixel coordinates of the point of a chart that is nearest to its plane's foot."""
    width, rows = chart.size
    x = np.clip(-chart.left / chart.step, 0, width - 1)
    return x, np.clip(chart.top / chart.step, 0, rows - 1)


def _rays_of(region, height):
    """Directions of a hole's pixels, or of a part of very many, and how many pixels each stands for."""
    step = int(np.ceil(np.sqrt(np.count_nonzero(region.mask) / _RAYS)))
    first = (step - 1) // 2
    row, column = np.nonzero(region.mask[first::step, first::step])
    if step > 1 and not len(row):
        step, first, (row, column) = 1, 0, np.nonzero(region.mask)
    rows, start, _ = region.window
    lon, lat = pixel_to_lonlat(
        start + first + step * column, rows.start + first + step * row, 2 * height, height
    )
    return lonlat_to_vector(lon.astype(np.float32), lat.astype(np.float32)), step**2


def _whole_mask(region, height):
    rows, start, width = region.window
    mask = np.zeros((height, 2 * height), bool)
    mask[rows, np.arange(start, start + width) % (2 * height)] = region.mask
    return mask
