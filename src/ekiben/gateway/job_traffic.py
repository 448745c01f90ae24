"""A model's durable jobs as traffic: the queue's running totals, one look after another."""

from __future__ import annotations

from ekiben.gateway.traffic import Traffic
from ekiben.jobs.statistics import ModelStatistics


class JobTraffic:
    """Adds to a model's traffic what its jobs have added since the last look.

    Args:
        traffic: The model's.
    """

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._before: ModelStatistics | None = None

    def note(self, now: ModelStatistics) -> None:
        """Take the totals; the first ones, and those of a queue that was begun anew, only to compare others with."""
        before, self._before = self._before, now
        if before is None or now.submitted < before.submitted:
            return
        self._traffic.arrived(now.submitted - before.submitted)
        succeeded, held_ms = now.succeeded - before.succeeded, now.held_ms - before.held_ms
        if succeeded > 0 and held_ms >= 0:
            self._traffic.computed(succeeded, held_ms / 1_000)
