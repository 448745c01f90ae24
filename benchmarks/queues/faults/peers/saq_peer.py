"""saq: jobs beat; those that stopped are swept and tried again."""

from __future__ import annotations

import asyncio
from typing import Any

from saq import Queue, Worker

from benchmarks.queues.faults import effects
from benchmarks.queues.faults.peers import CONCURRENCY, MAX_TRIES, RECOVERY_S


async def job(_context: dict[str, Any], *, number: int) -> int:
    """The work."""
    effects.begin(number)
    await asyncio.sleep(effects.JOB_S)
    effects.end(number)
    return number


def submit(url: str, count: int) -> None:
    """Enqueue."""

    async def run() -> None:
        queue = Queue.from_url(url)
        await queue.connect()
        for number in range(count):
            await queue.enqueue("job", number=number, retries=MAX_TRIES, timeout=RECOVERY_S)

    asyncio.run(run())


def work(url: str) -> None:
    """Run a worker."""

    async def run() -> None:
        queue = Queue.from_url(url)
        await queue.connect()
        worker = Worker(queue, functions=[job], concurrency=CONCURRENCY, timers={"sweep": RECOVERY_S, "schedule": 1})
        await worker.start()

    asyncio.run(run())
