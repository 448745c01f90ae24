"""A response that is written while it is made, and stops being made when its caller leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ekiben.worker.http import unless_disconnected


class Connected(Response):
    """Runs `work`, which sends head and body itself; the request's body must have been read before.

    Args:
        work: Cancelled when the caller leaves.
    """

    def __init__(self, work: Callable[[Send], Awaitable[None]]) -> None:
        super().__init__()
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what `work` makes."""
        try:
            await unless_disconnected(Request(scope, receive), self._work(send))
        except ClientDisconnect:
            return


async def send_head(send: Send, media_type: str, headers: dict[str, str] | None = None) -> None:
    """Begin a response of status 200 whose length nobody knows yet."""
    fields = {"content-type": media_type, "cache-control": "no-store", **(headers or {})}
    pairs = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": 200, "headers": pairs})


async def send_part(send: Send, body: bytes, *, last: bool = False) -> None:
    """Send some of the body; waits while the caller reads slower than it is made."""
    await send({"type": "http.response.body", "body": body, "more_body": not last})
