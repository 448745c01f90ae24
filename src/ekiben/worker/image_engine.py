"""The road of a request for pictures inside a worker, the deadline over all.

check → read the source image → submit every picture → steps and previews → files

What computes is the generator's own thread. Whatever else takes longer than a moment is done in small pools beside the
event loop, so that neither the loop nor the device waits for a file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry

from ekiben.cards.card import Card
from ekiben.errors import DeadlineExceeded, EkibenError
from ekiben.inference.image_generation import (
    Checkpoints,
    ImageEvent,
    ImageGenerationRequest,
    ImageGenerator,
    Source,
)
from ekiben.inference.image_limits import check_settings
from ekiben.worker.image_drawings import Drawings
from ekiben.worker.image_events import ImageEvents
from ekiben.worker.image_mailbox import ImageMailbox
from ekiben.worker.image_metrics import ImageMetrics

T = TypeVar("T")

# They release the GIL; more threads than this only take cores from the model.
_FILE_THREADS: Final = 2
_PREPARE_THREADS: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """A request on its way: what happens to it, and the pictures themselves, which can be suspended."""

    events: AsyncIterator[ImageEvent]
    drawings: Drawings


class ImageEngine:
    """Serves one generator; created and used on one event loop.

    Args:
        generator: The model.
        card: Its limits.
        registry: Where the metrics go.
    """

    def __init__(self, generator: ImageGenerator, card: Card, registry: CollectorRegistry) -> None:
        self._generator, self._card = generator, card
        self._metrics = ImageMetrics(registry, card.name)
        self._files = ThreadPoolExecutor(_FILE_THREADS, thread_name_prefix="image-files")
        self._preparing = ThreadPoolExecutor(_PREPARE_THREADS, thread_name_prefix="image-prepare")
        self._is_warm = False
        self._open = 0

    @property
    def free_slots(self) -> int:
        """Pictures that could be drawn beside those that are, without one of them waiting for its turn."""
        return max(0, self._card.batch.max_items - self._open)

    @contextmanager
    def occupied(self, pictures: int) -> Iterator[None]:
        """Count so many slots as taken within the block."""
        self._open += pictures
        try:
            yield
        finally:
            self._open -= pictures

    @property
    def ready(self) -> bool:
        """Whether requests are taken and can be computed."""
        return self._is_warm and self._generator.ready

    async def warm_up(self) -> None:
        """Warm the generator; only then is the engine ready."""
        await asyncio.to_thread(self._generator.warm_up)
        self._is_warm = True

    @asynccontextmanager
    async def drawing(
        self, request: ImageGenerationRequest, *, deadline: float | None = None, priority: int = 0
    ) -> AsyncIterator[AsyncIterator[ImageEvent]]:
        """Have pictures drawn; within the block, in which nothing is refused any more, what happens can be read.

        As `running`, for a caller who only reads.
        """
        with self.occupied(request.settings.n):
            async with self.running(request, deadline=deadline, priority=priority) as running:
                yield running.events

    @asynccontextmanager
    async def running(
        self,
        request: ImageGenerationRequest,
        *,
        deadline: float | None = None,
        priority: int = 0,
        checkpoints: Mapping[int, Checkpoints] | None = None,
    ) -> AsyncIterator[Running]:
        """Have pictures drawn; leaving the block stops the computing before the next step, however it is left.

        Args:
            request: What to draw.
            deadline: On `time.monotonic()`, for everything up to the end of the block; None for no deadline.
            priority: Higher goes first.
            checkpoints: Of those to be drawn, by index; None: all of them, and nobody is handed their state.

        Raises:
            InvalidRequest: Beyond the card's limits, or no picture.
            DeadlineExceeded: The deadline passed.
            EkibenError: As the generator says.
        """
        started, how = time.monotonic(), "left"
        count = request.settings.n if checkpoints is None else len(checkpoints)
        self._metrics.began()
        try:
            async with asyncio.timeout(None if deadline is None else deadline - started):
                check_settings(request.settings, self._card, has_source=request.image is not None)
                source = await self._source(request)
                mailbox = ImageMailbox(self._metrics.skipped)
                drawings = Drawings(self._generator, request.settings, mailbox, checkpoints)
                try:
                    await self._prepare(lambda: drawings.submit(source, deadline, priority))
                    prepare_s = time.monotonic() - started
                    events = ImageEvents(request, mailbox, self._files, self._metrics, prepare_s, count)
                    async with aclosing(events.all()) as reading:
                        yield Running(reading, drawings)
                finally:
                    drawings.give_up()
            how = "completed"
        except TimeoutError:
            how = DeadlineExceeded.code
            raise DeadlineExceeded("the deadline passed before the image was there.") from None
        except EkibenError as error:
            how = error.code
            raise
        finally:
            self._metrics.ended(how, time.monotonic() - started)

    async def _source(self, request: ImageGenerationRequest) -> Source | None:
        image = request.image
        if image is None:
            return None
        size = (request.settings.width, request.settings.height)
        return await self._prepare(lambda: self._generator.read_source(image, request.mask, size))

    async def _prepare(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._preparing, work)

    async def close(self) -> None:
        """Finish what was accepted, then let go of the model."""
        self._is_warm = False
        await self._generator.close()
        self._preparing.shutdown(wait=False, cancel_futures=True)
        self._files.shutdown(wait=False)
