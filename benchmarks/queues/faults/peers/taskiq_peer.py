"""taskiq over a stream: what a consumer has not acknowledged is claimed by another after a while."""

from __future__ import annotations

import asyncio
import os

from taskiq.api import run_receiver_task
from taskiq_redis import RedisStreamBroker

from benchmarks.queues.faults import effects
from benchmarks.queues.faults.peers import CONCURRENCY, RECOVERY_S

broker = RedisStreamBroker(os.environ["QUEUE_URL"], idle_timeout=RECOVERY_S * 1_000)


@broker.task
async def job(number: int) -> int:
    """The work."""
    effects.begin(number)
    await asyncio.sleep(effects.JOB_S)
    effects.end(number)
    return number


def submit(_url: str, count: int) -> None:
    """Enqueue."""

    async def run() -> None:
        await broker.startup()
        for number in range(count):
            await job.kiq(number)
        await broker.shutdown()

    asyncio.run(run())


def work(_url: str) -> None:
    """Run a worker."""

    async def run() -> None:
        await broker.startup()
        broker.is_worker_process = True
        await run_receiver_task(broker, max_async_tasks=CONCURRENCY, run_startup=False)

    asyncio.run(run())
