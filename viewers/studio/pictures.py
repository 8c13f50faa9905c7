"""What the page shows of a scene: the original, what is accepted, and a result, all of it as JPEG.

A JPEG that nothing was erased from is sent as it is: the page stands sooner, and nothing is lost on the way.
"""

import hashlib
import io
import threading
import warnings
from collections import OrderedDict

import cv2
import numpy as np
from PIL import Image

from pano_inpaint.errors import FileError, PanoInpaintError
from pano_inpaint.files import replacing
from pano_inpaint.gpano import find_placement, read_gpano
from pano_inpaint.strokes import draw_marks
from pano_inpaint.tours.tour import PictureFile

from .layers import read_layer
from .marks import read_marks
from .store import ConflictError, fingerprint

DISPLAY_WIDTH = 8192  # pixels: what every browser decodes
THUMBNAIL = (272, 136)
KINDS = ("original", "current", "result")
_QUALITY = 95
_SMALL_QUALITY = 85
_KEPT_BYTES = 2**26  # of encoded pictures


class Pictures:
    """Panoramas of a tour as they stand.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store):
        self._store = store
        self._lock = threading.Lock()  # one large picture in memory at a time
        self._last = (None, None)
        self._encoded = OrderedDict()

    def original(self, number):
        """Read a scene's panorama; the last one that was read is kept."""
        with self._lock:
            return self._original(number)

    def current(self, number):
        """Return a scene's panorama with all that was accepted."""
        return self._layered(number, self._store.look(number).accepted)

    def mask(self, number, height):
        """Draw what is marked in a scene: (height, 2 * height), bool."""
        marks = read_marks(self._store.look(number).current_marks)
        return draw_marks([mark.to_mark() for mark in marks], height)

    def erased(self, number):
        """Return what was erased and accepted in a scene: bool, of the panorama's size."""
        original = self.original(number)
        mask = np.zeros(original.pixels.shape[:2], bool)
        for result in self._store.look(number).accepted:
            mask |= read_layer(self._store.folder / result.file).mask
        return mask

    def tag(self, number, kind):
        """Name the state of a picture; another state has another name.

        Raises
        ------
        ConflictError
            If there is no result.
        """
        files = [result.file for result in self._results(number, kind)]
        scene = self._store.tour.scenes[number]
        told = repr((self._store.key(number), fingerprint(scene), files))
        return hashlib.sha256(told.encode()).hexdigest()[:20]

    def encoded(self, number, kind):
        """Return a picture as JPEG, of the whole sphere and at most `DISPLAY_WIDTH` wide.

        Parameters
        ----------
        number : int
        kind : {"original", "current", "result"}

        Returns
        -------
        bytes

        Raises
        ------
        ConflictError
            If there is no result.
        FileError, UsageError
            If the scene has no usable picture.
        """
        own = self._own_jpeg(number, kind)
        if own is not None:
            return _bytes_of(own)
        tag = self.tag(number, kind)
        if tag not in self._encoded:
            panorama = self._layered(number, self._results(number, kind))
            self._encoded[tag] = encode_jpeg(panorama, DISPLAY_WIDTH, quality=_QUALITY)
        self._encoded.move_to_end(tag)
        data = self._encoded[tag]
        while len(self._encoded) > 1 and sum(map(len, self._encoded.values())) > _KEPT_BYTES:
            self._encoded.popitem(last=False)
        return data

    def thumbnail(self, number):
        """Return a scene as a small JPEG, which is kept in the store's folder."""
        path = (
            self._store.folder / "thumbnails" / f"{self._store.key(number)}-{self.tag(number, 'current')}.jpg"
        )
        if not path.is_file():
            own = self._own_jpeg(number, "current")
            if own is not None:
                data = _shrink_jpeg(own)
            else:
                data = encode_jpeg(self.current(number), THUMBNAIL[0], quality=_SMALL_QUALITY)
            for old in path.parent.glob(f"{self._store.key(number)}-*.jpg"):
                old.unlink(missing_ok=True)
            with replacing(path) as temporary:
                temporary.write_bytes(data)
        return path.read_bytes()

    def _results(self, number, kind):
        work = self._store.look(number)
        if kind == "original":
            return []
        if kind == "current":
            return work.accepted
        if work.candidate is None:
            raise ConflictError("expected a result to show, found none")
        return [*work.accepted, work.candidate]

    def _own_jpeg(self, number, kind):
        """Return the path of a scene's own file if browsers show the same of it as we do, or None."""
        source = self._store.tour.scenes[number].source
        if not isinstance(source, PictureFile) or self._results(number, kind):
            return None
        path = source.root / source.name
        return path if _is_plain_jpeg(path) else None

    def _original(self, number):
        scene = self._store.tour.scenes[number]
        wanted = (number, tuple(fingerprint(scene)))
        if self._last[0] != wanted:
            self._last = (None, None)  # so that the old one goes before the new one comes
            self._last = (wanted, scene.read())
        return self._last[1]

    def _layered(self, number, results):
        panorama = self.original(number)
        for result in results:
            panorama = read_layer(self._store.folder / result.file).laid_over(panorama)
        return panorama


def _is_plain_jpeg(path):
    """Tell whether a file is an upright JPEG of the whole sphere, in gray or colours, that pages can take."""
    try:
        with _opened_jpeg(path) as image:
            xmp = image.info.get("xmp")
            placement = find_placement(read_gpano(xmp.encode() if isinstance(xmp, str) else xmp), *image.size)
            upright = image.getexif().get(0x0112, 1) == 1  # Exif orientation
            kind = image.mode in ("RGB", "L") and "mp" not in image.info
            return kind and upright and placement.is_full and image.width <= DISPLAY_WIDTH
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, PanoInpaintError):
        return False  # reading it in full says what is wrong


def _shrink_jpeg(path):
    """Return a small copy of a JPEG; it is decoded at an eighth of its size where that is enough."""
    try:
        with _opened_jpeg(path) as image:
            image.draft(None, (2 * THUMBNAIL[0], 2 * THUMBNAIL[1]))
            small = image.copy()
    except OSError as error:
        raise FileError(f"cannot read {path}: {error}") from error
    if small.width > THUMBNAIL[0]:
        small = small.resize(THUMBNAIL, Image.Resampling.BOX)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=_SMALL_QUALITY, icc_profile=image.info.get("icc_profile"))
    return stream.getvalue()


def _opened_jpeg(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # 16384x8192 is no bomb here
        return Image.open(path, formats=["JPEG"])


def _bytes_of(path):
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}") from error


def encode_jpeg(panorama, width, *, quality):
    """Encode a panorama for looking at.

    Parameters
    ----------
    panorama : Panorama
    width : int
        Wider ones are scaled down to it.
    quality : int
        1 to 100.

    Returns
    -------
    bytes
        8 bits, without alpha; the colour profile stays.
    """
    pixels = panorama.pixels
    if pixels.shape[1] > width:
        pixels = cv2.resize(pixels, (width, width // 2), interpolation=cv2.INTER_AREA)
        pixels = pixels.reshape(width // 2, width, -1)
    if pixels.dtype == np.uint16:
        pixels = np.rint(pixels / 257).astype(np.uint8)  # 65535 becomes 255
    elif pixels.dtype.kind == "f":
        pixels = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    picture = Image.fromarray(
        np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] < 3 else pixels[..., :3])
    )
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality, subsampling=0, icc_profile=panorama.metadata.icc)
    return stream.getvalue()
