"""One lease has exactly one end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ekiben.errors import InvalidRequest, ModelUnloaded, ShuttingDown
from ekiben.jobs import Job, JobQueue, Result, State
from ekiben.worker.jobs.attempt import Attempt, GetRunner
from ekiben.worker.jobs.runner import Suspended
from ekiben.worker.jobs.workbench import Workbench
from tests.unit.worker.jobs.conftest import Queue


class Scripted:
    """Does what a test says; `stopped` once it was cancelled under way."""

    free_slots = 1

    def __init__(self, act: Callable[[Workbench], object] | None = None) -> None:
        self._act = act
        self.begun, self.stopped = asyncio.Event(), False

    async def run(self, job: Job, bench: Workbench) -> Result:  # noqa: ARG002  # as the protocol has it
        self.begun.set()
        try:
            if self._act is None:
                await asyncio.Event().wait()
            else:
                self._act(bench)
        except asyncio.CancelledError:
            self.stopped = True
            raise
        return Result(value="done")


def _getting(runner: Scripted) -> GetRunner:
    @asynccontextmanager
    async def get() -> AsyncIterator[Scripted]:
        yield runner

    return get


def _raising(error: Exception) -> Callable[[Workbench], object]:
    def act(_: Workbench) -> object:
        raise error

    return act


async def test_what_was_computed_is_published(queue: Queue) -> None:
    lease = await queue.lease()
    await Attempt(queue.leasing, lease, queue.blobs).run(_getting(Scripted(lambda bench: bench.computed(5))))
    job = await queue.get(lease.job.id)
    assert (job.state, job.cost.steps) == (State.SUCCEEDED, 5)
    assert job.result == Result(value="done")


@pytest.mark.parametrize("error", [Suspended(), ModelUnloaded("put away"), ShuttingDown("going")])
async def test_who_cannot_go_on_hands_back_and_no_attempt_is_used_up(queue: Queue, error: Exception) -> None:
    lease = await queue.lease()
    await Attempt(queue.leasing, lease, queue.blobs).run(_getting(Scripted(_raising(error))))
    job = await queue.get(lease.job.id)
    assert (job.state, job.attempts, job.failures) == (State.QUEUED, 0, 0)


async def test_an_error_ends_the_attempt_with_its_code(queue: Queue) -> None:
    lease = await queue.lease()
    await Attempt(queue.leasing, lease, queue.blobs).run(_getting(Scripted(_raising(InvalidRequest("bad")))))
    job = await queue.get(lease.job.id)
    assert job.state is State.FAILED
    assert job.problem is not None
    assert job.problem.code == "invalid_value"


async def test_a_cancelled_job_stops_at_its_next_heartbeat_at_the_latest(queue: Queue) -> None:
    lease, runner = await queue.lease(), Scripted()
    running = asyncio.create_task(Attempt(queue.leasing, lease, queue.blobs).run(_getting(runner)))
    await runner.begun.wait()
    await JobQueue(queue.store).cancel(lease.job.id)
    async with asyncio.timeout(10):
        await running
    assert runner.stopped
    assert (await queue.get(lease.job.id)).state is State.CANCELLED


async def test_a_job_that_was_taken_away_is_dropped_and_nothing_is_published(queue: Queue) -> None:
    lease, runner = await queue.lease(), Scripted()
    running = asyncio.create_task(Attempt(queue.leasing, lease, queue.blobs).run(_getting(runner)))
    await runner.begun.wait()
    await JobQueue(queue.store).purge([lease.job.id])
    async with asyncio.timeout(10):
        await running
    assert runner.stopped


async def test_stopping_hands_back_at_once(queue: Queue) -> None:
    lease, runner = await queue.lease(), Scripted()
    attempt = Attempt(queue.leasing, lease, queue.blobs)
    running = asyncio.create_task(attempt.run(_getting(runner)))
    await runner.begun.wait()
    attempt.stop()
    async with asyncio.timeout(10):
        await running
    assert (await queue.get(lease.job.id)).state is State.QUEUED
