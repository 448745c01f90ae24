"""From pydantic's findings to the one sentence a caller needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from ekiben.errors import InvalidRequest

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Location: TypeAlias = Sequence[str | int]

MAX_MESSAGE_CHARACTERS = 300
MAX_PARAM_CHARACTERS = 100

# Beside field names and indexes, pydantic puts into a location which arm of a union it tried and which
# wrapper it was in: its type names, anything with brackets or dashes, class names, our unions' tags (<text>).
_TYPE_NAMES = frozenset({
    "any", "bool", "bytes", "callable", "complex", "date", "datetime", "decimal", "dict", "enum", "float",
    "frozenset", "generator", "int", "json", "list", "literal", "none", "nullable", "set", "str", "time",
    "timedelta", "tuple", "url", "uuid",
})  # fmt: skip
_CLASS_NAME = re.compile(r"[A-Z]\w*")
_FIELD_NAME = re.compile(r"\w+")


def fault(error: ValidationError) -> InvalidRequest:
    """Describe the first fault in plain words.

    `param` is the path as OpenAI writes it (`input[3]`, `parameters.size`). The value at fault is never
    repeated: it may be long, and it may be private.
    """
    found = _most_telling(error.errors(include_url=False, include_context=False, include_input=False))
    named = found["type"] in {"missing", "extra_forbidden"}
    param = _cut(_param(found["loc"], keep_last=named), MAX_PARAM_CHARACTERS)
    return InvalidRequest(_cut(_sentence(found, param), MAX_MESSAGE_CHARACTERS), param=param or None)


def _most_telling(found: Sequence[ErrorDetails]) -> ErrorDetails:
    """Of the first field's faults, the deepest that is not a mere type mismatch.

    A union reports every arm. The arm that fits the caller's intention got furthest into the value.
    """
    same_field = [each for each in found if each["loc"][:1] == found[0]["loc"][:1]]
    return max(same_field, key=lambda each: (len(_path(each["loc"])), not each["type"].endswith("_type")))


def _path(location: Location, *, keep_last: bool = False) -> list[str | int]:
    """Give the location without pydantic's own words; the first part is always the caller's field."""
    last = len(location) - 1
    return [
        part
        for at, part in enumerate(location)
        if isinstance(part, int) or (keep_last and at == last) or _is_field(part, first=at == 0)
    ]


def _is_field(part: str, *, first: bool) -> bool:
    if not _FIELD_NAME.fullmatch(part):
        return False
    return first or not (part in _TYPE_NAMES or _CLASS_NAME.fullmatch(part))


def _param(location: Location, *, keep_last: bool) -> str:
    written = ""
    for part in _path(location, keep_last=keep_last):
        written += f"[{part}]" if isinstance(part, int) else f".{part}" if written else part
    return written


def _sentence(found: ErrorDetails, param: str) -> str:
    name = f"'{param}'" if param else "the request body"
    if found["type"] == "missing":
        return f"{name} is required"
    if found["type"] == "extra_forbidden":
        return f"{name} is not a known field"
    if found["type"] in {"model_type", "model_attributes_type", "dict_type", "dataclass_type"}:
        return f"{name} should be a JSON object"
    said = found["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    said = said.replace(" after validation", "")
    if said.startswith("Input "):
        return f"{name} {said.removeprefix('Input ')}"
    if said.startswith("should "):
        return f"{name} {said}"
    # pydantic names the value by its kind: "String should have …", "List should have …"
    return f"{name}: {said[:1].lower()}{said[1:]}"


def _cut(text: str, limit: int) -> str:
    """Bound a text, and replace what cannot be written as UTF-8: a name may hold half a surrogate pair."""
    safe = text.encode("utf-8", "replace").decode("utf-8")
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"
