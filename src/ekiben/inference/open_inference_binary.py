"""Tensors as raw bytes: little-endian, row-major, without padding.

A BYTES element is its length in four bytes, little-endian, and then itself.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import numpy as np

from ekiben.errors import Internal, InvalidRequest
from ekiben.inference.tensors import NUMPY_TYPES, DataType, Tensor, bytes_tensor

if TYPE_CHECKING:
    from collections.abc import Iterable

_LENGTH = struct.Struct("<I")


def from_raw(raw: memoryview, datatype: DataType, shape: tuple[int, ...], param: str) -> Tensor:
    """View `raw` as a read-only tensor; it is copied only where it would not be aligned.

    Raises:
        InvalidRequest: `raw` has not the size that type and shape ask for, or a BOOL is not 0 or 1.
    """
    if datatype == "BYTES":
        return bytes_tensor(_split(raw, math.prod(shape), param)).reshape(shape)
    dtype = NUMPY_TYPES[datatype]
    expected = math.prod(shape) * dtype.itemsize
    if raw.nbytes != expected:
        raise InvalidRequest(
            f"{param} is {raw.nbytes} bytes, but {datatype} of shape {list(shape)} takes {expected}",
            param=param,
        )
    if not expected:
        return np.empty(shape, dtype)
    # Read as bytes first: a BOOL array of other bytes than 0 and 1 behaves unpredictably.
    if datatype == "BOOL" and np.frombuffer(raw, np.uint8).max() > 1:
        raise InvalidRequest(f"{param}: each BOOL is one byte, 0 or 1", param=param)
    tensor = np.frombuffer(raw, dtype).reshape(shape)
    return tensor if tensor.flags.aligned else tensor.copy()


def _split(raw: memoryview, count: int, param: str) -> list[bytes]:
    # Each element takes its length field at least, so a huge count is refused before the loop.
    if count * _LENGTH.size > raw.nbytes:
        raise InvalidRequest(f"{param} is {raw.nbytes} bytes, too short for {count} BYTES elements", param=param)
    elements: list[bytes] = []
    position = 0
    for index in range(count):
        start = position + _LENGTH.size
        length = _LENGTH.unpack_from(raw, position)[0] if start <= raw.nbytes else 0
        position = start + length
        if position > raw.nbytes:
            raise InvalidRequest(f"{param} ends inside of BYTES element {index}", param=param)
        elements.append(bytes(raw[start:position]))
    if position != raw.nbytes:
        raise InvalidRequest(f"{param} has {raw.nbytes - position} bytes after its last element", param=param)
    return elements


def to_raw(tensor: Tensor, datatype: DataType) -> tuple[list[bytes | memoryview], int]:
    """Return the buffers that make `tensor` on the wire, and their size in bytes; numbers are not copied."""
    if datatype != "BYTES":
        # `.data` of an empty array cannot be joined in every layout, and there is nothing to send.
        return ([np.ascontiguousarray(tensor).data], tensor.nbytes) if tensor.nbytes else ([], 0)
    buffers: list[bytes | memoryview] = []
    for element in elements_of(tensor):
        buffers += (_LENGTH.pack(len(element)), element)
    return buffers, sum(map(len, buffers))


def elements_of(tensor: Tensor) -> Iterable[bytes]:
    """List the elements of a BYTES tensor in row-major order.

    Raises:
        Internal: An element is not `bytes`: a runtime broke the convention of `ekiben.inference.tensors`.
    """
    elements: list[bytes] = tensor.ravel().tolist()
    for element in elements:
        if not isinstance(element, bytes):
            raise Internal(f"a BYTES tensor holds {type(element).__name__}, not bytes")
    return elements
