"""The road of a request for text inside a worker: check → wait for a slot → open → pieces, the deadline over all."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from prometheus_client import CollectorRegistry

from ekiben.cards.card import Card
from ekiben.errors import DeadlineExceeded, EkibenError
from ekiben.inference.generation import Finish, GenerationRequest, Generator, Piece, TextStream, TokenLogprob
from ekiben.inference.generation_limits import check_limits
from ekiben.inference.generation_lines import Ending
from ekiben.worker.generation_metrics import GenerationMetrics
from ekiben.worker.slots import Slots

_END_WITHIN_S: Final = 5.0


class GenerationEngine:
    """Serves one generator; created and used on one event loop.

    Args:
        generator: The model.
        card: Its limits: slots (`batch.max_items`), how many may wait (`batch.max_queue_items`).
        registry: Where the metrics go.
    """

    def __init__(self, generator: Generator, card: Card, registry: CollectorRegistry) -> None:
        self._generator, self._card = generator, card
        self._metrics = GenerationMetrics(registry, card.name, card.batch.max_items)
        self._slots = Slots(card.batch.max_items, card.batch.max_queue_items, self._metrics.slots_changed)
        self._warm = False

    @property
    def ready(self) -> bool:
        """Whether requests are taken and can be computed."""
        return self._warm and self._generator.ready

    @property
    def free_slots(self) -> int:
        """How many more answers would be written at once."""
        return self._slots.free

    async def warm_up(self) -> None:
        """Warm the generator; only then is the engine ready."""
        await self._generator.warm_up()
        self._warm = True

    @asynccontextmanager
    async def answering(
        self, request: GenerationRequest, *, deadline: float | None = None, priority: int = 0
    ) -> AsyncIterator[AsyncIterator[Piece | Ending]]:
        """Begin an answer; within the block its pieces can be read, the last of them an `Ending`.

        Leaving the block stops the computing and frees the slot, however it is left.

        Args:
            request: What to write.
            deadline: On `time.monotonic()`, for everything up to the end of the block; None for no deadline.
            priority: Higher goes first.

        Raises:
            QueueFull: As many wait as may.
            DeadlineExceeded: The deadline passed.
            EkibenError: As the generator says.
        """
        how = "left"
        try:
            async with asyncio.timeout(None if deadline is None else deadline - time.monotonic()):
                check_limits(request, self._card)
                self._slots.check_room()  # Before the tokens are counted, which costs something.
                wanted = await self._generator.prepare(request)
                entered = time.monotonic()
                async with self._slots.held(priority):
                    started = time.monotonic()
                    stream = await self._generator.open(wanted)
                    try:
                        events = self._events(stream, started - entered, started)
                        yield events if wanted.stream else _joined(events)
                    finally:
                        await stream.aclose()
            how = ""  # `finished` has counted it.
        except TimeoutError:
            how = DeadlineExceeded.code
            raise DeadlineExceeded("the deadline passed before the answer was written.") from None
        except EkibenError as error:
            how = error.code
            raise
        finally:
            if how:
                self._metrics.ended(how)

    async def _events(self, stream: TextStream, queue_s: float, started: float) -> AsyncIterator[Piece | Ending]:
        first: float | None = None
        async for event in stream:
            if isinstance(event, Finish):
                yield self._ending(event, queue_s, started, first)
                return
            first = first or time.monotonic()
            self._metrics.piece()
            yield event

    def _ending(self, finish: Finish, queue_s: float, started: float, first: float | None) -> Ending:
        total_s = time.monotonic() - started
        first_s = total_s if first is None else first - started
        self._metrics.finished(finish, queue_s, first_s, total_s - first_s)
        return Ending(finish, {"queue": queue_s, "first_token": first_s, "generate": total_s - first_s})

    async def close(self) -> None:
        """Let go of the model; whoever holds a place had the drain's time, and a moment more, to finish."""
        self._warm = False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._slots.drained(), _END_WITHIN_S)
        await self._generator.close()


async def _joined(events: AsyncIterator[Piece | Ending]) -> AsyncIterator[Piece | Ending]:
    """All text in one piece, for those who do not read along: a line for every token would cost them much."""
    texts: list[str] = []
    logprobs: list[TokenLogprob] = []
    async for event in events:
        if isinstance(event, Ending):
            yield Piece("".join(texts), tuple(logprobs))
            yield event
        else:
            texts.append(event.text)
            logprobs.extend(event.logprobs)
