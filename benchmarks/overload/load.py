"""Open-loop load, and a single caller who goes on asking after its end."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

from benchmarks.harness.http1 import BadReply, Connection, connect
from benchmarks.harness.load import OpenPlan, Window, open_loop

_PROBE_EVERY_S = 0.25


class Plan(NamedTuple):
    """The load, and the one request that is asked alone."""

    load: OpenPlan
    probe: bytes
    probes_before: int
    probe_for_s: float


class Probe(NamedTuple):
    """Seconds since the load ended, how long the answer took, and its status (0: none)."""

    at_s: float
    took_s: float
    status: int


class Found(NamedTuple):
    """One caller before, the load, one caller after it."""

    before: list[Probe]
    window: Window
    after: list[Probe]


async def overload(plan: Plan) -> Found:
    """Probe, load, probe; the probes after begin when the last arrival has been sent."""
    connection = await connect(plan.load.port)
    before = [await _probe(connection, plan.probe, 0.0) for _ in range(plan.probes_before)]
    loading = asyncio.create_task(open_loop(plan.load))
    await asyncio.sleep(plan.load.seconds)
    ended = time.monotonic()
    after: list[Probe] = []
    while (at_s := time.monotonic() - ended) < plan.probe_for_s:
        if not connection.is_open:
            connection = await connect(plan.load.port)
        after.append(await _probe(connection, plan.probe, at_s))
        await asyncio.sleep(max(0.0, _PROBE_EVERY_S - after[-1].took_s))
    window = await loading
    connection.close()
    return Found(before, window, after)


async def _probe(connection: Connection, request: bytes, at_s: float) -> Probe:
    started = time.monotonic()
    try:
        status = (await connection.ask(request)).status
    except BadReply:
        status = 0
    return Probe(at_s, time.monotonic() - started, status)
