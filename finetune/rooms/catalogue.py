"""Furniture models from files: Sweet Home 3D catalogues (OBJ in a zip or a folder) and folders of glTF.

Only names and sizes are read here; meshes are imported where they are rendered.
"""

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from finetune.rooms.semantics import IDS
from pano_inpaint.errors import FileError, UsageError

PROPERTIES = "PluginFurnitureCatalog.properties"
# First match wins; what matches nothing or None stays unused.
RULES = [
    (r"sliding ?door|sink cabinet|corner cabinet", None),
    (r"wardrobe", "wardrobe"),
    (r"door|window|fence|railing|stair|truck|container|lift|hut|swing|seesaw|motorbike|horse2|chicken", None),
    (r"rock\d|lantern|wheelbarrow|urinal|shower(?! stall)|range hood|upper|emergency|lock\b|mailbox", None),
    (r"technical|pallet|ceiling fan|wall light|outdoor|radiator|tatami|umbrella$|relax|deck|folding", None),
    (r"sphere|posed|living_room", None),
    (r"shower stall", "shower"),
    (r"corner sofa|l.shaped", "corner_sofa"),
    (r"sofa|couch", "sofa"),
    (r"armchair", "armchair"),
    (r"stool", "stool"),
    (r"bench", "bench"),
    (r"chair", "chair"),
    (r"bedside|nightstand", "nightstand"),
    (r"baby bed|potty|cradle", "floor_thing"),
    (r"\bbed", "bed"),
    (r"television cabinet|tv cabinet|cupboard|high cabinet", "tall_cabinet"),
    (r"television|\btv\b", "television"),
    (r"bookcase|bookshelf|shelves", "bookshelf"),
    (r"pool table|football table|piano|white ?board", "big_thing"),
    (r"table fan", "surface_thing"),
    (r"\btable|tablecloth|oak table|wooden_table", "table"),
    (r"\bdesk ?lamp", "table_lamp"),
    (r"desk", "desk"),
    (r"fridge|refrigerator", "fridge"),
    (r"toilets? unit|toilet$|bidet", "toilet"),
    (r"wash ?basin|vanity", "washbasin"),
    (r"bath ?tub", "bathtub"),
    (r"cabinet", "cabinet"),
    (r"plant|orchid|cactus|flower", "plant"),
    (r"towel", "towel"),
    (r"dustbin|\bbin\b", "bin"),
    (r"speaker|guitar|teddy|rocking horse|crate|barrel|ammo|^box$|umbrella|basketball", "floor_thing"),
    (r"bag|briefcase|bootie|slipper|fan", "floor_thing"),
    (r"coffee|mixer|knife|cup|bottle|milk|bread|glass|brewer|butter|puzzle|headphone", "surface_thing"),
    (r"calendar|deer|toy|tea_set|biplane|hot dog", "surface_thing"),
]
LABELS = {
    "shower": "otherstructure", "floor_thing": "otherprop", "surface_thing": "otherprop",
    "big_thing": "otherfurniture",
}  # fmt: skip


@dataclass(frozen=True)
class Model:
    """A piece of furniture in a file.

    Attributes
    ----------
    name : str
        Name in its catalogue.
    kind : str
        What it is used as; see `furniture.KINDS` and LABELS.
    size : tuple of 3 floats
        Width, depth, height in metres.
    file : str
        Path of the OBJ or glTF file inside `source`.
    source : str
        Zip file or folder.
    surface : float
        Height in metres at which things stand on it, 0 if nothing does.
    rotation : tuple of 9 floats or None
        The catalogue's own turn of the model, row by row, y up.
    """

    name: str
    kind: str
    size: tuple[float, float, float]
    file: str
    source: str
    surface: float = 0.0
    rotation: tuple | None = None


class Catalogue:
    """Models by kind.

    Parameters
    ----------
    models : sequence of Model
        Empty for procedural furniture only.
    """

    def __init__(self, models=()):
        self.models = list(models)
        self._by_kind = {}
        for model in self.models:
            self._by_kind.setdefault(model.kind, []).append(model)

    def of_kind(self, kind):
        """List the models of a kind; empty if there are none."""
        return self._by_kind.get(kind, [])


def read_catalogue(path):
    """Read what models a file or folder offers.

    Parameters
    ----------
    path : path-like or None
        A Sweet Home 3D catalogue (.zip or its unpacked folder), a folder with glTF files, or None.

    Returns
    -------
    Catalogue
        Sorted by name, so that the same path gives the same homes.

    Raises
    ------
    FileError
        If the path does not exist or is damaged.
    UsageError
        If it holds no usable furniture.
    """
    if path is None:
        return Catalogue()
    path = Path(path)
    if not path.exists():
        raise FileError(f"no furniture at {path}: expected a catalogue zip or a folder of glTF models")
    try:
        models = _read_zip(path) if path.is_file() else _read_folder(path)
    except (zipfile.BadZipFile, KeyError, ValueError, json.JSONDecodeError) as error:
        raise FileError(f"cannot read furniture from {path}: {error}") from error
    if not models:
        raise UsageError(f"expected furniture in {path}, found no model with a known use")
    return Catalogue(sorted(models, key=lambda model: (model.kind, model.file)))


def label_of(kind):
    """Name the NYU40 class of a kind that only catalogues have."""
    return LABELS.get(kind, "otherprop" if kind not in IDS else kind)


def _read_zip(path):
    with zipfile.ZipFile(path) as archive:
        text = archive.read(PROPERTIES).decode("latin-1")
        return _parse_properties(text, set(archive.namelist()), str(path))


def _read_folder(path):
    properties = path / PROPERTIES
    if properties.exists():
        names = {item.relative_to(path).as_posix() for item in path.rglob("*.obj")}
        return _parse_properties(properties.read_text("latin-1"), names, str(path))
    models = []
    for file in sorted([*path.rglob("*.gltf"), *path.rglob("*.glb")]):
        model = _read_gltf(file, path) if file.suffix == ".gltf" else None
        models += [model] if model else []
    return models


def _parse_properties(text, names, source):
    """Read the entries key#number=value of a catalogue."""
    entries = {}
    for line in text.splitlines():
        match = re.match(r"(\w+)#(\d+)=(.*)", line.strip())
        if match:
            entries.setdefault(int(match[2]), {})[match[1]] = match[3]
    models = [_entry_model(entry, names, source) for _, entry in sorted(entries.items())]
    return [model for model in models if model is not None]


def _entry_model(entry, names, source):
    file = entry.get("model", "").lstrip("/")
    if (
        file not in names
        or entry.get("doorOrWindow") == "true"
        or entry.get("category") in ("Exterior", "Vehicles")
    ):
        return None
    size = tuple(float(entry[key]) / 100 for key in ("width", "depth", "height"))
    stem = PurePosixPath(file).stem
    kind = classify(f"{entry['name']} {stem}".lower(), size)
    if kind == "armchair" and entry.get("category") == "Office":
        kind = "office_chair"
    if kind is None or max(size) > 3.2:
        return None
    surface = float(entry.get("dropOnTopElevation", 100 * size[2])) / 100
    rotation = tuple(map(float, entry["modelRotation"].split())) if "modelRotation" in entry else None
    return Model(entry["name"], kind, size, file, source, surface if surface > 0 else 0.0, rotation)


def classify(name, size):
    """Decide what a model is used as.

    Parameters
    ----------
    name : str
        Lower-case words that describe it.
    size : tuple of 3 floats
        Width, depth, height in metres; tells a coffee table from a dining table.

    Returns
    -------
    str or None
        Kind, or None if it has no place in a room.
    """
    words = re.sub(r"\d+", "", name)
    for pattern, kind in RULES:
        if re.search(pattern, words):
            return _by_size(kind, size)
    return None


def _by_size(kind, size):
    width, depth, height = size
    if kind == "table":
        return (
            "coffee_table"
            if height < 0.55
            else "table"
            if width > 1.1
            else "small_table"
            if height < 0.85
            else None
        )
    if kind == "sofa" and depth > 1.2:
        return "corner_sofa"
    if kind == "plant":
        return "small_plant" if height < 0.6 else "plant"
    if kind == "cabinet" and height > 1.3:
        return "tall_cabinet"
    return kind


def _read_gltf(file, folder):
    """Measure a glTF scene from its accessors' bounds."""
    document = json.loads(file.read_text("utf-8"))
    points = []
    scene = document.get("scenes", [{}])[document.get("scene", 0)]
    for node in scene.get("nodes", []):
        points += _node_corners(document, node, np.eye(4))
    if not points:
        return None
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    width, height, depth = (float(value) for value in high - low)
    kind = classify(file.stem.replace("_", " ").lower(), (width, depth, height))
    if kind is None or max(width, depth, height) > 3.2 or min(width, depth) < 0.02:
        return None
    name = file.relative_to(folder).as_posix()
    return Model(file.stem, kind, (width, depth, height), name, str(folder), height)


def _node_corners(document, index, parent):
    node = document["nodes"][index]
    matrix = parent @ _node_matrix(node)
    corners = []
    if "mesh" in node:
        for primitive in document["meshes"][node["mesh"]]["primitives"]:
            bounds = document["accessors"][primitive["attributes"]["POSITION"]]
            ends = np.array([bounds["min"], bounds["max"]])
            for choice in np.ndindex(2, 2, 2):
                corner = np.array([ends[choice[axis], axis] for axis in range(3)])
                corners.append((matrix @ np.append(corner, 1))[:3])
    for child in node.get("children", []):
        corners += _node_corners(document, child, matrix)
    return corners


def _node_matrix(node):
    if "matrix" in node:
        return np.array(node["matrix"], float).reshape(4, 4).T
    matrix = np.eye(4)
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    turn = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    matrix[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)))
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix
