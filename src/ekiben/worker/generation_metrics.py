"""Prometheus metrics of a model that writes text."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ekiben.inference.generation import Finish

_MODEL: Final = ("model",)
_WAITS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_BETWEEN: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1)
_RATES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


class GenerationMetrics:
    """Of one model in this process.

    Args:
        registry: Where they are registered.
        model: The label.
        slots: Answers that are written at once.
    """

    def __init__(self, registry: CollectorRegistry, model: str, slots: int) -> None:
        def histogram(name: str, said: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, said, _MODEL, registry=registry, buckets=buckets).labels(model)

        def gauge(name: str, said: str) -> Gauge:
            return Gauge(name, said, _MODEL, registry=registry).labels(model)

        tokens = Counter("ekiben_generation_tokens", "Tokens read and written.", ("model", "kind"), registry=registry)
        self._prompt, self._completion = tokens.labels(model, "prompt"), tokens.labels(model, "completion")
        self._queue_wait = histogram("ekiben_generation_queue_wait_seconds", "Wait for a slot.", _WAITS)
        self._first = histogram(
            "ekiben_generation_first_token_seconds", "From taking a slot to the first token.", _WAITS
        )
        self._between = histogram(
            "ekiben_generation_inter_token_seconds", "Mean time between two tokens of an answer.", _BETWEEN
        )
        self._rate = histogram("ekiben_generation_tokens_per_second", "Tokens a second of an answer.", _RATES)
        self._in_use = gauge("ekiben_generation_slots_in_use", "Answers being written.")
        self._waiting = gauge("ekiben_generation_queue_requests", "Requests waiting for a slot.")
        gauge("ekiben_generation_slots", "Answers that can be written at once.").set(slots)
        self._pieces = Counter(
            "ekiben_generation_pieces", "Pieces of text passed on; grows while answers are written.", _MODEL,
            registry=registry,
        ).labels(model)  # fmt: skip
        self._ended = Counter(
            "ekiben_generation_answers", "Answers by how they ended.", ("model", "end"), registry=registry
        )
        self._model = model

    def slots_changed(self, in_use: int, waiting: int) -> None:
        """Set the gauges."""
        self._in_use.set(in_use)
        self._waiting.set(waiting)

    def piece(self) -> None:
        """Count a piece."""
        self._pieces.inc()

    def ended(self, how: str) -> None:
        """Count an answer: `stop`, `length`, an error's code, or `left` where the caller did."""
        self._ended.labels(self._model, how).inc()

    def finished(self, finish: Finish, queue_s: float, first_s: float, generate_s: float) -> None:
        """Record a whole answer; times in seconds: in the queue, to the first token, and from there to the last."""
        self._prompt.inc(finish.prompt_tokens)
        self._completion.inc(finish.completion_tokens)
        self._queue_wait.observe(queue_s)
        self._first.observe(first_s)
        if finish.completion_tokens > 1:
            self._between.observe(generate_s / (finish.completion_tokens - 1))
        if first_s + generate_s > 0:
            self._rate.observe(finish.completion_tokens / (first_s + generate_s))
        self.ended(finish.reason)
