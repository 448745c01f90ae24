"""Checks of the fields that an Open Inference Protocol header holds.

Every function takes a value fresh from JSON and the `param` under which the caller knows it, and either
returns the value in its proper type or raises `InvalidRequest`. Values other than text are described by their
type and never printed: a list nested a thousand deep has a `repr` that overflows the stack.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ekiben.errors import InvalidRequest, PayloadTooLarge
from ekiben.inference.tensors import NUMPY_TYPES, DataType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_JSON_NAMES = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "an integer"}
_SHOWN_CHARACTERS = 80
_SCALARS = frozenset({str, bool, int, float})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may hold; beyond it the answer is 413.

    Attributes:
        max_json_bytes: Bytes of the JSON part, which takes up to fifty times as much memory once it is parsed.
        max_elements: Elements of one tensor; the request body's own limit usually strikes first.
        max_parameters: Entries of one `parameters` object.
    """

    max_json_bytes: int = 16 * 2**20
    max_tensors: int = 64
    max_elements: int = 2**30
    max_dimensions: int = 16
    max_name_characters: int = 256
    max_id_characters: int = 256
    max_parameters: int = 64
    max_parameter_characters: int = 4_096


DEFAULT_LIMITS = Limits()


def described(value: object) -> str:
    """Say in a few words what `value` is in JSON."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return repr(value[:_SHOWN_CHARACTERS]) + ("…" if len(value) > _SHOWN_CHARACTERS else "")
    return _JSON_NAMES.get(type(value), "a number")


def object_of(value: object, param: str | None) -> Mapping[str, Any]:
    """Expect a JSON object."""
    if type(value) is not dict:
        raise InvalidRequest(f"{param or 'the body'} must be a JSON object, not {described(value)}", param=param)
    return cast("Mapping[str, Any]", value)


def list_of(value: object, param: str, max_items: int) -> list[Any]:
    """Expect a JSON list of at most `max_items`."""
    if type(value) is not list:
        raise InvalidRequest(f"{param} must be a list, not {described(value)}", param=param)
    if len(value) > max_items:
        raise PayloadTooLarge(f"{param} has {len(value)} entries; the limit is {max_items}", param=param)
    return value


def text(value: object, param: str, max_characters: int) -> str:
    """Expect a printable, non-empty string: names and ids end up in logs and headers."""
    if type(value) is not str or not value:
        raise InvalidRequest(f"{param} must be a non-empty string, not {described(value)}", param=param)
    if len(value) > max_characters:
        raise PayloadTooLarge(f"{param} has {len(value)} characters; the limit is {max_characters}", param=param)
    if not value.isprintable():
        raise InvalidRequest(f"{param} holds control characters: {described(value)}", param=param)
    return value


def datatype(value: object, param: str) -> DataType:
    """Expect one of the protocol's data types that are carried here."""
    if type(value) is not str or value not in NUMPY_TYPES:
        known = ", ".join(NUMPY_TYPES)
        raise InvalidRequest(f"{param} must be one of {known}, not {described(value)}", param=param)
    return cast("DataType", value)


def shape(value: object, param: str, limits: Limits, *, allow_empty: bool) -> tuple[int, ...]:
    """Expect dimensions whose product is within bounds, so that a caller's word allocates nothing huge.

    `allow_empty` takes scalars and dimensions of 0: a request has at least one row, an output may have none.
    """
    dimensions = list_of(value, param, limits.max_dimensions)
    least = 0 if allow_empty else 1
    for dimension in dimensions:
        if type(dimension) is not int or dimension < least:
            reason = str(dimension) if type(dimension) is int else described(dimension)
            raise InvalidRequest(f"{param} must hold integers of at least {least}, not {reason}", param=param)
    if not dimensions and not allow_empty:
        raise InvalidRequest(f"{param} must have at least one dimension", param=param)
    if math.prod(dimensions) > limits.max_elements:
        raise PayloadTooLarge(f"{param} has more than {limits.max_elements} elements, the limit", param=param)
    return tuple(dimensions)


def parameters(value: object, param: str, limits: Limits) -> dict[str, Any]:
    """Expect the protocol's parameters: names with a string, number or boolean; null means absent."""
    if value is None:
        return {}
    entries = object_of(value, param)
    if len(entries) > limits.max_parameters:
        raise PayloadTooLarge(f"{param} has {len(entries)} entries; the limit is {limits.max_parameters}", param=param)
    for name, entry in entries.items():
        text(name, param, limits.max_name_characters)
        _parameter(entry, f"{param}.{name}", limits)
    return {name: entry for name, entry in entries.items() if entry is not None}


def _parameter(value: object, param: str, limits: Limits) -> None:
    if value is not None and type(value) not in _SCALARS:
        raise InvalidRequest(f"{param} must be a string, a number or a boolean, not {described(value)}", param=param)
    if type(value) is str and len(value) > limits.max_parameter_characters:
        raise PayloadTooLarge(
            f"{param} has {len(value)} characters; the limit is {limits.max_parameter_characters}",
            param=param,
        )


def flag(value: object, param: str) -> bool | None:
    """Expect a boolean, or None where it was not given."""
    if value is not None and type(value) is not bool:
        raise InvalidRequest(f"{param} must be true or false, not {described(value)}", param=param)
    return value


def unique(names: Iterable[str], param: str) -> None:
    """Refuse the second tensor of one name."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise InvalidRequest(f"the name {described(name)} is used twice", param=f"{param}[{index}].name")
        seen.add(name)
