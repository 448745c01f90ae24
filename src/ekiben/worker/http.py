"""The few HTTP pieces that the worker's server and the gateway share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ekiben.errors import EkibenError, PayloadTooLarge, ShuttingDown
from ekiben.inference.protocol import REQUEST_ID

try:
    import orjson
except ImportError as error:  # pragma: no cover - a broken installation
    raise ImportError("serving needs the extra: pip install 'ekiben[serve]'") from error

T = TypeVar("T")


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read the body, giving up as soon as it is longer than `max_bytes`.

    Raises:
        PayloadTooLarge: By its stated length, before anything is read, or while reading.
        ClientDisconnect: The caller left half-way.
    """
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > max_bytes:
        raise too_large(max_bytes)
    pieces: list[bytes] = []
    size_bytes = 0
    async for piece in request.stream():
        size_bytes += len(piece)
        if size_bytes > max_bytes:
            raise too_large(max_bytes)
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def too_large(max_bytes: int) -> PayloadTooLarge:
    """The error for a body beyond its limit."""
    return PayloadTooLarge(f"the body is larger than {max_bytes:,} bytes, the limit of this route.", param=None)


async def unless_disconnected(request: Request, work: Awaitable[T]) -> T:
    """Await `work`, cancelling it when the caller goes away; call it after the body has been read.

    Raises:
        ClientDisconnect: The caller left; nobody will read an answer.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def error_response(error: EkibenError, request_id: str | None) -> Response:
    """An error in the one shape, with `Retry-After` where it says when to come back."""
    headers = {REQUEST_ID: request_id} if request_id else {}
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, round(error.retry_after_s)))
        headers["retry-after-ms"] = str(max(1, round(error.retry_after_s * 1_000)))
    if isinstance(error, ShuttingDown):
        headers["connection"] = "close"
    body = orjson.dumps(error.payload(request_id))
    return Response(body, error.status, headers, media_type="application/json")


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
