"""Tours in, tours out: every common form of a virtual tour is read, and written as a mirror of itself.

``read_tour`` recognises a folder of panoramas, Pannellum, Photo Sphere Viewer, a Marzipano export and ZInD;
``erase_tour`` erases through a whole tour; ``write_tour`` writes a mirror with pictures made elsewhere;
``list_exhibits`` prepares a tour for the view page.
"""

from .erasing import Progress, SceneReport, TourReport, erase_tour
from .exhibits import Exhibit, list_exhibits
from .mirror import write_tour
from .reading import read_tour
from .tour import Hotspot, Scene, Tour, View

__all__ = [
    "Exhibit",
    "Hotspot",
    "Progress",
    "Scene",
    "SceneReport",
    "Tour",
    "TourReport",
    "View",
    "erase_tour",
    "list_exhibits",
    "read_tour",
    "write_tour",
]
