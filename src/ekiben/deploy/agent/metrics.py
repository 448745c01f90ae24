"""The agent's metrics: for Prometheus, and for CloudWatch, which still has them when the instance is gone."""

from __future__ import annotations

import time
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ekiben.deploy.agent.drain import Outcome
from ekiben.deploy.agent.interruption import Kind
from ekiben.telemetry.metric_lines import GROUP, Numbers, tell_metrics

_log = structlog.get_logger("ekiben.agent")

_SECONDS: Final = (1, 2.5, 5, 10, 15, 30, 60, 110)


class AgentMetrics:
    """Notices by kind, drains, and how the agent itself does.

    Args:
        registry: Where they are registered.
        group: The instance's Auto Scaling group; empty: nothing is for CloudWatch.
    """

    def __init__(self, registry: CollectorRegistry, group: str = "") -> None:
        self.registry, self._group = registry, group
        self._notices = Counter("ekiben_agent_notices", "Notices seen, each once.", ["kind"], registry=registry)
        self._drain = Histogram(
            "ekiben_agent_drain_seconds",
            "From the beginning of a drain to its end.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._failed_steps = Counter(
            "ekiben_agent_drain_steps_failed", "Steps that failed or took too long.", ["step"], registry=registry
        )
        self.failed_looks = Counter(
            "ekiben_agent_looks_failed", "Times that a source could not be asked.", ["source"], registry=registry
        )
        self.unhealthy = Counter(
            "ekiben_agent_unhealthy", "Times that this instance was reported as unhealthy.", registry=registry
        )
        self._at_risk = Gauge("ekiben_agent_at_risk", "1 after a recommendation to rebalance.", registry=registry)

    def noticed(self, kind: Kind) -> None:
        """There is a notice that was not seen before."""
        self._notices.labels(kind.value).inc()
        if kind is Kind.REBALANCE:
            self._at_risk.set(1)
        self._ship({"Notices": (1, "Count")})

    def drained(self, outcome: Outcome) -> None:
        """A drain is over."""
        self._drain.observe(outcome.seconds)
        for step in outcome.failed:
            self._failed_steps.labels(step).inc()
        failed = len(outcome.failed)
        self._ship({"DrainTime": (round(outcome.seconds, 3), "Seconds"), "DrainStepsFailed": (failed, "Count")})

    def _ship(self, numbers: Numbers) -> None:
        if self._group:
            tell_metrics(_log, round(time.time() * 1_000), {GROUP: self._group}, numbers)
