"""A job's events as server-sent events; whoever comes back with `Last-Event-ID` misses none and gets none twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.requests import Request
from starlette.types import Send

from ekiben.errors import EkibenError, InvalidRequest
from ekiben.gateway.call import Call
from ekiben.gateway.event_stream import MEDIA_TYPE, send_error
from ekiben.gateway.jobs.blob_links import JOBS
from ekiben.gateway.jobs.desk import JobDesk
from ekiben.gateway.state import GatewayState
from ekiben.jobs import Event
from ekiben.schemas.jobs import JobEventData
from ekiben.worker.connected import send_head, send_part

LAST_EVENT_ID: Final = "last-event-id"
_ALIVE: Final = b": still here\n\n"
_ALIVE_EVERY_S: Final = 15.0
_LOOK_EVERY_S: Final = 1.0
_TOLD: Final = ("step", "of", "attempt", "worker", "code", "message")


def last_seen(request: Request) -> int:
    """Number of the last event that the caller has; 0: none.

    Raises:
        InvalidRequest: It is no number of an event.
    """
    stated = request.headers.get(LAST_EVENT_ID) or request.query_params.get("after") or "0"
    if not (stated.isascii() and stated.isdecimal() and len(stated) <= 12):
        raise InvalidRequest(f"{LAST_EVENT_ID} must be the id of one of the job's events.", param=LAST_EVENT_ID)
    return int(stated)


async def follow(gateway: GatewayState, desk: JobDesk, call: Call, job_id: str, after: int, send: Send) -> None:
    """Send the head at once, and every event as it comes, until the job has ended or this server does.

    Args:
        gateway: Says when this server ends; the reader goes on at another.
        desk: Has the events.
        call: Gets the note of what went wrong.
        job_id: One that the caller may see.
        after: Number of the event to begin behind.
        send: The connection.
    """
    await send_head(send, MEDIA_TYPE)
    try:
        async for found in _paced(desk.events.follow(job_id, after), gateway):
            await send_part(send, _ALIVE if found is None else _written(job_id, found))
        await send_part(send, b"", last=True)
    except EkibenError as error:
        call.notes["error"] = error.code
        await send_error(send, error, call.request_id)


async def _paced(events: AsyncIterator[Event], gateway: GatewayState) -> AsyncIterator[Event | None]:
    """The events; None now and then while there is none, for whatever stands between and ends silent connections."""
    coming: asyncio.Future[Event] | None = None
    silent_s = 0.0
    try:
        while not gateway.admission.draining:
            coming = coming or asyncio.ensure_future(anext(events))
            if not (await asyncio.wait({coming}, timeout=_LOOK_EVERY_S))[0]:
                silent_s += _LOOK_EVERY_S
                if silent_s >= _ALIVE_EVERY_S:
                    silent_s = 0.0
                    yield None
                continue
            ready, coming, silent_s = coming, None, 0.0
            try:
                yield ready.result()
            except StopAsyncIteration:
                return
    finally:
        if coming is not None:
            coming.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration, EkibenError):
                await coming


def _written(job_id: str, found: Event) -> bytes:
    data = JobEventData(
        type=found.kind,
        number=found.number,
        at=found.at_ms / 1_000,
        job=job_id,
        preview=_preview(job_id, found),
        **{name: found.data[name] for name in _TOLD if name in found.data},
    )
    text = data.model_dump_json(exclude_none=True)
    return f"id: {found.number}\nevent: {found.kind}\ndata: {text}\n\n".encode()


def _preview(job_id: str, found: Event) -> str | None:
    preview: Any = found.data.get("preview")
    return f"{JOBS}/{job_id}/previews/{found.number}" if preview else None
