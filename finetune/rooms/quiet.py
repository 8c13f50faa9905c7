"""Silencing a library that writes to the terminal below Python."""

import os
import sys


def quietly(action):
    """Run something while what it writes to the standard output at the level of the system goes nowhere.

    Parameters
    ----------
    action : callable
        Called without arguments.

    Returns
    -------
    object
        What it returns.
    """
    sys.stdout.flush()
    keep = os.dup(1)
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        return action()
    finally:
        os.dup2(keep, 1)
        os.close(keep)
