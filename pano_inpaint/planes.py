"""The planes of a room: head-on coordinates of each, and which of them the empty room has in a direction.

Lengths are in camera heights: the floor lies at distance 1, for a panorama alone does not tell metres.
"""

from dataclasses import dataclass, field

import numpy as np

from .errors import UsageError
from .sphere import lonlat_to_vector, vector_to_lonlat, window_directions

KINDS = ("floor", "wall", "ceiling")
_GRAZING = 1e-6  # cosine to a plane's normal under which a direction counts as parallel to it
_UNROOFED = 0.6  # camera heights above the camera that walls are believed to reach without a ceiling
_BAND = 2**20  # directions worked on at a time: 12 MB of vectors


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane of the room, seen from the camera at the origin.

    Looking along `normal`, `u` points to the right and `v` upwards; (u, v, normal) is a right-handed system
    in the same sense as (x right, y up, z forward). On a wall `u` is horizontal and `v` is up; floor and
    ceiling share `u` with the room's first wall direction.

    Attributes
    ----------
    kind : {"floor", "wall", "ceiling"}
    normal : ndarray, shape (3,), float64
        Unit vector from the camera towards the plane, at right angles to it, in the camera's frame.
    distance : float
        From the camera along the normal, in camera heights, above 0; 1 for the floor.
    u, v : ndarray, shape (3,), float64
        Unit vectors in the plane, in the camera's frame.
    confidence : float
        In [0, 1]: how well the picture's own edges support the plane's border, about the share of the border
        in sight that lies on an edge of the right direction. A prior can make up for edges.
    """

    kind: str
    normal: np.ndarray
    distance: float
    u: np.ndarray
    v: np.ndarray
    confidence: float

    def to_directions(self, u, v):
        """Turn points of the plane into directions.

        Parameters
        ----------
        u, v : array_like, float
            Position along the plane's axes, in camera heights; (0, 0) is the camera's foot on the plane.
            Broadcast against each other.

        Returns
        -------
        ndarray, shape (..., 3), float64
            Unit vectors in the camera's frame.
        """
        u, v = np.broadcast_arrays(np.asarray(u, float), np.asarray(v, float))
        points = u[..., None] * self.u + v[..., None] * self.v + self.distance * self.normal
        return points / np.linalg.norm(points, axis=-1, keepdims=True)

    def to_plane(self, directions):
        """Turn directions into points of the plane.

        Parameters
        ----------
        directions : ndarray, shape (..., 3)
            Vectors of any length, in the camera's frame.

        Returns
        -------
        u, v : ndarray, shape (...)
            Where the ray meets the plane, in camera heights; NaN where it never does.
        """
        directions = np.asarray(directions)
        towards = directions @ self.normal.astype(directions.dtype)
        scale = np.full_like(towards, np.nan)
        np.divide(self.distance, towards, out=scale, where=towards > _GRAZING)
        u, v = (directions @ axis.astype(directions.dtype) for axis in (self.u, self.v))
        return u * scale, v * scale


@dataclass(frozen=True, eq=False)
class Structure:
    """What is credible of a room: an upright prism over the walls in sight, cut by floor and ceiling.

    Around the camera each *sector* of upright longitudes has one wall, or none that is credible. A picture
    that shows no room has no planes; one whose floor alone is credible has that.

    Attributes
    ----------
    rotation : ndarray, shape (3, 3), float64
        Turns a vector of the camera's frame into the upright frame: ``rotation @ vector``.
    planes : tuple of Plane
        Only credible ones: at most one floor and one ceiling, and the walls in sight; no wall without floor.
    starts : ndarray, shape (K,), float64
        Upright longitudes at which the sectors start, ascending in [−π, π); the last goes on over the seam.
    walls : ndarray, shape (K,), int
        Index into `planes` of each sector's wall; −1 where none is credible.
    reach : float
        How far floor and ceiling are believed where a sector has no wall, in camera heights.
    """

    rotation: np.ndarray
    planes: tuple[Plane, ...] = ()
    starts: np.ndarray = field(default_factory=lambda: np.array([-np.pi]))
    walls: np.ndarray = field(default_factory=lambda: np.array([-1]))
    reach: float = 3.0

    @property
    def floor(self):
        """The floor's plane, or None."""
        return next((plane for plane in self.planes if plane.kind == "floor"), None)

    @property
    def ceiling(self):
        """The ceiling's plane, or None."""
        return next((plane for plane in self.planes if plane.kind == "ceiling"), None)

    @property
    def up(self):
        """Unit vector (3,) against gravity, in the camera's frame."""
        return self.rotation[1]

    def heights(self, plane):
        """Find where floor and ceiling end a plane.

        Parameters
        ----------
        plane : Plane
            Of this structure.

        Returns
        -------
        low, high : float
            Of a wall's `v`, in camera heights; infinite where nothing ends it, as for floor and ceiling.
        """
        if plane.kind != "wall":
            return -np.inf, np.inf
        floor, ceiling = self.floor, self.ceiling
        return -floor.distance if floor else -np.inf, ceiling.distance if ceiling else np.inf

    def wall_distances(self, longitudes):
        """Distance to the wall along the horizon.

        Parameters
        ----------
        longitudes : ndarray, float
            Upright longitudes, radians, in [−π, π].

        Returns
        -------
        distance : ndarray, float64
            Horizontal distance in camera heights; infinite where no wall is credible.
        index : ndarray, int
            The wall's index into `planes`; −1 where there is none.
        """
        index = self.walls[np.searchsorted(self.starts, longitudes, side="right") - 1]
        distance = np.full(np.shape(longitudes), np.inf)
        for wall in np.unique(index[index >= 0]):
            plane = self.planes[wall]
            yaw = vector_to_lonlat(self.rotation @ plane.normal)[0]
            chosen = index == wall
            towards = np.maximum(np.cos(longitudes[chosen] - yaw), _GRAZING)
            distance[chosen] = plane.distance / towards
        return distance, index

    def boundaries(self, longitudes):
        """Latitudes at which the walls meet floor and ceiling.

        Parameters
        ----------
        longitudes : ndarray, float
            Upright longitudes, radians, in [−π, π].

        Returns
        -------
        floor, ceiling : ndarray, float64
            Upright latitudes, radians; NaN where either plane is not credible.
        """
        distance, index = self.wall_distances(longitudes)
        known = index >= 0
        floor = np.where(known & (self.floor is not None), -np.arctan2(1, distance), np.nan)
        height = self.ceiling.distance if self.ceiling else np.nan
        return floor, np.where(known, np.arctan2(height, distance), np.nan)

    def plane_at(self, directions):
        """Find which plane the empty room has in given directions.

        Parameters
        ----------
        directions : ndarray, shape (..., 3)
            Vectors of any length, in the camera's frame.

        Returns
        -------
        ndarray, shape (...), int16
            Index into `planes`; −1 where no credible plane lies.
        """
        directions = np.asarray(directions)
        x, y, z = np.moveaxis(directions @ self.rotation.T.astype(directions.dtype), -1, 0)
        distance, index = self.wall_distances(np.arctan2(x, z))
        index = index.astype(np.int16)
        slope = y / np.maximum(np.hypot(x, z), np.finfo(y.dtype).tiny)
        reach = np.where(index >= 0, distance, self.reach)
        for number, plane in enumerate(self.planes):
            if plane.kind == "floor":
                index[slope < -1 / reach] = number
            elif plane.kind == "ceiling":
                index[slope > plane.distance / reach] = number
        if self.ceiling is None:
            # Nothing says where such a wall ends.
            index[slope * reach > _UNROOFED] = -1
        return index

    def plane_index(self, window, height):
        """Find which plane the empty room has at each pixel of a window of a panorama.

        Parameters
        ----------
        window : tuple of (slice, int, int)
            Rows, first column and width in columns, as in `pano_inpaint.regions.Region`.
        height : int
            Rows of the panorama, of any size; it is twice as wide.

        Returns
        -------
        ndarray, shape (rows, width), int16
            Index into `planes`; −1 where no credible plane lies.

        Raises
        ------
        UsageError
            If the window reaches outside the panorama's rows.
        """
        rows, start, columns = window
        first, last, step = rows.indices(height)
        if step != 1 or (rows.stop is not None and not 0 <= first <= rows.stop <= height):
            raise UsageError(f"Expected rows within 0…{height}. Received: {rows}")
        index = np.empty((last - first, columns), np.int16)
        band = max(1, _BAND // columns)
        for top in range(first, last, band):
            part = slice(top, min(top + band, last))
            directions = window_directions((part, start, columns), height)
            index[part.start - first : part.stop - first] = self.plane_at(directions)
        return index


def upright_plane(kind, rotation, yaw, distance, confidence):
    """Build a floor, ceiling or wall from its place in the upright frame.

    Parameters
    ----------
    kind : {"floor", "wall", "ceiling"}
    rotation : ndarray, shape (3, 3)
        Camera's frame to upright frame.
    yaw : float
        Upright longitude that a wall's normal points to, radians; for floor and ceiling the longitude of the
        room's first wall direction, which `v` (floor) or −`v` (ceiling) follows.
    distance : float
        In camera heights, above 0.
    confidence : float
        In [0, 1].

    Returns
    -------
    Plane

    Raises
    ------
    UsageError
        If the kind is unknown or the distance is not above 0.
    """
    if kind not in KINDS:
        raise UsageError(f"kind must be one of {', '.join(KINDS)}. Received: {kind!r}")
    if not distance > 0:
        raise UsageError(f"A plane's distance must be above 0. Received: {distance}")
    vertical = {"floor": np.array([0.0, -1, 0]), "ceiling": np.array([0.0, 1, 0])}
    normal = vertical.get(kind, lonlat_to_vector(yaw, 0.0))
    u = lonlat_to_vector(yaw + np.pi / 2, 0.0)
    # Multiplied from the left, the rotation turns upright vectors back.
    normal, u, v = (axis @ rotation for axis in (normal, u, np.cross(normal, u)))
    return Plane(kind, normal, float(distance), u, v, float(confidence))
