"""How many replicas of each model there should be, decided on a clock of its own, whoever reads the metric when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from prometheus_client import Gauge

from ekiben.cards.card import Card
from ekiben.gateway.fleet import Fleet
from ekiben.gateway.job_traffic import JobTraffic
from ekiben.gateway.jobs.desk import JobDesk
from ekiben.gateway.jobs.queue_metrics import numbers_of
from ekiben.gateway.shared_traffic import Share, SharedTraffic
from ekiben.gateway.traffic import MINUTE_S, Traffic
from ekiben.jobs.statistics import ModelStatistics
from ekiben.policy.scaling import Load, ScalingPolicy
from ekiben.schemas.needs import AllNeeds, Needs

_log = structlog.get_logger("ekiben.gateway")

STEP_S: Final = 15.0
"""Between two decisions: rules that go up or down by one at each must not go faster where they are asked more often."""
_UNKNOWN_S: Final = 1.0
"""What one is taken to need before any has been computed."""


class DesiredReplicas:
    """Decides for every model whose workers are ours.

    Args:
        cards: The served models.
        fleet: Its workers, and what they are asked.
        desk: The queue of jobs; None where there is none.
        policy: The rule.
        metric: What is told, by model.
        clock: Seconds.
    """

    def __init__(
        self,
        cards: Mapping[str, Card],
        fleet: Fleet,
        desk: JobDesk | None,
        policy: ScalingPolicy,
        metric: Gauge,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cards = {name: card for name, card in cards.items() if card.upstream is None}
        self._fleet, self._desk, self._policy, self._metric, self._clock = fleet, desk, policy, metric, clock
        self._jobs = {name: JobTraffic(clock) for name in self._cards}
        self._shared = SharedTraffic(desk.store, 3 * STEP_S) if desk is not None else None
        self._queued: dict[str, ModelStatistics] = {}
        self._wanted: dict[str, int] = {}
        self._begun = clock()
        self._stepping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to decide."""
        self._stepping = asyncio.create_task(self._step_for_ever())

    async def close(self) -> None:
        """Decide no more."""
        if self._stepping is not None:
            self._stepping.cancel()
            await asyncio.gather(self._stepping, return_exceptions=True)

    def needs(self) -> AllNeeds:
        """What was decided last, and the jobs that were seen then; empty before the first decision."""
        return AllNeeds(models={model: self._needs(model, replicas) for model, replicas in self._wanted.items()})

    def _needs(self, model: str, replicas: int) -> Needs:
        jobs = self._queued.get(model)
        if jobs is None:
            return Needs(replicas=replicas)
        return Needs(
            replicas=replicas,
            jobs_waiting=jobs.waiting,
            jobs_running=jobs.running,
            oldest_job_s=max(0, jobs.oldest_ms) / 1_000,  # The server's clock may have been set back.
        )

    async def _step_for_ever(self) -> None:
        while True:
            try:
                await self.step()
            except Exception:  # noqa: BLE001 - whatever it is: without this loop the number would never change again
                _log.exception("cannot decide how many replicas there should be")
            await asyncio.sleep(STEP_S)

    async def step(self) -> None:
        """Look once, and decide once."""
        await self._look_at_jobs()
        own = {model: _share(self._fleet.traffic(model), self._fleet.in_flight(model)) for model in self._cards}
        others = await self._shared.exchange(own) if self._shared is not None else {}
        for model, share in own.items():
            asked = share.plus(others.get(model, Share())).plus(_share(self._jobs[model].traffic, 0))
            self._metric.labels(model).set(self._decide(model, asked))

    async def _look_at_jobs(self) -> None:
        """Take the queue's numbers; while it does not answer, the last ones stand."""
        found = await numbers_of(self._desk) if self._desk is not None else None
        if found is None:
            return
        self._queued = {each.model: each for each in found.models}
        for model, each in self._queued.items():
            if model in self._jobs:
                self._jobs[model].note(each)

    def _decide(self, model: str, asked: Share) -> int:
        ready, _ = self._fleet.counts(model)
        before = self._wanted.get(model, ready)
        wanted = self._policy.desired(self._load(model, asked, ready, before))
        if self._clock() - self._begun < MINUTE_S:
            # Nothing is known of the traffic yet: a gateway that starts again must not send busy workers home.
            wanted = max(wanted, before)
        self._wanted[model] = wanted
        return wanted

    def _load(self, model: str, asked: Share, ready: int, replicas: int) -> Load:
        slots, jobs = self._cards[model].batch.max_items, self._queued.get(model)
        begun = round(asked.in_flight) + (jobs.running if jobs else 0)
        running = min(begun, ready * slots)
        queued = begun - running + (jobs.waiting if jobs else 0)
        service_s = asked.busy_s / asked.done if asked.done else _UNKNOWN_S
        return Load(queued, running, replicas, service_s, slots, asked.rate, asked.peak)


def _share(traffic: Traffic, in_flight: int) -> Share:
    rate, peak = traffic.look()
    busy_s, done = traffic.held()
    return Share(in_flight=in_flight, rate=rate, peak=peak, busy_s=busy_s, done=done)
