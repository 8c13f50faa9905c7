"""What the tests of picture files build their sources from."""

import struct

import numpy as np
from PIL import ImageCms

from pano_inpaint.gpano import NAMESPACE, Placement
from pano_inpaint.metadata import Metadata
from pano_inpaint.panorama import Panorama, write_panorama

H, W = 32, 64
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = (
    b'<?xpacket begin="" id="x"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="\xc3\x89tage"/></rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)


def noise(channels, dtype=np.uint8, shape=(H, W)):
    values = np.random.default_rng(7).random((*shape, channels))
    return values.astype(dtype) if dtype == np.float32 else (values * np.iinfo(dtype).max).astype(dtype)


def smooth(height=H, width=W):
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 9), np.cos(y / 7), np.sin((x + y) / 11)]
    return np.stack([128 + 90 * wave for wave in waves], -1).astype(np.uint8)


def exif_block(orientation=1, order="<", thumbnail=b"\xff\xd8thumb"):
    """An EXIF block by hand: orientation and maker, pixel dimensions below, a thumbnail behind."""
    first, details, second = 8, 8 + 2 + 36 + 4, 8 + 42 + 2 + 24 + 4
    data = second + 2 + 24 + 4
    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", first)

    def short(tag, value):
        return struct.pack(order + "HHIHH", tag, 3, 1, value, 0)

    def long(tag, value):
        return struct.pack(order + "HHII", tag, 4, 1, value)

    block += struct.pack(order + "H", 3)
    block += struct.pack(order + "HHI4s", 0x010F, 2, 4, b"Cam\0") + short(0x0112, orientation)
    block += long(0x8769, details) + struct.pack(order + "I", second)
    block += struct.pack(order + "H", 2) + long(0xA002, 9) + long(0xA003, 9) + struct.pack(order + "I", 0)
    block += struct.pack(order + "H", 2) + long(0x0201, data) + long(0x0202, len(thumbnail))
    return block + struct.pack(order + "I", 0) + thumbnail


def stored(path, pixels, **metadata):
    """Write a source file with our own encoder."""
    height = pixels.shape[0]
    placement = Placement(height, 0, 0, 2 * height, height)
    write_panorama(path, Panorama(pixels, Metadata(**metadata), placement=placement))
    return path


def packet(full, crop, corner):
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:GPano="{NAMESPACE}" GPano:ProjectionType="equirectangular" '
        f'GPano:FullPanoWidthPixels="{full[0]}" GPano:FullPanoHeightPixels="{full[1]}" '
        f'GPano:CroppedAreaImageWidthPixels="{crop[0]}" GPano:CroppedAreaImageHeightPixels="{crop[1]}" '
        f'GPano:CroppedAreaLeftPixels="{corner[0]}" GPano:CroppedAreaTopPixels="{corner[1]}"/>'
        f"</rdf:RDF></x:xmpmeta>"
    ).encode()
