"""One model with its batcher: the road of a request inside a worker.

prepare (decode, tokenize; off the loop)  →  batch and infer (the device's thread)  →  finish
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry

from ekiben.batching import Batcher, BatchLimits, BatchMetrics, DeviceThread, Timing, Work
from ekiben.cards.card import Card
from ekiben.errors import DeadlineExceeded
from ekiben.inference.model import Item, Model
from ekiben.inference.tensors import Tensors

# Decoding and tokenizing release the GIL; more threads than this only take cores from the model.
_PREPARE_THREADS = 2
_END_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A request's outputs and where its time went, in seconds."""

    outputs: Tensors
    items: int
    prepare_s: float
    batch: Timing


def batch_limits(card: Card) -> BatchLimits:
    """The card's batch section in the batcher's terms."""
    batch = card.batch
    return BatchLimits(
        max_cost=batch.max_cost,
        max_items=batch.max_items,
        max_wait_s=batch.max_wait_ms / 1_000,
        max_queue_items=batch.max_queue_items,
        max_padding_share=batch.max_padding_share,
    )


class Engine:
    """Serves one loaded model; created and used on one event loop.

    Args:
        model: The loaded model.
        registry: Where the batcher's metrics go.
    """

    def __init__(self, model: Model, registry: CollectorRegistry) -> None:
        self.model = model
        self.ready = False
        self._device = DeviceThread(name=f"device-{model.card.name}")
        metrics = BatchMetrics(registry, model=model.card.name)
        self.executions = 0
        self.batcher = Batcher(self._execute, batch_limits(model.card), device=self._device, metrics=metrics)
        self._prepare_pool = ThreadPoolExecutor(_PREPARE_THREADS, thread_name_prefix="prepare")

    @property
    def free_slots(self) -> int:
        """How many more items the next batch would take."""
        return max(0, self.model.card.batch.max_items - self.batcher.depth)

    async def warm_up(self) -> None:
        """Warm the model on its own thread; only then is the engine ready."""
        await self._device.call(self.model.warm_up)
        self.ready = True

    async def infer(self, inputs: Tensors, *, deadline: float | None = None, priority: int = 0) -> Answer:
        """Run one request.

        Args:
            inputs: One tensor of the model's signature, its first dimension the batch.
            deadline: On `time.monotonic()`; None for no deadline.
            priority: Higher goes first.

        Raises:
            EkibenError: As the model's `prepare` and the batcher's `submit` say.
        """
        started = time.monotonic()
        light = self.model.is_light(inputs)
        items = list(self.model.prepare(inputs)) if light else await self._prepare(inputs, deadline)
        prepared_s = time.monotonic() - started
        works = [Work(item.payload, item.length, item.shape_key) for item in items]
        results, timing = await self.batcher.submit(works, deadline=deadline, priority=priority)
        return Answer(self.model.finish(items, results), len(items), prepared_s, timing)

    async def _prepare(self, inputs: Tensors, deadline: float | None) -> Sequence[Item]:
        """Prepare in a thread, for as long as the deadline allows and the caller stays."""
        loop = asyncio.get_running_loop()
        left = threading.Event()
        prepared = loop.run_in_executor(self._prepare_pool, self._prepare_while_wanted, inputs, left)
        try:
            async with asyncio.timeout(None if deadline is None else deadline - time.monotonic()):
                return await prepared
        except TimeoutError:
            raise DeadlineExceeded("the deadline passed while the input was being read.") from None
        finally:
            left.set()  # A thread cannot be cancelled; it looks between two items.

    def _prepare_while_wanted(self, inputs: Tensors, left: threading.Event) -> Sequence[Item]:
        items: list[Item] = []
        for item in self.model.prepare(inputs):
            items.append(item)
            if left.is_set():
                break
        return items

    def _execute(self, payloads: Sequence[Any]) -> Sequence[Any]:
        self.executions += 1
        return self.model.infer(payloads)

    async def close(self) -> None:
        """Take nothing more, finish what is queued, end the threads.

        They are waited for, within limits: a thread that still runs holds on to the model and its memory.
        """
        self.ready = False
        await self.batcher.close(drain=True)
        self._prepare_pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self._device.close, _END_WITHIN_S)
