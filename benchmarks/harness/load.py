"""Load: callers who wait for their answer (closed), and arrivals that do not care (open)."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.harness.http1 import BadReply, Connection, Reply, connect


class Sample(NamedTuple):
    """One request: which, when (`time.monotonic()`), and its answer; None, and why, when there was none."""

    which: int
    started: float
    ended: float
    reply: Reply | None
    fault: str = ""

    @property
    def outcome(self) -> str:
        """The status, or why there is none."""
        return str(self.reply.status) if self.reply else self.fault


class ClosedPlan(NamedTuple):
    """`callers` ask the requests in `order`, each the next as soon as it has its answer."""

    port: int
    requests: Sequence[bytes]
    order: Sequence[int]
    callers: int
    warm_up_s: float
    seconds: float


class OpenPlan(NamedTuple):
    """Poisson arrivals, whatever becomes of them."""

    port: int
    requests: Sequence[bytes]
    order: Sequence[int]
    per_second: float
    seconds: float
    seed: int
    give_up_s: float


class Window(NamedTuple):
    """What came back, and the span that counts."""

    samples: list[Sample]
    opened: float
    closed: float


async def closed_loop(plan: ClosedPlan) -> Window:
    """Run the callers through warm-up and the window that counts."""
    opened = time.monotonic() + plan.warm_up_s
    closed = opened + plan.seconds
    turns = itertools.cycle(plan.order)
    samples: list[Sample] = []

    async def caller() -> None:
        connection = await connect(plan.port)
        while (started := time.monotonic()) < closed:
            index = next(turns)
            reply, fault = await _ask(connection, plan.requests[index])
            samples.append(Sample(index, started, time.monotonic(), reply, fault))
            if not connection.is_open:
                connection = await connect(plan.port)
        connection.close()

    await asyncio.gather(*(caller() for _ in range(plan.callers)))
    return Window(samples, opened, closed)


async def open_loop(plan: OpenPlan) -> Window:
    """Send at the given rate, then wait for what is still unanswered.

    Idle connections are used again; a new one is opened only when there is none. What has no answer after
    `give_up_s` counts as hung and has no reply.
    """
    draw = random.Random(plan.seed)
    turns = itertools.cycle(plan.order)
    idle: deque[Connection] = deque()
    samples: list[Sample] = []
    under_way: set[asyncio.Task[None]] = set()

    async def one(index: int) -> None:
        started = time.monotonic()
        reply: Reply | None = None
        try:
            async with asyncio.timeout(plan.give_up_s):
                connection = _idle(idle) or await connect(plan.port)
                reply, fault = await _ask(connection, plan.requests[index])
            if connection.is_open:
                idle.append(connection)
        except TimeoutError:
            fault = f"no answer after {plan.give_up_s:g} s"
        except OSError as error:
            fault = f"no connection: {error.strerror}"
        samples.append(Sample(index, started, time.monotonic(), reply, fault))

    opened = due = time.monotonic()
    closed = opened + plan.seconds
    while due < closed:
        pause_s = due - time.monotonic()
        if pause_s > 0:
            await asyncio.sleep(pause_s)
        task = asyncio.create_task(one(next(turns)))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        due += draw.expovariate(plan.per_second)
    await asyncio.sleep(max(0.0, closed - time.monotonic()))
    await asyncio.gather(*under_way)
    for connection in idle:
        connection.close()
    return Window(samples, opened, closed)


def _idle(idle: deque[Connection]) -> Connection | None:
    """One that the server has not closed in the meantime."""
    while idle:
        connection = idle.pop()
        if connection.is_open:
            return connection
    return None


async def _ask(connection: Connection, request: bytes) -> tuple[Reply | None, str]:
    try:
        return await connection.ask(request), ""
    except BadReply as error:
        return None, str(error)
