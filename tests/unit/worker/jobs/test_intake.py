"""As many jobs as there is room for, beside everything else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from valkey.asyncio import Valkey

from ekiben.errors import Unavailable
from ekiben.jobs import Job, JobQueue, Result, State
from ekiben.worker.jobs import intake as module
from ekiben.worker.jobs.away import Away
from ekiben.worker.jobs.intake import Intake
from ekiben.worker.jobs.runner import JobRunner, Suspended
from ekiben.worker.jobs.workbench import Workbench
from tests.unit.worker.jobs.conftest import Queue


class Room:
    """A place with so many slots, of which other requests take `taken`; jobs end when the test says so."""

    def __init__(self, slots: int = 2) -> None:
        self.slots, self.taken, self.takes_jobs = slots, 0, True
        self.inside: list[str] = []
        self.most = 0
        self.may_end = asyncio.Event()
        self.asked, self.away = 0, False

    @property
    def free_slots(self) -> int:
        return self.slots - self.taken - len(self.inside)

    @property
    def loaded_runner(self) -> JobRunner | None:
        return self

    @asynccontextmanager
    async def runner(self) -> AsyncIterator[JobRunner]:
        self.asked += 1
        if self.away:
            raise Away(Unavailable("the model could not be loaded."))
        yield self

    async def run(self, job: Job, bench: Workbench) -> Result:
        self.inside.append(job.id)
        self.most = max(self.most, len(self.inside))
        try:
            ways = {asyncio.ensure_future(self.may_end.wait()), asyncio.ensure_future(bench.suspending.wait())}
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            if bench.suspending.is_set():
                raise Suspended
            return Result()
        finally:
            self.inside.remove(job.id)


@asynccontextmanager
async def _open(queue: Queue, room: Room) -> AsyncIterator[Intake]:
    intake = Intake(queue.leasing, queue.blobs, room)
    intake.start()
    try:
        yield intake
    finally:
        await intake.drain(5.0)


async def _until(queue: Queue, jobs: list[str], state: State) -> None:
    async with asyncio.timeout(20):
        for job in jobs:
            while (await queue.get(job)).state is not state:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.02)


async def test_jobs_are_taken_again_after_a_fault_that_nobody_foresaw(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0.05)
    async with _open(queue, Room()) as intake, Valkey.from_url(queue.url) as raw:
        bell = queue.store.key("bell", "m")
        await raw.set(bell, "no list")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.wait(intake._loops, return_when=asyncio.FIRST_COMPLETED), 0.5)
        await raw.delete(bell)
        await _until(queue, [await queue.submit()], State.RUNNING)


async def test_no_more_are_taken_than_there_is_room_for(queue: Queue) -> None:
    room = Room(slots=2)
    jobs = [await queue.submit() for _ in range(5)]
    async with _open(queue, room):
        await _until(queue, jobs[:2], State.RUNNING)
        assert (await queue.get(jobs[2])).state is State.QUEUED
        room.may_end.set()
        await _until(queue, jobs, State.SUCCEEDED)
    assert room.most == 2


async def test_traffic_goes_first_yet_does_not_starve_jobs(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.5)
    room = Room(slots=2)
    room.taken = 2
    jobs = [await queue.submit() for _ in range(2)]
    async with _open(queue, room):
        await _until(queue, jobs[:1], State.RUNNING)
        assert (await queue.get(jobs[1])).state is State.QUEUED
        room.taken = 0
        await _until(queue, jobs, State.RUNNING)
        room.may_end.set()
        await _until(queue, jobs, State.SUCCEEDED)


async def test_while_the_place_is_away_jobs_are_left_in_the_queue(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AWAY_S", 0.3)
    room = Room(slots=2)
    room.away = True
    jobs = [await queue.submit() for _ in range(20)]
    began = time.monotonic()
    async with _open(queue, room):
        async with asyncio.timeout(20):
            while room.asked < 4:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.01)
        assert time.monotonic() - began > 3 * 0.3
        for job in [await queue.get(job) for job in jobs]:
            assert (job.state in (State.QUEUED, State.RUNNING), job.failures) == (True, 0)
        room.away = False
        room.may_end.set()
        await _until(queue, jobs, State.SUCCEEDED)


async def test_a_drain_hands_everything_back_and_takes_no_more(queue: Queue) -> None:
    room = Room(slots=2)
    jobs = [await queue.submit() for _ in range(3)]
    async with _open(queue, room) as intake:
        await _until(queue, jobs[:2], State.RUNNING)
        await intake.drain(5.0)
        states = [(await queue.get(job)).state for job in jobs]
    assert states == [State.QUEUED] * 3


async def test_a_model_that_was_put_away_gets_none(queue: Queue) -> None:
    room = Room()
    room.takes_jobs = False
    job = await queue.submit()
    async with _open(queue, room):
        assert (await queue.get(job)).state is State.QUEUED
        room.takes_jobs = True
        await _until(queue, [job], State.RUNNING)


async def test_a_cancelled_job_leaves_its_slot_to_the_next(queue: Queue) -> None:
    room = Room(slots=1)
    first, second = [await queue.submit() for _ in range(2)]
    async with _open(queue, room):
        await _until(queue, [first], State.RUNNING)
        await JobQueue(queue.store).cancel(first)
        await _until(queue, [second], State.RUNNING)
        assert (await queue.get(first)).state is State.CANCELLED
