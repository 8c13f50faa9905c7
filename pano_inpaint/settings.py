"""Settings of a run: a dataclass's defaults ← a recipe in TOML ← what the command line says."""

import tomllib
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import get_args, get_origin, get_type_hints

from pano_inpaint.errors import FileError, UsageError


def load_settings(cls, recipe, *overrides):
    """Build settings from a recipe and overrides.

    Parameters
    ----------
    cls : type
        A dataclass whose fields are bool, int, float, str, tuples of one of these, or one or None.
    recipe : Path or None
        TOML file with some of the fields; None takes the defaults.
    *overrides : dict
        Values by field name, or their text as typed on a command line; None counts as not given. Of several
        the last counts.

    Returns
    -------
    object
        An instance of `cls`.

    Raises
    ------
    UsageError
        On an unknown field or a value that does not fit its type.
    FileError
        If the recipe cannot be read.
    """
    given = {key: value for values in overrides for key, value in values.items() if value is not None}
    hints = get_type_hints(cls)
    merged = (read_recipe(recipe) if recipe else {}) | given
    unknown = merged.keys() - hints.keys()
    if unknown:
        known = ", ".join(sorted(hints))
        raise UsageError(f"expected settings among {known}; got {', '.join(sorted(unknown))}")
    return cls(**{key: _fit(key, value, hints[key]) for key, value in merged.items()})


def read_recipe(path):
    """Read a recipe's values."""
    try:
        return tomllib.loads(Path(path).read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise FileError(f"expected a recipe in TOML in {path}, got: {error}") from error


def find_recipe(name_or_path, folder):
    """Find a recipe: a file's path, or the name of one in `folder`.

    Raises
    ------
    UsageError
        If there is neither; the message lists the names.
    """
    named = Path(folder) / f"{name_or_path}.toml"
    if named.is_file():
        return named
    if Path(name_or_path).is_file():
        return Path(name_or_path)
    names = ", ".join(sorted(path.stem for path in Path(folder).glob("*.toml")))
    raise UsageError(f"expected a recipe's name ({names}) or a TOML file, got {str(name_or_path)!r}")


def parse_assignments(texts):
    """Parse ``KEY=VALUE`` texts into a dict of text by key."""
    pairs = [text.partition("=") for text in texts]
    wrong = next((text for text, pair in zip(texts, pairs, strict=True) if not pair[1]), None)
    if wrong is not None:
        raise UsageError(f"expected KEY=VALUE, got {wrong!r}")
    return {key.strip().replace("-", "_"): value.strip() for key, _, value in pairs}


def subset(cls, settings):
    """Build a smaller settings dataclass from the fields that a larger one shares with it."""
    shared = {field.name for field in fields(cls)} & {field.name for field in fields(settings)}
    return cls(**{name: getattr(settings, name) for name in shared})


def _fit(key, value, hint):
    """Convert text from the command line, and refuse values of another type."""
    if get_origin(hint) is UnionType:
        if value is None or value == "none":
            return None
        hint = get_args(hint)[0]
    try:
        if get_origin(hint) is tuple:
            items = value.split(",") if isinstance(value, str) else value
            return tuple(_scalar(item, get_args(hint)[0]) for item in items)
        return _scalar(value, hint)
    except (KeyError, TypeError, ValueError):
        name = getattr(hint, "__name__", str(hint))
        raise UsageError(f"expected {name} for {key}, got {value!r}") from None


def _scalar(value, kind):
    if kind is bool and isinstance(value, str):
        return {"true": True, "false": False}[value.lower()]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    if isinstance(value, str):
        return kind(value)
    raise TypeError
