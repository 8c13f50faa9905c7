"""The verbs of the command line `pano-inpaint`; they may import every room, and no room imports them."""
