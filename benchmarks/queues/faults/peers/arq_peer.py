"""arq: a job is taken again when its in-progress mark runs out, ten seconds after its timeout."""

from __future__ import annotations

import asyncio
from typing import Any

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker, func

from benchmarks.queues.faults import effects
from benchmarks.queues.faults.peers import CONCURRENCY, MAX_TRIES


async def _job(_context: dict[str, Any], number: int) -> int:
    effects.begin(number)
    await asyncio.sleep(effects.JOB_S)
    effects.end(number)
    return number


def submit(url: str, count: int) -> None:
    """Enqueue."""

    async def run() -> None:
        pool = await create_pool(RedisSettings.from_dsn(url))
        for number in range(count):
            await pool.enqueue_job("job", number)

    asyncio.run(run())


def work(url: str) -> None:
    """Run a worker."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    Worker(
        [func(_job, name="job", timeout=1, max_tries=MAX_TRIES)],
        redis_settings=RedisSettings.from_dsn(url),
        max_jobs=CONCURRENCY,
        poll_delay=0.1,
        job_timeout=1,
    ).run()
