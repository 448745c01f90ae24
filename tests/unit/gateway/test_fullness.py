"""What the gateway remembers of a full queue."""

from __future__ import annotations

import asyncio

import pytest

from ekiben.errors import QueueFull
from ekiben.gateway.fullness import Fullness
from tests.unit.gateway.conftest import Gateway, until

REFUSAL = QueueFull("full", retry_after_s=2)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def is_refused(fullness: Fullness, outstanding: int, items: int) -> bool:
    try:
        fullness.check(outstanding, items)
    except QueueFull as error:
        return (error.message, error.retry_after_s) == ("full", 2)
    return False


def test_what_would_fill_it_as_much_is_refused_for_a_moment() -> None:
    clock = Clock()
    fullness = Fullness(clock)
    assert not is_refused(fullness, 100, 1)
    fullness.refused(100, 4, REFUSAL)
    assert [is_refused(fullness, 100, items) for items in (3, 4, 5)] == [False, True, True]
    clock.now = 0.11
    assert not is_refused(fullness, 100, 5)
    assert not is_refused(fullness, 100, 5), "what was forgotten stays so"


def test_every_answer_makes_as_much_room_as_it_had_taken() -> None:
    fullness = Fullness(Clock())
    fullness.refused(100, 1, REFUSAL)
    assert [is_refused(fullness, outstanding, 1) for outstanding in (100, 99, 100)] == [True, False, True]
    assert [is_refused(fullness, 98, items) for items in (2, 3)] == [False, True]


async def test_the_gateway_refuses_for_a_full_worker_and_asks_it_again(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One refusal by the worker stands for the next requests, until it has given answers."""

    async def ask(count: int) -> int:
        return (await gateway.http.post("/v1/embeddings", json={"model": "toy", "input": ["x"] * count})).status_code

    monkeypatch.setattr("ekiben.gateway.fullness._REMEMBERED_S", 3_600)
    holding = asyncio.create_task(gateway.http.post("/v1/embeddings", json={"model": "toy", "input": "wait"}))
    await asyncio.to_thread(gateway.model.waiting.wait, 10)
    queued = [asyncio.create_task(ask(8)) for _ in range(2)]
    await until(lambda: gateway.engine.batcher.depth == 16)
    assert await ask(1) == 429
    refused_by_worker = gateway.engine.batcher.depth
    assert [await ask(count) for count in (1, 8)] == [429, 429]
    assert gateway.engine.batcher.depth == refused_by_worker
    gateway.model.gate.set()
    assert (await holding).status_code == 200
    assert await asyncio.gather(*queued) == [200, 200]
    assert await ask(8) == 200
