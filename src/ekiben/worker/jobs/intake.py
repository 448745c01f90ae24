"""Takes jobs into a worker: as many as it has free slots for, whatever else it is doing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, NoReturn, Protocol

import structlog

from ekiben.jobs import Blobs, Lease, Leasing, for_ever
from ekiben.worker.jobs.attempt import Attempt
from ekiben.worker.jobs.runner import JobRunner

_log = structlog.get_logger("ekiben.worker")

_LOOK_S: Final = 0.1
"""Between two looks at whether other requests have left a slot."""
_PATIENCE_S: Final = 5.0
"""After so long without a free slot one job is taken all the same: traffic must not starve jobs for good."""
_IDLE_LOOK_S: Final = 5.0
"""A worker whose model is not in memory gives those that have it so long to take a job."""
_DEAF_S: Final = 1.0
"""The bell rings once, and whoever hears it may be frozen or cut off: others look by themselves after so long."""
_PAUSE_S: Final = 1.0
_AWAY_S: Final = 5.0
"""After a job found store or model away, the others are left in the queue for so long."""
_STOP_WITHIN_S: Final = 2.0


class Place(Protocol):
    """Where jobs are computed: a model that may be in memory or not."""

    @property
    def takes_jobs(self) -> bool:
        """Whether it computes at all: not before it has loaded, and not when its operator unloaded it."""

    @property
    def loaded_runner(self) -> JobRunner | None:
        """What computes, when the model is in memory."""

    def runner(self) -> AbstractAsyncContextManager[JobRunner]:
        """What computes, kept in memory within the block; brought there first, where it is not."""


class Intake:
    """One worker process's.

    Args:
        leasing: Of this worker and model.
        blobs: Where the jobs' bytes lie.
        place: Where they are computed.
        clock: Seconds.
    """

    def __init__(
        self, leasing: Leasing, blobs: Blobs, place: Place, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._leasing, self._blobs, self._place, self._clock = leasing, blobs, place, clock
        self._attempts: dict[str, Attempt] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[NoReturn]] = []
        self._changed = asyncio.Event()
        self._asking = asyncio.Lock()
        self._full_since: float | None = None
        self._away_until = 0.0

    def start(self) -> None:
        """Begin to take jobs."""
        for act in (self._take, self._hear):
            self._loops.append(asyncio.create_task(for_ever(act, "cannot ask for jobs", _PAUSE_S)))

    async def drain(self, within_s: float) -> None:
        """Take no more; hand those that are here back, with a checkpoint where there is time for one."""
        async with self._asking:  # What is leased while we leave would be nobody's until its lease runs out.
            for loop in self._loops:
                loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        for attempt in self._attempts.values():
            attempt.suspend()
        await self._wait(within_s)
        for attempt in self._attempts.values():
            attempt.stop()
        await self._wait(_STOP_WITHIN_S)
        for task in self._running:
            task.cancel()

    async def _wait(self, within_s: float) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)

    async def _hear(self) -> None:
        """Wait for somebody to cancel one of ours."""
        called = await self._leasing.wait(for_jobs=False)
        if called.stop is not None and called.stop in self._attempts:
            self._attempts[called.stop].stop()

    async def _take(self) -> None:
        """Take one job, or wait for one, or for room."""
        if not self._has_room():
            await self._room()
            return
        async with self._asking:
            leased = await self._leasing.lease(1)
            begun = [self._begin(lease) for lease in leased.leases]
        if begun:
            # Else there would seem to be more room than there is.
            await asyncio.gather(*(attempt.entered.wait() for attempt in begun))
        elif self._place.loaded_runner is None:
            await asyncio.sleep(_IDLE_LOOK_S)
        else:
            called = await self._leasing.wait(min(_DEAF_S, leased.next_s or _DEAF_S))
            if called.stop is not None and called.stop in self._attempts:
                self._attempts[called.stop].stop()

    def _has_room(self) -> bool:
        if not self._place.takes_jobs or self._clock() < self._away_until:
            return False
        runner = self._place.loaded_runner
        if runner is None:
            return not self._attempts
        if runner.free_slots > 0:
            self._full_since = None
            return True
        now = self._clock()
        self._full_since = now if self._full_since is None or self._attempts else self._full_since
        return now - self._full_since > _PATIENCE_S

    async def _room(self) -> None:
        """Wait a moment, or until one of our own is done."""
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), _LOOK_S)
        except TimeoutError:
            return

    def _begin(self, lease: Lease) -> Attempt:
        attempt = Attempt(self._leasing, lease, self._blobs)
        self._attempts[lease.job.id] = attempt
        task = asyncio.create_task(attempt.run(self._place.runner), name=f"job {lease.job.id}")
        self._running.add(task)
        task.add_done_callback(lambda done: self._end(lease.job.id, attempt, done))
        return attempt

    def _end(self, job_id: str, attempt: Attempt, done: asyncio.Task[None]) -> None:
        self._running.discard(done)
        if attempt.found_away:
            self._away_until = self._clock() + _AWAY_S
        # A job that was lost may be back here under another lease.
        if self._attempts.get(job_id) is attempt:
            del self._attempts[job_id]
        self._changed.set()
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.error("a job could not be run", job=job_id, exc_info=error)
