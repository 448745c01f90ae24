"""`ekiben.jobs`: leases with a heartbeat, commits that compare the fence."""

from __future__ import annotations

import asyncio
import uuid

from benchmarks.queues.faults import effects
from benchmarks.queues.faults.peers import CONCURRENCY, MAX_TRIES, RECOVERY_S
from ekiben.errors import LeaseLost, QueueUnavailable
from ekiben.jobs import Cost, JobQueue, Lease, Leasing, QueueRules, Result, Store, Submission, Sweeper
from ekiben.jobs.connection import MAX_BLOCK_S

_RULES = QueueRules(lease_ms=RECOVERY_S * 1_000, max_crashes=MAX_TRIES)


def submit(url: str, count: int) -> None:
    """Enqueue."""

    async def run() -> None:
        async with Store(url, rules=_RULES) as store:
            jobs = [Submission(model="m", task="t", principal="p", inline=number) for number in range(count)]
            await JobQueue(store).submit_all(jobs)

    asyncio.run(run())


def work(url: str) -> None:
    """Run a worker."""

    async def run() -> None:
        async with Store(url, rules=_RULES) as store:
            leasing, sweeping = Leasing(store, "m", uuid.uuid4().hex), asyncio.create_task(Sweeper(store).run())
            running: set[asyncio.Task[None]] = set()
            while not sweeping.done():
                wait_s = await _take(leasing, running)
                if len(running) < CONCURRENCY:
                    await leasing.wait(wait_s)
                else:
                    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)

    asyncio.run(run())


async def _take(leasing: Leasing, running: set[asyncio.Task[None]]) -> float:
    """Fill the free slots; returns how long to wait for more."""
    try:
        leased = await leasing.lease(CONCURRENCY - len(running))
    except QueueUnavailable:
        return MAX_BLOCK_S
    for lease in leased.leases:
        task = asyncio.create_task(_job(leasing, lease))
        running.add(task)
        task.add_done_callback(running.discard)
    return MAX_BLOCK_S if leased.next_s is None else leased.next_s


async def _job(leasing: Leasing, lease: Lease) -> None:
    number = lease.job.specification.inline
    assert isinstance(number, int)
    effects.begin(number)
    await asyncio.sleep(effects.JOB_S)
    effects.end(number)
    try:
        await leasing.complete(lease, Result(value=number), Cost())
    except LeaseLost:
        return
    effects.publish(number)
