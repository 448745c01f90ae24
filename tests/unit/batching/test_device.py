from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ekiben.batching import DeviceThread
from ekiben.errors import EkibenError, Internal, Unavailable

if TYPE_CHECKING:
    from ekiben.batching.device import Turn
    from tests.unit.batching.conftest import FakeClock


class ToyLane:
    """Offers what it was given, in order."""

    def __init__(self, *offers: Turn) -> None:
        self.offers = list(offers)
        self.abandoned: list[EkibenError] = []

    def take(self, now: float) -> Turn | float | None:  # noqa: ARG002
        return self.offers.pop(0) if self.offers else None

    def abandon(self, error: EkibenError) -> None:
        self.abandoned.append(error)


async def test_a_call_runs_on_the_one_thread(device: DeviceThread) -> None:
    names = {await device.call(lambda: threading.current_thread().name) for _ in range(3)}
    assert names == {"device"}


async def test_a_call_passes_its_exception_on(device: DeviceThread) -> None:
    def broken() -> None:
        raise ValueError("why")

    with pytest.raises(ValueError, match="why"):
        await device.call(broken)


async def test_an_exit_in_a_call_ends_neither_thread_nor_loop(device: DeviceThread) -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(Internal):
        await device.call(leave)
    assert await device.call(lambda: "alive") == "alive"


async def test_a_cancelled_call_does_not_run(device: DeviceThread) -> None:
    gate = threading.Event()
    ran: list[str] = []
    busy = asyncio.create_task(device.call(gate.wait))
    waiting = asyncio.create_task(device.call(lambda: ran.append("ran")))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.set()
    await busy
    await device.call(lambda: None)
    assert ran == []


async def test_it_tells_how_long_a_turn_has_been_running(clock: FakeClock) -> None:
    device = DeviceThread(clock=clock)
    gate, entered = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        gate.wait(10)

    assert device.busy_for_s == 0.0
    call = asyncio.create_task(device.call(hang))
    await asyncio.to_thread(entered.wait, 10)
    clock.now += 7.0
    assert device.busy_for_s == 7.0
    gate.set()
    await call
    await device.call(lambda: None)
    assert device.close(wait_s=10)
    assert device.busy_for_s == 0.0


async def test_closing_ends_the_present_turn_and_refuses_the_rest() -> None:
    device = DeviceThread()
    gate, entered = threading.Event(), threading.Event()
    lane = ToyLane()
    device.attach(lane)

    def hang() -> str:
        entered.set()
        gate.wait(10)
        return "finished"

    present = asyncio.create_task(device.call(hang))
    await asyncio.to_thread(entered.wait, 10)
    waiting = asyncio.create_task(device.call(lambda: "never"))
    await asyncio.sleep(0)
    assert not device.close()
    gate.set()
    assert await present == "finished"
    with pytest.raises(Unavailable):
        await waiting
    assert device.close(wait_s=10)
    assert [type(error) for error in lane.abandoned] == [Unavailable]
    with pytest.raises(Unavailable):
        await device.call(lambda: None)
    with pytest.raises(Unavailable):
        device.attach(lane)


@pytest.mark.parametrize("crash", [RuntimeError("a defect"), SystemExit(1)])
async def test_a_crash_of_a_lane_leaves_nobody_waiting(
    crash: BaseException, wait_until: Callable[[Callable[[], bool]], Any]
) -> None:
    def crashing() -> None:
        raise crash

    device = DeviceThread()
    bystander, culprit = ToyLane(), ToyLane(crashing)
    device.attach(bystander)
    device.attach(culprit)
    await wait_until(lambda: bool(bystander.abandoned and culprit.abandoned))
    assert bystander.abandoned[0].__cause__ is crash
    assert device.close(wait_s=10)


async def test_a_lane_asks_to_be_asked_again(wait_until: Callable[[Callable[[], bool]], Any]) -> None:
    asked: list[float] = []

    class Later(ToyLane):
        def take(self, now: float) -> Turn | float | None:
            asked.append(now)
            return now + 0.001 if len(asked) < 3 else None

    device = DeviceThread()
    device.attach(Later())
    await wait_until(lambda: len(asked) == 3)
    assert asked[1] >= asked[0] + 0.001
    assert device.close(wait_s=10)


async def test_lanes_share_device_time_not_turns(
    clock: FakeClock, wait_until: Callable[[Callable[[], bool]], Any]
) -> None:
    turns: list[str] = []

    class Busy(ToyLane):
        def __init__(self, name: str, seconds: float) -> None:
            super().__init__()
            self.name, self.seconds = name, seconds

        def take(self, now: float) -> Turn | float | None:  # noqa: ARG002
            return self.turn if len(turns) < 110 else None

        def turn(self) -> None:
            turns.append(self.name)
            clock.now += self.seconds

    device = DeviceThread(clock=clock)
    with device.changed:
        long, short = Busy("long", 10.0), Busy("short", 1.0)
        device._turns.join(long)
        device._turns.join(short)
        device.changed.notify()
    await wait_until(lambda: len(turns) == 110)
    assert 9 <= turns.count("long") <= 11
    assert device.close(wait_s=10)


async def test_a_detached_lane_is_not_asked(device: DeviceThread) -> None:
    ran: list[int] = []
    lane = ToyLane()
    device.attach(lane)
    await device.call(lambda: None)
    device.detach(lane)
    lane.offers.append(lambda: ran.append(1))
    await device.call(lambda: None)
    assert ran == []
