"""Reading values out of a tour's data, which anybody may have written."""

import math

from pano_inpaint.errors import PanoInpaintError

from .tour import Scene


def to_number(value, default=0.0):
    """Return a finite float; `default` for anything that is none."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return default
    return number if math.isfinite(number) else default


def to_text(value, default=""):
    """Return a text; `default` for anything but text and whole numbers."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else default


def records(value):
    """Return those elements of a list that are objects; none of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def record(value):
    """Return an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def build_scene(scene_id, name, find_source, **details):
    """Build a scene whose picture may turn out to be unusable.

    Parameters
    ----------
    scene_id, name : str
    find_source : callable
        Returns the source, or raises a `PanoInpaintError` that tells what is wrong with it.
    **details
        Further attributes of `Scene`.

    Returns
    -------
    Scene
        With a source or with a problem.
    """
    try:
        return Scene(scene_id, name, find_source(), **details)
    except PanoInpaintError as error:
        return Scene(scene_id, name, None, problem=str(error), **details)


def without_doubles(scenes):
    """Keep the first scene of each id, so that an id means one scene.

    Parameters
    ----------
    scenes : iterable of Scene

    Returns
    -------
    tuple of Scene
    """
    found = {}
    for scene in scenes:
        found.setdefault(scene.id, scene)
    return tuple(found.values())
