"""The engine's Prometheus metrics."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ekiben.diffusion.timing import Timing

_ROWS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 128)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_STAGES = ("queue", "encode", "denoise", "decode")


class DiffusionMetrics:
    """An `Observer` for all models of a process.

    Args:
        registry: Where the metrics are registered, once.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        counter = partial(Counter, registry=registry)
        histogram = partial(Histogram, registry=registry)
        gauge = partial(Gauge, registry=registry, labelnames=("model",), multiprocess_mode="livesum")
        self.open = gauge("ekiben_diffusion_open_images", "Images that wait or are being made.")
        self.cap = gauge("ekiben_diffusion_cap_cost", "Most that a forward may cost, in denoiser rows times pixels.")
        self.steps = histogram(
            "ekiben_diffusion_step_seconds", "Time of a denoising step.", labelnames=("model",), buckets=_SECONDS
        )
        self.rows = histogram(
            "ekiben_diffusion_step_rows", "Denoiser rows in a step.", labelnames=("model",), buckets=_ROWS
        )
        self.decodes = histogram(
            "ekiben_diffusion_decode_seconds", "Time of a decode.", labelnames=("model",), buckets=_SECONDS
        )
        self.stages = histogram(
            "ekiben_diffusion_stage_seconds",
            "Time of an image by stage.",
            labelnames=("model", "stage"),
            buckets=_SECONDS,
        )
        self.images = counter("ekiben_diffusion_images_total", "Finished images.", labelnames=("model",))
        self.ends = counter(
            "ekiben_diffusion_ended_total", "Requests that ended without an image.", labelnames=("model", "reason")
        )
        self.retries = counter(
            "ekiben_diffusion_retries_total", "Batches that failed and were split.", labelnames=("model", "reason")
        )

    def of(self, model: str) -> ModelMetrics:
        """The observer of one model."""
        return ModelMetrics(self, model)


class ModelMetrics:
    """See `Observer`."""

    def __init__(self, families: DiffusionMetrics, model: str) -> None:
        self._families = families
        self._model = model
        self._stages = {stage: families.stages.labels(model, stage) for stage in _STAGES}

    def opened(self, pictures: int) -> None:
        """Set the gauge of open images."""
        self._families.open.labels(self._model).set(pictures)

    def stepped(self, rows: int, cost: int, seconds: float) -> None:  # noqa: ARG002  # part of the protocol
        """Record a step."""
        self._families.rows.labels(self._model).observe(rows)
        self._families.steps.labels(self._model).observe(seconds)

    def decoded(self, pictures: int, seconds: float) -> None:  # noqa: ARG002  # part of the protocol
        """Record a decode."""
        self._families.decodes.labels(self._model).observe(seconds)

    def answered(self, timing: Timing) -> None:
        """Count a finished image and record where its time went."""
        self._families.images.labels(self._model).inc()
        for stage, histogram in self._stages.items():
            histogram.observe(getattr(timing, f"{stage}_s"))

    def ended(self, reason: str) -> None:
        """Count a request that ended without an image."""
        self._families.ends.labels(self._model, reason).inc()

    def retried(self, reason: str) -> None:
        """Count a split batch."""
        self._families.retries.labels(self._model, reason).inc()

    def cap_changed(self, cost: int) -> None:
        """Set the gauge of the cap."""
        self._families.cap.labels(self._model).set(cost)
