"""Reading one Open Inference Protocol body: its JSON header, then its tensors in their order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from ekiben.errors import InvalidRequest, PayloadTooLarge
from ekiben.inference import open_inference_checks as check
from ekiben.inference.open_inference_binary import from_raw
from ekiben.inference.open_inference_json import from_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ekiben.inference.open_inference_checks import Limits
    from ekiben.inference.tensors import Tensor

HEADER_LENGTH = "Inference-Header-Content-Length"
_DIGITS = re.compile(r"[0-9]{1,18}")
_FP16_EXPONENT = np.uint16(0x7C00)


def parse_header_length(value: str | None) -> int | None:
    """Read the HTTP header's value, in bytes.

    Raises:
        InvalidRequest: It is not a decimal number.
    """
    if value is None:
        return None
    if not _DIGITS.fullmatch(value):
        raise InvalidRequest(f"{HEADER_LENGTH} must be a number of bytes", param=HEADER_LENGTH)
    return int(value)


class BodyReader:
    """A body whose header is parsed and whose binary part is read tensor by tensor."""

    def __init__(self, body: bytes, header_length: int | None, limits: Limits) -> None:
        self._limits = limits
        json_bytes = _checked_length(header_length, len(body))
        self._binary = memoryview(body)[json_bytes:]
        self._position = 0
        self.header: Mapping[str, Any] = _parsed(memoryview(body)[:json_bytes], limits)

    def tensors(self, key: str, *, allow_empty: bool) -> dict[str, Tensor]:
        """Read the tensors under `key`, by name; to be called once, because the binary part is consumed.

        Args:
            key: `inputs` or `outputs`.
            allow_empty: Take tensors without elements and floats that are not finite: what a model may
                give, and a caller may not.
        """
        entries = check.list_of(self.header.get(key), key, self._limits.max_tensors)
        if not entries and not allow_empty:
            raise InvalidRequest(f"{key} must hold at least one tensor", param=key)
        pairs = [self._tensor(entry, f"{key}[{i}]", allow_empty) for i, entry in enumerate(entries)]
        check.unique((name for name, _ in pairs), key)
        if self._position != len(self._binary):
            left = len(self._binary) - self._position
            raise InvalidRequest(f"{left} bytes follow the last tensor's binary data", param=key)
        return dict(pairs)

    def _tensor(self, item: object, param: str, allow_empty: bool) -> tuple[str, Tensor]:
        entry = check.object_of(item, param)
        name = check.text(entry.get("name"), f"{param}.name", self._limits.max_name_characters)
        datatype = check.datatype(entry.get("datatype"), f"{param}.datatype")
        shape = check.shape(entry.get("shape"), f"{param}.shape", self._limits, allow_empty=allow_empty)
        raw = self._raw(entry, param)
        if raw is None:
            tensor = from_json(entry.get("data"), datatype, shape, f"{param}.data")
        else:
            tensor = from_raw(raw, datatype, shape, f"{param}.parameters.binary_data_size")
        if not allow_empty and not _finite(tensor):
            raise InvalidRequest(
                f"{param}.data holds NaN, infinity or a value beyond {datatype}", param=f"{param}.data"
            )
        return name, tensor

    def _raw(self, entry: Mapping[str, Any], param: str) -> memoryview | None:
        """Take the next piece of the binary part, or None for a tensor in JSON."""
        parameters = check.parameters(entry.get("parameters"), f"{param}.parameters", self._limits)
        size = parameters.get("binary_data_size")
        if size is None:
            return None
        param += ".parameters.binary_data_size"
        if type(size) is not int or size < 0:
            raise InvalidRequest(f"{param} must be a number of bytes", param=param)
        if "data" in entry:
            raise InvalidRequest("a tensor has data or binary_data_size, not both", param=param)
        if size > len(self._binary) - self._position:
            raise InvalidRequest(f"{param} is {size}, beyond the end of the body", param=param)
        self._position += size
        return self._binary[self._position - size : self._position]


def _parsed(header: memoryview, limits: Limits) -> Mapping[str, Any]:
    if len(header) > limits.max_json_bytes:
        raise PayloadTooLarge(
            f"the JSON is {len(header)} bytes; the limit is {limits.max_json_bytes}: send tensors as binary data"
        )
    try:
        parsed = orjson.loads(header)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"the JSON is not valid: {error}") from None
    return check.object_of(parsed, None)


def _checked_length(header_length: int | None, body_bytes: int) -> int:
    if header_length is None:
        return body_bytes
    if type(header_length) is not int or not 0 <= header_length <= body_bytes:
        raise InvalidRequest(
            f"{HEADER_LENGTH} must be between 0 and the body's {body_bytes} bytes", param=HEADER_LENGTH
        )
    return header_length


def _finite(tensor: Tensor) -> bool:
    if tensor.dtype.kind != "f":
        return True
    # NumPy widens each half to test it; the exponent's bits say the same, faster.
    if tensor.dtype == np.float16:
        return not bool(((tensor.view(np.uint16) & _FP16_EXPONENT) == _FP16_EXPONENT).any())
    return bool(np.isfinite(tensor).all())
