"""The gateway's own metrics; labels come from the route table and the cards, never from a caller."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ekiben.gateway.gpu_metrics import GpuMetrics
from ekiben.gateway.jobs.queue_metrics import QueueMetrics
from ekiben.telemetry.exposition import MALFORMED_PARTS

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class GatewayMetrics:
    """Requests by route, model and status; their duration; how many are in flight.

    Args:
        registry: Where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        registry.register(MALFORMED_PARTS)
        labels = ("route", "model")
        self.requests = Counter("ekiben_requests_total", "Requests answered.", (*labels, "status"), registry=registry)
        self.duration = Histogram(
            "ekiben_request_duration_seconds",
            "From the request's head to the end of the response.",
            labels,
            buckets=_SECONDS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "ekiben_requests_in_flight",
            "Requests being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.sockets = Gauge(
            "ekiben_websockets_open",
            "WebSockets that are open.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.moderation = Counter(
            "ekiben_moderation_checks_total",
            "Checks by the moderation policy: passed, flagged, blocked or unavailable; one for each category found.",
            ("route", "direction", "outcome", "category"),
            registry=registry,
        )
        self.workers = Gauge(
            "ekiben_workers",
            "Worker processes, ready and expected.",
            ("model", "state"),
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.desired = Gauge(
            "ekiben_desired_replicas",
            "Replicas that the model's traffic and backlog call for, by the rule of EKIBEN_SCALING.",
            ("model",),
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.loaded = Gauge(
            "ekiben_model_loaded",
            "Worker processes that have the model in memory.",
            ("model",),
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.memory = Gauge(
            "ekiben_model_memory_bytes",
            "Resident memory of the model's worker processes.",
            ("model",),
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.gpus = GpuMetrics(registry)
        self.queue = QueueMetrics(registry)
