"""Tensors as TensorFlow Serving writes them in JSON: rows and columns, ``b64``, and what is wrong with them.

Shapes and wording follow tensorflow/serving, ``g3doc/api_rest.md`` and ``util/json_tensor.cc``.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

BYTES_SUFFIX = "_bytes"
_DTYPES = {"DT_STRING": "string", "DT_FLOAT": "float"}
_SHOWN = 200  # characters of a value that an error repeats; TensorFlow Serving repeats all
_LARGEST = float(np.finfo(np.float32).max)
_PIECE = 4096  # numbers that are written in one go
_DEEPEST = 8  # levels of lists; no model has tensors of more dimensions
_MOST = 2**24 - 1  # the largest whole number up to which float holds all


class ServingError(Exception):
    """A request cannot be answered.

    Parameters
    ----------
    status : int
        HTTP status: 400, 404, 408, 413, 429, 500, 503 or 504.
    message : str
        What goes into ``{"error": …}``.
    """

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Tensor:
    """Type of an input or output.

    Attributes
    ----------
    dtype : {"DT_STRING", "DT_FLOAT"}
        Strings are bytes.
    shape : tuple of int
        −1 where any size goes.
    """

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Signature:
    """One way of calling a model.

    Attributes
    ----------
    inputs, outputs : dict of str to Tensor
        By name.
    run : callable
        ``run(tensors, job)`` with ndarrays by input name (float32, or object holding bytes), and the
        `Job` to ask for cancellation; returns such a dict of outputs.
    """

    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    run: Callable


def read_document(body):
    """Parse the body of a predict request.

    Parameters
    ----------
    body : bytes
        JSON; NaN and Infinity are understood, as TensorFlow Serving does.

    Returns
    -------
    dict
        The document.

    Raises
    ------
    ServingError
        400, if it is no JSON object or its ``signature_name`` is no string.
    """
    if not body:
        raise _invalid("JSON Parse error: The document is empty")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise _invalid(f"JSON Value: {_shown(document)} Is not object")
    if not isinstance(document.get("signature_name", ""), str):
        raise _invalid(
            f"JSON Value: {_shown(document)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    return document


def read_tensors(document, signature):
    """Read the tensors of a predict request.

    Parameters
    ----------
    document : dict
        What `read_document` returned.
    signature : Signature
        Says which are expected.

    Returns
    -------
    tensors : dict of str to ndarray
        float32, or object holding bytes.
    by_row : bool
        Whether they came as ``instances``; the answer goes the same way.

    Raises
    ------
    ServingError
        400, with TensorFlow Serving's own wording where it has one.
    """
    by_row = "instances" in document
    if by_row and "inputs" in document:
        raise _invalid(
            f"JSON Value: {_shown(document)} Not formatted correctly expecting only one of 'inputs' or "
            "'instances' keys to exist "
        )
    if not by_row and "inputs" not in document:
        raise _invalid("Missing 'inputs' or 'instances' key")
    try:
        read = _read_rows if by_row else _read_columns
        tensors = read(document["instances" if by_row else "inputs"], signature.inputs)
    except RecursionError as error:
        raise _invalid("JSON Parse error: the document is nested too deeply") from error
    for name, expected in signature.inputs.items():
        _check_shape(name, tensors[name].shape, expected.shape)
    return tensors, by_row


def write_tensors(tensors, *, by_row):
    """Write a predict response.

    Parameters
    ----------
    tensors : dict of str to ndarray
        Outputs by name: float32, or object holding bytes. In rows all have the same first dimension.
    by_row : bool
        Whether ``predictions`` are asked for instead of ``outputs``.

    Returns
    -------
    bytes
        JSON. A single output drops its name; bytes are ``{"b64": …}`` where the name ends in ``_bytes``.
    """
    if len(tensors) == 1:
        [answer] = [_text(*item) for item in tensors.items()]
    elif by_row:
        batch = range(len(next(iter(tensors.values()))))
        rows = [_object_text({name: tensor[row] for name, tensor in tensors.items()}) for row in batch]
        answer = f"[{','.join(rows)}]"
    else:
        answer = _object_text(tensors)
    return f'{{"{"predictions" if by_row else "outputs"}": {answer}}}'.encode()


def describe_signature(signature):
    """Return a signature as JSON metadata shows it, the protobuf ``SignatureDef``."""

    def describe(tensors, prefix):
        return {
            name: {
                "dtype": tensor.dtype,
                "tensor_shape": {
                    "dim": [{"size": str(size), "name": ""} for size in tensor.shape],
                    "unknown_rank": False,
                },
                "name": f"{prefix}{name}:0",
            }
            for name, tensor in tensors.items()
        }

    return {
        "inputs": describe(signature.inputs, "serving_default_"),
        "outputs": describe(signature.outputs, "StatefulPartitionedCall_"),
        "method_name": "tensorflow/serving/predict",
        "defaults": {},
    }


def _read_rows(rows, inputs):
    if not isinstance(rows, list):
        raise _invalid(f"JSON Value: {_shown(rows)} Excepting 'instances' to be an list/array")
    if not rows:
        raise _invalid("JSON Value: [] No values in 'instances' array")
    if not isinstance(rows[0], dict) and len(inputs) > 1:
        raise _invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors required "
            "as per tensorinfo_map"
        )
    by_name = _is_object(rows[0])
    columns = {name: [] for name in inputs}
    for number, row in enumerate(rows):
        if _is_object(row) != by_name:
            expected = "object but got list" if by_name else "value/list but got object"
            raise _invalid(f"Expecting {expected} at item {number} of input list")
        named = row if by_name else {next(iter(inputs)): row}
        for name, value in named.items():
            try:
                _append(columns, name, value, inputs)
            except ServingError as error:
                key = f" key: {name}" if by_name else ""
                raise _invalid(
                    f"Failed to process element: {number}{key} of 'instances' list. "
                    f"Error: INVALID_ARGUMENT: {error}"
                ) from error
        if named.keys() != inputs.keys():
            raise _invalid(
                f"Failed to process element: {number} of 'instances' list. JSON object: {_shown(row)} "
                f"keys must be equal to: {','.join(sorted(inputs))}"
            )
    return {name: np.stack(column) for name, column in columns.items()}


def _append(columns, name, value, inputs):
    if name not in inputs:
        raise _invalid(f"JSON object: does not have named input: {name[:_SHOWN]}")
    tensor = _to_array(value, inputs[name].dtype)
    if columns[name]:
        expected = columns[name][0]
        if expected.size != tensor.size:
            raise _invalid(f"Expecting tensor size: {expected.size} but got: {tensor.size}")
        if expected.shape != tensor.shape:
            raise _invalid(
                f"Expecting shape {_bracketed(expected.shape)} but got: {_bracketed(tensor.shape)}"
            )
    columns[name].append(tensor)


def _read_columns(columns, inputs):
    if not _is_object(columns):
        if len(inputs) > 1:
            raise _invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required "
                "as per tensorinfo_map"
            )
        name, tensor = next(iter(inputs.items()))
        return {name: _to_array(columns, tensor.dtype)}
    for name in inputs:
        if name not in columns:
            raise _invalid(f"Missing named input: {name} in 'inputs' object.")
    return {name: _to_array(columns[name], tensor.dtype) for name, tensor in inputs.items()}


def _to_array(value, dtype):
    """Turn nested lists into an array; the first element of each level gives the shape."""
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    if len(shape) > _DEEPEST:
        raise _invalid(f"Encountered list at unexpected level: {_DEEPEST} expected < {_DEEPEST}")
    values = []
    _fill(value, 0, shape, dtype, values)
    array = np.empty(len(values), object if dtype == "DT_STRING" else np.float32)
    array[:] = values
    return array.reshape(shape)


def _fill(value, level, shape, dtype, values):
    if not isinstance(value, list):
        if level != len(shape):
            raise _invalid(
                f"JSON Value: {_shown(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {len(shape)}"
            )
        values.append(_scalar(value, dtype))
        return
    if level >= len(shape):
        raise _invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise _invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} "
            f"expected size: {shape[level]}"
        )
    for element in value:
        _fill(element, level + 1, shape, dtype, values)


def _scalar(value, dtype):
    if dtype == "DT_STRING":
        if isinstance(value, dict):
            return _decoded(value)
        if isinstance(value, str):
            return value.encode(errors="surrogatepass")
    elif isinstance(value, float):
        if np.isfinite(value) and abs(value) > _LARGEST:
            raise _lossy(value)
        return value
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > _MOST:
            raise _lossy(value)
        return float(value)
    raise _invalid(
        f"JSON Value: {_shown(value)} Type: {_type_name(value)} is not of expected type: {_DTYPES[dtype]}"
    )


def _decoded(value):
    if not _is_base64(value):
        raise _invalid(f"JSON Value: {_shown(value)} not formatted correctly for base64 data")
    text = "".join(value["b64"].split()).rstrip("=")  # white space and padding are free, as with absl
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid("Unable to base64 decode") from error


def _is_base64(value):
    return isinstance(value, dict) and value.keys() == {"b64"} and isinstance(value["b64"], str)


def _is_object(value):
    return isinstance(value, dict) and not _is_base64(value)


def _check_shape(name, shape, expected):
    fits = len(shape) == len(expected) and all(b in (-1, a) for a, b in zip(shape, expected, strict=True))
    if not fits or 0 in shape:
        raise _invalid(
            f"Expecting shape {_bracketed(expected)} for input {name} but got: {_bracketed(shape)}"
        )


def _object_text(tensors):
    return f"{{{','.join(f'{json.dumps(name)}: {_text(name, tensor)}' for name, tensor in tensors.items())}}}"


def _text(name, tensor):
    """Write a tensor as JSON, in pieces between which other threads come to their turn."""
    if isinstance(tensor, bytes):
        if name.endswith(BYTES_SUFFIX):
            return f'{{"b64": "{base64.b64encode(tensor).decode()}"}}'
        return json.dumps(tensor.decode(errors="replace"))
    tensor = np.asarray(tensor)
    if tensor.ndim and (tensor.dtype == object or tensor.size > _PIECE):
        return f"[{','.join([_text(name, part) for part in tensor])}]"
    # Through the shortest text that gives the same float32: 0.1, not 0.10000000149.
    return json.dumps(tensor.astype(str).astype(float).tolist())


def _shown(value):
    """Return the start of a value as JSON; a whole document is not walked for it."""
    if isinstance(value, dict | list):
        pieces = json.JSONEncoder(indent=4).iterencode(value)
        text = ""
        while len(text) <= _SHOWN and (piece := next(pieces, None)) is not None:
            text += piece[: _SHOWN + 1]
    else:
        text = json.dumps(value[: _SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _type_name(value):
    if isinstance(value, bool) or value is None:
        return {True: "True", False: "False", None: "Null"}[value]
    return {dict: "Object", list: "Array", str: "String"}.get(type(value), "Number")


def _bracketed(shape):
    return f"[{','.join(map(str, shape))}]"


def _lossy(value):
    return _invalid(f"Cannot convert JSON value: {_shown(value)} to float without loss of precision.")


def _invalid(message):
    return ServingError(400, message)
