"""The beats that keep a lease."""

from __future__ import annotations

import asyncio

import pytest

from ekiben.errors import LeaseLost, QueueUnavailable
from ekiben.jobs import JobQueue, Lease, Leasing, Progress, State
from ekiben.worker.jobs.heart import beat
from ekiben.worker.jobs.workbench import Workbench
from tests.unit.worker.jobs.conftest import Queue


async def test_it_keeps_the_job_and_tells_how_far_it_is(queue: Queue) -> None:
    lease = await queue.lease()
    bench = Workbench(queue.leasing, lease, queue.blobs)
    beating = asyncio.create_task(beat(queue.leasing, lease, bench))
    bench.tell(3, 10)
    async with asyncio.timeout(10):
        while (await queue.get(lease.job.id)).progress != Progress(step=3, of=10):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.01)
    beating.cancel()
    assert (await queue.get(lease.job.id)).state is State.RUNNING


async def test_it_ends_when_somebody_cancels_and_raises_when_the_job_is_gone(queue: Queue) -> None:
    lease = await queue.lease()
    bench = Workbench(queue.leasing, lease, queue.blobs)
    await JobQueue(queue.store).cancel(lease.job.id)
    async with asyncio.timeout(10):
        await beat(queue.leasing, lease, bench)
    await JobQueue(queue.store).purge([lease.job.id])
    with pytest.raises(LeaseLost):
        await beat(queue.leasing, lease, bench)


class Cut(Leasing):
    """Nothing gets through."""

    async def heartbeat(self, lease: Lease, progress: Progress | None = None) -> bool:  # noqa: ARG002
        raise QueueUnavailable("nobody answers")


async def test_after_silence_for_two_leases_the_job_counts_as_lost(queue: Queue) -> None:
    lease = await queue.lease()
    cut, now = Cut(queue.store, "m", "w"), [0.0]

    def clock() -> float:
        now[0] += 0.9
        return now[0]

    with pytest.raises(LeaseLost, match="nothing was heard"):
        await beat(cut, lease, Workbench(cut, lease, queue.blobs), clock)
