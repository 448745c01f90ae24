from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from ekiben.batching.metrics import BatchMetrics
from ekiben.batching.work import Timing


def test_each_event_has_its_metric() -> None:
    registry = CollectorRegistry()
    metrics = BatchMetrics(registry, "toy")
    metrics.queued(7)
    metrics.shed("queue_full")
    metrics.batch_ran(items=3, cost=12, padding_share=0.25, compute_s=0.5)
    metrics.retried("error")
    metrics.cap_changed(64)
    metrics.answered(Timing(queue_wait_s=0.2, compute_s=0.5, batch_items=3, batch_cost=12))

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, {"model": "toy", **labels})

    assert value("ekiben_queue_items") == 7
    assert value("ekiben_queue_wait_seconds_sum") == pytest.approx(0.2)
    assert value("ekiben_batch_items_sum") == 3
    assert value("ekiben_batch_cost_sum") == 12
    assert value("ekiben_batch_padding_ratio_sum") == 0.25
    assert value("ekiben_compute_seconds_sum") == 0.5
    assert value("ekiben_shed_total", reason="queue_full") == 1
    assert value("ekiben_batch_retries_total", reason="error") == 1
    assert value("ekiben_batch_cap_cost") == 64


def test_models_share_a_registry() -> None:
    registry = CollectorRegistry()
    BatchMetrics(registry, "a").queued(1)
    BatchMetrics(registry, "b").queued(2)
    assert registry.get_sample_value("ekiben_queue_items", {"model": "a"}) == 1
    assert registry.get_sample_value("ekiben_queue_items", {"model": "b"}) == 2


def test_multiprocess_mode_adds_up(tmp_path: Path) -> None:
    program = """
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from ekiben.batching.metrics import BatchMetrics
metrics = BatchMetrics(CollectorRegistry(), "toy")
metrics.queued(3)
metrics.cap_changed(9)
metrics.shed("queue_full")
registry = CollectorRegistry()
MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'ekiben_queue_items{model="toy"} 3.0' in done.stdout
    assert 'ekiben_shed_total{model="toy",reason="queue_full"} 1.0' in done.stdout
