"""A model that writes text as a servable: an engine with its slots, and the internal server over it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from ekiben.cards.card import Card
from ekiben.inference.generation import GenerationRequest, Generator, Piece
from ekiben.inference.generation_lines import Ending
from ekiben.settings import Settings
from ekiben.worker.generation_app import GenerationApp
from ekiben.worker.generation_engine import GenerationEngine
from ekiben.worker.jobs.request_runner import RequestJobRunner
from ekiben.worker.jobs.runner import JobRunner


class GenerationServable:
    """See `Servable`.

    Args:
        generator: The loaded model.
        card: Its card.
        registry: This process's metrics.
        max_body_bytes: The largest body read.
    """

    def __init__(self, generator: Generator, card: Card, registry: CollectorRegistry, max_body_bytes: int) -> None:
        self.device = generator.device
        self._default_timeout_s = card.latency.default_timeout_ms / 1_000
        self._engine = GenerationEngine(generator, card, registry)
        self.asgi: ASGIApp = GenerationApp(self._engine, registry, card.name, max_body_bytes).asgi
        self.jobs: JobRunner = RequestJobRunner(self.asgi, card, lambda: self._engine.free_slots)

    @property
    def ready(self) -> bool:
        """See `Servable`."""
        return self._engine.ready

    async def warm_up(self) -> None:
        """See `Servable`."""
        await self._engine.warm_up()

    async def generate(self, request: GenerationRequest) -> AsyncIterator[Piece | Ending]:
        """Run one request of BentoML's own API, with the card's default deadline.

        Raises:
            EkibenError: As `GenerationEngine.answering`.
        """
        deadline = time.monotonic() + self._default_timeout_s
        async with self._engine.answering(request, deadline=deadline) as events:
            async for event in events:
                yield event

    async def close(self) -> None:
        """See `Servable`."""
        await self._engine.close()


def loads(
    card: Card, generator: Callable[[], Generator], settings: Settings
) -> Callable[[], Awaitable[GenerationServable]]:
    """How a `ModelHost` loads a model that writes text.

    Args:
        card: What to serve.
        generator: Makes it; blocks while weights are read.
        settings: This process's settings.
    """

    async def load() -> GenerationServable:
        made = await asyncio.to_thread(generator)
        return GenerationServable(made, card, CollectorRegistry(), settings.max_body_bytes)

    return load
