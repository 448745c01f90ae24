"""A line for every request; of refusals, which come by the thousand when there is too much work, a few and a count.

Writing a line costs about as much as refusing the request does, and the time is taken from the requests that are
answered. `/metrics` counts them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from starlette.types import Scope

from ekiben.gateway.call import Call

_log = structlog.get_logger("ekiben.access")

# Probes ask every second or so; their lines would hide the others.
_QUIET: Final = frozenset({"/livez", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready"})
_REFUSALS: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_REFUSALS_LISTED: Final = 10
_SPAN_S: Final = 1.0


class AccessLog:
    """Writes the lines; one for each event loop.

    Args:
        later: Calls a function after so many seconds; the running loop's `call_later` unless given.
    """

    def __init__(self, later: Callable[[float, Callable[[], None]], object] | None = None) -> None:
        self._later = later or (lambda seconds, call: asyncio.get_running_loop().call_later(seconds, call))
        self._refusals = 0

    def write(self, scope: Scope, call: Call, route: str, status: int, duration_s: float) -> None:
        """Tell of one request that has ended."""
        if status in _REFUSALS and not self._is_listed():
            return
        log = _log.debug if scope["path"] in _QUIET else _log.info
        log(
            "request",
            request_id=call.request_id,
            method=scope.get("method", "WEBSOCKET"),
            route=route,
            status=status,
            principal=call.principal.id,
            duration_ms=round(duration_s * 1_000, 3),
            **call.notes,
        )

    def _is_listed(self) -> bool:
        """Count a refusal; whether it is one of the first of its second."""
        if not self._refusals:
            self._later(_SPAN_S, self._end_span)
        self._refusals += 1
        return self._refusals <= _REFUSALS_LISTED

    def _end_span(self) -> None:
        left_out = self._refusals - _REFUSALS_LISTED
        self._refusals = 0
        if left_out > 0:
            _log.warning("refusals not listed", count=left_out, seconds=_SPAN_S)
