"""A job that is one request of a worker's own internal server."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry
from starlette.responses import Response

from ekiben.cards.card import Batch
from ekiben.errors import InvalidRequest, QueueFull
from ekiben.inference.generation import GenerationRequest
from ekiben.inference.generation_lines import encode_request
from ekiben.jobs import Job, Lease
from ekiben.testing import ToyGenerator, toy_text_card
from ekiben.testing.embedding import ToyEmbedding, toy_card
from ekiben.worker.generation_servable import GenerationServable
from ekiben.worker.http import error_response
from ekiben.worker.jobs import request_runner as module
from ekiben.worker.jobs.away import Away
from ekiben.worker.jobs.request_runner import RequestJobRunner
from ekiben.worker.jobs.runner import Suspended
from ekiben.worker.jobs.workbench import Workbench
from ekiben.worker.tensor_servable import TensorServable
from tests.unit.worker.jobs.conftest import Queue

_TENSOR = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a cat"]}
_INLINE = {"path": "/infer", "headers": {"content-type": "application/json"}, "body": {"inputs": [_TENSOR]}}


async def _leased(queue: Queue, inline: Any) -> Lease:
    await queue.submit(inline=inline)
    (lease,) = (await queue.leasing.lease(1)).leases
    return lease


async def _servable() -> TensorServable:
    servable = TensorServable(ToyEmbedding(toy_card()), CollectorRegistry(), 10**6)
    await servable.warm_up()
    return servable


async def test_the_answer_is_the_result(queue: Queue) -> None:
    lease, servable = await _leased(queue, _INLINE), await _servable()
    result = await servable.jobs.run(lease.job, Workbench(queue.leasing, lease, queue.blobs))
    (blob,) = result.blobs
    assert blob.media_type == "application/json"
    assert b'"embedding"' in await queue.blobs.get(blob.key)
    assert isinstance(result.value, dict)
    assert result.value["status"] == 200
    await servable.close()


@pytest.mark.parametrize("inline", [None, {}, {"path": "/load", "body": {}}, {"path": "/infer", "body": {}}])
async def test_what_is_no_request_is_the_jobs_own_fault(queue: Queue, inline: Any) -> None:
    lease, servable = await _leased(queue, inline), await _servable()
    with pytest.raises(InvalidRequest):
        await servable.jobs.run(lease.job, Workbench(queue.leasing, lease, queue.blobs))
    await servable.close()


async def test_it_takes_half_the_room_and_stops_when_it_is_suspended(queue: Queue) -> None:
    async def silent(*_: Any) -> None:
        await asyncio.Event().wait()

    lease = await _leased(queue, _INLINE)
    bench, runner = Workbench(queue.leasing, lease, queue.blobs), RequestJobRunner(silent, toy_card(), lambda: 8)
    assert runner.free_slots == 4
    running = asyncio.create_task(_run(runner, lease.job, bench))
    await asyncio.sleep(0)
    assert runner.free_slots == 3
    bench.suspend()
    with pytest.raises(Suspended):
        await running
    assert runner.free_slots == 4


async def test_what_others_have_taken_is_not_free(queue: Queue) -> None:
    generator, card = ToyGenerator(), toy_text_card(batch=Batch(max_cost=8, max_items=4, max_queue_items=4))
    servable = GenerationServable(generator, card, CollectorRegistry(), 10_000)
    await servable.warm_up()
    assert servable.jobs.free_slots == 2
    wanted = GenerationRequest(prompt="please wait for it")
    others = [asyncio.create_task(_written(servable, wanted)) for _ in range(3)]
    async with asyncio.timeout(10):
        while len(generator.opened) < 3:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.01)
    assert servable.jobs.free_slots == 1
    body = orjson.loads(encode_request(wanted))
    lease = await _leased(queue, {**_INLINE, "path": "/generate", "body": body})
    bench = Workbench(queue.leasing, lease, queue.blobs)
    job = asyncio.create_task(servable.jobs.run(lease.job, bench))
    await asyncio.sleep(0)
    assert servable.jobs.free_slots == 0  # It is on its way, and has no slot yet.
    async with asyncio.timeout(10):
        while len(generator.opened) < 4:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.01)
    assert servable.jobs.free_slots == 0
    generator.gate.set()
    await asyncio.gather(job, *others)
    assert servable.jobs.free_slots == 2
    await servable.close()


async def test_where_others_have_filled_the_queue_it_waits_for_room(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AGAIN_S", 0.01)
    lease, asked = await _leased(queue, _INLINE), list[str]()

    async def full_at_first(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        full = error_response(QueueFull("full", retry_after_s=1), None)
        await (full if len(asked) < 3 else Response(b"{}"))(scope, receive, send)

    runner = RequestJobRunner(full_at_first, toy_card(), lambda: 8)
    result = await runner.run(lease.job, Workbench(queue.leasing, lease, queue.blobs))
    assert len(result.blobs) == 1
    assert asked == ["/infer"] * 3


async def test_where_the_queue_stays_full_the_job_is_for_others(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AGAIN_S", 0.01)
    monkeypatch.setattr(module, "_FULL_S", 0.05)
    full = error_response(QueueFull("full", retry_after_s=1), None)
    lease = await _leased(queue, _INLINE)
    with pytest.raises(Away):
        await RequestJobRunner(full, toy_card(), lambda: 8).run(lease.job, Workbench(queue.leasing, lease, queue.blobs))


async def test_an_error_in_the_last_line_of_a_stream_fails_the_job(queue: Queue) -> None:
    async def broken(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        lines = b'{"text": "Tok"}\n{"error": {"message": "no", "code": "invalid_value"}, "status": 400}\n'
        await send({"type": "http.response.body", "body": lines})

    lease = await _leased(queue, {**_INLINE, "path": "/generate"})
    with pytest.raises(InvalidRequest):
        await RequestJobRunner(broken, toy_card(), lambda: 8).run(
            lease.job, Workbench(queue.leasing, lease, queue.blobs)
        )


async def _written(servable: GenerationServable, wanted: GenerationRequest) -> None:
    async for _ in servable.generate(wanted):
        pass


async def _run(runner: RequestJobRunner, job: Job, bench: Workbench) -> None:
    await runner.run(job, bench)
