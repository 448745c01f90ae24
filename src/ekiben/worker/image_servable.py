"""A model that draws as a servable: an engine, and the internal server over it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from ekiben.cards.card import Card
from ekiben.inference.image_generation import ImageEvent, ImageGenerationRequest, ImageGenerator
from ekiben.settings import Settings
from ekiben.worker.image_app import ImageApp
from ekiben.worker.image_engine import ImageEngine
from ekiben.worker.jobs.image_runner import ImageJobRunner
from ekiben.worker.jobs.pace import CheckpointPace
from ekiben.worker.jobs.runner import JobRunner


class ImageServable:
    """See `Servable`.

    Args:
        generator: The loaded model.
        card: Its card.
        registry: This process's metrics.
        max_body_bytes: The largest body read.
        pace: How often the pictures of a job are written down.
    """

    def __init__(
        self,
        generator: ImageGenerator,
        card: Card,
        registry: CollectorRegistry,
        max_body_bytes: int,
        pace: CheckpointPace | None = None,
    ) -> None:
        self.device = generator.device
        self._default_timeout_s = card.latency.default_timeout_ms / 1_000
        self._engine = ImageEngine(generator, card, registry)
        self.asgi: ASGIApp = ImageApp(self._engine, registry, card.name, max_body_bytes).asgi
        self.jobs: JobRunner = ImageJobRunner(self._engine, card, pace or CheckpointPace())

    @property
    def ready(self) -> bool:
        """See `Servable`."""
        return self._engine.ready

    async def warm_up(self) -> None:
        """See `Servable`."""
        await self._engine.warm_up()

    async def draw(self, request: ImageGenerationRequest) -> AsyncIterator[ImageEvent]:
        """Run one request of BentoML's own API, with the card's default deadline.

        Raises:
            EkibenError: As `ImageEngine.drawing`.
        """
        deadline = time.monotonic() + self._default_timeout_s
        async with self._engine.drawing(request, deadline=deadline) as events:
            async for event in events:
                yield event

    async def close(self) -> None:
        """See `Servable`."""
        await self._engine.close()


def loads(
    card: Card, generator: Callable[[CollectorRegistry], ImageGenerator], settings: Settings
) -> Callable[[], Awaitable[ImageServable]]:
    """How a `ModelHost` loads a model that draws.

    Args:
        card: What to serve.
        generator: Makes it, with its own metrics in the registry; blocks while weights are read.
        settings: This process's settings.
    """

    async def load() -> ImageServable:
        registry = CollectorRegistry()
        made = await asyncio.to_thread(generator, registry)
        pace = CheckpointPace(settings.checkpoint_steps, settings.checkpoint_s)
        return ImageServable(made, card, registry, settings.max_body_bytes, pace)

    return load
