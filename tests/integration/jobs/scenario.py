"""Clients and workers that behave, under somebody who makes them not; everything they saw, written down."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from benchmarks.faults.history import Entry, History, Kind, Violation
from ekiben.errors import LeaseLost, QueueUnavailable
from ekiben.jobs import (
    Cost,
    Event,
    Events,
    Filter,
    Job,
    JobQueue,
    Lease,
    Leasing,
    News,
    QueueRules,
    Result,
    Store,
    Submission,
    Sweeper,
)
from ekiben.jobs.rules import Backoff, _backoffs

LEASE_S = 0.6
RULES = QueueRules(
    lease_ms=int(LEASE_S * 1_000), max_crashes=50, backoffs={kind: Backoff(20, 50) for kind in _backoffs()}
)
_STEP_S = 0.05
_SETTLED_WITHIN_S = 40.0


@dataclass
class Scenario:
    """One run.

    Args:
        store: The queue, perhaps with a bug.
        steps: Each job takes so many steps of a twentieth of a second, with a heartbeat after each.
        freezes: Chance that a worker stands still for two leases in the middle of a job, and then goes on.
        dies: Chance that it is never heard of again after a step; another takes its place.
    """

    store: Store
    steps: int = 4
    freezes: float = 0.0
    dies: float = 0.0
    seed: int = 1
    history: History = field(default_factory=lambda: History(LEASE_S))

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def saw(self, kind: Kind, job: str, fence: int = 0, *, asked_s: float = 0.0) -> None:
        """Write down an answer."""
        self.history.entries.append(Entry(asked_s, time.monotonic(), kind, job, fence))

    async def submit(self, count: int, queue: JobQueue | None = None) -> None:
        """A client that goes on until each of its jobs is accepted."""
        for number in range(count):
            submission = Submission(model="m", task="t", principal="p", inline=number, id=f"job_{number:08}")
            while True:
                with suppress(QueueUnavailable):
                    await (queue or JobQueue(self.store)).submit(submission)
                    break
            self.saw("accepted", submission.id)

    async def run(self, trouble: Callable[[], Awaitable[None]] | None = None) -> dict[str, set[Violation]]:
        """Work off what was submitted, in trouble; returns what was broken."""
        async with asyncio.TaskGroup() as group:
            working = [group.create_task(self._work(f"w{number}")) for number in range(3)]
            sweeping = group.create_task(Sweeper(self.store).run(every_s=0.05))
            if trouble is not None:
                await trouble()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._settled(), _SETTLED_WITHIN_S)
            for task in [*working, sweeping]:
                task.cancel()
        jobs, events = await self._look()
        return self.history.violations(jobs, events)

    async def _settled(self) -> None:
        """Every accepted job that is there has ended, and nobody can still be at one."""
        while True:
            with suppress(QueueUnavailable):
                jobs = await self._jobs()
                if all(job.state.terminal for job in jobs.values()):
                    break
            await asyncio.sleep(0.1)
        await asyncio.sleep(3 * LEASE_S)  # A frozen worker comes back within this.

    async def _work(self, name: str) -> None:
        lives = 0
        while True:
            worker = Leasing(self.store, "m", f"{name}.{lives}")
            try:
                asked_s = time.monotonic()
                leased = await worker.lease(1)
                for lease in leased.leases:
                    self.saw("leased", lease.job.id, lease.fence, asked_s=asked_s)
                    lives += await self._do(worker, lease)
                if not leased.leases:
                    await worker.wait(0.1)
            except QueueUnavailable:
                await asyncio.sleep(0.05)

    async def _do(self, worker: Leasing, lease: Lease) -> bool:
        """One job; returns whether the worker died of it."""
        frozen_at = self._chance.randrange(self.steps) if self._chance.random() < self.freezes else None
        try:
            for step in range(self.steps):
                await asyncio.sleep(_STEP_S)
                if self._chance.random() < self.dies:
                    return True
                if step == frozen_at:
                    await asyncio.sleep(2 * LEASE_S)
                    break  # It wakes up in the middle of its last step and knows nothing.
                asked_s = time.monotonic()
                await worker.heartbeat(lease)
                self.saw("beaten", lease.job.id, lease.fence, asked_s=asked_s)
            await worker.complete(lease, Result(value=lease.fence), Cost())
            self.saw("published", lease.job.id, lease.fence)
        except LeaseLost:
            pass
        except QueueUnavailable:
            self.saw("given up", lease.job.id, lease.fence)
        return False

    async def _jobs(self) -> dict[str, Job]:
        queue, found, after = JobQueue(self.store), {}, ""
        while True:
            page = await queue.page(Filter(), after=after, limit=500)
            found.update({job.id: job for job in page.jobs})
            if not (after := page.next):
                return found

    async def _look(self) -> tuple[dict[str, Job], dict[str, list[Event]]]:
        jobs, events = await self._jobs(), Events(self.store, News(self.store))
        return jobs, {job_id: await events.read(job_id) for job_id in jobs}
