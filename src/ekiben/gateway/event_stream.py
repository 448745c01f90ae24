"""Server-sent events in OpenAI's form: a `data:` line each, `[DONE]` at the end."""

from __future__ import annotations

from typing import Final

import orjson

from ekiben.errors import EkibenError

MEDIA_TYPE: Final = "text/event-stream; charset=utf-8"
DONE: Final = b"data: [DONE]\n\n"


def event(content: object) -> bytes:
    """One event."""
    return b"data: " + orjson.dumps(content) + b"\n\n"


def named_event(name: str, content: object) -> bytes:
    """One event that also says what it is before its data, for readers that go by it."""
    return b"event: " + name.encode() + b"\n" + event(content)


def error_event(error: EkibenError, request_id: str) -> bytes:
    """An error under way, which ends the stream; clients raise it."""
    return event(error.payload(request_id))
