"""Every metric that the product exports, by building what exports them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry

from ekiben.batching.metrics import BatchMetrics
from ekiben.deploy.agent.metrics import AgentMetrics
from ekiben.diffusion.metrics import DiffusionMetrics
from ekiben.gateway.metrics import GatewayMetrics
from ekiben.worker.generation_metrics import GenerationMetrics
from ekiben.worker.image_metrics import ImageMetrics

_SERIES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


def exported() -> dict[str, frozenset[str]]:
    """From a series' name to its labels, but for those that a scrape adds."""
    registry = CollectorRegistry()
    GatewayMetrics(registry)
    BatchMetrics(registry, "m")
    DiffusionMetrics(registry)
    ImageMetrics(registry, "m")
    GenerationMetrics(registry, "m", 1)
    AgentMetrics(registry)
    return dict(_series(registry))


def _series(registry: CollectorRegistry) -> Iterator[tuple[str, frozenset[str]]]:
    for collector in registry._collector_to_names:
        labels = frozenset(getattr(collector, "_labelnames", ()))
        for family in collector.collect():
            for ending in _SERIES[family.type]:
                yield family.name + ending, labels | ({"le"} if ending == "_bucket" else set())
