"""What the controller knows, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from ekiben.deploy.control.memory import Memory
from ekiben.deploy.control.orders import Orders
from ekiben.deploy.control.prices import Prices
from ekiben.deploy.control.seen import Instance, Seen


class Numbers:
    """Of all groups that one controller steers, by model."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._instances = Gauge(
            "ekiben_spot_instances", "Instances.", ["model", "market", "zone", "type", "phase"], registry=self.registry
        )
        self._wanted = Gauge(
            "ekiben_spot_wanted_replicas",
            "Replicas wanted, reserve included.",
            ["model", "market"],
            registry=self.registry,
        )
        self._short = Gauge(
            "ekiben_spot_short_replicas", "Replicas wanted beyond the group's most.", ["model"], registry=self.registry
        )
        self._lost = Gauge(
            "ekiben_spot_lost_instances", "Spot instances taken away.", ["model"], registry=self.registry
        )
        self._cost = Gauge(
            "ekiben_spot_usd_per_hour", "What the instances cost now.", ["model", "market"], registry=self.registry
        )
        self._failures = Counter(
            "ekiben_spot_control_failures", "Looks or orders that failed.", ["model"], registry=self.registry
        )

    def show(self, model: str, seen: Seen, memory: Memory, wanted: Orders, prices: Prices) -> None:
        """After a look at the model's group."""
        self._forget(model)
        for each in seen.instances:
            self._instances.labels(model, market(each), each.zone, each.instance_type, each.phase.value).inc()
            self._cost.labels(model, market(each)).inc(usd_per_h(each, prices))
        replica = seen.settings.replica
        self._wanted.labels(model, "spot").set((wanted.desired - wanted.on_demand) / replica)
        self._wanted.labels(model, "on-demand").set(wanted.on_demand / replica)
        self._short.labels(model).set(wanted.short / replica)
        self._lost.labels(model).set(memory.lost)

    def failed(self, model: str) -> None:
        """A look or an order did not go through."""
        self._failures.labels(model).inc()

    def _forget(self, model: str) -> None:
        self._instances.remove_by_labels({"model": model})
        for kind in ("spot", "on-demand"):
            self._cost.labels(model, kind).set(0)


def market(instance: Instance) -> str:
    """`spot` or `on-demand`."""
    return "spot" if instance.spot else "on-demand"


def usd_per_h(instance: Instance, prices: Prices) -> float:
    """What an hour of it costs; spot without a known price counts as on demand."""
    on_demand = prices.by_type.get(instance.instance_type, 0.0)
    if not instance.spot:
        return on_demand
    return prices.spot.get((instance.zone, instance.instance_type), on_demand)
