"""GPano, the XMP tags that tell a viewer where a picture lies on the sphere.

Source: Google, "Photo Sphere XMP Metadata"; namespace ``http://ns.google.com/photos/1.0/panorama/``.
"""

import re
from dataclasses import dataclass

from .errors import UsageError

NAMESPACE = "http://ns.google.com/photos/1.0/panorama/"
_FULL = ("FullPanoWidthPixels", "FullPanoHeightPixels")
_CROP = (
    "CroppedAreaImageWidthPixels",
    "CroppedAreaImageHeightPixels",
    "CroppedAreaLeftPixels",
    "CroppedAreaTopPixels",
)
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    '{}</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
)


@dataclass(frozen=True)
class Placement:
    """Where a picture lies on its sphere, in pixels of the full frame.

    Attributes
    ----------
    full_height : int
        Height of the whole sphere's picture; its width is twice that.
    left, top, width, height : int
        The part that the picture covers.
    """

    full_height: int
    left: int
    top: int
    width: int
    height: int

    @property
    def is_full(self):
        """Whether the picture covers the whole sphere."""
        return (self.width, self.height) == (2 * self.full_height, self.full_height)

    @property
    def window(self):
        """Rows and columns of the full frame, as a pair of slices."""
        return (slice(self.top, self.top + self.height), slice(self.left, self.left + self.width))


def read_gpano(xmp):
    """Read the GPano tags of an XMP packet.

    Parameters
    ----------
    xmp : bytes or None
        Packet; attributes and elements are both understood, under any prefix.

    Returns
    -------
    dict of str to str
        Tag without prefix → value; empty if there are none.
    """
    text, _ = _decoded(xmp)
    tags = {}
    for prefix in _prefixes(text):
        for name, double, single in re.findall(_attribute(prefix, r"\w+"), text):
            tags.setdefault(name, (double or single).strip())
        for name, value in re.findall(_element(prefix, r"\w+"), text):
            tags.setdefault(name, value.strip())
    return tags


def write_gpano(xmp, placement):
    """Make an XMP packet tell where the picture lies; everything else in it stays.

    Parameters
    ----------
    xmp : bytes or None
        Packet to start from.
    placement : Placement
        What the tags are to say.

    Returns
    -------
    bytes
        The very packet that came, if it says so already.
    """
    tags = read_gpano(xmp)
    wanted = _tags(placement)
    numbers_fit = all(_integer(tags.get(name)) == value for name, value in wanted.items())
    if numbers_fit and tags.get("ProjectionType", "").lower() == "equirectangular":
        return xmp
    text, encoding = _decoded(xmp)
    stale = "|".join(["ProjectionType", *wanted])
    for prefix in _prefixes(text):
        text = re.sub(_attribute(prefix, stale), "", text)
        text = re.sub(_element(prefix, stale) + r"\s*", "", text)
    fresh = {"ProjectionType": "equirectangular", **wanted}
    if "UsePanoramaViewer" not in tags:
        fresh["UsePanoramaViewer"] = "True"
    return _inserted(text, fresh).encode(encoding, "surrogateescape")


def only_gpano(xmp):
    """Make a small packet of the GPano tags alone, for files that cannot hold the whole one.

    Parameters
    ----------
    xmp : bytes
        Packet.

    Returns
    -------
    bytes
        Packet without anything else.
    """
    tags = {name: value.replace('"', "&quot;") for name, value in read_gpano(xmp).items()}
    return _inserted("", tags).encode()


def find_placement(tags, width, height):
    """Work out where a picture lies on the sphere.

    Parameters
    ----------
    tags : dict of str to str
        GPano tags, as `read_gpano` gives them.
    width, height : int
        Size of the picture itself. Tags made for another size (the picture was scaled afterwards) are
        scaled along.

    Returns
    -------
    Placement
        The whole sphere for a 2:1 picture without usable tags.

    Raises
    ------
    UsageError
        If the picture is not 2:1 and the tags do not place it, if it is another projection, or if the
        tags contradict the picture.
    """
    projection = tags.get("ProjectionType", "equirectangular").lower()
    if projection != "equirectangular":
        raise UsageError(f"expected an equirectangular panorama, received GPano projection {projection!r}")
    numbers = [_integer(tags.get(name)) for name in (*_FULL, *_CROP)]
    usable = None not in numbers and min(numbers[:4]) > 0 and min(numbers[4:]) >= 0
    if usable and numbers[:2] != numbers[2:4]:
        return _placed(numbers, width, height)
    if width != 2 * height:
        raise UsageError(
            f"expected a panorama twice as wide as high, received {width}x{height}",
            hint=f"a whole sphere would be {width}x{max(1, width // 2)}; a partial one needs GPano crop tags",
        )
    return Placement(height, 0, 0, width, height)


def _placed(numbers, width, height):
    full_width, full_height, crop_width, crop_height, left, top = numbers
    described = f"GPano describes {crop_width}x{crop_height} at ({left}, {top}) of {full_width}x{full_height}"
    scale = width / crop_width
    if abs(crop_height * scale - height) > max(1.0, scale):
        raise UsageError(
            f"expected a picture shaped like its GPano crop, received {width}x{height}; {described}"
        )
    if full_width != 2 * full_height:
        raise UsageError(f"expected a full frame twice as wide as high, received {full_width}x{full_height}")
    if left + crop_width > full_width or top + crop_height > full_height:
        raise UsageError(f"expected a crop inside the full frame; {described}")
    full = max(round(full_height * scale), height, -(-width // 2))
    # Rounding may push a scaled crop one pixel over the border.
    left = min(round(left * scale), 2 * full - width)
    top = min(round(top * scale), full - height)
    return Placement(full, left, top, width, height)


def _tags(placement):
    full = (2 * placement.full_height, placement.full_height)
    crop = (placement.width, placement.height, placement.left, placement.top)
    return dict(zip((*_FULL, *_CROP), (*full, *crop), strict=True))


def _inserted(text, tags):
    attributes = "".join(f'\n  GPano:{name}="{value}"' for name, value in tags.items())
    description = f'<rdf:Description rdf:about=""\n  xmlns:GPano="{NAMESPACE}"{attributes}/>\n'
    close = re.search(r"</([\w.-]+):RDF\s*>", text)
    if close is None:
        return _PACKET.format(description)
    if close[1] != "rdf":
        description = description.replace("rdf:", f"{close[1]}:")
    return text[: close.start()] + description + text[close.start() :]


def _decoded(xmp):
    xmp = xmp or b""
    encoding = "utf-16" if xmp[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return xmp.decode(encoding, "surrogateescape" if encoding == "utf-8" else "replace"), encoding


def _prefixes(text):
    return sorted(set(re.findall(r"xmlns:([\w.-]+)\s*=\s*[\"']" + re.escape(NAMESPACE) + r"[\"']", text)))


def _attribute(prefix, names):
    return rf"\s{re.escape(prefix)}:({names})\s*=\s*(?:\"([^\"]*)\"|'([^']*)')"


def _element(prefix, names):
    return rf"<{re.escape(prefix)}:({names})\s*>([^<]*)</{re.escape(prefix)}:\1\s*>"


def _integer(value):
    try:
        return round(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
