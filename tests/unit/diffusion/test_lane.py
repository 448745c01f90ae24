from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from ekiben.batching.device import DeviceThread
from ekiben.diffusion.engine import Engine
from ekiben.diffusion.generation import CheckpointTaken, Event, Wishes
from ekiben.diffusion.lane import DiffusionLane
from ekiben.errors import Internal, ShuttingDown, Unavailable
from tests.unit.diffusion.making import IDENTITY, LIMITS, company, engine, made, psnr, request
from tests.unit.diffusion.watching import WatchedFamily

_PATIENCE_S = 60


@pytest.fixture
def device() -> Iterator[DeviceThread]:
    thread = DeviceThread("test")
    yield thread
    thread.close(_PATIENCE_S)


def test_pictures_are_made_on_the_devices_thread(device: DeviceThread) -> None:
    lane = DiffusionLane(engine("sd"), device)
    generations = [lane.submit(one) for one in company()]
    for generation, alone in zip(generations, made(engine("sd"), company()), strict=True):
        assert psnr(generation.result(_PATIENCE_S).pixels, alone.pixels) >= 50


def test_two_models_share_a_device(device: DeviceThread) -> None:
    first, second = DiffusionLane(engine("sd"), device), DiffusionLane(engine("sdxl"), device)
    generations = [lane.submit(request(seed=seed)) for seed in range(3) for lane in (first, second)]
    assert all(generation.result(_PATIENCE_S).pixels.any() for generation in generations)


async def test_an_event_loop_waits_for_pictures_and_cancels_them(device: DeviceThread) -> None:
    family, begun, go_on = WatchedFamily(), threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        begun.set()
        go_on.wait(_PATIENCE_S)

    family.before = hold
    lane = DiffusionLane(Engine(family, IDENTITY, LIMITS), device)
    leaving = lane.submit(request(steps=50))
    waiting = asyncio.ensure_future(asyncio.wrap_future(leaving.future))
    await asyncio.to_thread(begun.wait, _PATIENCE_S)
    staying = lane.submit(request())
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    picture = await asyncio.wrap_future(staying.future)
    assert leaving.future.cancelled()
    assert picture.timing.rows_per_step == 2.0  # one step with company, or none, never more
    assert len(family.rows) <= 7


async def test_suspended_the_pictures_go_on_elsewhere(device: DeviceThread) -> None:
    family, taken, stepped = WatchedFamily(), [], threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, CheckpointTaken):
            taken.append(event.checkpoint)
        stepped.set()

    lane = DiffusionLane(Engine(family, IDENTITY, LIMITS), device)
    generation = lane.submit(request(steps=40), wishes=Wishes(listener=listen))
    await asyncio.to_thread(stepped.wait, _PATIENCE_S)
    await lane.suspend()
    assert isinstance(generation.future.exception(_PATIENCE_S), ShuttingDown)
    moved = engine("sd")
    continued = moved.submit(request(steps=40), checkpoint=taken[-1])
    while moved.step():
        pass
    (whole,) = made(engine("sd"), [request(steps=40)])
    assert np.array_equal(continued.result(0).pixels, whole.pixels)


def test_a_defect_of_the_engine_reaches_its_callers_and_not_the_thread(
    device: DeviceThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = engine("sd"), engine("sd")

    def fail() -> bool:
        raise RuntimeError("defect")

    monkeypatch.setattr(broken, "step", fail)
    lost = DiffusionLane(broken, device).submit(request())
    assert isinstance(lost.future.exception(_PATIENCE_S), Internal)
    assert DiffusionLane(sound, device).submit(request()).result(_PATIENCE_S).pixels.any()


def test_when_the_thread_ends_everyone_hears_of_it() -> None:
    device = DeviceThread("test")
    running = engine("sd")
    lane = DiffusionLane(running, device)
    device.close(_PATIENCE_S)
    with pytest.raises(Unavailable):
        lane.submit(request())


async def test_drained_it_finishes_what_is_there(device: DeviceThread) -> None:
    lane = DiffusionLane(engine("sd"), device)
    generations = [lane.submit(one) for one in company()]
    await lane.drain()
    assert all(generation.result(0).pixels.any() for generation in generations)
    with pytest.raises(ShuttingDown):
        lane.submit(request())


async def test_draining_does_not_wait_for_those_who_left(device: DeviceThread) -> None:
    lane = DiffusionLane(engine("sd"), device)
    leaving = lane.submit(request(steps=50))
    leaving.cancel()
    async with asyncio.timeout(_PATIENCE_S):
        await lane.drain()
    assert leaving.future.cancelled()
