"""A reader who is slow gets the newest of what can be replaced, and all of what cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from ekiben.gateway.images.conflation import Begun, Event, conflated
from ekiben.inference.image_generation import Facts, FinishedImage, ImagesEnd, Preview, Step

FACTS = Facts(1, 8, 8, 4, 1.0, "ddim", "toy", "1.0.0", 4)


async def emit(*events: Event, error: Exception | None = None) -> AsyncGenerator[Event, None]:
    for event in events:
        yield event
    if error is not None:
        raise error


async def test_a_reader_who_keeps_up_misses_nothing() -> None:
    told: list[Event] = [
        Begun(),
        *(Step(0, step, 9) for step in range(9)),
        *(Preview(0, n, n, 9, b"p") for n in range(9)),
    ]
    async with conflated(emit(*told, ImagesEnd())) as events:
        assert [event async for event in events] == [*told, ImagesEnd()]


async def test_a_slow_reader_gets_the_newest_of_every_picture() -> None:
    told: list[Event] = [Begun()]
    for step in range(5):
        told += [Step(0, step, 9), Preview(0, step, step, 9, b"p"), Step(1, step, 9)]
    finished = FinishedImage(1, b"image", FACTS)
    async with conflated(emit(*told, finished, ImagesEnd())) as events:
        await asyncio.sleep(0.05)  # it reads only now
        found = [event async for event in events]
    # Of a picture that is there, nobody wants to know how far it is.
    assert found == [Begun(), Step(0, 4, 9), Preview(0, 4, 4, 9, b"p"), finished, ImagesEnd()]


async def test_an_error_comes_at_once_whatever_waits() -> None:
    async with conflated(emit(Begun(), Step(0, 1, 2), error=ValueError("lost"))) as events:
        await asyncio.sleep(0.05)
        with pytest.raises(ValueError, match="lost"):
            await anext(aiter(events))


async def test_leaving_ends_the_reading() -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[Event, None]:
        try:
            while True:
                yield Step(0, 1, 2)
                await asyncio.sleep(0.01)
        finally:
            closed.set()

    async with conflated(endless()) as events:
        await anext(aiter(events))
    assert closed.is_set()
