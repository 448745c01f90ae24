"""Events of image generation as lines of JSON, the files in base64: for callers who read text alone."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import orjson

from ekiben.errors import EkibenError
from ekiben.inference.image_generation import FinishedImage, ImageEvent, Preview, Step


def event_line(event: ImageEvent) -> str:
    """An event as a line: `event` is `step`, `preview`, `image` or `end`; `image` is the file."""
    return orjson.dumps(_content(event), option=orjson.OPT_APPEND_NEWLINE).decode()


async def lines(events: AsyncIterator[ImageEvent]) -> AsyncIterator[str]:
    """Events as lines; what fails after the first is the last line, since the answer's head is gone by then.

    Raises:
        EkibenError: It fails before the first.
    """
    begun = False
    try:
        async for event in events:
            begun = True
            yield event_line(event)
    except EkibenError as error:
        if not begun:
            raise
        content = {"event": "error", **error.payload(None), "status": error.status}
        yield orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE).decode()


def _content(event: ImageEvent) -> dict[str, Any]:
    if isinstance(event, Step):
        return {"event": "step", **asdict(event)}
    if isinstance(event, Preview):
        return {"event": "preview", **asdict(event), "image": base64.b64encode(event.image).decode()}
    if isinstance(event, FinishedImage):
        return {"event": "image", **asdict(event), "image": base64.b64encode(event.image).decode()}
    return {"event": "end", "stages": dict(event.stages)}
