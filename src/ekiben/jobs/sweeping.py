"""What must happen by itself: leases that run out, delays and deadlines that pass, jobs that are old enough to go.

Any number of processes may do it at once; each step is atomic and does nothing where another was faster.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from ekiben.jobs.blobs import Blobs, delete_all
from ekiben.jobs.store import Store
from ekiben.jobs.unending import for_ever

_log = structlog.get_logger("ekiben.jobs")

_AT_ONCE: Final = 100
"""A script keeps everybody else waiting: so many jobs in one, about 5 ms."""
_DELETIONS_AT_ONCE: Final = 8
_SWEEPS_A_LEASE: Final = 8
"""At least; where half a lease goes by without one, leases are prolonged by it (`reap.lua`)."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many jobs each step has moved."""

    reaped: int
    expired: int
    promoted: int

    @property
    def busy(self) -> bool:
        """Whether a step did as much as it may at once, so that there may be more."""
        return max(self.reaped, self.expired, self.promoted) >= _AT_ONCE


class Sweeper:
    """Sweeps a queue.

    Args:
        store: The queue.
        blobs: Where the blobs of jobs that are given up for their age lie; None: nobody stored any.
        random_number: Jitter of backoffs, in [0, 1).
    """

    def __init__(
        self, store: Store, blobs: Blobs | None = None, random_number: Callable[[], float] = random.random
    ) -> None:
        self._store, self._blobs, self._random = store, blobs, random_number

    async def sweep(self) -> Swept:
        """Do what is due, a bounded amount of it.

        Raises:
            QueueUnavailable: The store cannot be reached.
        """
        reaped = await self._store.run("reap", _AT_ONCE, self._random())
        expired = await self._store.run("expire", _AT_ONCE)
        promoted = await self._store.run("promote")
        return Swept(int(reaped), int(expired), int(promoted))

    async def retire(self) -> int:
        """Erase jobs that are old enough to go, with their blobs, a bounded number; returns how many there were.

        Raises:
            QueueUnavailable: The store cannot be reached.
        """
        retired = await self._store.run("retention", _AT_ONCE)
        if self._blobs is not None:
            room = asyncio.Semaphore(_DELETIONS_AT_ONCE)
            await asyncio.gather(*(self._delete_blobs(self._blobs, job_id, room) for job_id in retired))
        return len(retired)

    async def run(self, every_s: float = 1.0) -> None:
        """Sweep until cancelled. A lease that ran out is noticed within `every_s`, however slow the blobs' store is."""
        look_s = min(every_s, self._store.rules.lease_ms / 1_000 / _SWEEPS_A_LEASE)

        async def sweep() -> None:
            swept = await self.sweep()
            if swept.reaped:
                _log.warning("leases ran out", jobs=swept.reaped)
            if not swept.busy:
                await asyncio.sleep(look_s)

        async def retire() -> None:
            if await self.retire() < _AT_ONCE:
                await asyncio.sleep(every_s)

        async with asyncio.TaskGroup() as group:
            group.create_task(for_ever(sweep, "cannot sweep the jobs", look_s))
            group.create_task(for_ever(retire, "cannot give up old jobs", every_s))

    async def _delete_blobs(self, blobs: Blobs, job_id: str, room: asyncio.Semaphore) -> None:
        try:
            async with room:
                await delete_all(blobs, job_id)
        except OSError as error:
            # They have become orphans, and are collected as such.
            _log.warning("cannot delete a job's blobs", job=job_id, reason=str(error))
