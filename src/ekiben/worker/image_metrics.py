"""Prometheus metrics of requests for pictures; those of the computing are the runtime's."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_MODEL: Final = ("model",)
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class ImageMetrics:
    """Of one model in this process.

    Args:
        registry: Where they are registered.
        model: The label.
    """

    def __init__(self, registry: CollectorRegistry, model: str) -> None:
        def counter(name: str, said: str) -> Counter:
            return Counter(name, said, _MODEL, registry=registry).labels(model)

        def histogram(name: str, said: str) -> Histogram:
            return Histogram(name, said, _MODEL, registry=registry, buckets=_SECONDS).labels(model)

        self._model = model
        self._in_progress = Gauge(
            "ekiben_image_requests_in_progress", "Requests for images that wait or are computed.", _MODEL,
            registry=registry,
        ).labels(model)  # fmt: skip
        self._requests = Counter(
            "ekiben_image_requests", "Requests for images by how they ended.", ("model", "end"), registry=registry
        )
        self._duration = histogram("ekiben_image_request_seconds", "From a request to its last image.")
        self._files = counter("ekiben_image_files", "Images written as files.")
        self._writing = histogram("ekiben_image_file_seconds", "Time of writing an image as a file.")
        self._previews = counter("ekiben_image_previews", "Previews handed on.")
        self._skipped = counter("ekiben_image_previews_skipped", "Previews that newer ones overtook.")
        self._preview_writing = histogram("ekiben_image_preview_file_seconds", "Time of writing a preview as a file.")

    def began(self) -> None:
        """Count a request in."""
        self._in_progress.inc()

    def ended(self, how: str, seconds: float) -> None:
        """Count a request out: `completed`, an error's code, or `left` where the caller did."""
        self._in_progress.dec()
        self._requests.labels(self._model, how).inc()
        if how == "completed":
            self._duration.observe(seconds)

    def wrote(self, seconds: float) -> None:
        """Record a finished picture's file."""
        self._files.inc()
        self._writing.observe(seconds)

    def previewed(self, seconds: float) -> None:
        """Record a preview's file."""
        self._previews.inc()
        self._preview_writing.observe(seconds)

    def skipped(self) -> None:
        """Count a preview that nobody read in time."""
        self._skipped.inc()
