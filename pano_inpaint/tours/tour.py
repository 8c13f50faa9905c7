"""What a tour is: scenes with names, links between them, and pictures behind them."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.panorama import read_panorama, write_panorama


@dataclass(frozen=True)
class View:
    """Where a scene is first looked at.

    Attributes
    ----------
    yaw, pitch : float
        Longitude and latitude, radians.
    fov : float or None
        Horizontal field of view, radians; None if the tour does not say.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    fov: float | None = None


@dataclass(frozen=True)
class Hotspot:
    """A marked place in a scene.

    Attributes
    ----------
    yaw, pitch : float
        Longitude and latitude, radians.
    target : str or None
        Id of the scene it leads to; None for a mere note.
    text : str
        What it says.
    arrival : View or None
        Where the target is first looked at by who comes from here; None for its own first view.
    """

    yaw: float
    pitch: float
    target: str | None = None
    text: str = ""
    arrival: View | None = None


@dataclass(frozen=True)
class PictureFile:
    """A scene's picture in one equirectangular file.

    Attributes
    ----------
    root : Path
        The tour's folder.
    name : str
        Path from there.
    """

    root: Path
    name: str

    @property
    def files(self):
        """Names of the scene's own files."""
        return (self.name,)

    def read(self):
        """Read the panorama; see `pano_inpaint.panorama.read_panorama`."""
        return read_panorama(self.root / self.name)

    def write(self, completed, original, folder, *, quality=None):
        """Write a completed panorama under the same name in another folder.

        Parameters
        ----------
        completed, original : Panorama
            Metadata and coding are the original's.
        folder : Path
            Root of the mirror.
        quality : int, optional
            As in `write_panorama`.

        Returns
        -------
        list of str
            Names of the files written: none if no pixel changed.
        """
        if np.array_equal(completed.pixels, original.pixels):
            return []
        write_panorama(folder / self.name, original.with_pixels(completed.pixels), quality=quality)
        return [self.name]


@dataclass(frozen=True)
class Scene:
    """One viewpoint of a tour.

    Attributes
    ----------
    id : str
        What links call it; unique in its tour.
    name : str
        What people call it.
    source : PictureFile, CubeTiles or None
        Its picture; None if it cannot be used.
    hotspots : tuple of Hotspot
        Links and notes.
    view : View
        Where it is first looked at.
    problem : str or None
        Why there is no source.
    notes : tuple of str
        What the user should know.
    """

    id: str
    name: str
    source: object = None
    hotspots: tuple[Hotspot, ...] = ()
    view: View = field(default_factory=View)
    problem: str | None = None
    notes: tuple[str, ...] = ()

    def read(self):
        """Read the scene's panorama.

        Returns
        -------
        Panorama
            Put together from the tiles where the tour is made of tiles.

        Raises
        ------
        FileError, UsageError
            If it cannot be used; `problem` or the message says why.
        """
        if self.source is None:
            raise FileError(f"{self.name}: {self.problem}")
        return self.source.read()


@dataclass(frozen=True)
class Tour:
    """A tour as it was read.

    Attributes
    ----------
    title : str
        What people call it.
    format : str
        ``folder``, ``pannellum``, ``photo-sphere-viewer``, ``marzipano`` or ``zind``.
    root : Path
        Folder that everything in it counts from.
    scenes : tuple of Scene
        In the tour's order, the first one first.
    carried : tuple of str or None
        Names of the files besides the scenes' own that belong to the tour; None: all in the folder.
    """

    title: str
    format: str
    root: Path
    scenes: tuple[Scene, ...]
    carried: tuple[str, ...] | None = None

    def scene(self, scene_id):
        """Return the scene of an id.

        Raises
        ------
        UsageError
            If there is none.
        """
        for scene in self.scenes:
            if scene.id == scene_id:
                return scene
        raise UsageError(f"expected the id of a scene of {self.title}, received {scene_id!r}")

    def moved(self, root):
        """Return the same tour with its pictures in another folder, such as a mirror's.

        Parameters
        ----------
        root : Path

        Returns
        -------
        Tour
        """
        scenes = (
            scene if scene.source is None else replace(scene, source=replace(scene.source, root=root))
            for scene in self.scenes
        )
        return replace(self, root=root, scenes=tuple(scenes))
