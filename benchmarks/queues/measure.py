"""The measurements, each on a queue of its own; durations include the disk, as `appendfsync always` has it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from ekiben.jobs import Cost, JobQueue, Leasing, Result, Store, Submission

_PRINCIPALS = 10
_ROUNDS = 21
_JOBS_A_ROUND = 100
_AT_ONCE = 50


def _job(number: int) -> Submission:
    return Submission(model="m", task="t", principal=f"p{number % _PRINCIPALS}", inline={"number": number})


async def submitted_per_s(store: Store, jobs: int, batch: int) -> float:
    """Jobs accepted in a second by one caller that hands in `batch` at once."""
    queue, began = JobQueue(store), time.perf_counter()
    for first in range(0, jobs, batch):
        await queue.submit_all([_job(number) for number in range(first, min(first + batch, jobs))])
    return jobs / (time.perf_counter() - began)


async def pickups_ms(store: Store, jobs: int) -> list[float]:
    """Milliseconds from the beginning of a submission until a worker that waited has the job."""
    queue, worker, found = JobQueue(store), Leasing(store, "m", "w"), []
    for number in range(jobs):
        waiting = asyncio.create_task(worker.wait())
        await asyncio.sleep(0.005)  # So that it is asleep at the server.
        began = time.perf_counter()
        submitting = asyncio.create_task(queue.submit(_job(number)))
        await waiting
        (lease,) = (await worker.lease(1)).leases
        found.append((time.perf_counter() - began) * 1_000)
        await submitting
        await worker.complete(lease, Result(), Cost())
    return found


async def costs_ms(stores: Sequence[Store]) -> list[list[float]]:
    """Milliseconds of one job's whole way (submit, lease, heartbeat, complete), with what waits left as long as it is.

    Fifty at once share each write to the disk, so that the server's own time shows. The queues take turns, so that
    what disturbs the machine meets all of them. Returns the rounds; each has a figure for every queue.
    """
    return [[await _round(store) for store in stores] for _ in range(_ROUNDS)]


async def _round(store: Store) -> float:
    queue, worker = JobQueue(store), Leasing(store, "m", "w")
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            await queue.submit(_job(number))
            (lease,) = (await worker.lease(1)).leases
            await worker.heartbeat(lease)
            await worker.complete(lease, Result(), Cost())

    began = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(_JOBS_A_ROUND)))
    return (time.perf_counter() - began) * 1_000 / _JOBS_A_ROUND
