"""Writing files so that nobody ever meets half of one."""

from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path):
    """Write a file under a temporary name, and give it its own name when it is whole.

    Parameters
    ----------
    path : str or Path
        Where the file is to be; its folder is created.

    Yields
    ------
    Path
        Beside `path` and with its ending. Renamed to `path` at the end of the context, or removed
        if the context ends with an error; what stood at `path` stays until then.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".part.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
