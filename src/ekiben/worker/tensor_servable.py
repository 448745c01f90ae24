"""A tensor model as a servable: an engine with its batcher, and the internal server over it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from ekiben.cards.card import Card
from ekiben.inference.model import Model
from ekiben.inference.tensors import Tensors
from ekiben.settings import Settings
from ekiben.worker.app import WorkerApp
from ekiben.worker.engine import Answer, Engine
from ekiben.worker.jobs.request_runner import RequestJobRunner
from ekiben.worker.jobs.runner import JobRunner


class LoadModel(Protocol):
    """How a runtime is made: its class."""

    def __call__(self, card: Card, files: Path, threads: int) -> Model:
        """Load the card's model from its folder of files."""


class TensorServable:
    """See `Servable`.

    Args:
        model: The loaded model.
        registry: This process's metrics.
        max_body_bytes: The largest body read.
    """

    def __init__(self, model: Model, registry: CollectorRegistry, max_body_bytes: int) -> None:
        self.device = model.device
        self._card = model.card
        self._engine = Engine(model, registry)
        self.asgi: ASGIApp = WorkerApp(self._engine, registry, max_body_bytes=max_body_bytes).asgi
        self.jobs: JobRunner = RequestJobRunner(self.asgi, model.card, lambda: self._engine.free_slots)

    @property
    def ready(self) -> bool:
        """See `Servable`."""
        return self._engine.ready

    async def warm_up(self) -> None:
        """See `Servable`."""
        await self._engine.warm_up()

    async def infer(self, inputs: Tensors) -> Answer:
        """Run one request of BentoML's own API, with the card's default deadline.

        Raises:
            EkibenError: As `Engine.infer`.
        """
        deadline = time.monotonic() + self._card.latency.default_timeout_ms / 1_000
        return await self._engine.infer(inputs, deadline=deadline)

    async def close(self) -> None:
        """See `Servable`."""
        await self._engine.close()


def loads(
    card: Card, runtime: LoadModel, files: Callable[[], Path], threads: int, settings: Settings
) -> Callable[[], Awaitable[TensorServable]]:
    """How a `ModelHost` loads a tensor model.

    Args:
        card: What to serve.
        runtime: The runtime's class.
        files: Where the weights lie; asked for when loading, so that a missing model fails the start and not the
            import.
        threads: CPU threads granted by the plan.
        settings: This process's settings.
    """

    async def load() -> TensorServable:
        model = await asyncio.to_thread(runtime, card, files(), threads)
        return TensorServable(model, CollectorRegistry(), settings.max_body_bytes)

    return load
