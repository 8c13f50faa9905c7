"""`python -m pano_inpaint` is `pano-inpaint`."""

from pano_inpaint.cli import main

main()
