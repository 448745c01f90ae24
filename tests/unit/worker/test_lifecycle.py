"""Loading and unloading under requests."""

from __future__ import annotations

import asyncio

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp

from ekiben.errors import ModelUnloaded, WeightsError
from ekiben.worker.lifecycle import Lifecycle, State


class Toy:
    """A servable that notes what becomes of it."""

    device = "cpu"

    def __init__(self) -> None:
        self.events: list[str] = []

    @property
    def asgi(self) -> ASGIApp:
        return Response("toy")

    @property
    def ready(self) -> bool:
        return self.events == ["warm"]

    async def warm_up(self) -> None:
        await asyncio.sleep(0)
        self.events.append("warm")

    async def close(self) -> None:
        self.events.append("closed")


class Made:
    """A lifecycle, what it loaded, and a clock."""

    def __init__(self) -> None:
        self.toys: list[Toy] = []
        self.fault: Exception | None = None
        self.now = 0.0
        self.lifecycle = Lifecycle("toy", self.load, 5.0, lambda: self.now)

    async def load(self) -> Toy:
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        self.toys.append(Toy())
        return self.toys[-1]


@pytest.fixture
def made() -> Made:
    return Made()


async def test_it_loads_once_however_many_ask(made: Made) -> None:
    await asyncio.gather(*(made.lifecycle.load() for _ in range(5)))
    assert [toy.events for toy in made.toys] == [["warm"]]
    assert made.lifecycle.state is State.LOADED


async def test_an_unloaded_model_refuses_and_says_how_to_load_it(made: Made) -> None:
    await made.lifecycle.load()
    await made.lifecycle.unload()
    assert made.toys[0].events == ["warm", "closed"]
    with pytest.raises(ModelUnloaded, match="`ekiben models load toy`") as refusal:
        await made.lifecycle.awake()
    assert not refusal.value.retryable


async def test_requests_bring_an_idle_model_back_once(made: Made) -> None:
    await made.lifecycle.load()
    await made.lifecycle.unload(State.IDLE)
    found = await asyncio.gather(*(made.lifecycle.awake() for _ in range(5)))
    assert len(made.toys) == 2
    assert set(map(id, found)) == {id(made.toys[1])}


async def test_a_model_that_cannot_be_loaded_stays_as_it_was(made: Made) -> None:
    made.fault = WeightsError("gone")
    with pytest.raises(WeightsError):
        await made.lifecycle.load()
    assert made.lifecycle.loaded is None
    made.fault = None
    await made.lifecycle.load()
    await made.lifecycle.unload(State.IDLE)
    made.fault = WeightsError("gone")
    with pytest.raises(WeightsError):
        await made.lifecycle.awake()
    assert made.lifecycle.state is State.IDLE


async def test_unloading_waits_for_requests_in_flight_and_refuses_new_ones(made: Made) -> None:
    await made.lifecycle.load()
    with made.lifecycle.in_use():
        unloading = asyncio.create_task(made.lifecycle.unload())
        await asyncio.sleep(0.01)
        assert made.toys[0].events == ["warm"]
        with pytest.raises(ModelUnloaded):
            await made.lifecycle.awake()
    await unloading
    assert made.toys[0].events == ["warm", "closed"]


async def test_it_becomes_idle_after_the_last_request_only(made: Made) -> None:
    await made.lifecycle.load()
    with made.lifecycle.in_use():
        made.now = 100.0
        assert made.lifecycle.idle_for_s == 0
    assert made.lifecycle.idle_for_s == 0
    made.now = 160.0
    assert made.lifecycle.idle_for_s == 60
    watching = asyncio.create_task(made.lifecycle.unload_when_idle(60.0))
    async with asyncio.timeout(5):
        while made.toys[0].events != ["warm", "closed"]:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)
    watching.cancel()
    assert made.lifecycle.state is State.IDLE
