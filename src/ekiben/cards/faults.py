"""From what pydantic found wrong to one line that a person can act on."""

from __future__ import annotations

import difflib
import types
import typing

from pydantic import BaseModel, ValidationError

from ekiben.cards.card import Card
from ekiben.errors import CardError

if typing.TYPE_CHECKING:
    from ekiben.cards.document import Document, Location

SET_BY_PATH = {
    "name": "the file's stem is the name",
    "task": "the folder's name is the task",
    "folder": "the folder is where the file lies",
}


def card_error(document: Document, error: ValidationError) -> CardError:
    """Join every fault of one card, in the order of its lines."""
    faults = [_fault(document, dict(found)) for found in error.errors(include_url=False)]
    faults.sort(key=lambda fault: fault[0])
    return CardError("\n".join(fault.message for _, fault in faults))


def _fault(document: Document, found: dict[str, typing.Any]) -> tuple[int, CardError]:
    location = _readable(found["loc"])
    reason = found["msg"].removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        reason = unknown_key(location)
    return document.line_of(location), document.fault(location, reason)


def _readable(location: tuple[str | int, ...]) -> Location:
    """Without pydantic's own marks such as `[key]`."""
    return tuple(part for part in location if part != "[key]")


def unknown_key(location: Location) -> str:
    """Say that a key is not known, and which one may have been meant."""
    if len(location) == 1 and location[0] in SET_BY_PATH:
        return f"is not written in a card: {SET_BY_PATH[str(location[0])]}"
    known = [name for name in _fields(location[:-1]) if not (len(location) == 1 and name in SET_BY_PATH)]
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f"unknown key; did you mean {close[0]!r}?" if close else "unknown key"


def _fields(parents: Location) -> list[str]:
    """Return the keys that the mapping at `parents` may have."""
    model: type[BaseModel] | None = Card
    for part in parents:
        field = model.model_fields.get(str(part)) if model else None
        model = _model_of(field.annotation) if field else None
    return list(model.model_fields) if model else []


def _model_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        found = (_model_of(part) for part in typing.get_args(annotation))
        return next((model for model in found if model), None)
    return None
