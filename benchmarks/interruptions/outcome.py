"""What is planned, and what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.interruptions.load import Load, Rates
from benchmarks.interruptions.schedule import Blow
from benchmarks.interruptions.takers import Taken
from benchmarks.interruptions.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens."""

    blows: Sequence[Blow]
    seed: int
    rates: Rates = field(default_factory=Rates)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was seen."""

    verdict: Verdict
    taken: Sequence[Taken]
    load: Load
    cold_starts_s: Sequence[float]
    seconds: float
    instances: int

    @property
    def drains_s(self) -> list[float]:
        """From each announcement to the end of its drain."""
        return [each.drain_s for each in self.taken if each.drain_s is not None]

    @property
    def failed_share(self) -> float:
        """Of the requests that were waited for."""
        return len(self.load.failures) / max(1, len(self.load.failures) + len(self.load.durations_s))
