"""A model's durable jobs as traffic: the queue's running totals, one look after another."""

from __future__ import annotations

import time
from collections.abc import Callable

from ekiben.gateway.traffic import Traffic
from ekiben.jobs.statistics import ModelStatistics


class JobTraffic:
    """What a model's jobs have added between one look at the queue and the next.

    Args:
        clock: Seconds.

    Attributes:
        traffic: Apart from the gateway's own, since every gateway sees all of the jobs.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.traffic = Traffic(clock)
        self._before: ModelStatistics | None = None

    def note(self, now: ModelStatistics) -> None:
        """Take the totals; the first ones, and those of a queue that was begun anew, only to compare others with."""
        before, self._before = self._before, now
        if before is None or now.submitted < before.submitted:
            return
        self.traffic.arrived(now.submitted - before.submitted)
        succeeded, held_ms = now.succeeded - before.succeeded, now.held_ms - before.held_ms
        if succeeded > 0 and held_ms >= 0:
            self.traffic.computed(succeeded, held_ms / 1_000)
