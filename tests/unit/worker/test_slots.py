"""Places at a model."""

from __future__ import annotations

import asyncio

import pytest

from ekiben.errors import QueueFull
from ekiben.worker.slots import Slots


class Holder:
    """Holds a place until told otherwise, and says in which order places were had."""

    def __init__(self, slots: Slots, order: list[str]) -> None:
        self._slots, self._order = slots, order

    def start(self, name: str, priority: int = 0) -> tuple[asyncio.Task[None], asyncio.Event]:
        leave = asyncio.Event()

        async def hold() -> None:
            async with self._slots.held(priority):
                self._order.append(name)
                await leave.wait()

        return asyncio.create_task(hold()), leave


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_as_many_as_there_are_places_the_others_wait_by_priority_then_arrival() -> None:
    order: list[str] = []
    changes: list[tuple[int, int]] = []
    slots = Slots(1, 3, lambda *now: changes.append(now))
    holder = Holder(slots, order)
    tasks = [holder.start("first")]
    await settle()
    for name, priority in (("low", -1), ("usual", 0), ("high", 5)):
        tasks.append(holder.start(name, priority))
        await settle()
    assert (slots.in_use, slots.waiting) == (1, 3)
    for _, leave in tasks:
        leave.set()
    await asyncio.gather(*(task for task, _ in tasks))
    assert order == ["first", "high", "usual", "low"]
    assert changes[-1] == (0, 0)
    await slots.drained()


async def test_whoever_waits_long_enough_passes_those_of_higher_priority() -> None:
    order: list[str] = []
    now = [0.0]
    slots = Slots(1, 3, lambda *_: None, clock=lambda: now[0])
    holder = Holder(slots, order)
    held = {"before": holder.start("before")}
    await settle()
    held["job"] = holder.start("job", -1)
    await settle()
    for number in range(20):  # One who came a second ago always waits when a place is free.
        held[f"request {number}"] = holder.start(f"request {number}")
        await settle()
        now[0] += 1.0
        held[order[-1]][1].set()
        await settle()
    for _, leave in held.values():
        leave.set()
    await asyncio.gather(*(task for task, _ in held.values()))
    assert 5 < order.index("job") < 15


async def test_beyond_the_bound_it_is_refused_with_an_estimate() -> None:
    slots = Slots(1, 1, lambda *_: None)
    holder = Holder(slots, [])
    held, waiting = holder.start("a"), holder.start("b")
    await settle()
    with pytest.raises(QueueFull) as refused:
        async with slots.held(9):
            pass
    assert 1 <= (refused.value.retry_after_s or 0) <= 60
    for task, leave in (held, waiting):
        leave.set()
        await task


async def test_whoever_leaves_the_queue_frees_its_place_there() -> None:
    order: list[str] = []
    slots = Slots(1, 1, lambda *_: None)
    holder = Holder(slots, order)
    first, leave = holder.start("first")
    await settle()
    gone, _ = holder.start("gone")
    await settle()
    gone.cancel()
    await settle()
    assert slots.waiting == 0
    last, leave_last = holder.start("last")
    await settle()
    leave.set()
    leave_last.set()
    await asyncio.gather(first, last)
    assert order == ["first", "last"]
    assert (slots.in_use, slots.waiting) == (0, 0)


async def test_a_place_given_to_somebody_who_just_left_goes_to_the_next() -> None:
    order: list[str] = []
    slots = Slots(1, 2, lambda *_: None)
    holder = Holder(slots, order)
    first, leave = holder.start("first")
    await settle()
    gone, _ = holder.start("gone")
    next_one, leave_next = holder.start("next")
    await settle()
    leave.set()
    await asyncio.wait({first})  # The place is `gone`'s now, who has not run since.
    gone.cancel()
    leave_next.set()
    await asyncio.gather(gone, next_one, return_exceptions=True)
    assert order[-1] == "next"
    assert (slots.in_use, slots.waiting) == (0, 0)
