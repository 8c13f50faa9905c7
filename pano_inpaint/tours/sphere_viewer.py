"""Nodes of Photo Sphere Viewer's virtual tour: a list of ``{id, panorama, links: [{nodeId, position}]}``.

Source: Photo Sphere Viewer, "VirtualTourPlugin" of versions 4 (``longitude``, ``latitude``) and 5 (``yaw``,
``pitch``); angles are radians, or texts with their unit.
"""

import re

import numpy as np

from pano_inpaint.errors import PanoInpaintError, UsageError
from pano_inpaint.pano_sets import read_size
from pano_inpaint.sphere import pixel_to_lonlat

from .fields import build_scene, record, records, to_number, to_text, without_doubles
from .names import locate
from .tour import Hotspot, PictureFile, Tour

_ANGLE = re.compile(r"\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*(deg|degs|rad|rads)?\s*$", re.IGNORECASE)


def is_sphere_viewer(data):
    """Tell whether parsed data is a list of nodes, bare or under ``nodes``."""
    nodes = _nodes(data)
    return bool(nodes) and all("id" in node and "panorama" in node for node in nodes)


def read_sphere_viewer(root, data, *, title, carried=None):
    """Read a tour from Photo Sphere Viewer's nodes.

    Parameters
    ----------
    root : Path
        The tour's folder.
    data : list or dict
        Parsed nodes.
    title : str
        What to call the tour.
    carried : tuple of str or None
        As in `Tour`.

    Returns
    -------
    Tour
        The start node first.
    """
    nodes = _nodes(data)
    first = to_text(record(data).get("startNodeId"))
    nodes = sorted(nodes, key=lambda node: to_text(node.get("id")) != first)
    places = {to_text(node.get("id")): node.get("gps") for node in nodes}
    scenes = without_doubles(_scene(root, node, places) for node in nodes)
    return Tour(title, "photo-sphere-viewer", root, scenes, carried)


def _nodes(data):
    return records(data.get("nodes") if isinstance(data, dict) else data)


def _scene(root, node, places):
    scene_id = to_text(node.get("id"))
    links = records(node.get("links"))
    hotspots = (_hotspot(root, node, link, places) for link in links)
    notes = ("its thumbnail is carried along as it is",) if node.get("thumbnail") else ()
    return build_scene(
        scene_id,
        to_text(node.get("name")) or to_text(node.get("caption")) or scene_id,
        lambda: PictureFile(root, locate(root, _panorama(node))),
        hotspots=tuple(spot for spot in hotspots if spot is not None),
        notes=notes,
    )


def _panorama(node):
    panorama = node.get("panorama")
    if isinstance(panorama, dict):
        panorama = panorama.get("path")  # the equirectangular adapter's long form
    if not isinstance(panorama, str):
        raise UsageError("expected one equirectangular picture, received tiles or a cube of another adapter")
    return panorama


def _hotspot(root, node, link, places):
    """Return a link's place; None if the node tells neither its position nor where the nodes are."""
    target = to_text(link.get("nodeId"))
    position = record(link.get("position")) or link
    yaw, pitch = (_angle(position, *keys) for keys in (("yaw", "longitude"), ("pitch", "latitude")))
    if yaw is None:
        yaw, pitch = _texture_angles(root, node, position) or _bearing(node.get("gps"), places.get(target))
    if yaw is None:
        return None
    yaw = (yaw + np.pi) % (2 * np.pi) - np.pi
    return Hotspot(yaw, pitch or 0.0, target or None, to_text(link.get("name")))


def _angle(position, *keys):
    for key in keys:
        match = _ANGLE.match(str(position.get(key, "")))
        if match:
            value = to_number(match[1])
            return float(np.radians(value)) if (match[2] or "").startswith("deg") else value
    return None


def _texture_angles(root, node, position):
    x, y = (to_number(position.get(f"texture{axis}", position.get(axis.lower())), None) for axis in "XY")
    if x is None or y is None:
        return None
    try:
        width, height = read_size(root / locate(root, _panorama(node)))
    except PanoInpaintError:
        return None
    lon, lat = pixel_to_lonlat(x, y, width, height)
    return float(lon), float(lat)


def _bearing(here, there):
    """Direction between two places ``[longitude, latitude, altitude]``; a tour's centre is north."""
    ends = [[to_number(value, None) for value in place] for place in (here, there) if _is_place(place)]
    if len(ends) < 2 or None in ends[0][:2] + ends[1][:2]:
        return None, None
    (east, north), (x, y) = ends[0][:2], ends[1][:2]
    return float(np.arctan2((x - east) * np.cos(np.radians(north)), y - north)), 0.0


def _is_place(place):
    return isinstance(place, list) and len(place) in (2, 3)
