"""The worker's server for text: the clock that deadlines are read on, and callers who have stopped reading."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Message, Scope

from ekiben.inference import protocol
from ekiben.inference.generation import GenerationRequest
from ekiben.inference.generation_lines import encode_request
from ekiben.testing import ToyGenerator, toy_text_card
from ekiben.worker.generation_servable import GenerationServable


@pytest.fixture
async def worker() -> AsyncIterator[GenerationServable]:
    made = GenerationServable(ToyGenerator(), toy_text_card(), CollectorRegistry(), 10_000)
    await made.warm_up()
    yield made
    await made.close()


def scope(timeout_ms: int, arrived: float) -> Scope:
    headers = [(protocol.TIMEOUT_MS.encode(), str(timeout_ms).encode())]
    return {
        "type": "http",
        "method": "POST",
        "path": "/generate",
        "headers": headers,
        "query_string": b"",
        protocol.ARRIVED: arrived,
    }


class Caller:
    """One who sends a prompt and then stays; `stuck` takes nothing after the head."""

    def __init__(self, prompt: str, *, stuck: bool = False) -> None:
        self._unsent = [encode_request(GenerationRequest(prompt, max_tokens=4))]
        self._stuck = stuck
        self.received: list[Message] = []

    async def receive(self) -> Message:
        if not self._unsent:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": self._unsent.pop(), "more_body": False}

    async def send(self, message: Message) -> None:
        self.received.append(message)
        if self._stuck and message["type"] == "http.response.body":
            await asyncio.Event().wait()


async def test_waiting_for_the_model_to_load_counts(worker: GenerationServable) -> None:
    late = Caller("one wait")
    async with asyncio.timeout(20):
        await worker.asgi(scope(60_000, time.monotonic() - 60), late.receive, late.send)
    assert b"deadline_exceeded" in late.received[-1]["body"]


async def test_a_caller_who_takes_nothing_is_left_without_a_fault(worker: GenerationServable) -> None:
    stuck = Caller("one two", stuck=True)
    async with asyncio.timeout(20):
        await worker.asgi(scope(100, time.monotonic()), stuck.receive, stuck.send)
    assert b"deadline_exceeded" in stuck.received[-1]["body"]
