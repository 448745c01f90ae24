"""What an attempt may do with its lease while it computes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from ekiben.errors import InvalidRequest, QueueUnavailable, Unavailable
from ekiben.jobs import Blobs, Checkpoint, Cost, Lease, Leasing, Pointer, Progress
from ekiben.jobs.blobs import get_checked, put_output
from ekiben.worker.jobs.away import Away

_log = structlog.get_logger("ekiben.worker")

_CHECKPOINT_TYPE: Final = "application/octet-stream"
_STORE_WAITS_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 20.0)

T = TypeVar("T")


class Workbench:
    """One lease's store and progress; used on one event loop.

    Args:
        leasing: Commits.
        lease: The job's.
        blobs: Where its bytes lie.
        clock: Seconds.
    """

    def __init__(
        self, leasing: Leasing, lease: Lease, blobs: Blobs, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._leasing, self._lease, self._blobs, self._clock = leasing, lease, blobs, clock
        self._began = clock()
        self._steps = 0
        self._start = self._last = lease.job.checkpoint
        self.latest: Progress | None = None
        self.progressed = asyncio.Event()
        self.suspending = asyncio.Event()

    @property
    def cost(self) -> Cost:
        """Of all attempts so far: what the job had when it was leased, and what this lease added."""
        before = self._lease.job.cost
        return Cost(device_s=before.device_s + self._clock() - self._began, steps=before.steps + self._steps)

    def suspend(self) -> None:
        """Ask whoever computes to stop soon, with a checkpoint."""
        self.suspending.set()

    def computed(self, steps: int) -> None:
        """Count steps that were computed under this lease."""
        self._steps += steps

    def tell(self, step: int, of: int, preview: Pointer | None = None) -> None:
        """Say how far it is; the next heartbeat takes the newest along."""
        self.latest = Progress(step=step, of=of, preview=preview)
        self.progressed.set()

    async def input(self) -> bytes | None:
        """What the job is to work on, where it is not inline.

        Raises:
            InvalidRequest: It is gone, or damaged.
            Away: The store failed for too long.
        """
        pointer = self._lease.job.specification.input
        if pointer is None:
            return None
        data = await self._insist(lambda: self._read(pointer))
        if data is None:
            raise InvalidRequest("the job's input is gone or damaged.", param="input")
        return data

    async def checkpointed(self) -> bytes | None:
        """The last checkpoint; None where there is none, or it is gone or damaged.

        Raises:
            Away: The store failed for too long.
        """
        if self._start is None:
            return None
        blob = self._start.blob
        return await self._insist(lambda: self._read(blob))

    async def put(self, data: bytes, media_type: str) -> Pointer:
        """Store bytes under this lease; nobody's until they are committed.

        Raises:
            OSError: The store failed.
        """
        return await put_output(self._blobs, self._lease.job.id, self._lease.fence, data, media_type)

    async def put_preview(self, data: bytes, media_type: str) -> Pointer | None:
        """Store a preview; one that cannot be stored is not shown."""
        try:
            return await self.put(data, media_type)
        except OSError as error:
            _log.warning("a preview cannot be stored", job=self._lease.job.id, reason=str(error))
            return None

    async def put_result(self, data: bytes, media_type: str) -> Pointer:
        """Store a part of the result, for a while again and again: all the work is in it.

        Raises:
            Away: The store failed for too long.
        """
        return await self._insist(lambda: self.put(data, media_type))

    async def forget_checkpoint(self) -> None:
        """Delete the last checkpoint; nobody goes on from a job that is done."""
        if self._last is not None:
            await self._delete(self._last.blob)

    async def checkpoint(self, data: bytes, step: int) -> None:
        """Keep a state to go on from. One that cannot be kept costs nothing but repeated steps: the former stands.

        Raises:
            LeaseLost: The job is no longer ours.
        """
        try:
            taken = Checkpoint(blob=await self.put(data, _CHECKPOINT_TYPE), step=step)
            former = await self._leasing.checkpoint(self._lease, taken)
        except (OSError, QueueUnavailable) as error:
            _log.warning("a checkpoint cannot be kept", job=self._lease.job.id, reason=str(error))
            return
        self._last = taken
        if former is not None and former.blob.key != taken.blob.key:
            await self._delete(former.blob)

    async def _read(self, blob: Pointer) -> bytes | None:
        try:
            return await get_checked(self._blobs, blob)
        except (FileNotFoundError, ValueError) as error:
            _log.warning("a blob is gone or damaged", job=self._lease.job.id, reason=str(error))
            return None

    async def _insist(self, act: Callable[[], Awaitable[T]]) -> T:
        """Use the store, again and again while it fails; all the work done so far is worth the wait."""
        for wait_s in _STORE_WAITS_S:
            try:
                return await act()
            except OSError as error:
                _log.warning("the store of blobs failed", job=self._lease.job.id, reason=str(error))
                await asyncio.sleep(wait_s)
        try:
            return await act()
        except OSError as error:
            raise Away(Unavailable("the store of inputs and results cannot be used now.")) from error

    async def _delete(self, blob: Pointer) -> None:
        try:
            await self._blobs.delete(blob.key)
        except OSError as error:
            # It has become an orphan, and is collected as such.
            _log.warning("a former checkpoint cannot be deleted", key=blob.key, reason=str(error))
