"""So many callers share a fixed number of requests; the time is what is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.harness.http1 import BadReply, connect
from benchmarks.harness.load import Sample, Window


class FixedPlan(NamedTuple):
    """Every request once, by whichever caller is free."""

    port: int
    requests: Sequence[bytes]
    callers: int


async def fixed_work(plan: FixedPlan) -> Window:
    """Ask everything once."""
    waiting = iter(enumerate(plan.requests))
    samples: list[Sample] = []

    async def caller() -> None:
        connection = await connect(plan.port)
        for which, request in waiting:
            started = time.monotonic()
            if not connection.is_open:
                connection = await connect(plan.port)
            try:
                reply, fault = await connection.ask(request), ""
            except BadReply as error:
                reply, fault = None, str(error)
            samples.append(Sample(which, started, time.monotonic(), reply, fault))
        connection.close()

    opened = time.monotonic()
    await asyncio.gather(*(caller() for _ in range(plan.callers)))
    return Window(samples, opened, time.monotonic())
