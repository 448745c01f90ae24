"""Inputs as one Open Inference Protocol body; NumPy and orjson are needed, so only `infer` imports this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson

from ekiben.errors import InvalidRequest
from ekiben.inference.open_inference import encode_request
from ekiben.inference.tensors import DATA_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ALIGNMENT_BYTES = 16


def encode(
    inputs: Mapping[str, npt.NDArray[Any] | Sequence[Any]], outputs: Sequence[str] | None
) -> tuple[bytes, int | None]:
    """Write the body and the length of its JSON header in bytes; None: the body is JSON alone."""
    tensors = {name: _tensor(name, value) for name, value in inputs.items()}
    encoded = encode_request(tensors)
    if outputs is None:
        return encoded.body, encoded.header_length
    return _asking_for(outputs, encoded.body, encoded.header_length)


def _tensor(name: str, value: npt.NDArray[Any] | Sequence[Any]) -> npt.NDArray[Any]:
    tensor = value if isinstance(value, np.ndarray) else _from_list(name, value)
    if tensor.dtype.kind in "US":
        tensor = tensor.astype(np.object_)
    if tensor.dtype == np.object_:
        tensor = _bytes(name, tensor)
    tensor = tensor.astype(tensor.dtype.newbyteorder("="), copy=False)
    if tensor.dtype not in DATA_TYPES:
        raise InvalidRequest(f"input {name!r} is {tensor.dtype}, which the protocol does not carry", param=name)
    return tensor


def _from_list(name: str, value: Sequence[Any]) -> npt.NDArray[Any]:
    """Make an array of a list: bytes keep the trailing zeros NumPy would cut, floats become float32."""
    try:
        tensor = np.asarray(value, dtype=np.object_ if _holds_text(value) else None)
    except ValueError:
        raise InvalidRequest(f"input {name!r} has rows of different lengths", param=name) from None
    return tensor.astype(np.float32) if tensor.dtype == np.float64 else tensor


def _holds_text(value: object) -> bool:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, str | bytes)


def _bytes(name: str, tensor: npt.NDArray[Any]) -> npt.NDArray[Any]:
    encoded = np.empty(tensor.shape, dtype=np.object_)
    for index, element in np.ndenumerate(tensor):
        if not isinstance(element, str | bytes):
            kind = type(element).__name__
            raise InvalidRequest(f"input {name!r} holds {kind} where text or bytes are expected", param=name)
        encoded[index] = element.encode() if isinstance(element, str) else element
    return encoded


def _asking_for(outputs: Sequence[str], body: bytes, header_length: int | None) -> tuple[bytes, int | None]:
    """Add the wanted outputs to the JSON header, and pad it again so that the tensors stay aligned."""
    header = orjson.loads(body[:header_length])
    header["outputs"] = [{"name": name, "parameters": {"binary_data": True}} for name in outputs]
    written = orjson.dumps(header)
    if header_length is None:
        return written, None
    written += b" " * (-len(written) % _ALIGNMENT_BYTES)
    return written + body[header_length:], len(written)
