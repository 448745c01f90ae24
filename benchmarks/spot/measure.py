"""One case under one set of terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.spot.cases import Case
from ekiben.deploy.simulator.comparison import Comparison, compare
from ekiben.deploy.simulator.outcome import Outcome
from ekiben.deploy.simulator.strategies.auto_scaling import AutoScalingDefaults
from ekiben.deploy.simulator.strategies.ekiben import Ekiben
from ekiben.deploy.simulator.strategies.fixed import OnDemandOnly, SinglePool, SpotOnly, StaticMixture
from ekiben.deploy.simulator.strategies.spothedge import SpotHedge
from ekiben.deploy.simulator.strategies.strategy import Strategy
from ekiben.deploy.simulator.terms import Terms

TARGET = 0.999


@dataclass(frozen=True, slots=True)
class Found:
    """What our policy and the others came to."""

    case: Case
    terms: Terms
    comparison: Comparison

    @property
    def ours(self) -> Outcome:
        """Our policy's."""
        return self.comparison.outcomes[0]

    @property
    def others(self) -> tuple[Outcome, ...]:
        """The strategies without judgement."""
        return tuple(outcome for outcome in self.comparison.outcomes[1:] if "SpotHedge" not in outcome.strategy)

    @property
    def hedge(self) -> Outcome | None:
        """The cheapest SpotHedge that is at least as available as ours, whatever its extra; None: there is none."""
        equal = [o for o in self.comparison.outcomes if "SpotHedge" in o.strategy and o.availability >= self._bar]
        return min(equal, key=lambda outcome: outcome.cost, default=None)

    @property
    def _bar(self) -> float:
        return min(self.ours.availability, TARGET) if self.ours.availability < 1 else TARGET


def measure(case: Case, terms: Terms) -> Found:
    """Replay it with everything."""
    extras = sorted({0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48} & set(range(case.needed + 1)) | {case.needed})
    contenders: tuple[Strategy, ...] = (
        Ekiben(),
        *(SpotHedge(extra) for extra in extras),
        OnDemandOnly(),
        SpotOnly(),
        StaticMixture(),
        SinglePool(),
        AutoScalingDefaults(),
    )
    needed = np.full(case.trace.ticks, case.needed)
    return Found(case, terms, compare(case.trace, needed, terms, exact=case.exact, contenders=contenders))
