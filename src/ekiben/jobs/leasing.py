"""A worker's side of the queue: take jobs, keep them, and be rid of them in exactly one way.

    wait ─► lease ─► heartbeat, checkpoint … ─► complete | fail | hand_back

Every commit carries the lease's fence. A worker that was taken for dead hears `LeaseLost` from each of them and has
published nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ekiben.errors import LeaseLost
from ekiben.jobs.connection import MAX_BLOCK_S
from ekiben.jobs.faults import Fault
from ekiben.jobs.job import Checkpoint, Cost, Job, Problem, Progress, Result
from ekiben.jobs.record import fields_of, job_of
from ekiben.jobs.states import State
from ekiben.jobs.store import Store


@dataclass(frozen=True, slots=True)
class Lease:
    """A job that is this worker's until `fence` is no longer the job's, or the lease runs out.

    Attributes:
        job: As it was when it was leased; `job.checkpoint` is where to go on.
        lease_s: Seconds without a heartbeat after which it is lost. Beat at least three times as often.
    """

    job: Job
    fence: int
    lease_s: float


@dataclass(frozen=True, slots=True)
class Leased:
    """What a worker got; `next_s`: seconds until a delayed job may run, None when there is none."""

    leases: tuple[Lease, ...]
    next_s: float | None


@dataclass(frozen=True, slots=True)
class Called:
    """Why a wait ended: there may be jobs, a job is to be stopped, or (neither) time is up."""

    jobs: bool = False
    stop: str | None = None


class Leasing:
    """One worker process and the model that it serves.

    Args:
        store: The queue.
        model: Served name.
        worker: This process's name, unlike any other's, also of its predecessor at the same place.
        random_number: Jitter of backoffs, in [0, 1).
    """

    def __init__(
        self, store: Store, model: str, worker: str, random_number: Callable[[], float] = random.random
    ) -> None:
        self._store, self._model, self._worker, self._random = store, model, worker, random_number
        self._bell, self._calls = store.key("bell", model), store.key("calls", worker)

    async def wait(self, timeout_s: float = MAX_BLOCK_S, *, for_jobs: bool = True) -> Called:
        """Sleep until there may be jobs, or one of ours is to be stopped.

        Args:
            timeout_s: At most so long; waits of more than five seconds are cut to that.
            for_jobs: False while there is no free slot.
        """
        keys = [self._calls, self._bell] if for_jobs else [self._calls]
        taken = await self._store.block(keys, min(max(timeout_s, 0.001), MAX_BLOCK_S))
        if taken is None:
            return Called()
        return Called(jobs=True) if taken[0] == self._bell else Called(stop=taken[1])

    async def lease(self, slots: int) -> Leased:
        """Take jobs.

        Not repeated after a lost connection: what was leased into the void comes back when its lease runs out.

        Args:
            slots: At most so many.
        """
        arguments = (self._model, self._worker, slots, self._store.schema.version)
        next_ms, *rows = await self._store.run("lease", *arguments, again=False)
        lease_s = self._store.rules.lease_ms / 1_000
        leases = tuple(Lease(job_of(fields_of(flat), self._store.schema), int(fence), lease_s) for fence, flat in rows)
        return Leased(leases, None if int(next_ms) < 0 else int(next_ms) / 1_000)

    async def heartbeat(self, lease: Lease, progress: Progress | None = None) -> bool:
        """Keep the job for another lease, and tell how far it is.

        Returns:
            Whether the job is to be stopped; hand it back then.

        Raises:
            LeaseLost: It is no longer ours.
        """
        told = progress.model_dump_json() if progress else ""
        return _stop(await self._store.run("heartbeat", lease.job.id, lease.fence, told), lease)

    async def checkpoint(self, lease: Lease, checkpoint: Checkpoint) -> Checkpoint | None:
        """Make a stored checkpoint the job's; returns the one it replaces, whose blob can go.

        Raises:
            LeaseLost: It is no longer ours; the former checkpoint stands.
        """
        told = checkpoint.model_dump_json()
        outcome, former = await self._store.run("checkpoint", lease.job.id, lease.fence, told, checkpoint.blob.key)
        _stop(outcome, lease)
        return Checkpoint.model_validate_json(former) if former else None

    async def complete(self, lease: Lease, result: Result, cost: Cost) -> State:
        """Publish the result, once; may be repeated when the answer was lost.

        Args:
            lease: Of the job that is done.
            result: Its blobs lie under the lease's fence.
            cost: Of all attempts so far: the job's own when it was leased, and what this lease added.

        Returns:
            `succeeded`, or `cancelled` where that was asked for before.

        Raises:
            LeaseLost: It is no longer ours; the result is nobody's.
        """
        told = result.model_dump_json(), cost.model_dump_json()
        outcome = await self._store.run("complete", lease.job.id, lease.fence, *told)
        _held(outcome, lease)
        return State.CANCELLED if outcome == "cancelled" else State.SUCCEEDED

    async def fail(self, lease: Lease, fault: Fault, problem: Problem, cost: Cost) -> State:
        """End this attempt with an error.

        Returns:
            `queued` when it will be tried again, `failed` when not, or `cancelled`.

        Raises:
            LeaseLost: It is no longer ours.
        """
        told = (problem.model_dump_json(), fault, self._random(), cost.model_dump_json())
        outcome = await self._store.run("fail", lease.job.id, lease.fence, *told)
        _held(outcome, lease)
        return _AFTER_FAILURE[outcome]

    async def hand_back(self, lease: Lease, cost: Cost) -> State:
        """Give the job to others, with its last checkpoint and without using up an attempt; or confirm a cancellation.

        Raises:
            LeaseLost: It is no longer ours.
        """
        outcome = await self._store.run("hand_back", lease.job.id, lease.fence, cost.model_dump_json())
        _held(outcome, lease)
        return State.CANCELLED if outcome == "cancelled" else State.QUEUED


_AFTER_FAILURE: Final = {"retrying": State.QUEUED, "failed": State.FAILED, "cancelled": State.CANCELLED}


def _held(outcome: str, lease: Lease) -> None:
    if outcome == "lost":
        raise LeaseLost(f"job {lease.job.id} is no longer held under fence {lease.fence}")


def _stop(outcome: str, lease: Lease) -> bool:
    _held(outcome, lease)
    return outcome == "cancel"
