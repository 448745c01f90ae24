"""The road of a request inside the worker: what runs where, and that nobody waits for files."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ekiben.errors import InvalidRequest
from ekiben.inference.image_generation import (
    Drawing,
    FinishedImage,
    ImageGenerationRequest,
    ImagesEnd,
    ImageSettings,
    Source,
)
from ekiben.testing.images import ToyImageGenerator, toy_image_card
from ekiben.worker.image_engine import ImageEngine

SETTINGS = ImageSettings("a lake", 32, 32, 4, 3.0, 1, "ddim", n=2)


class Watched(ToyImageGenerator):
    """Notes the threads that it is called on."""

    def __init__(self) -> None:
        super().__init__()
        self.called_on: set[int] = set()

    def read_source(self, image: bytes, mask: bytes | None, size: tuple[int, int]) -> Source:
        self.called_on.add(threading.get_ident())
        return super().read_source(image, mask, size)

    def submit(self, settings: ImageSettings, index: int, **wishes: Any) -> Drawing:
        self.called_on.add(threading.get_ident())
        return super().submit(settings, index, **wishes)


@pytest.fixture
async def toy() -> Watched:
    return Watched()


@pytest.fixture
async def engine(toy: Watched) -> AsyncIterator[ImageEngine]:
    made = ImageEngine(toy, toy_image_card(), CollectorRegistry())
    await made.warm_up()
    yield made
    await made.close()


async def test_neither_reading_nor_asking_is_done_on_the_event_loop(engine: ImageEngine, toy: Watched) -> None:
    async with engine.drawing(ImageGenerationRequest(SETTINGS, b"image")) as events:
        found = [event async for event in events]
    assert [type(event) for event in found] == [FinishedImage, FinishedImage, ImagesEnd]
    assert toy.called_on
    assert threading.get_ident() not in toy.called_on


async def test_leaving_the_block_stops_what_is_computed(engine: ImageEngine, toy: Watched) -> None:
    waiting = ImageSettings("wait", 32, 32, 4, 3.0, 1, "ddim", n=2, progress=True)
    async with engine.drawing(ImageGenerationRequest(waiting)) as events:
        await anext(aiter(events))
    async with asyncio.timeout(20):
        while toy.cancelled < 2:  # noqa: ASYNC110 - threads of the toy, which tell no loop
            await asyncio.sleep(0.005)


async def test_settings_are_checked_before_a_source_image_is_read(engine: ImageEngine, toy: Watched) -> None:
    too_large = ImageSettings("a", 320, 32, 4, 3.0, 1, "ddim")
    with pytest.raises(InvalidRequest, match="size"):
        async with engine.drawing(ImageGenerationRequest(too_large, b"broken")):
            pass
    assert not toy.called_on


async def test_ready_from_warming_to_closing(toy: Watched) -> None:
    engine = ImageEngine(toy, toy_image_card(), CollectorRegistry())
    assert not engine.ready
    await engine.warm_up()
    assert engine.ready
    await engine.close()
    assert not engine.ready
