"""NYU40 labels, as Structured3D's semantic.png uses them, and the palette they are shown in."""

import colorsys

# Structured3D, metadata/labelids.txt; ids count from 1, 0 is unlabelled.
NAMES = (
    "wall floor cabinet bed chair sofa table door window bookshelf picture counter blinds desk shelves "
    "curtain dresser pillow mirror floor_mat clothes ceiling books refrigerator television paper towel "
    "shower_curtain box whiteboard person nightstand toilet sink lamp bathtub bag otherstructure "
    "otherfurniture otherprop"
).split()
IDS = {name: number for number, name in enumerate(NAMES, start=1)}


def palette():
    """Build the colour of each label: hues a golden angle apart, so that neighbours in the list differ.

    Returns
    -------
    list of tuple of int
        41 sRGB colours, index = NYU40 id; 0 is black.
    """
    golden = 0.6180339887498949
    colours = [(0, 0, 0)]
    for number in range(1, len(NAMES) + 1):
        value = (0.95, 0.75, 0.6)[number % 3]
        red, green, blue = colorsys.hsv_to_rgb((number * golden) % 1.0, 0.65, value)
        colours.append((round(255 * red), round(255 * green), round(255 * blue)))
    return colours
