"""All that is compared."""

from __future__ import annotations

from ekiben.deploy.policy import Rules
from ekiben.deploy.simulator.strategies.auto_scaling import AutoScalingDefaults
from ekiben.deploy.simulator.strategies.ekiben import Ekiben
from ekiben.deploy.simulator.strategies.fixed import OnDemandOnly, SinglePool, SpotOnly, StaticMixture
from ekiben.deploy.simulator.strategies.spothedge import SpotHedge
from ekiben.deploy.simulator.strategies.strategy import Strategy


def strategies(availability: float = Rules().availability) -> tuple[Strategy, ...]:
    """A fresh one of each, our own first, which is asked for this availability."""
    return (
        Ekiben(Rules(availability=availability)),
        SpotHedge(0),
        SpotHedge(1),
        SpotHedge(2),
        OnDemandOnly(),
        SpotOnly(),
        StaticMixture(),
        SinglePool(),
        AutoScalingDefaults(),
    )
