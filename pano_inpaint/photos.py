"""Photo sets for pretraining: find the pictures of a folder, choose classes, split train from validation.

The layouts of Places365 [1]_ are known; anything else is taken as a tree of pictures. Files are
found by name only: a picture that cannot be decoded is met, counted and named while training.

References
----------
.. [1] B. Zhou et al., "Places: A 10 Million Image Database for Scene Recognition", TPAMI 2018.
   Archives: http://places2.csail.mit.edu/download.html
"""

import hashlib
import os
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pano_inpaint.errors import FileError, UsageError

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})

# Indoor classes and their label index: IO_places365.txt of github.com/CSAILVision/places365 (1 = indoor,
# 161 of 365; the first edition of that file had 160, bus_station/indoor was outdoor in it).
_INDOOR = """
airplane_cabin:1 airport_terminal:2 alcove:3 amusement_arcade:6 aquarium:9 arcade:11
archaelogical_excavation:13 archive:14 arena/hockey:15 arena/performance:16 arena/rodeo:17
art_gallery:19 art_school:20 art_studio:21 artists_loft:22 assembly_line:23 atrium/public:25 attic:26
auditorium:27 auto_factory:28 auto_showroom:29 bakery/shop:31 ball_pit:34 ballroom:35 bank_vault:37
banquet_hall:38 bar:39 basement:43 basketball_court/indoor:44 bathroom:45 bazaar/indoor:46
beauty_salon:50 bedchamber:51 bedroom:52 beer_hall:54 berth:55 biology_laboratory:56 bookstore:60
booth/indoor:61 bow_window/indoor:63 bowling_alley:64 boxing_ring:65 burial_chamber:69 bus_interior:70
bus_station/indoor:71 butchers_shop:72 cafeteria:75 candy_store:80 car_interior:82 catacomb:85
chemistry_lab:88 childs_room:89 church/indoor:90 classroom:92 clean_room:93 closet:95 clothing_store:96
cockpit:98 coffee_shop:99 computer_room:100 conference_center:101 conference_room:102 corridor:106
delicatessen:114 department_store:115 dining_hall:120 dining_room:121 discotheque:122 dorm_room:124
dressing_room:126 drugstore:128 elevator/door:129 elevator_lobby:130 elevator_shaft:131 engine_room:133
entrance_hall:134 escalator/indoor:135 fabric_store:137 fastfood_restaurant:139 flea_market/indoor:146
florist_shop/indoor:147 food_court:148 galley:155 garage/indoor:156 general_store/indoor:160
gift_shop:162 greenhouse/indoor:165 gymnasium/indoor:168 hangar/indoor:169 hardware_store:172
home_office:176 home_theater:177 hospital_room:179 hotel_room:182 ice_cream_parlor:185
ice_skating_rink/indoor:188 jacuzzi/indoor:195 jail_cell:196 jewelry_shop:198 kindergarden_classroom:202
kitchen:203 laundromat:208 lecture_room:210 legislative_chamber:211 library/indoor:212 living_room:215
lobby:217 locker_room:219 market/indoor:222 martial_arts_gym:225 mezzanine:228 movie_theater/indoor:235
museum/indoor:236 music_studio:238 natural_history_museum:239 nursery:240 nursing_home:241 office:244
office_cubicles:246 operating_room:248 orchestra_pit:250 pantry:253 parking_garage/indoor:255
pet_shop:261 pharmacy:262 physics_laboratory:264 pizzeria:267 playroom:269 pub/indoor:274 reception:280
recreation_room:281 repair_shop:282 restaurant:284 restaurant_kitchen:285 sauna:295 science_museum:297
server_room:298 shoe_shop:300 shopping_mall/indoor:302 shower:303 stable:311 stage/indoor:315
staircase:317 storage_room:318 subway_station/platform:320 supermarket:321 sushi_bar:322
swimming_hole:324 swimming_pool/indoor:325 television_room:328 television_studio:329 throne_room:331
ticket_booth:332 toyshop:335 train_interior:336 train_station/platform:337 utility_room:343
veterinarians_office:346 waiting_room:352 wet_bar:358 youth_hostel:363
"""


@dataclass(frozen=True)
class PhotoSet:
    """The pictures found in a folder, split into training and validation.

    Attributes
    ----------
    layout : str
        What the folder was recognised as, in words.
    train, val : tuple of str
        Paths of the pictures (plain strings: Places365 has 1.8 million).
    found : int
        Pictures in the folder, used or not.
    skipped : dict of str to int
        Reason to number of files left out.
    """

    layout: str
    train: tuple[str, ...]
    val: tuple[str, ...]
    found: int
    skipped: dict[str, int]

    @property
    def report(self):
        """Lines that say what was found, used and skipped (list of str)."""
        lines = [
            f"layout: {self.layout}",
            f"found {self.found} pictures, used {len(self.train) + len(self.val)}"
            f" ({len(self.train)} to train, {len(self.val)} to validate)",
        ]
        return lines + [f"skipped {count}: {reason}" for reason, count in sorted(self.skipped.items())]


def find_photos(folder, *, classes=None, val_fraction=0.02):
    """Find the pictures of a photo set.

    Recognised in this order: ``data_256`` or ``data_large`` (``<letter>/<class>[/<sub>]/*.jpg``) with
    ``val_256`` or ``val_large`` beside it (labels in ``places365_val.txt``), those folders themselves,
    the easy form ``{train,val}/<class>/*.jpg``, any tree of pictures.

    Parameters
    ----------
    folder : path
        Root of the set.
    classes : str or sequence of str, optional
        ``"indoor"`` (``IO_places365.txt`` of the folder where there is one, else the same list built
        in), class names separated by commas, or a text file with a class per line (lines of the
        form ``class 1`` / ``class 2`` are read as indoor / outdoor). All classes if left out.
    val_fraction : float in [0, 1)
        Share that goes to validation, by a hash of the relative path, where the layout has no split.

    Returns
    -------
    PhotoSet

    Raises
    ------
    FileError
        If the folder does not exist.
    UsageError
        If it holds no picture, or none of the classes asked for.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileError(f"Expected a folder of pictures. Received: {folder}, which is not a folder")
    if not 0 <= val_fraction < 1:
        raise UsageError(f"val_fraction must be in [0, 1). Received: {val_fraction}")
    layout, train, val, skipped = _recognise(root)
    found = len(train) + len(val)
    if not found:
        raise UsageError(
            f"Expected pictures ({', '.join(sorted(PICTURE_SUFFIXES))}) in a Places365 layout (data_256, "
            f"data_large, val_256, val_large, or train/<class>) or in any tree. Received: {folder} with none"
        )
    if classes is not None:
        train, val = _choose(root, (train, val), _wanted(root, classes), skipped)
    if not val:
        train, val = _split(train, val_fraction)
    paths = [tuple(os.path.join(base, name) for base, name, _ in part) for part in (train, val)]  # noqa: PTH118
    return PhotoSet(layout, *paths, found, dict(skipped))


def normalise_class(name):
    """Bring the spellings of a class (``/b/bakery/shop``, ``bakery-shop``, ``bakery shop``) to one form.

    Parameters
    ----------
    name : str
        A class name, or a folder's path relative to the set's root.

    Returns
    -------
    str
        Lower case, words and parts joined by underscores, without the leading letter folder.
    """
    return re.sub(r"[/\\\- ]+", "_", re.sub(r"^[a-z]/", "", name.lower().strip("/ ")))


@cache
def indoor_classes():
    """Label index of the indoor classes of Places365.

    Returns
    -------
    dict of str to int
        Class name (``bakery/shop``) to label index in 0 … 364.
    """
    return {name: int(index) for name, index in (entry.split(":") for entry in _INDOOR.split())}


def hash_fraction(text, *, seed=0):
    """Place a text in [0, 1) by its hash: the same on every machine and in every run.

    Parameters
    ----------
    text : str
        What to hash.
    seed : int
        Another seed gives another, independent place.

    Returns
    -------
    float
    """
    digest = hashlib.blake2b(f"{seed}:{text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def list_files(root):
    """List the files under a folder, sorted, hidden ones left out.

    Parameters
    ----------
    root : path
        The folder.

    Returns
    -------
    list of str
        Paths relative to `root`, with forward slashes.
    """
    files = []
    for folder, folders, names in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        relative = os.path.relpath(folder, root).replace(os.sep, "/")
        prefix = "" if relative == "." else relative + "/"
        files += [prefix + name for name in names if not name.startswith(".")]
    return sorted(files)


def _pictures(root, skipped):
    """List (root, relative path, class) of the pictures; the class is the folder they lie in."""
    entries = []
    for name in list_files(root):
        stem, _, file = name.rpartition("/")
        if "." + file.rpartition(".")[2].lower() in PICTURE_SUFFIXES:
            entries.append((str(root), name, stem))
        else:
            skipped["not a picture file"] += 1
    return entries


def _recognise(root):
    """Return layout, train entries, validation entries and the counter of skipped files."""
    skipped = Counter()
    train_root = _first(root, "data_256", "data_large")
    val_root = _first(root, "val_256", "val_large")
    if not train_root and (root.name in ("data_256", "data_large") or _has_letter_folders(root)):
        train_root = root
        val_root = _first(root.parent, "val_256" if root.name == "data_256" else "val_large")
    if not train_root and root.name in ("val_256", "val_large"):
        val_root = root
    if train_root or val_root:
        train = _pictures(train_root, skipped) if train_root else []
        val = _labelled(root, val_root, train, skipped) if val_root else []
        names = " and ".join(part.name for part in (train_root, val_root) if part)
        return (
            (f"Places365 ({names})", train, val, skipped)
            if train
            else (f"Places365 ({names}; validation pictures alone)", val, [], skipped)
        )
    if (root / "train").is_dir() and (root / "val").is_dir():
        train, val = (_pictures(root / part, skipped) for part in ("train", "val"))
        return "train and val folders", train, val, skipped
    return "a tree of pictures", _pictures(root, skipped), [], skipped


def _first(root, *names):
    return next((root / name for name in names if (root / name).is_dir()), None)


def _has_letter_folders(root):
    """Tell whether the subfolders are single letters that hold classes, as in ``data_256``."""
    folders = [path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return bool(folders) and all(re.fullmatch("[a-z]", path.name) for path in folders)


def _labelled(root, val_root, train, skipped):
    """List the pictures of ``val_*`` with the class their list file gives."""
    listing = _find_list(root, val_root, "places365_val.txt")
    if listing is None:
        return _pictures(val_root, skipped)
    names = _label_names(root, val_root, train)
    labels = dict(line.split()[:2] for line in _lines(listing) if len(line.split()) >= 2)
    entries = []
    for base, name, _ in _pictures(val_root, skipped):
        label = labels.get(name.rpartition("/")[2])
        entries.append((base, name, names.get(int(label), f"label {label}") if label else "not in the list"))
    return entries


def _label_names(root, val_root, train):
    """Map label index to class: by the set's own files, else its train folders, else the built-in list."""
    listing = _find_list(root, val_root, "categories_places365.txt")
    if listing:
        return {int(index): name for name, index in (line.split()[:2] for line in _lines(listing))}
    listing = _find_list(root, val_root, "places365_train_standard.txt")
    if listing:
        pairs = (line.split()[:2] for line in _lines(listing))
        return {int(index): path.rpartition("/")[0] for path, index in pairs}
    folders = sorted({folder for _, _, folder in train})
    if len(folders) == 365:  # label indices count the classes in alphabetical order
        return dict(enumerate(folders))
    return {index: name for name, index in indoor_classes().items()}


def _find_list(root, val_root, name):
    places = (root, root.parent, val_root, val_root.parent, root / "filelist_places365-standard")
    return next((place / name for place in places if (place / name).is_file()), None)


def _lines(path):
    try:
        with Path(path).open(encoding="utf-8") as file:
            return [line.strip() for line in file if line.strip() and not line.startswith("#")]
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"Cannot read the list {path}: {error}") from error


def _wanted(root, classes):
    """Return the normalised names of the chosen classes and whether each must be found."""
    if isinstance(classes, str):
        listing = Path(classes) if Path(classes).is_file() else _first_file(root, classes)
        if classes == "indoor":
            listing = _first_file(root, "IO_places365.txt") or _first_file(root.parent, "IO_places365.txt")
            if listing is None:
                return {normalise_class(name) for name in indoor_classes()}, False
        if listing:
            return _classes_of_list(listing), False
        classes = classes.split(",")
    names = {normalise_class(name) for name in classes if name.strip()}
    if not names:
        raise UsageError("Expected 'indoor', class names separated by commas, or a file. Received: nothing")
    return names, True


def _first_file(root, name):
    return root / name if (root / name).is_file() else None


def _classes_of_list(listing):
    rows = [line.split() for line in _lines(listing)]
    marked = bool(rows) and all(len(row) == 2 and row[1] in "12" for row in rows)
    names = {normalise_class(row[0]) for row in rows if not marked or row[1] == "1"}
    if not names:
        raise UsageError(f"Expected a class per line, or 'class 1' for indoor. Received: {listing} with none")
    return names


def _choose(root, parts, wanted, skipped):
    """Keep the pictures of the wanted classes; a class is a folder's path or its last part."""
    names, all_needed = wanted
    spellings = cache(
        lambda folder: {normalise_class(folder), normalise_class(folder.rpartition("/")[2])} & names
    )
    seen, kept = set(), []
    for part in parts:
        kept.append([entry for entry in part if spellings(entry[2])])
        seen.update(*(spellings(entry[2]) for entry in kept[-1]), ())
        skipped["of a class not chosen"] += len(part) - len(kept[-1])
    missing = sorted(names - seen) if all_needed else []
    if missing or not any(kept):
        there = sorted({normalise_class(folder) for part in parts for _, _, folder in part} - {""})
        raise UsageError(
            f"Expected pictures of the classes {', '.join(missing or sorted(names)[:5])} in {root}."
            f" Received: {len(there)} classes" + (f", such as {', '.join(there[:5])}" if there else "")
        )
    if not skipped["of a class not chosen"]:
        del skipped["of a class not chosen"]
    return kept


def _split(entries, val_fraction):
    """Split by the hash of the relative path; with two pictures or more neither side is left empty."""
    ranks = {entry: hash_fraction(entry[1]) for entry in entries}
    val = {entry for entry, rank in ranks.items() if rank < val_fraction}
    if val_fraction and len(entries) > 1:
        if not val:
            val = {min(entries, key=ranks.get)}
        elif len(val) == len(entries):
            val.discard(max(entries, key=ranks.get))
    return [entry for entry in entries if entry not in val], [entry for entry in entries if entry in val]
