"""The batcher's Prometheus metrics.

In multiprocess mode the gauges of living processes add up: several processes may serve one model.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from ekiben.batching.work import Timing

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_COSTS = tuple(4.0**power for power in range(14))
_SHARES = (0.0, 0.01, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
_MODEL = ("model",)
_MODEL_AND_REASON = ("model", "reason")

# A registry takes a metric once, and a process may serve several models.
_by_registry: WeakKeyDictionary[CollectorRegistry, _Families] = WeakKeyDictionary()
_lock = threading.Lock()


class BatchMetrics:
    """An `Observer` that feeds one model's metrics; children are looked up once, since a lookup costs a lock.

    Args:
        registry: Where the metrics are registered, once for all models.
        model: The label.
    """

    def __init__(self, registry: CollectorRegistry, model: str) -> None:
        families = _families(registry)
        self._model = model
        self._queue_items = families.queue_items.labels(model)
        self._queue_wait = families.queue_wait.labels(model)
        self._items = families.items.labels(model)
        self._cost = families.cost.labels(model)
        self._padding = families.padding.labels(model)
        self._compute = families.compute.labels(model)
        self._cap = families.cap.labels(model)
        self._sheds = families.sheds
        self._retries = families.retries

    def queued(self, items: int) -> None:
        """Set the queue gauge."""
        self._queue_items.set(items)

    def shed(self, reason: str) -> None:
        """Count a request that ended unanswered."""
        self._sheds.labels(self._model, reason).inc()

    def batch_ran(self, items: int, cost: int, padding_share: float, compute_s: float) -> None:
        """Record a batch."""
        self._items.observe(items)
        self._cost.observe(cost)
        self._padding.observe(padding_share)
        self._compute.observe(compute_s)

    def retried(self, reason: str) -> None:
        """Count a split."""
        self._retries.labels(self._model, reason).inc()

    def cap_changed(self, cost: int) -> None:
        """Set the cap gauge."""
        self._cap.set(cost)

    def answered(self, timing: Timing) -> None:
        """Record how long an answered request was off the device."""
        self._queue_wait.observe(timing.queue_wait_s)


class _Families:
    """The metrics of one registry, for all models."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge = partial(Gauge, labelnames=_MODEL, registry=registry, multiprocess_mode="livesum")
        histogram = partial(Histogram, labelnames=_MODEL, registry=registry)
        counter = partial(Counter, labelnames=_MODEL_AND_REASON, registry=registry)
        self.queue_items = gauge("ekiben_queue_items", "Items waiting for the device.")
        self.queue_wait = histogram(
            "ekiben_queue_wait_seconds", "Time that an answered request was off the device.", buckets=_SECONDS
        )
        self.items = histogram("ekiben_batch_items", "Items in a batch.", buckets=_COUNTS)
        self.cost = histogram("ekiben_batch_cost", "Cost of a batch, in the model's unit.", buckets=_COSTS)
        self.padding = histogram("ekiben_batch_padding_ratio", "Share of a batch that is padding.", buckets=_SHARES)
        self.compute = histogram("ekiben_compute_seconds", "Time of a batch on the device.", buckets=_SECONDS)
        self.cap = gauge("ekiben_batch_cap_cost", "Highest cost of a batch; lowered when memory ran out.")
        self.sheds = counter("ekiben_shed_total", "Requests that ended unanswered.")
        self.retries = counter("ekiben_batch_retries_total", "Failed device calls that were split.")


def _families(registry: CollectorRegistry) -> _Families:
    with _lock:
        if registry not in _by_registry:
            _by_registry[registry] = _Families(registry)
        return _by_registry[registry]
