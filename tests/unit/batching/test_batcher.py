"""The batcher on real threads; the model waits at a gate, never for a time."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from ekiben.batching import Batcher, BatchLimits, DeviceThread, Timing, Work
from ekiben.errors import DeadlineExceeded, DeviceOutOfMemory, Internal, PayloadTooLarge, QueueFull, Unavailable

if TYPE_CHECKING:
    from tests.unit.batching.conftest import FakeClock, Recorder, ToyModel

LIMITS = BatchLimits(max_cost=64, max_items=8, max_wait_s=0.0, max_queue_items=16, max_padding_share=0.5)

Outcome = tuple[list[Any], Timing]
Busy = Callable[[], Coroutine[Any, Any, "asyncio.Task[Outcome]"]]


@pytest_asyncio.fixture
async def batcher(toy: ToyModel, device: DeviceThread, recorder: Recorder) -> AsyncIterator[Batcher[Any, Any]]:
    batcher: Batcher[Any, Any] = Batcher(toy.run, LIMITS, device=device, metrics=recorder)
    yield batcher
    toy.gate.set()
    await batcher.close()


@pytest.fixture
def busy(batcher: Batcher[Any, Any], toy: ToyModel) -> Busy:
    """Close the gate with "busy" on the device, so that all else queues."""

    async def occupy() -> asyncio.Task[Outcome]:
        toy.gate.clear()
        task = asyncio.create_task(batcher.submit([Work("busy")]))
        await asyncio.to_thread(toy.entered.acquire)
        return task

    return occupy


async def queue(batcher: Batcher[Any, Any], *payloads: Any, **options: Any) -> asyncio.Task[Outcome]:
    task = asyncio.create_task(batcher.submit([Work(payload) for payload in payloads], **options))
    await asyncio.sleep(0)
    return task


async def test_a_lone_item_is_answered(batcher: Batcher[Any, Any], recorder: Recorder) -> None:
    results, timing = await batcher.submit([Work("a")])
    assert results == [("result", "a")]
    assert (timing.batch_items, timing.batch_cost) == (1, 1)
    assert len(recorder.of("answered")) == 1


async def test_nothing_is_answered_with_nothing(batcher: Batcher[Any, Any], toy: ToyModel) -> None:
    assert (await batcher.submit([]))[0] == []
    assert toy.batches == []


async def test_callers_share_a_batch_and_get_their_own(batcher: Batcher[Any, Any], toy: ToyModel, busy: Busy) -> None:
    await busy()
    tasks = [await queue(batcher, i, -i) for i in (1, 2, 3)]
    assert batcher.depth == 6
    toy.gate.set()
    for i, task in zip((1, 2, 3), tasks, strict=True):
        results, timing = await task
        assert results == [("result", i), ("result", -i)]
        assert timing.batch_items == 6
        assert timing.queue_wait_s > 0
    assert toy.batches[1] == [1, -1, 2, -2, 3, -3]


async def test_a_full_queue_refuses_at_once(batcher: Batcher[Any, Any], busy: Busy) -> None:
    await busy()
    await queue(batcher, *range(16))
    with pytest.raises(QueueFull) as refusal:
        await batcher.submit([Work(17)])
    assert refusal.value.retry_after_s == 1.0
    with pytest.raises(PayloadTooLarge):
        await batcher.submit([Work(i) for i in range(17)])


async def test_a_cancelled_caller_is_not_computed(
    batcher: Batcher[Any, Any], toy: ToyModel, busy: Busy, recorder: Recorder
) -> None:
    await busy()
    gone, stays = await queue(batcher, "gone"), await queue(batcher, "stays")
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert batcher.depth == 1
    toy.gate.set()
    assert (await stays)[0] == [("result", "stays")]
    assert toy.batches == [["busy"], ["stays"]]
    assert recorder.of("shed") == ["cancelled"]


async def test_neighbours_of_a_caller_that_leaves_while_computing_are_answered(
    batcher: Batcher[Any, Any], toy: ToyModel, busy: Busy
) -> None:
    await busy()
    gone, stays = await queue(batcher, "gone"), await queue(batcher, "stays")
    toy.gates["stays"] = threading.Event()
    toy.gate.set()
    await asyncio.to_thread(toy.entered.acquire)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    toy.gates["stays"].set()
    assert (await stays)[0] == [("result", "stays")]
    assert toy.batches[1] == ["gone", "stays"]


async def test_a_deadline_in_the_queue_is_answered_at_once(
    batcher: Batcher[Any, Any], toy: ToyModel, busy: Busy
) -> None:
    first = await busy()
    with pytest.raises(DeadlineExceeded):
        await batcher.submit([Work("late")], deadline=time.monotonic() + 0.01)
    assert batcher.depth == 0
    toy.gate.set()
    await first
    assert toy.batches == [["busy"]]


async def test_a_deadline_on_the_device_frees_the_caller_and_not_the_device(
    batcher: Batcher[Any, Any], toy: ToyModel
) -> None:
    toy.gate.clear()
    with pytest.raises(DeadlineExceeded):
        await batcher.submit([Work("late")], deadline=time.monotonic() + 0.05)
    assert batcher.busy_for_s > 0
    after = await queue(batcher, "after")
    assert toy.batches == [["late"]]
    assert batcher.depth == 1
    toy.gate.set()
    assert (await after)[0] == [("result", "after")]
    assert toy.most_at_once == 1


async def test_the_deadline_is_a_moment_on_the_injected_clock(toy: ToyModel, clock: FakeClock) -> None:
    device = DeviceThread(clock=clock)
    batcher: Batcher[Any, Any] = Batcher(toy.run, LIMITS, device=device)
    with pytest.raises(DeadlineExceeded):
        await batcher.submit([Work("late")], deadline=999.0)
    toy.gate.clear()
    waiting = await queue(batcher, "in time", deadline=1000.001)
    await asyncio.sleep(0.02)
    assert not waiting.done()
    clock.now = 1001.0
    with pytest.raises(DeadlineExceeded):
        await waiting
    toy.gate.set()
    await batcher.close()
    assert device.close(wait_s=10)


async def test_a_deadline_must_be_a_number(batcher: Batcher[Any, Any]) -> None:
    with pytest.raises(ValueError, match="deadline"):
        await batcher.submit([Work("a")], deadline=float("nan"))


async def test_a_poisoned_item_hurts_its_own_request_only(
    batcher: Batcher[Any, Any], toy: ToyModel, busy: Busy
) -> None:
    await busy()
    toy.failures = {"bad": ValueError("inside")}
    bad, good = await queue(batcher, "bad"), await queue(batcher, "good")
    toy.gate.set()
    assert (await good)[0] == [("result", "good")]
    with pytest.raises(Internal) as failure:
        await bad
    assert isinstance(failure.value.__cause__, ValueError)


@pytest.mark.parametrize("exit_", [KeyboardInterrupt(), SystemExit(1)])
async def test_an_exit_in_the_model_leaves_nobody_hanging(
    batcher: Batcher[Any, Any], toy: ToyModel, exit_: BaseException
) -> None:
    toy.failures = {"exit": exit_}
    with pytest.raises(Internal):
        await batcher.submit([Work("exit")])
    assert (await batcher.submit([Work("after")]))[0] == [("result", "after")]


async def test_out_of_memory_reaches_only_who_never_fits(batcher: Batcher[Any, Any], toy: ToyModel) -> None:
    toy.failures = {"huge": DeviceOutOfMemory("does not fit")}
    huge, small = await queue(batcher, "huge"), await queue(batcher, "small")
    with pytest.raises(DeviceOutOfMemory):
        await huge
    assert (await small)[0] == [("result", "small")]


async def test_closing_drains(batcher: Batcher[Any, Any], toy: ToyModel, busy: Busy) -> None:
    await busy()
    queued = await queue(batcher, "queued")
    closing = asyncio.create_task(batcher.close())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await batcher.submit([Work("refused")])
    assert not closing.done()
    toy.gate.set()
    assert (await queued)[0] == [("result", "queued")]
    await closing
    await batcher.close()


async def test_closing_without_draining_fails_the_queue_and_waits_for_the_device(
    batcher: Batcher[Any, Any], toy: ToyModel, busy: Busy
) -> None:
    first = await busy()
    queued = await queue(batcher, "queued")
    closing = asyncio.create_task(batcher.close(drain=False))
    with pytest.raises(Unavailable):
        await queued
    assert not closing.done()
    toy.gate.set()
    await closing
    assert (await first)[0] == [("result", "busy")]


async def test_closing_waits_for_a_call_whose_caller_gave_up(batcher: Batcher[Any, Any], toy: ToyModel) -> None:
    toy.gate.clear()
    with pytest.raises(DeadlineExceeded):
        await batcher.submit([Work("late")], deadline=time.monotonic() + 0.02)
    closing = asyncio.create_task(batcher.close())
    await asyncio.sleep(0.01)
    assert not closing.done()
    toy.gate.set()
    await closing


async def test_closing_the_device_fails_what_waits(toy: ToyModel) -> None:
    device = DeviceThread()
    batcher: Batcher[Any, Any] = Batcher(toy.run, LIMITS, device=device)
    toy.gate.clear()
    first = await queue(batcher, "busy")
    await asyncio.to_thread(toy.entered.acquire)
    queued = await queue(batcher, "queued")
    device.close()
    toy.gate.set()
    assert (await first)[0] == [("result", "busy")]
    with pytest.raises(Unavailable):
        await queued
    with pytest.raises(Unavailable):
        await batcher.submit([Work("after")])
    await batcher.close()


async def test_nothing_is_kept_alive_on_an_idle_device(
    device: DeviceThread, wait_until: Callable[[Callable[[], bool]], Any]
) -> None:
    """Not by the deadline's timer, the thread or the queue, and without the help of the cycle collector."""

    class Payload:
        pass

    batcher: Batcher[Any, Any] = Batcher(lambda payloads: [None for _ in payloads], LIMITS, device=device)
    payload = Payload()
    seen = weakref.ref(payload)
    await batcher.submit([Work(payload)], deadline=time.monotonic() + 1000)
    del payload
    gc.disable()
    try:
        await wait_until(lambda: seen() is None)
    finally:
        gc.enable()
    await batcher.close()


async def test_a_model_is_closed_before_another_has_had_its_turn(toy: ToyModel, device: DeviceThread) -> None:
    closing, other = (Batcher[Any, Any](toy.run, LIMITS, device=device) for _ in range(2))
    for payload in ("a", "b"):
        toy.gates[payload] = threading.Event()
    a = await queue(closing, "a")
    await asyncio.to_thread(toy.entered.acquire)
    b = await queue(other, "b")
    closed = asyncio.create_task(closing.close())
    await asyncio.sleep(0)
    toy.gates["a"].set()
    async with asyncio.timeout(5):
        await closed
    assert not b.done()
    toy.gates["b"].set()
    await asyncio.gather(a, b)
    await other.close()


async def test_models_share_one_device_thread(toy: ToyModel, device: DeviceThread) -> None:
    batchers: list[Batcher[Any, Any]] = [Batcher(toy.run, LIMITS, device=device) for _ in range(3)]
    answers = await asyncio.gather(
        *(batcher.submit([Work((i, n))]) for i, batcher in enumerate(batchers) for n in range(5))
    )
    assert [results for results, _ in answers] == [[("result", (i, n))] for i in range(3) for n in range(5)]
    assert toy.most_at_once == 1
    for batcher in batchers:
        await batcher.close()


def test_a_loop_that_ended_with_work_on_the_device_does_not_stop_the_next(toy: ToyModel) -> None:
    device = DeviceThread()
    batcher: Batcher[Any, Any] = Batcher(toy.run, LIMITS, device=device)
    toy.gate.clear()

    async def abandon() -> None:
        await queue(batcher, "abandoned")
        await asyncio.to_thread(toy.entered.acquire)

    async def ask() -> list[Any]:
        toy.gate.set()
        return (await batcher.submit([Work("next")]))[0]

    asyncio.run(abandon())
    assert asyncio.run(ask()) == [("result", "next")]
    assert device.close(wait_s=10)


async def test_the_watchdog_sees_a_hanging_call(batcher: Batcher[Any, Any], busy: Busy, toy: ToyModel) -> None:
    assert batcher.busy_for_s == 0.0
    first = await busy()
    assert batcher.busy_for_s > 0.0
    toy.gate.set()
    await first
    await batcher.close()
    assert batcher.busy_for_s == 0.0
