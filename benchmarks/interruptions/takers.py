"""What each kind of interruption does to instances, and how long they took to be drained."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.interruptions.at_work import at_work
from benchmarks.interruptions.instance import Instance
from benchmarks.interruptions.schedule import NO_NOTICE, Blow, Kind
from benchmarks.interruptions.system import System
from ekiben.jobs import JobQueue

_AT_RISK_S = 4.0
_NEXT_WITHIN_S = 240.0


@dataclass(frozen=True, slots=True)
class Taken:
    """One instance that was taken.

    Attributes:
        at_s: Into the run.
        drain_s: From the announcement until the agent had ended; None without one.
        is_clean: Whether every step of the drain succeeded.
    """

    at_s: float
    kind: Kind
    instance: int
    together: int
    drain_s: float | None = None
    is_clean: bool = True


@dataclass
class Takers:
    """Inflicts blows; every instance that is taken is replaced at once.

    One instance is always left: what to do when none is, is the policy's question. A blow waits for an instance that
    has a job in hand (see `at_work`) and takes that one; another that goes with it may be idle.
    """

    system: System
    queue: JobQueue
    chance: random.Random
    taken: list[Taken] = field(default_factory=list)
    _replacing: list[asyncio.Task[None]] = field(default_factory=list)

    async def inflict(self, blows: Sequence[Blow]) -> None:
        """One after another; returns when all instances are back."""
        began = time.monotonic()
        for blow in blows:
            await asyncio.sleep(max(0.0, blow.at_s - (time.monotonic() - began)))
            victims = await self._victims(blow)
            at_s = time.monotonic() - began
            print(f"{at_s:.1f} {blow.kind}: {[each.number for each in victims]}", file=sys.stderr, flush=True)
            for victim in victims:
                victim.is_ready = False
                self._replacing.append(asyncio.create_task(self._take(victim, blow, at_s)))
        await asyncio.gather(*self._replacing)

    async def _victims(self, blow: Blow) -> list[Instance]:
        """Some of those that the gateway knows as ready, one of them at work, as soon as one is left besides."""
        async with asyncio.timeout(_NEXT_WITHIN_S):
            while True:
                known = await self.system.known()
                ready = [each for each in self.system.instances if each.is_ready and each.name in known]
                noticed = blow.kind != NO_NOTICE
                if len(ready) > blow.instances and (busy := await at_work(self.queue, ready, noticed=noticed)):
                    first = self.chance.choice(busy)
                    others = [each for each in ready if each is not first]
                    return [first, *self.chance.sample(others, blow.instances - 1)]
                for task in self._replacing:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.1)

    async def _take(self, instance: Instance, blow: Blow, at_s: float) -> None:
        drain_s, is_clean = None, True
        if blow.kind != NO_NOTICE:
            drain_s, is_clean = await self._announce(instance, blow.kind)
        await instance.vanish()
        self.taken.append(Taken(at_s, blow.kind, instance.number, blow.instances, drain_s, is_clean))
        await instance.start()

    async def _announce(self, instance: Instance, kind: Kind) -> tuple[float, bool]:
        match kind:
            case "rebalance, then notice":
                instance.metadata.recommend_rebalance()
                await asyncio.sleep(_AT_RISK_S)
                instance.metadata.interrupt()
            case "group ends it":
                instance.metadata.aim_for("Terminated")
            case "operator stops it":
                assert instance.agent is not None
                instance.agent.terminate()
            case _:
                instance.metadata.interrupt()
        is_clean, seconds = await instance.drained()
        return seconds, is_clean
