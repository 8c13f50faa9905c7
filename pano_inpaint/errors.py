"""Errors a user can act on, each knowing the exit code the command line ends with."""


class PanoInpaintError(Exception):
    """Something went wrong that is not a defect of this package; the message says what.

    Attributes
    ----------
    exit_code : int
        What the command line exits with: 1 for a failure, 2 for wrong usage.
    hint : str or None
        What the user may do about it, printed under the message.
    """

    exit_code = 1

    def __init__(self, message, *, hint=None):
        super().__init__(message)
        self.hint = hint


class UsageError(PanoInpaintError, ValueError):
    """The caller asked for something impossible: wrong shape, size, mode, option or file kind."""

    exit_code = 2


class FileError(PanoInpaintError, OSError):
    """A file is missing, unreadable, damaged or cannot be written."""


class MissingDependencyError(PanoInpaintError, ImportError):
    """An optional package is not installed; the hint names the command that installs it."""
