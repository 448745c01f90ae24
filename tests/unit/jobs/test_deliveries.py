"""Webhooks that are due."""

from __future__ import annotations

import pytest

from ekiben.errors import JobStateConflict
from ekiben.jobs import Attempt, Cost, Deliveries, Result
from tests.unit.jobs.bench import Bench

_URL = "https://example.com/hook"


def _attempt(number: int, error: str | None = None) -> Attempt:
    return Attempt(attempt=number, at_ms=1, duration_ms=2, status=None if error else 200, error=error)


async def _ended(bench: Bench, **more: object) -> str:
    job_id = await bench.submit(webhook=_URL, **more)
    await bench.worker().complete(await bench.lease(), Result(), Cost())
    return job_id


async def test_a_webhook_is_due_when_its_job_has_ended_and_not_before(bench: Bench) -> None:
    deliveries = Deliveries(bench.store)
    first, plain = await bench.submit(webhook=_URL), await bench.submit()
    assert await deliveries.lease(5) == []
    await bench.queue.cancel(first)
    await bench.queue.cancel(plain)
    (delivery,) = await deliveries.lease(5)
    assert (delivery.job_id, delivery.attempt, delivery.tries, delivery.age_s) == (first, 1, 1, 0.0)


async def test_a_sender_that_died_is_followed_by_another_and_has_no_say(bench: Bench) -> None:
    deliveries, job_id = Deliveries(bench.store), await _ended(bench)
    (dead,) = await deliveries.lease(5)
    assert await deliveries.lease(5) == []
    await bench.advance(61)
    (other,) = await deliveries.lease(5)
    assert (other.job_id, other.attempt) == (job_id, 2)
    assert not await deliveries.done(dead, _attempt(1), None)
    assert await deliveries.done(other, _attempt(2), None)
    log = await deliveries.log(job_id)
    assert ([each.attempt for each in log.attempts], log.due_ms) == ([2], None)


async def test_what_failed_is_due_again_in_its_time(bench: Bench) -> None:
    deliveries, job_id = Deliveries(bench.store), await _ended(bench)
    (delivery,) = await deliveries.lease(5)
    await deliveries.done(delivery, _attempt(1, "status 500"), 30.0)
    assert (await deliveries.log(job_id)).due_ms == bench.now_ms + 30_000
    await bench.advance(29)
    assert await deliveries.lease(5) == []
    await bench.advance(2)
    (again,) = await deliveries.lease(5)
    assert (again.attempt, again.tries, again.age_s) == (2, 2, 31.0)


async def test_a_replay_begins_a_new_day(bench: Bench) -> None:
    deliveries, job_id = Deliveries(bench.store), await _ended(bench)
    (delivery,) = await deliveries.lease(5)
    await deliveries.done(delivery, _attempt(1), None)
    await bench.advance(90_000)
    await deliveries.replay(job_id)
    (again,) = await deliveries.lease(5)
    assert (again.attempt, again.tries, again.age_s) == (2, 1, 0.0)
    with pytest.raises(JobStateConflict):
        await deliveries.replay(await bench.submit(webhook=_URL))


async def test_an_erased_job_has_no_webhook(bench: Bench) -> None:
    deliveries, job_id = Deliveries(bench.store), await _ended(bench)
    (delivery,) = await deliveries.lease(5)
    await bench.queue.purge([job_id])
    assert not await deliveries.done(delivery, _attempt(1), None)
    await bench.advance(61)
    assert await deliveries.lease(5) == []
    assert {key for key in await bench.keys() if job_id in key} == {f"gone:{job_id}"}


async def test_a_retried_job_tells_of_its_own_end(bench: Bench) -> None:
    deliveries, job_id = Deliveries(bench.store), await bench.submit(webhook=_URL)
    await bench.queue.cancel(job_id)
    old = await bench.queue.get(job_id)
    again = await bench.queue.retry_with(old, old.specification, "job_again")
    await bench.queue.cancel(again.id)
    assert {each.job_id for each in await deliveries.lease(5)} == {job_id, "job_again"}
