"""Watches every source until an end is certain, then drains, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from ekiben.deploy.agent.drain import LIMIT_S, Outcome, Step, drain
from ekiben.deploy.agent.health import Health
from ekiben.deploy.agent.interruption import Interruption, Kind, Source
from ekiben.deploy.agent.metrics import AgentMetrics
from ekiben.deploy.agent.signals import Signals

_log = structlog.get_logger("ekiben.agent")

LOOK_EVERY_S: Final = 2.0
"""AWS recommends five at most."""
_MARGIN_S: Final = 5.0
"""Before the stated end."""
_LATEST_S: Final = 900.0
"""A group that does not end an instance at risk so soon will not."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One instance's.

    Attributes:
        sources: Besides the signals; all are asked together.
        steps: Of the drain.
        health: Reports an instance that stays unready; None: nobody is told.
        meanwhile: Runs while the drain does, such as a heartbeat; cancelled after it.
        drains_at_risk: Whether a recommendation to rebalance is enough to drain.
        later: What is left to be done after a drain that EC2 asked for, within so many seconds; a signal ends it.
    """

    sources: Sequence[Source]
    signals: Signals
    steps: Sequence[Step]
    metrics: AgentMetrics
    health: Health | None = None
    meanwhile: Callable[[], Coroutine[Any, Any, None]] | None = None
    drains_at_risk: bool = False
    later: Callable[[Outcome, float], Coroutine[Any, Any, object]] | None = None

    async def run(self) -> Outcome:
        """Watch, then drain; returns how that went."""
        async with _beside(self.health.watch(self.metrics.unhealthy.inc) if self.health else None):
            interruption = await self._wait()
        async with _beside(self.meanwhile() if self.meanwhile else None):
            outcome = await drain(self.steps, min(LIMIT_S, interruption.left_s - _MARGIN_S))
        self.metrics.drained(outcome)
        _log.info("drained", id=interruption.id, seconds=round(outcome.seconds, 3), failed=outcome.failed)
        if interruption.kind in (Kind.SPOT, Kind.REBALANCE):
            await self._do_later(outcome, interruption)
        return outcome

    async def _do_later(self, outcome: Outcome, interruption: Interruption) -> None:
        if self.later is None:
            return
        within_s = min(max(0.0, interruption.left_s), _LATEST_S)
        doing = asyncio.create_task(self.later(outcome, within_s))
        stopped = asyncio.create_task(self.signals.came.wait())
        every: set[asyncio.Task[Any]] = {doing, stopped}
        await asyncio.wait(every, return_when=asyncio.FIRST_COMPLETED)
        for task in every:
            task.cancel()
        await asyncio.gather(*every, return_exceptions=True)

    async def _wait(self) -> Interruption:
        """The first interruption to drain for; what was seen before is not told again."""
        seen: set[str] = set()
        while True:
            new = [found for found in await self._everywhere() if found is not None and found.id not in seen]
            for found in new:
                seen.add(found.id)
                self._tell(found)
            if final := [found for found in new if found.kind.is_final or self.drains_at_risk]:
                return min(final, key=lambda found: found.left_s)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.signals.came.wait(), LOOK_EVERY_S)

    async def _everywhere(self) -> list[Interruption | None]:
        """What all sources announce; of the signals alone, where one comes while the others do not answer."""
        looking = asyncio.gather(*(self._look(source) for source in self.sources))
        stopped = asyncio.create_task(self.signals.came.wait())
        either: set[asyncio.Future[Any]] = {looking, stopped}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        found = looking.result() if looking.done() else []
        for future in either:
            future.cancel()
        await asyncio.gather(*either, return_exceptions=True)
        return [await self.signals.look(), *found]

    async def _look(self, source: Source) -> Interruption | None:
        try:
            return await source.look()
        except Exception as error:  # noqa: BLE001  # whatever it is, the other sources must be heard
            name = type(source).__name__
            self.metrics.failed_looks.labels(name).inc()
            _log.warning("cannot look for notices", source=name, reason=str(error) or type(error).__name__)
            return None

    def _tell(self, found: Interruption) -> None:
        self.metrics.noticed(found.kind)
        deadline = found.deadline.isoformat() if found.deadline else None
        _log.warning("notice", kind=found.kind.value, id=found.id, at=found.at.isoformat(), deadline=deadline)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None] | None) -> AsyncIterator[None]:
    """Within the block, do this as well; that it fails is nothing to the block."""
    task = None if work is None else asyncio.create_task(work)
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
