"""Panorama sets for fine-tuning: find the panoramas of a folder by its layout, split them by scene.

Each layout claims the files it knows by their paths; where none does, every picture of the tree is a
candidate. Only headers are read here.
"""

import re
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.photos import PICTURE_SUFFIXES, hash_fraction, list_files

EQUIRECTANGULAR = "equirectangular"
SKYBOX = "skybox"

# Matterport3D skybox numbers are up, front, right, back, left, down; ours are front, right, back, left,
# up, down. Up and down are turned as in `cube.Face`: the public simulators load 2, 4, 0, 5, 1, 3 as
# +X −X +Y −Y +Z −Z of an OpenGL cube map, whose axes are ours.
_SKYBOX_ORDER = (1, 2, 3, 4, 0, 5)

_STRUCTURED3D = re.compile(
    r"(scene_\d+)/2D_rendering/([^/]+)/panorama/(full|simple|empty|gone(?:_\d+)?)/rgb_(raw|cold|warm)light\.png$"
)
_SKYBOX = re.compile(r"(?:^|/)([^/]+)_skybox([0-5])_sami\.jpg$")
_STANFORD = re.compile(r"(area_\w+)/pano/rgb/(camera_[^_]+_(.+?)_frame_.*)_rgb\.png$")


@dataclass(frozen=True)
class PanoItem:
    """One panorama.

    Attributes
    ----------
    scene : str
        House or room; a scene is never split between training and validation.
    name : str
        Unique within the set.
    kind : {"equirectangular", "skybox"}
    paths : tuple of Path
        The picture, or the six faces front, right, back, left, up, down.
    empty : Path or None
        The same view without furniture: the truth of a furnished/empty pair.
    object_mask : tuple of Path
        What stands in the room: nothing (unknown), one picture of instance numbers (0 and the largest
        number of its 16 bits are background), or two pictures of labels that differ where objects stand.
    layout : Path or None
        NYU40 labels of the room without furniture.
    things : tuple of Path
        All that stands in the room, where `object_mask` knows a part of it only; else the same.
    """

    scene: str
    name: str
    kind: str
    paths: tuple[Path, ...]
    empty: Path | None = None
    object_mask: tuple[Path, ...] = ()
    layout: Path | None = None
    things: tuple[Path, ...] = ()


@dataclass(frozen=True)
class PanoSet:
    """The panoramas found in a folder.

    Attributes
    ----------
    layouts : tuple of str
        What was recognised, in words.
    items : tuple of PanoItem
    skipped : tuple of (Path, str)
        Candidates left out, and why.
    """

    layouts: tuple[str, ...]
    items: tuple[PanoItem, ...]
    skipped: tuple[tuple[Path, str], ...]

    @property
    def scenes(self):
        """Names of the scenes, sorted (list of str)."""
        return sorted({item.scene for item in self.items})

    @property
    def report(self):
        """Lines that say what was found, used and skipped (list of str)."""
        pairs = sum(item.empty is not None for item in self.items)
        lines = [
            f"layout: {', '.join(self.layouts)}",
            f"found {len(self.items) + len(self.skipped)} panoramas, used {len(self.items)}"
            f" in {len(self.scenes)} scenes" + (f", {pairs} furnished/empty pairs" if pairs else ""),
        ]
        reasons = defaultdict(list)
        for path, reason in self.skipped:
            reasons[reason].append(path.name)
        for reason, names in sorted(reasons.items()):
            shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
            lines.append(f"skipped {len(names)}: {reason} ({shown})")
        return lines


@dataclass
class _Search:
    """What the layouts have claimed so far."""

    root: Path
    min_width: int
    items: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    layouts: Counter = field(default_factory=Counter)

    def add(self, layout, item):
        """Take an item whose pictures have the right shape; otherwise note why not."""
        self.layouts[layout] += 1
        reason = self._fault(item)
        if reason:
            self.skipped.append((item.paths[0], reason))
        else:
            self.items.append(item)

    def skip_others(self, files):
        """Note the panoramas that lie in folders of which no layout took a picture."""
        taken = [path for item in self.items for path in (*item.paths, item.empty) if path]
        known = {path.parent for path in (*taken, *(path for path, _ in self.skipped))}
        for path in (self.root / name for name in files if _is_picture(name)):
            alone = PanoItem(path.stem, path.stem, EQUIRECTANGULAR, (path,))
            if path.parent not in known and not self._fault(alone):
                self.skipped.append((path, "of another layout, which needs a folder of its own"))

    def _fault(self, item):
        sizes = []
        for path in (*item.paths, *([item.empty] if item.empty else ())):
            try:
                sizes.append(read_size(path))
            except FileError as error:
                return str(error.__cause__ or error).replace(str(path), path.name)
        width, height = sizes[0]
        if any(size != sizes[0] for size in sizes):
            return "its pictures have different sizes"
        if item.kind == SKYBOX:
            return _skybox_fault(width, height, self.min_width)
        if abs(width - 2 * height) > 1:
            return "not twice as wide as high"
        return None if width >= self.min_width else f"narrower than {self.min_width} pixels"


def _skybox_fault(width, height, min_width):
    if width != height:
        return "a face is not square"
    return None if 4 * width >= min_width else f"faces smaller than {min_width // 4} pixels"


def find_panoramas(folder, *, min_width=512):
    """Find the panoramas of a folder, whatever its layout.

    Known: Structured3D (and our own renderer, which writes the same), ZInD, Matterport3D skyboxes,
    Stanford 2D-3D-S; otherwise every picture of the tree that is twice as wide as high.

    Parameters
    ----------
    folder : path
        Root of the set, or any folder inside one.
    min_width : int
        Narrower panoramas are left out, in pixels; a skybox counts four faces.

    Returns
    -------
    PanoSet

    Raises
    ------
    FileError
        If the folder does not exist.
    UsageError
        If no panorama is found in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileError(f"Expected a folder of panoramas. Received: {folder}, which is not a folder")
    search = _Search(root, min_width)
    files = list_files(root)
    for claim in (_claim_structured3d, _claim_zind, _claim_skyboxes, _claim_stanford):
        claim(search, files)
    if search.layouts:
        search.skip_others(files)
    else:
        _claim_tree(search, files)
    if not search.items:
        reasons = "; ".join(f"{path.name}: {reason}" for path, reason in search.skipped[:3])
        raise UsageError(
            "Expected pictures twice as wide as high, or a Structured3D, ZInD, Matterport skybox or Stanford"
            f" 2D-3D-S folder. Received: {folder} with none" + (f" ({reasons})" if reasons else "")
        )
    layouts = tuple(f"{name} ({count})" for name, count in search.layouts.items())
    return PanoSet(layouts, tuple(search.items), tuple(search.skipped))


def split_scenes(items, val_fraction, seed=0):
    """Split panoramas into training and validation by scene.

    The scenes are ordered by a hash of their names and the first ones validate, so a smaller fraction's
    validation scenes are among those of a larger one.

    Parameters
    ----------
    items : PanoSet or sequence of PanoItem
    val_fraction : float in [0, 1)
        Share of the scenes that validates; of two or more scenes at least one, and never all.
    seed : int
        Another seed gives another split.

    Returns
    -------
    train, val : tuple of PanoItem

    Raises
    ------
    UsageError
        If the fraction is not in [0, 1).
    """
    if not 0 <= val_fraction < 1:
        raise UsageError(f"val_fraction must be in [0, 1). Received: {val_fraction}")
    items = getattr(items, "items", items)
    scenes = sorted(
        {item.scene for item in items}, key=lambda scene: (hash_fraction(scene, seed=seed), scene)
    )
    count = min(max(1, round(val_fraction * len(scenes))), len(scenes) - 1) if val_fraction else 0
    held_out = set(scenes[:count])
    train = tuple(item for item in items if item.scene not in held_out)
    return train, tuple(item for item in items if item.scene in held_out)


def balance_kinds(items):
    """Repeat panoramas so that furnished/empty pairs and panoramas alone are equally many.

    Parameters
    ----------
    items : sequence of PanoItem

    Returns
    -------
    tuple of PanoItem
        All of them, those of the rarer kind several times; as they came if there is one kind only.
    """
    pairs, alone = (
        tuple(item for item in items if (item.empty is not None) == paired) for paired in (True, False)
    )
    if not pairs or not alone:
        return tuple(items)
    rare, common = sorted((pairs, alone), key=len)
    return (*common, *islice(cycle(rare), len(common)))


def read_size(path):
    """Read a picture's size from its header.

    Parameters
    ----------
    path : path
        A picture of any kind Pillow knows.

    Returns
    -------
    width, height : int

    Raises
    ------
    FileError
        If there is no such file or it is no picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # nothing is decoded here
            with Image.open(path) as picture:
                return picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FileError(f"Cannot read {path}: {error}") from error


def _claim_structured3d(search, files):
    """Pair each furnished picture with the empty one of its light, and with those a piece is gone from."""
    rooms = defaultdict(dict)
    for name in files:
        match = _STRUCTURED3D.search((search.root.absolute() / name).as_posix())
        if match:
            scene, room, furniture, light = match.groups()
            rooms[scene, room, light][furniture] = search.root / name
    for (scene, room, light), pictures in sorted(rooms.items()):
        empty = pictures.pop("empty", None)
        gone = {name: pictures.pop(name) for name in list(pictures) if name.startswith("gone")}
        labels = empty and empty.parent / "semantic.png"
        layout = labels if labels and labels.is_file() else None
        pairs = {name: (path, empty, _object_mask(path, empty)) for name, path in pictures.items()}
        if "full" in pictures:
            pairs |= {name: (pictures["full"], path, _object_mask(path, None)) for name, path in gone.items()}
        for name, (path, truth, objects) in sorted(pairs.items()):
            name = f"{scene}/{room}/{name}/{light}"
            things = _object_mask(path, empty)
            item = PanoItem(scene, name, EQUIRECTANGULAR, (path,), truth, objects, layout, things)
            search.add("Structured3D", item)
        if not pairs:
            item = PanoItem(scene, f"{scene}/{room}/empty/{light}", EQUIRECTANGULAR, (empty,))
            search.add("Structured3D", item)


def _object_mask(furnished, empty):
    instances = furnished.parent / "instance.png"
    if instances.is_file():
        return (instances,)
    labels = [path.parent / "semantic.png" for path in (furnished, empty) if path]
    return tuple(labels) if len(labels) == 2 and all(path.is_file() for path in labels) else ()


def _claim_zind(search, files):
    homes = {name.rpartition("/")[0] for name in files if name.rpartition("/")[2] == "zind_data.json"}
    for home in sorted(homes):
        scene = (search.root / home).absolute().name
        prefix = f"{home}/panos/" if home else "panos/"
        for name in files:
            if name.startswith(prefix) and _is_picture(name):
                item = PanoItem(scene, f"{scene}/{Path(name).stem}", EQUIRECTANGULAR, (search.root / name,))
                search.add("ZInD", item)


def _claim_skyboxes(search, files):
    boxes = defaultdict(dict)
    for name in files:
        match = _SKYBOX.search(name)
        if match:
            boxes[name.rpartition("/")[0], match[1]][int(match[2])] = search.root / name
    for (folder, viewpoint), faces in sorted(boxes.items()):
        scene = _skybox_scene((search.root / folder).absolute())
        if len(faces) == 6:
            paths = tuple(faces[number] for number in _SKYBOX_ORDER)
            search.add("Matterport skybox", PanoItem(scene, f"{scene}/{viewpoint}", SKYBOX, paths))
        else:
            search.layouts["Matterport skybox"] += 1
            search.skipped.append((next(iter(faces.values())), f"{len(faces)} of 6 skybox faces"))


def _skybox_scene(folder):
    """Take the scan's name: the archives put the pictures into <scan>/matterport_skybox_images."""
    return folder.parent.name if folder.name == "matterport_skybox_images" else folder.name


def _claim_stanford(search, files):
    for name in files:
        match = _STANFORD.search((search.root.absolute() / name).as_posix())
        if match:
            area, camera, room = match.groups()
            item = PanoItem(f"{area}/{room}", f"{area}/{camera}", EQUIRECTANGULAR, (search.root / name,))
            search.add("Stanford 2D-3D-S", item)


def _claim_tree(search, files):
    pictures = [name for name in files if _is_picture(name)]
    nested = any("/" in name for name in pictures)
    for name in pictures:
        folder, _, file = name.rpartition("/")
        scene = (folder or search.root.absolute().name) if nested else file.rpartition(".")[0]
        item = PanoItem(scene, name, EQUIRECTANGULAR, (search.root / name,))
        search.add("a tree of panoramas", item)


def _is_picture(name):
    return Path(name).suffix.lower() in PICTURE_SUFFIXES
