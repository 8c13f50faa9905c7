"""Complete one panorama otherwise than ``pano-inpaint erase`` does, in a process of its own.

    python -m benchmarks.fill METHOD PANORAMA MASK OUT

METHOD is a peer and its way, as ``patchmatch-cube``, or ``detail``: surfaces without a network's guide.
"""

import sys

from pano_inpaint.panorama import read_mask, read_panorama, write_panorama


def fill(method, panorama, mask):
    """Complete a panorama.

    Parameters
    ----------
    method : str
    panorama : Panorama
    mask : ndarray of bool, shape (H, 2H)

    Returns
    -------
    Panorama
    """
    if method == "detail":
        return erase_without_network(panorama, mask)
    from pano_inpaint.peers import erase_by_peer

    peer, way = method.rsplit("-", 1)
    return erase_by_peer(peer, panorama, mask, through=way)


def erase_without_network(panorama, mask):
    """Complete by the room's planes alone, as `Eraser` does it at quality "fine" with a guide."""
    from pano_inpaint.charts import Pyramid
    from pano_inpaint.detail import paint_hole
    from pano_inpaint.eraser import MERGE_WITHIN, find_structure
    from pano_inpaint.regions import regions

    pixels = panorama.pixels.copy()
    pyramid, structure = Pyramid(panorama.pixels, mask), find_structure(panorama.pixels, mask)
    for hole in regions(mask, merge_within=MERGE_WITHIN):
        paint_hole(pixels, pyramid, hole, structure, quality="fine")
    return panorama.with_pixels(pixels)


def main(method, source, mask, target):
    """Read, complete and write."""
    panorama = read_panorama(source)
    write_panorama(target, fill(method, panorama, read_mask(mask, like=panorama)))


if __name__ == "__main__":
    main(*sys.argv[1:])
