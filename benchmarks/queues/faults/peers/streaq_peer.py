"""streaq: streams and Lua; what a consumer has not renewed is reclaimed."""

from __future__ import annotations

import asyncio
import os

from streaq import Worker

from benchmarks.queues.faults import effects
from benchmarks.queues.faults.peers import CONCURRENCY, MAX_TRIES, RECOVERY_S

worker = Worker(redis_url=os.environ["QUEUE_URL"], concurrency=CONCURRENCY, idle_timeout=RECOVERY_S)


@worker.task(max_tries=MAX_TRIES)
async def job(number: int) -> int:
    """The work."""
    effects.begin(number)
    await asyncio.sleep(effects.JOB_S)
    effects.end(number)
    return number


def submit(_url: str, count: int) -> None:
    """Enqueue."""

    async def run() -> None:
        async with worker:
            for number in range(count):
                await job.enqueue(number)

    asyncio.run(run())


def work(_url: str) -> None:
    """Run a worker."""
    worker.run_sync()
