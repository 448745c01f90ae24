"""The project's own policy, as a strategy."""

from __future__ import annotations

from dataclasses import dataclass

from ekiben.deploy.policy import Observed, Plan, Rules, decide


@dataclass(frozen=True, slots=True)
class Ekiben:
    """`ekiben.deploy.policy.decide` under some rules."""

    rules: Rules = Rules()
    name: str = "ekiben"

    def __call__(self, observed: Observed) -> Plan:
        return decide(observed, self.rules)
