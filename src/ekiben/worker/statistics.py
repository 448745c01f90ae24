"""Inference statistics of one model, as Triton's statistics extension counts them."""

from __future__ import annotations

import time

from ekiben.batching import Timing
from ekiben.schemas.open_inference import DurationStatistic, InferenceStatistics, ModelStatistics
from ekiben.worker.engine import Answer

_NS = 1_000_000_000


class Statistics:
    """Counts requests of one model; used on the event loop only."""

    def __init__(self, name: str, version: str) -> None:
        self._name, self._version = name, version
        self._last_inference_ms = 0
        self._items = 0
        self._counts = dict.fromkeys(("success", "fail", "queue", "compute_input", "compute_infer"), 0)
        self._ns = dict.fromkeys(self._counts, 0)

    def succeeded(self, answer: Answer, duration_s: float) -> None:
        """Count one answered request."""
        self._last_inference_ms = int(time.time() * 1_000)
        self._items += answer.items
        timing: Timing = answer.batch
        self._add("success", duration_s)
        self._add("queue", timing.queue_wait_s)
        self._add("compute_input", answer.prepare_s)
        self._add("compute_infer", timing.compute_s)

    def failed(self, duration_s: float) -> None:
        """Count one request that got an error."""
        self._add("fail", duration_s)

    def report(self, batches: int) -> ModelStatistics:
        """The totals since the worker started; `batches` is what the batcher has run."""
        parts = {name: DurationStatistic(count=self._counts[name], ns=self._ns[name]) for name in self._counts}
        return ModelStatistics(
            name=self._name,
            version=self._version,
            last_inference=self._last_inference_ms,
            inference_count=self._items,
            execution_count=batches,
            inference_stats=InferenceStatistics(**parts),
        )

    def _add(self, part: str, duration_s: float) -> None:
        self._counts[part] += 1
        self._ns[part] += int(duration_s * _NS)
