"""Events: in order, without gaps, the last one last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ekiben.errors import JobNotFound
from ekiben.jobs import Cost, Event, Events, News, Progress, Result
from tests.unit.jobs.bench import Bench


@pytest.fixture
async def events(bench: Bench) -> AsyncIterator[Events]:
    async with News(bench.store) as news:
        yield Events(bench.store, news)


async def _collect(following: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in following]


async def test_a_listener_hears_everything_as_it_happens(bench: Bench, events: Events) -> None:
    job_id = await bench.submit()
    listening = [asyncio.create_task(_collect(events.follow(job_id))) for _ in range(20)]
    lease = await bench.lease()
    for step in (1, 2, 3):
        await bench.worker().heartbeat(lease, Progress(step=step, of=3))
    await bench.worker().complete(lease, Result(value=1), Cost())
    async with asyncio.timeout(5):
        for heard in await asyncio.gather(*listening):
            assert [event.kind for event in heard] == ["queued", "started", *["step"] * 3, "succeeded"]
            assert [event.number for event in heard] == [1, 2, 3, 4, 5, 6]
            assert [event.last for event in heard] == [False] * 5 + [True]
            assert heard[3].data == {"step": 2, "of": 3, "preview": None}


async def test_a_listener_goes_on_after_the_last_it_has_seen(bench: Bench, events: Events) -> None:
    job_id = await bench.submit()
    await bench.worker().complete(await bench.lease(), Result(value=1), Cost())
    assert [event.number for event in await _collect(events.follow(job_id, 1))] == [2, 3]
    async with asyncio.timeout(5):
        assert await _collect(events.follow(job_id, 3)) == []  # It has seen the end.
        assert await _collect(events.follow(job_id, 9)) == []  # More than there is.


async def test_following_no_job_or_one_that_is_erased_ends(bench: Bench, events: Events) -> None:
    with pytest.raises(JobNotFound):
        await _collect(events.follow("job_none"))
    job_id = await bench.submit()
    following = events.follow(job_id)
    await anext(following)
    waiting = asyncio.ensure_future(anext(following))
    await bench.queue.purge([job_id])
    async with asyncio.timeout(5):
        with pytest.raises(JobNotFound):
            await waiting


async def test_a_stream_of_many_steps_stays_bounded_and_keeps_its_end(bench: Bench, events: Events) -> None:
    job_id = await bench.submit()
    lease = await bench.lease()
    for step in range(3_000):
        await bench.set_time(bench.now_ms + 100)
        await bench.worker().heartbeat(lease, Progress(step=step, of=3_000))
    await bench.worker().complete(lease, Result(value=1), Cost())
    heard = await _collect(events.follow(job_id))
    assert [event.number for event in heard] == list(range(1, len(heard) + 1))
    assert 256 < len(heard) < 700
    assert heard[-1].last


async def test_a_job_ends_with_the_event_of_its_state_and_nothing_after(bench: Bench, events: Events) -> None:
    job_id = await bench.submit()
    await bench.queue.cancel(job_id)
    heard = await events.read(job_id)
    assert [(event.number, event.kind) for event in heard] == [(1, "queued"), (2, "cancelled")]
    assert heard[-1].at_ms == bench.now_ms
