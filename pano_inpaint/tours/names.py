"""File names that a tour gives: followed inside the tour's folder, never out of it."""

import re
from urllib.parse import unquote

from pano_inpaint.errors import FileError, UsageError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")  # RFC 3986, 3.1 and 4.2; also catches drive letters
# Surrogates are no characters, but Python gives out bytes that are no UTF-8 as U+DC80 to U+DCFF (PEP 383).
_UNUSABLE = re.compile(r"[\x00-\x1f\ud800-\udc7f\udd00-\udfff]")
_STEP_BYTES, _PATH_BYTES = 255, 1024  # what file systems take for a name; a quarter of Linux's PATH_MAX


def locate(root, name, *, base=""):
    """Find the file that a tour names.

    Parameters
    ----------
    root : Path
        The tour's folder.
    name : str
        Name as it stands in the tour: relative, perhaps percent-coded, perhaps with a query behind it.
    base : str
        Folder inside the tour that the name counts from.

    Returns
    -------
    str
        Path from `root`, with slashes and without ``..``.

    Raises
    ------
    UsageError
        If the name is an address, absolute, or leads out of the tour.
    FileError
        If there is no such file.
    """
    if not isinstance(name, str) or not name:
        raise UsageError(f"expected the name of a picture, received {name!r}")
    spellings = [name, unquote(name), unquote(re.split(r"[?#]", name)[0])]
    for spelling in dict.fromkeys(spellings):
        relative = inside(spelling, base=base)
        path = root / relative
        if path.is_file():
            if not path.resolve().is_relative_to(root.resolve()):
                raise UsageError(f"{name}: expected a file of the tour, received a link that leads out of it")
            return relative
    raise FileError(f"{name}: no such file in the tour")


def inside(name, *, base=""):
    """Bring a relative name into one form, and refuse what leads out of the tour.

    Parameters
    ----------
    name : str
        Relative path with either kind of slash.
    base : str
        Folder that it counts from.

    Returns
    -------
    str
        With slashes, without ``.`` and ``..``.

    Raises
    ------
    UsageError
        If it is an address, absolute, or leads out of the tour.
    """
    parts = []
    for part in (base, name):
        part = part.replace("\\", "/")
        if _ADDRESS.match(part):
            raise UsageError(f"expected a file of the tour, received the address {part[:80]!r}")
        sizes = [len(step.encode("utf-8", "replace")) for step in part.split("/")]
        if max(sizes) > _STEP_BYTES or sum(sizes) > _PATH_BYTES:
            raise UsageError(f"expected a file of the tour, received the overlong name {part[:80]!r}")
        if part.startswith("/") or _UNUSABLE.search(part):
            raise UsageError(f"expected a path relative to the tour, received {part[:80]!r}")
        for step in part.split("/"):
            if step == ".." and not parts:
                raise UsageError(f"expected a path inside the tour, received {name[:80]!r}")
            if step == "..":
                parts.pop()
            elif step not in ("", "."):
                parts.append(step)
    return "/".join(parts)
