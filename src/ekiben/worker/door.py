"""The door that other machines' requests come in by, and that is shut before a worker leaves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ekiben.errors import ShuttingDown
from ekiben.inference.protocol import REQUEST_ID
from ekiben.worker.http import error_response

_WORK: Final = frozenset({"/infer", "/generate", "/images"})


class Door:
    """ASGI middleware: once shut, the worker is not ready and refuses work; what came in before is finished.

    It stands before the port for other machines alone. The gateway beside this worker is drained by the supervisor, and
    what that has accepted must still come through.

    Args:
        app: What is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._is_shut = False
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 503 `shutting_down`, on which gateways ask the next worker."""
        is_work = scope["path"] in _WORK
        if self._is_shut and (is_work or scope["path"] == "/ready"):
            refusal = ShuttingDown("this worker is leaving; another one will take the request.", retry_after_s=1)
            await error_response(refusal, Request(scope).headers.get(REQUEST_ID))(scope, receive, send)
            return
        with self._entered() if is_work else contextlib.nullcontext():
            await self._app(scope, receive, send)

    def shut(self) -> None:
        """Take no more work; for good."""
        self._is_shut = True

    async def emptied(self, within_s: float) -> None:
        """Wait until what came in is answered, but no longer than this."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), within_s)

    @contextlib.contextmanager
    def _entered(self) -> Iterator[None]:
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()
