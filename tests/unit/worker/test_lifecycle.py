"""Loading and unloading under requests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp

from ekiben.errors import DeviceOutOfMemory, ModelUnloaded, Unavailable, WeightsError
from ekiben.worker.jobs.runner import JobRunner
from ekiben.worker.lifecycle import Lifecycle, State


class Toy:
    """A servable that notes what becomes of it."""

    device = "cpu"

    def __init__(self, warming_fault: Exception | None = None) -> None:
        self.events: list[str] = []
        self.warming_fault = warming_fault

    @property
    def asgi(self) -> ASGIApp:
        return Response("toy")

    @property
    def ready(self) -> bool:
        return self.events == ["warm"]

    async def warm_up(self) -> None:
        await asyncio.sleep(0)
        if self.warming_fault:
            raise self.warming_fault
        self.events.append("warm")

    @property
    def jobs(self) -> JobRunner:
        raise AssertionError("nobody has a job for it")

    async def close(self) -> None:
        self.events.append("closed")


class Made:
    """A lifecycle, what it loaded, and a clock."""

    def __init__(self) -> None:
        self.toys: list[Toy] = []
        self.fault: Exception | None = None
        self.warming_fault: Exception | None = None
        self.changes: list[str] = []
        self.now = 0.0
        self.lifecycle = Lifecycle("toy", self.load, 5.0, self.changing, lambda: self.now)

    async def load(self) -> Toy:
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        self.toys.append(Toy(self.warming_fault))
        return self.toys[-1]

    @contextmanager
    def changing(self) -> Iterator[None]:
        self.changes.append("begins")
        yield
        self.changes.append("ends")


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
        while made.lifecycle.loaded is not None:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
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


async def test_nothing_stays_of_a_model_that_cannot_be_warmed(made: Made) -> None:
    made.warming_fault = DeviceOutOfMemory("too small")
    for _ in range(3):
        with pytest.raises(DeviceOutOfMemory):
            await made.lifecycle.load()
    assert [toy.events for toy in made.toys] == [["closed"]] * 3
    assert made.lifecycle.loaded is None


async def test_requests_do_not_try_at_once_again_what_could_not_be_loaded(made: Made) -> None:
    await made.lifecycle.load()
    await made.lifecycle.unload(State.IDLE)
    made.fault = WeightsError("gone")
    with pytest.raises(WeightsError):
        await made.lifecycle.awake()
    made.fault = None
    with pytest.raises(Unavailable, match="could not be loaded") as refusal:
        await made.lifecycle.awake()
    assert refusal.value.retry_after_s == 10
    made.now = 10.0
    assert await made.lifecycle.awake() is made.toys[1]


async def test_loading_and_closing_are_announced(made: Made) -> None:
    await made.lifecycle.load()
    assert made.changes == ["begins", "ends"]
    await made.lifecycle.unload()
    assert made.changes == ["begins", "ends"] * 2
