"""What a gateway says of a request in headers, as the worker reads it."""

from __future__ import annotations

from starlette.requests import Request

from ekiben.errors import InvalidRequest
from ekiben.inference import protocol


def deadline_of(request: Request, now: float) -> float | None:
    """The deadline on the clock of `now`; None where none is stated.

    Raises:
        InvalidRequest: The time left is no whole number of milliseconds.
    """
    stated = request.headers.get(protocol.TIMEOUT_MS)
    if stated is None:
        return None
    if not stated.isdecimal():
        raise InvalidRequest(f"{protocol.TIMEOUT_MS} must be whole milliseconds.", param=protocol.TIMEOUT_MS)
    return now + int(stated) / 1_000


def priority_of(request: Request) -> int:
    """The priority, 0 where none is stated.

    Raises:
        InvalidRequest: It is no whole number.
    """
    stated = request.headers.get(protocol.PRIORITY, "0")
    if not stated.lstrip("-").isdecimal():
        raise InvalidRequest(f"{protocol.PRIORITY} must be a whole number.", param=protocol.PRIORITY)
    return int(stated)
