"""The project's own policy, as a strategy."""

from __future__ import annotations

from dataclasses import dataclass, field

from ekiben.deploy.policy import Observed, Plan, Rules, decide


@dataclass(frozen=True, slots=True)
class Ekiben:
    """`ekiben.deploy.policy.decide` under some rules."""

    rules: Rules = field(default_factory=Rules)
    name: str = "ekiben"

    def __call__(self, observed: Observed) -> Plan:
        """Say what should run now."""
        return decide(observed, self.rules)
