"""Any model that answers one request with one answer: the job is that request, asked of its own internal server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson
from starlette.types import ASGIApp

from ekiben.cards.card import Card
from ekiben.errors import InvalidRequest, QueueFull, from_payload
from ekiben.inference import protocol
from ekiben.jobs import Job, Result
from ekiben.worker.jobs.away import Away, not_begun
from ekiben.worker.jobs.runner import Suspended
from ekiben.worker.jobs.workbench import Workbench

# After requests that somebody waits for, as pictures are.
_PRIORITY: Final = "-1"
_KEPT: Final = (protocol.HEADER_LENGTH, protocol.SERVER_TIMING, protocol.BATCH_ITEMS)
_PATHS: Final = frozenset({"/infer", "/generate"})
_URL: Final = "http://worker"
_AGAIN_S: Final = 0.2
_FULL_S: Final = 10.0
"""Others have filled the queue for so long: another worker may have room."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the internal protocol."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class RequestJobRunner:
    """See `JobRunner`.

    Args:
        asgi: The internal server.
        card: The model's.
        free_slots: How many more requests the model would compute at once, whosever they are.
        clock: Seconds.
    """

    def __init__(
        self, asgi: ASGIApp, card: Card, free_slots: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._asgi, self._engine_free, self._clock = asgi, free_slots, clock
        # What is left of the room in a batch is for those who wait.
        self._slots = max(1, card.batch.max_items // 2)
        self._running = self._asking = 0

    @property
    def free_slots(self) -> int:
        """See `JobRunner`."""
        on_their_way = self._running - self._asking
        return max(0, min(self._slots - self._running, self._engine_free() - on_their_way))

    async def run(self, job: Job, bench: Workbench) -> Result:
        """See `JobRunner`."""
        self._running += 1
        try:
            call = _call_of(job, await bench.input())
            reply = await _unless_suspended(self._answer(call, job.id), bench)
            blob = await bench.put_result(reply.content, reply.headers.get("content-type", "application/json"))
            headers = {name: reply.headers[name] for name in _KEPT if name in reply.headers}
            return Result(blobs=(blob,), value={"status": reply.status_code, "headers": headers})
        finally:
            self._running -= 1

    async def _answer(self, call: Call, job_id: str) -> httpx.Response:
        """Ask, as soon as there is room to wait in."""
        until = self._clock() + _FULL_S
        while True:
            reply = await self._ask(call, job_id)
            try:
                _check(reply)
                return reply
            except Away as away:
                if not isinstance(away.error, QueueFull) or self._clock() > until:
                    raise
            await asyncio.sleep(_AGAIN_S)

    async def _ask(self, call: Call, job_id: str) -> httpx.Response:
        headers = {**call.headers, protocol.REQUEST_ID: job_id, protocol.PRIORITY: _PRIORITY}
        transport = httpx.ASGITransport(app=self._asgi)
        self._asking += 1
        try:
            async with httpx.AsyncClient(transport=transport, base_url=_URL, timeout=None) as client:  # noqa: S113  # none
                return await client.post(call.path, content=call.body, headers=headers)
        finally:
            self._asking -= 1


def _call_of(job: Job, data: bytes | None) -> Call:
    inline = job.specification.inline
    stated: Mapping[str, Any] = inline if isinstance(inline, dict) else {}
    path, headers = stated.get("path"), stated.get("headers", {})
    if path not in _PATHS or not isinstance(headers, dict):
        raise InvalidRequest("the job's input is no request of this kind of model.", param="input")
    return Call(path, {str(name): str(value) for name, value in headers.items()}, data or orjson.dumps(stated["body"]))


async def _unless_suspended(asking: Any, bench: Workbench) -> httpx.Response:
    """The answer; or nothing of it, where the job is to be handed back: it has no steps to go on from."""
    asked = asyncio.ensure_future(asking)
    suspending = asyncio.ensure_future(bench.suspending.wait())
    try:
        await asyncio.wait({asked, suspending}, return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            raise Suspended
        answer: httpx.Response = asked.result()
        return answer
    finally:
        for task in (asked, suspending):
            task.cancel()
        await asyncio.gather(asked, suspending, return_exceptions=True)


def _check(reply: httpx.Response) -> None:
    """Raise what the server answered before it began, or what its last line says."""
    if reply.status_code != httpx.codes.OK:
        with not_begun():
            raise from_payload(reply.status_code, reply.json())
    last = reply.content.rstrip().rpartition(b"\n")[2] if reply.content.endswith(b"\n") else b""
    if last.startswith(b'{"error"'):
        content = orjson.loads(last)
        raise from_payload(content.get("status", 500), content)
