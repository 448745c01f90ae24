"""The agent's metrics, for Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS: Final = (1, 2.5, 5, 10, 15, 30, 60, 110)


class AgentMetrics:
    """Notices by kind, drains, and how the agent itself does.

    Args:
        registry: Where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.notices = Counter("ekiben_agent_notices", "Notices seen, each once.", ["kind"], registry=registry)
        self.drain = Histogram(
            "ekiben_agent_drain_seconds",
            "From the beginning of a drain to its end.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.failed_steps = Counter(
            "ekiben_agent_drain_steps_failed", "Steps that failed or took too long.", ["step"], registry=registry
        )
        self.failed_looks = Counter(
            "ekiben_agent_looks_failed", "Times that a source could not be asked.", ["source"], registry=registry
        )
        self.unhealthy = Counter(
            "ekiben_agent_unhealthy", "Times that this instance was reported as unhealthy.", registry=registry
        )
        self.at_risk = Gauge("ekiben_agent_at_risk", "1 after a recommendation to rebalance.", registry=registry)
