"""Previews and a picture as server-sent events, as OpenAI names them."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Mapping
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import Send

from ekiben.errors import EkibenError
from ekiben.gateway.call import Call
from ekiben.gateway.event_stream import MEDIA_TYPE, named_event, send_error
from ekiben.gateway.images.asking import ImagesAsk
from ekiben.gateway.images.conflation import Begun, Event
from ekiben.gateway.images.drawing import drawing
from ekiben.gateway.images.facts import facts_of, size_of, usage_of
from ekiben.gateway.state import GatewayState
from ekiben.inference.image_generation import FinishedImage, Preview
from ekiben.worker.connected import send_head, send_part

# A reader who takes nothing for so long will not take the rest either.
_STALLED_S: Final = 120.0


async def stream(gateway: GatewayState, call: Call, ask: ImagesAsk, send: Send) -> None:
    """Send the head as soon as a worker has the request, then events as they come.

    Raises:
        EkibenError: Nobody took it; whatever happens after that is the stream's last event instead.
        ClientDisconnect: The reader takes nothing any more.
    """
    begun = False
    try:
        async with drawing(gateway, call, ask) as events:
            async for part in _parts(ask, events):
                async with asyncio.timeout(_STALLED_S):
                    await (send_part(send, part) if begun else send_head(send, MEDIA_TYPE))
                begun = True
        await send_part(send, b"", last=True)
    except EkibenError as error:
        if not begun:
            raise
        call.notes["error"] = error.code
        await send_error(send, error, call.request_id)
    except TimeoutError:
        call.notes["error"] = "stalled"
        raise ClientDisconnect from None


async def _parts(ask: ImagesAsk, events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    """What is sent for each event; for the first, `Begun`, the head."""
    async for event in events:
        if isinstance(event, Begun):
            yield b""
        elif isinstance(event, Preview):
            shown = {"partial_image_index": event.number, "step": event.step, "steps": event.steps}
            # Megabytes of base64 would hold up the event loop.
            yield await asyncio.to_thread(_event, ask, "partial_image", event.image, shown)
        elif isinstance(event, FinishedImage):
            facts = {"usage": usage_of(), **facts_of(event.facts)}
            yield await asyncio.to_thread(_event, ask, "completed", event.image, facts)


def _event(ask: ImagesAsk, what: str, image: bytes, fields: Mapping[str, object]) -> bytes:
    name = f"{ask.kind}.{what}"
    content = {
        "type": name,
        "created_at": int(time.time()),
        "size": size_of(ask.settings),
        "quality": "auto",
        "background": "opaque",
        "output_format": ask.settings.output_format,
        **fields,
        "b64_json": base64.b64encode(image).decode(),
    }
    return named_event(name, content)
