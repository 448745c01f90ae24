"""A page of the caller's jobs."""

from __future__ import annotations

import re
from typing import Any, Final

from starlette.datastructures import QueryParams

from ekiben.errors import InvalidRequest
from ekiben.jobs import Filter, State

_LIMIT: Final = 50
_MOST: Final = 100
_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "state": {"type": "string", "enum": [state.value for state in State]},
    "model": {"type": "string"},
    "task": {"type": "string"},
    "batch": {"type": "string"},
    "created_after": {"type": "number", "description": "Unix seconds."},
    "created_before": {"type": "number", "description": "Unix seconds."},
    "limit": {"type": "integer", "minimum": 1, "maximum": _MOST, "default": _LIMIT},
    "after": {"type": "string", "description": "The former page's `next`."},
}
FILTERS: Final[list[dict[str, Any]]] = [
    {"name": name, "in": "query", "schema": schema} for name, schema in _SCHEMAS.items()
]


def filter_of(query: QueryParams, principal: str) -> Filter:
    """What the query asks for, among the jobs of this principal.

    Raises:
        InvalidRequest: An unknown parameter, or a value that none has.
    """
    for name in query:
        if name not in _SCHEMAS:
            known = ", ".join(_SCHEMAS)
            raise InvalidRequest(f"{name[:100]!r} is no filter; there are: {known}.", param=name[:100])
    state = query.get("state")
    if state is not None and state not in list(State):
        raise InvalidRequest(f"state must be one of: {', '.join(State)}.", param="state")
    return Filter(
        state=State(state) if state else None,
        model=query.get("model"),
        task=query.get("task"),
        batch=query.get("batch"),
        principal=principal,
        created_after_ms=_milliseconds(query, "created_after"),
        created_before_ms=_milliseconds(query, "created_before"),
    )


def limit_of(query: QueryParams) -> int:
    """Most jobs on the page.

    Raises:
        InvalidRequest: Not a number from 1 to 100.
    """
    stated = query.get("limit", str(_LIMIT))
    if re.fullmatch(r"[0-9]{1,3}", stated, re.ASCII) and 1 <= int(stated) <= _MOST:
        return int(stated)
    raise InvalidRequest(f"limit must be a whole number from 1 to {_MOST}.", param="limit")


def cursor_of(query: QueryParams) -> str:
    """Where the page begins: the former one's `next`; empty: with the newest.

    Raises:
        InvalidRequest: It is none of ours.
    """
    stated = query.get("after", "")
    if stated and not re.fullmatch(r"[0-9]{1,15}", stated, re.ASCII):
        raise InvalidRequest("after must be the `next` of a former page.", param="after")
    return stated


def _milliseconds(query: QueryParams, name: str) -> int | None:
    stated = query.get(name)
    if stated is None:
        return None
    if not re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,6})?", stated, re.ASCII):
        raise InvalidRequest(f"{name} must be a time in Unix seconds.", param=name)
    return round(float(stated) * 1_000)
