"""Server-sent events in OpenAI's form: a `data:` line each, `[DONE]` at the end."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import orjson
from starlette.types import Send

from ekiben.errors import EkibenError
from ekiben.worker.connected import send_part

MEDIA_TYPE: Final = "text/event-stream; charset=utf-8"
DONE: Final = b"data: [DONE]\n\n"
_GOODBYE_S: Final = 1.0


def event(content: object) -> bytes:
    """One event."""
    return b"data: " + orjson.dumps(content) + b"\n\n"


def named_event(name: str, content: object) -> bytes:
    """One event that also says what it is before its data, for readers that go by it."""
    return b"event: " + name.encode() + b"\n" + event(content)


async def send_error(send: Send, error: EkibenError, request_id: str) -> None:
    """End a stream with an error, which clients raise; a caller who reads nothing any more is not waited for."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GOODBYE_S):
            await send_part(send, event(error.payload(request_id)), last=True)
