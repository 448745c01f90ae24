"""The strategies without judgement."""

from __future__ import annotations

from dataclasses import dataclass

from ekiben.deploy.policy import Observed, Plan
from ekiben.deploy.simulator.strategies.placing import spread


@dataclass(frozen=True, slots=True)
class OnDemandOnly:
    """As many on-demand instances as are needed."""

    name: str = "on-demand only"

    def __call__(self, observed: Observed) -> Plan:
        """Say what should run now."""
        return Plan((0,) * len(observed.pools), observed.needed)


@dataclass(frozen=True, slots=True)
class SpotOnly:
    """As many spot instances as are needed, spread over all pools."""

    name: str = "spot only"

    def __call__(self, observed: Observed) -> Plan:
        """Say what should run now."""
        return Plan(spread(observed, observed.needed, range(len(observed.pools))), 0)


@dataclass(frozen=True, slots=True)
class SinglePool:
    """Spot instances in the first pool alone."""

    name: str = "single zone"

    def __call__(self, observed: Observed) -> Plan:
        """Say what should run now."""
        return Plan(spread(observed, observed.needed, [0]), 0)


@dataclass(frozen=True, slots=True)
class StaticMixture:
    """A fixed share of what is needed on demand, the rest on spot."""

    name: str = "static 50/50"
    on_demand_share: float = 0.5

    def __call__(self, observed: Observed) -> Plan:
        """Say what should run now."""
        on_demand = -int(-observed.needed * self.on_demand_share // 1)
        return Plan(spread(observed, observed.needed - on_demand, range(len(observed.pools))), on_demand)
