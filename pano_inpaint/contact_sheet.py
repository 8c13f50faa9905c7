"""Contact sheets: perspective views of holes, before, completed by each method, and as they should be."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pano_inpaint.files import replacing
from pano_inpaint.panorama import to_rgb
from pano_inpaint.regions import regions
from pano_inpaint.sphere import to_perspective, vector_to_lonlat

SIDE = 256  # pixels of a view
OVERSAMPLING = 2  # views are taken larger and shrunk
FIELD_OF_VIEW = (np.radians(50), np.radians(110))
CONTEXT = 3.2  # field of view in radii of the hole
GAP, CAPTION, FONT_SIZE = 6, 18, 13  # pixels
PAPER, INK, OUTLINE = (255, 255, 255), (40, 40, 40), (255, 0, 160)


@dataclass(frozen=True)
class SheetRow:
    """One case on a sheet.

    Attributes
    ----------
    name : str
    pictures : dict of (ndarray, str)
        By column: a view, uint8 (SIDE, SIDE, 3), and what stands beneath it.
    """

    name: str
    pictures: dict


@dataclass
class HoleViews:
    """Views of one panorama's largest hole, all through the same camera.

    Attributes
    ----------
    camera : dict
        Arguments of `sphere.to_perspective`.
    pictures : dict of (ndarray, str)
        See `SheetRow`.
    """

    camera: dict
    pictures: dict = field(default_factory=dict)

    def add(self, name, pixels, scores=None):
        """Add a panorama's view.

        Parameters
        ----------
        name : str
            Its column.
        pixels : ndarray, shape (H, 2H, C)
            As stored in a file.
        scores : dict, optional
            Of `scoring.score_pair`; some of them stand beneath.
        """
        self.pictures[name] = (self._view(pixels), _caption(scores or {}))

    def _view(self, pixels):
        view = to_rgb(to_perspective(pixels, interpolation="bicubic", **self.camera))
        small = cv2.resize(view, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        return np.rint(small.clip(0, 1) * 255).astype(np.uint8)


def look_at_hole(mask, *, before):
    """Aim a camera at the largest hole, with its surroundings.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, 2H)
    before : ndarray, shape (H, 2H, C)
        The panorama as it was; its view has the holes outlined.

    Returns
    -------
    HoleViews
    """
    hole = max(regions(mask), key=lambda region: region.share)
    yaw, pitch = (float(angle) for angle in vector_to_lonlat(hole.direction))
    side = OVERSAMPLING * SIDE
    fov = float(np.clip(CONTEXT * hole.radius, *FIELD_OF_VIEW))
    views = HoleViews({"yaw": yaw, "pitch": pitch, "fov": fov, "size": (side, side)})
    views.add("before", before)
    inside = to_perspective(mask.astype(np.float32), **views.camera)
    inside = cv2.resize(inside, (SIDE, SIDE), interpolation=cv2.INTER_AREA) > 0.5
    around = cv2.dilate(inside.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    views.pictures["before"][0][around & ~inside] = OUTLINE
    return views


def write_contact_sheet(path, rows):
    """Write a contact sheet: a row a case, a column a method.

    Parameters
    ----------
    path : str or Path
        JPEG or PNG, by its ending.
    rows : sequence of SheetRow
        At least one, all with the same columns.
    """
    columns = list(rows[0].pictures)
    step, line = SIDE + GAP, SIDE + 2 * CAPTION
    size = (len(columns) * step + GAP, len(rows) * line + CAPTION + GAP)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(FONT_SIZE)
    for place, column in enumerate(columns):
        draw.text((GAP + place * step, GAP // 2), column, INK, font)
    for number, row in enumerate(rows):
        top = CAPTION + number * line
        draw.text((GAP, top + GAP // 2), row.name, INK, font)
        for place, column in enumerate(columns):
            view, caption = row.pictures[column]
            sheet.paste(Image.fromarray(view), (GAP + place * step, top + CAPTION))
            draw.text((GAP + place * step, top + CAPTION + SIDE), caption, INK, font)
    with replacing(path) as temporary:
        sheet.save(temporary, quality=90)


def _caption(scores):
    parts = [f"{scores['psnr']:.1f} dB"] if "psnr" in scores else []
    parts += [f"LPIPS {scores[key]:.3f}" for key in ("lpips_alex", "lpips_vgg") if key in scores][:1]
    return "  ".join(parts)
