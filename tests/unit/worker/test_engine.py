"""Preparing in threads: it ends with the request, even where it takes long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from prometheus_client import CollectorRegistry

from ekiben.errors import DeadlineExceeded
from ekiben.inference.model import Item
from ekiben.inference.tensors import Tensors
from ekiben.testing import ToyModeration
from ekiben.worker.engine import Engine


class SlowToRead(ToyModeration):
    """Prepares sixteen items, the first of which takes until `gate` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.gate, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.prepared = 0

    def is_light(self, inputs: Tensors) -> bool:  # noqa: ARG002 - the protocol's
        return False

    def prepare(self, inputs: Tensors) -> Iterator[Item]:  # noqa: ARG002 - the protocol's
        self.begun.set()
        self.gate.wait(20)
        try:
            for _ in range(16):
                self.prepared += 1
                yield Item(b"fine")
        finally:
            self.ended.set()


@pytest.fixture
async def slow() -> AsyncIterator[tuple[Engine, SlowToRead]]:
    model = SlowToRead()
    engine = Engine(model, CollectorRegistry())
    await engine.warm_up()
    yield engine, model
    model.gate.set()
    await engine.close()


async def stopped(model: SlowToRead) -> int:
    """How many items were prepared after nobody waited any more."""
    model.gate.set()
    assert await asyncio.to_thread(model.ended.wait, 20)
    return model.prepared


async def test_a_deadline_ends_it(slow: tuple[Engine, SlowToRead]) -> None:
    engine, model = slow
    with pytest.raises(DeadlineExceeded):
        await engine.infer({}, deadline=asyncio.get_running_loop().time() + 0.05)
    assert await stopped(model) == 1


async def test_a_caller_who_leaves_ends_it(slow: tuple[Engine, SlowToRead]) -> None:
    engine, model = slow
    asking = asyncio.create_task(engine.infer({}))
    assert await asyncio.to_thread(model.begun.wait, 20)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert await stopped(model) == 1


async def test_who_waits_gets_all_of_it(slow: tuple[Engine, SlowToRead]) -> None:
    engine, model = slow
    model.gate.set()
    assert (await engine.infer({})).items == 16
