"""Tensors as JSON lists, flat or nested, in row-major order.

BYTES are UTF-8 strings; FP16 has no JSON form.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import numpy as np

from ekiben.errors import Internal, InvalidRequest
from ekiben.inference.open_inference_binary import elements_of
from ekiben.inference.open_inference_checks import described
from ekiben.inference.tensors import NUMPY_TYPES, DataType, Tensor, bytes_tensor

# By NumPy's kind, and by exact type, because Python's bool is an int.
_ELEMENT_TYPES: dict[str, frozenset[type]] = {
    "O": frozenset({str}),
    "b": frozenset({bool}),
    "i": frozenset({int}),
    "u": frozenset({int}),
    "f": frozenset({int, float}),
}
_WORDS = {"O": "strings", "b": "true or false", "i": "integers", "u": "integers", "f": "numbers"}


def from_json(data: object, datatype: DataType, shape: tuple[int, ...], param: str) -> Tensor:
    """Build the tensor that a JSON list describes.

    Raises:
        InvalidRequest: FP16, another number of elements than `shape` says, an element of the wrong type
            or out of the range of `datatype`.
    """
    if datatype == "FP16":
        raise InvalidRequest(f"{param}: FP16 has no JSON form; send it as binary data", param=param)
    elements = _flat(data, shape, param)
    kind = NUMPY_TYPES[datatype].kind
    # A set of types is found at C speed; the element at fault is looked for only when there is one.
    if not _ELEMENT_TYPES[kind].issuperset(map(type, elements)):
        index, element = next((i, e) for i, e in enumerate(elements) if type(e) not in _ELEMENT_TYPES[kind])
        raise InvalidRequest(
            f"{param}: {datatype} takes {_WORDS[kind]}, but element {index} is {described(element)}",
            param=param,
        )
    if datatype == "BYTES":
        return bytes_tensor([element.encode() for element in elements]).reshape(shape)
    try:
        # A float beyond FP32 becomes infinite here; the reader refuses infinities.
        with np.errstate(over="ignore"):
            return np.array(elements, NUMPY_TYPES[datatype]).reshape(shape)
    except OverflowError:
        raise InvalidRequest(f"{param}: an element is out of the range of {datatype}", param=param) from None


def _flat(data: object, shape: tuple[int, ...], param: str) -> list[Any]:
    """List elements in row-major order; `data` is flat or nested exactly as `shape` is. Not recursive."""
    if type(data) is not list:
        raise InvalidRequest(f"{param} must be a list, not {described(data)}", param=param)
    if len(shape) > 1 and data and type(data[0]) is list:
        data = _unnested(data, shape, param)
    if len(data) != math.prod(shape):
        raise InvalidRequest(
            f"{param} has {len(data)} elements, but shape {list(shape)} takes {math.prod(shape)}", param=param
        )
    return data


def _unnested(data: list[Any], shape: tuple[int, ...], param: str) -> list[Any]:
    matches = len(data) == shape[0]
    for size in shape[1:]:
        matches = matches and all(type(part) is list and len(part) == size for part in data)
        if not matches:
            raise InvalidRequest(f"{param} is nested otherwise than shape {list(shape)} says", param=param)
        data = list(chain.from_iterable(data))
    return data


def to_json(tensor: Tensor, datatype: DataType, name: str, param: str) -> object:
    """Return what orjson writes as the flat list of `tensor`'s elements.

    Raises:
        InvalidRequest: The caller asked for JSON, which cannot carry this tensor (FP16, BYTES not text).
        Internal: The model gave NaN or infinity.
    """
    if datatype == "FP16":
        raise _only_binary(name, "FP16 has no JSON form", param)
    if datatype == "BYTES":
        try:
            return [element.decode() for element in elements_of(tensor)]
        except UnicodeDecodeError:
            raise _only_binary(name, "its bytes are not UTF-8 text", param) from None
    if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
        raise Internal(f"output {described(name)} holds NaN or infinity, which JSON cannot carry")
    return np.ascontiguousarray(tensor).ravel()


def _only_binary(name: str, reason: str, param: str) -> InvalidRequest:
    return InvalidRequest(
        f"output {described(name)} cannot be sent as JSON: {reason}; ask for it with binary_data", param=param
    )
