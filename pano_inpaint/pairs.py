"""Which pictures a folder holds, and which mask belongs to which panorama."""

from pathlib import Path

from .errors import FileError, UsageError
from .formats import SUFFIXES

_MASK_ENDINGS = ("", "_mask", "-mask", ".mask")  # in the order of preference


def scan_pictures(folder):
    """List the pictures of a folder.

    Parameters
    ----------
    folder : str or Path
        Not searched in depth; hidden files are left out.

    Returns
    -------
    list of Path
        Sorted by name.

    Raises
    ------
    FileError
        If it is no folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileError(f"expected a folder of pictures, received {folder}")
    return sorted(path for path in folder.iterdir() if _is_picture(path))


def match_masks(panoramas, masks):
    """Find the mask of each panorama.

    Parameters
    ----------
    panoramas : sequence of Path
        Pictures.
    masks : str or Path
        One mask for all, or a folder where ``lounge.jpg`` finds ``lounge.png`` or ``lounge_mask.png``. It may
        be the panoramas' own folder: a picture is never its own mask, and masks are no panoramas then.

    Returns
    -------
    pairs : list of (Path, Path)
        Panorama and its mask, in the order of the panoramas.
    without_mask : list of Path
        Panoramas that have none.
    unused : list of Path
        Masks that belong to no panorama.

    Raises
    ------
    FileError
        If `masks` does not exist.
    UsageError
        If two masks fit one panorama equally well.
    """
    masks = Path(masks)
    panoramas = [Path(path) for path in panoramas]
    if masks.is_file():
        return [(path, masks) for path in panoramas], [], []
    if not masks.is_dir():
        raise FileError(f"expected a mask or a folder of masks, received {masks}")
    candidates = scan_pictures(masks)
    own = {path.resolve() for path in panoramas}
    pairs = [(path, _mask_of(path, candidates, own)) for path in panoramas]
    found = {mask for _, mask in pairs if mask is not None}
    found_anywhere = {mask.resolve() for mask in found}
    pairs = [(path, mask) for path, mask in pairs if path.resolve() not in found_anywhere]
    matched = [(path, mask) for path, mask in pairs if mask is not None]
    without_mask = [path for path, mask in pairs if mask is None]
    unused = [path for path in candidates if path not in found and path.resolve() not in own]
    return matched, without_mask, unused


def _mask_of(panorama, candidates, own):
    for ending in _MASK_ENDINGS:
        fits = [path for path in candidates if path.stem == panorama.stem + ending]
        # Without an ending of its own, a mask must not be one of the panoramas.
        fits = [
            path
            for path in fits
            if path.resolve() != panorama.resolve() and (ending or path.resolve() not in own)
        ]
        if len(fits) > 1:
            names = ", ".join(path.name for path in fits)
            raise UsageError(f"expected one mask for {panorama.name}, received {len(fits)}: {names}")
        if fits:
            return fits[0]
    return None


def _is_picture(path):
    return path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")
