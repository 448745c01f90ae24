"""Writing one Open Inference Protocol body: collect the tensors, then join header and buffers once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import orjson

from ekiben.errors import Internal
from ekiben.inference.open_inference_binary import to_raw
from ekiben.inference.open_inference_checks import described
from ekiben.inference.open_inference_json import to_json
from ekiben.inference.tensors import DATA_TYPES, DataType, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALIGNMENT_BYTES = 16


@dataclass(frozen=True, slots=True)
class EncodedBody:
    """A body, and the value of `Inference-Header-Content-Length`; None: the body is JSON alone."""

    body: bytes
    header_length: int | None


class BodyWriter:
    """The tensors of one body, in the order in which they are added."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._buffers: list[bytes | memoryview] = []
        self._binary = False

    def add(self, name: str, tensor: Tensor, *, binary: bool, param: str) -> None:
        """Add one tensor.

        Raises:
            Internal: Its NumPy type has no data type in the protocol.
            InvalidRequest: JSON was asked for and cannot carry it; `param` is the field that asked.
        """
        datatype = _datatype_of(name, tensor)
        entry: dict[str, Any] = {"name": name, "datatype": datatype, "shape": tensor.shape}
        if binary:
            buffers, size_bytes = to_raw(tensor, datatype)
            self._buffers += buffers
            self._binary = True
            entry["parameters"] = {"binary_data_size": size_bytes}
        else:
            entry["data"] = to_json(tensor, datatype, name, param)
        self._entries.append(entry)

    def body(self, key: str, fields: Mapping[str, Any]) -> EncodedBody:
        """Join everything added, under `key`, after the `fields` that are not None or empty."""
        header = {name: value for name, value in fields.items() if value}
        header[key] = self._entries
        encoded = orjson.dumps(header, option=orjson.OPT_SERIALIZE_NUMPY)
        if not self._binary:
            return EncodedBody(encoded, None)
        # Trailing spaces are valid JSON and align the tensors, so that the reader needs no copy.
        encoded += b" " * (-len(encoded) % _ALIGNMENT_BYTES)
        return EncodedBody(b"".join([encoded, *self._buffers]), len(encoded))


def _datatype_of(name: str, tensor: Tensor) -> DataType:
    datatype = DATA_TYPES.get(tensor.dtype)
    if datatype is None:
        raise Internal(f"tensor {described(name)} is {tensor.dtype}, which the protocol does not carry")
    return cast("DataType", datatype)
