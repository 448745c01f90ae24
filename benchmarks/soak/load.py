"""Callers who ask, check every answer against their own request, and sometimes leave in the middle."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.harness.http1 import BadReply, Connection, connect
from benchmarks.soak.requests import Asked, Mix

_LEAVES = 0.05
_LONGEST_STAY_S = 0.25
_HUNG_AFTER_S = 30.0


class Plan(NamedTuple):
    """How many callers, for how long."""

    port: int
    mix: Mix
    callers: int
    seconds: float
    seed: int


@dataclass(slots=True)
class Tally:
    """What became of the requests."""

    answered: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    left_sending: int = 0
    left_waiting: int = 0


async def soak(plan: Plan) -> Tally:
    """Run all callers to the end."""
    tally = Tally()
    ends = time.monotonic() + plan.seconds
    await asyncio.gather(*(_caller(plan, random.Random(plan.seed + n), ends, tally) for n in range(plan.callers)))
    return tally


async def _caller(plan: Plan, draw: random.Random, ends: float, tally: Tally) -> None:
    connection = await connect(plan.port)
    while time.monotonic() < ends:
        if not connection.is_open:
            connection = await connect(plan.port)
        asked = plan.mix.next(draw)
        if draw.random() < _LEAVES:
            await _leave(connection, asked, draw, tally)
        else:
            await _ask(connection, asked, tally)
    connection.close()


async def _ask(connection: Connection, asked: Asked, tally: Tally) -> None:
    try:
        async with asyncio.timeout(_HUNG_AFTER_S):
            reply = await connection.ask(asked.data)
    except TimeoutError:
        tally.faults[f"no answer within {_HUNG_AFTER_S:.0f} s"] += 1
        connection.close()
        return
    except BadReply as error:
        tally.faults[str(error)] += 1
        return
    tally.answered[reply.status] += 1
    fault = asked.fault(reply)
    if fault:
        tally.faults[fault] += 1


async def _leave(connection: Connection, asked: Asked, draw: random.Random, tally: Tally) -> None:
    """Send a part or all of it, and close at a random moment."""
    if draw.random() < 0.5:
        connection.send(asked.data[: draw.randrange(1, len(asked.data))])
        tally.left_sending += 1
    else:
        connection.send(asked.data)
        tally.left_waiting += 1
    await asyncio.sleep(draw.uniform(0, _LONGEST_STAY_S))
    connection.close()
