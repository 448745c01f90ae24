"""The one way of a request for pictures behind its door; `flow` and `generation` are its siblings for other models.

the prompt judged → a worker → events as they come, the newest for a slow reader → pictures judged → the answer's form
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from ekiben.errors import DeadlineExceeded, WorkerLost
from ekiben.gateway.call import Call
from ekiben.gateway.images.asking import ImagesAsk
from ekiben.gateway.images.conflation import Begun, Event, conflated
from ekiben.gateway.images.moderation import asked_content, judged
from ekiben.gateway.road import PICTURES
from ekiben.gateway.state import GatewayState
from ekiben.inference.image_frames import decode_event, encode_request
from ekiben.inference.image_generation import FinishedImage, ImagesEnd


@asynccontextmanager
async def drawing(gateway: GatewayState, call: Call, ask: ImagesAsk) -> AsyncIterator[AsyncIterator[Event]]:
    """Have pictures drawn; within the block, the events of it can be read, the first of them `Begun`.

    Leaving the block stops the drawing within a step.

    Raises:
        EkibenError: The request is refused by policy; from the events: whatever else comes between.
    """
    _note(call, ask)
    await gateway.moderator.check(call, "input", lambda: asked_content(ask.wanted))
    async with conflated(_events(gateway, call, ask)) as newest:
        yield _recorded(call, judged(gateway.moderator, call, newest))


async def _events(gateway: GatewayState, call: Call, ask: ImagesAsk) -> AsyncGenerator[Event, None]:
    """What a worker tells.

    Raises:
        EkibenError: Nobody took the request, or the pictures could not be finished.
        WorkerLost: The events end too soon.
    """
    pictures = ask.settings.n
    gateway.fleet.check_room(ask.card.name, pictures)
    time_left_s = call.time_left_s(ask.card)
    if time_left_s <= 0:
        raise DeadlineExceeded("the deadline passed before the request was read.")
    sent = encode_request(ask.wanted), call.worker_headers(None), time_left_s, pictures
    async with gateway.fleet.generate(PICTURES, ask.card.name, *sent) as frames:
        yield Begun()
        async for frame in frames:
            event = decode_event(frame)
            if isinstance(event, ImagesEnd):
                gateway.fleet.traffic(ask.card.name).answered(pictures, event.stages)
                yield event
                return
            yield event
    raise WorkerLost("the worker was lost while it drew; try again.", retry_after_s=1)


async def _recorded(call: Call, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """Take from events what the log and `Server-Timing` say: numbers, never what was drawn."""
    finished = 0
    async for event in events:
        if isinstance(event, FinishedImage):
            finished += 1
            call.notes["finished"] = finished
        elif isinstance(event, ImagesEnd):
            call.stages.update(event.stages)
            call.notes["queue_wait_ms"] = round(event.stages.get("queue", 0.0) * 1_000, 3)
        yield event


def _note(call: Call, ask: ImagesAsk) -> None:
    settings = ask.settings
    call.notes.update(
        model=ask.card.name,
        n=settings.n,
        steps=settings.steps,
        size=f"{settings.width}x{settings.height}",
        scheduler=settings.scheduler,
    )
