"""JSON as people write it: JavaScript literals with comments, bare keys, single quotes, trailing commas."""

import json
import re

from pano_inpaint.errors import FileError

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)
    |(?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))
    |(?P<word>[A-Za-z_$][\w$]*)
    |(?P<mark>[{}\[\],:])""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r?\n|.)", re.DOTALL)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_WORDS = {"true": "true", "false": "false", "null": "null", "undefined": "null"}


def parse_literal(text):
    """Parse the first object or list in a script.

    Parameters
    ----------
    text : str
        JSON, or a script such as ``var APP_DATA = {…};``. What stands behind the literal is left out.

    Returns
    -------
    dict or list

    Raises
    ------
    FileError
        If there is none, or it holds anything but plain values.
    """
    try:
        value = json.loads(text)
        if isinstance(value, dict | list):
            return value
    except RecursionError as error:
        raise FileError("expected plain data, received something nested too deeply") from error
    except ValueError:
        pass
    # Behind the assignment, so that a brace in a comment or a destructuring before it is not taken.
    assigned = re.search(r"(?:=|export\s+default)\s*(?=[{\[])", text)
    start = assigned.end() if assigned else re.search(r"[{\[]|$", text).start()
    try:
        return json.loads("".join(_to_json(text, start)), strict=False)
    except (ValueError, RecursionError) as error:
        raise FileError(f"expected plain data, received: {error}") from error


def _to_json(text, position):
    """Yield the literal's tokens as JSON."""
    depth, comma = 0, ""
    while True:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"{text[position : position + 30]!r} at character {position}")
        kind, token, position = match.lastgroup, match[0], match.end()
        if kind == "space":
            continue
        if token not in ("}", "]"):
            yield comma
        comma = ""
        if token == ",":
            comma = ","
            continue
        yield _json_token(kind, token, text, position)
        depth += (token in ("{", "[")) - (token in ("}", "]"))
        if depth == 0:
            return


def _json_token(kind, token, text, position):
    if kind == "string":
        return json.dumps(_unescaped(token[1:-1]))
    if kind == "number":
        return _number(token, text, position)
    if kind == "word" and not re.compile(r"\s*:").match(text, position):
        if token not in _WORDS:
            raise ValueError(f"the expression {token!r} before character {position}")
        return _WORDS[token]
    return json.dumps(token) if kind == "word" else token


def _number(token, text, position):
    if re.compile(r"\s*:").match(text, position):
        return json.dumps(token)  # a bare number as a key
    if "x" in token.lower():
        return str(int(token, 16))
    return repr(float(token)) if re.search(r"[.eE]", token) else str(int(token))


def _unescaped(text):
    def character(match):
        code = match[2] or match[3] or match[4]
        if code:
            value = int(code, 16)
            return chr(value) if value < 0x110000 else "\ufffd"
        return "" if "\n" in match[1] else _CONTROLS.get(match[1], match[1])

    return _ESCAPE.sub(character, text)
