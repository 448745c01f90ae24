"""What the OpenAPI document says of a response that may be a stream."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ekiben.gateway.event_stream import MEDIA_TYPE


def stream_response(chunk: type[BaseModel], *, ends_with_done: bool = True) -> dict[str, Any]:
    """The other form of a 200: server-sent events, each with a chunk as its data, the last one mostly `[DONE]`."""
    end = "; at the end `data: [DONE]`" if ends_with_done else ""
    described = f"With `stream`: events whose data is a {chunk.__name__}{end}."
    # No type: readers of the document differ on whether it is of the whole text or of each event.
    schema = {"description": described}
    return {"description": described, "content": {MEDIA_TYPE.partition(";")[0]: {"schema": schema}}}
