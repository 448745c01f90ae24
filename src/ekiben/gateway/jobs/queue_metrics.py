"""Gauges of the queue, for dashboards and for whoever decides how many workers there are to be."""

from __future__ import annotations

import asyncio
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from ekiben.errors import EkibenError
from ekiben.gateway.jobs.desk import JobDesk
from ekiben.jobs.statistics import ModelStatistics, QueueStatistics

_TIMEOUT_S: Final = 2.0


class QueueMetrics:
    """Jobs by model and state, the oldest's age, jobs waiting for each worker, dead letters.

    Args:
        registry: Where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"ekiben_{name}", text, labels, registry=registry, multiprocess_mode="livemostrecent")

        self._jobs = gauge("jobs", "Jobs that are waiting, delayed or running.", "model", "state")
        self._oldest = gauge("jobs_oldest_age_seconds", "Age of the oldest job that could run now.", "model")
        self._each = gauge("jobs_waiting_per_worker", "Jobs that could run now, for each worker seen.", "model")
        self._dead = gauge("jobs_dead", "Jobs that failed for good and were not retried.")
        self._up = gauge("queue_up", "Whether the queue of jobs answers.")
        self._durable = gauge(
            "queue_durable", "Whether the queue's server keeps what it confirms; else no job is taken."
        )

    async def show(self, desk: JobDesk | None) -> None:
        """Take the present numbers; a queue that is away leaves none behind."""
        if desk is None:
            return
        for metric in (self._jobs, self._oldest, self._each):
            metric.clear()
        found = await numbers_of(desk)
        self._up.set(found is not None)
        if found is not None:
            self._durable.set(await _is_durable(desk))
            self._dead.set(found.dead)
            for each in found.models:
                self._show(each)

    def _show(self, found: ModelStatistics) -> None:
        for state in ("waiting", "delayed", "running"):
            self._jobs.labels(found.model, state).set(getattr(found, state))
        self._oldest.labels(found.model).set(found.oldest_ms / 1_000)
        # Where nobody is there, all of them wait for the first who comes.
        self._each.labels(found.model).set(found.waiting / max(1, found.workers))


async def _is_durable(desk: JobDesk) -> bool:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return not (await desk.store.durability()).refusal
    except (EkibenError, TimeoutError):
        return False


async def numbers_of(desk: JobDesk) -> QueueStatistics | None:
    """The queue's numbers; None: it does not answer soon."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await desk.queue.statistics()
    except (EkibenError, TimeoutError):
        return None
