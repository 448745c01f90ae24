"""One lease of a job, from its beginning to exactly one end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import structlog

from ekiben.errors import LeaseLost, ModelUnloaded, QueueUnavailable, ShuttingDown
from ekiben.jobs import Blobs, Fault, Lease, Leasing
from ekiben.worker.jobs.blame import fault_of, problem_of
from ekiben.worker.jobs.heart import beat
from ekiben.worker.jobs.runner import JobRunner, Suspended
from ekiben.worker.jobs.workbench import Workbench

_log = structlog.get_logger("ekiben.worker")

GetRunner = Callable[[], AbstractAsyncContextManager[JobRunner]]

_AGAIN_S: Final = 0.5


class Attempt:
    """Computes a job and is rid of it in one way: published, failed, handed back, or lost.

    Args:
        leasing: Commits.
        lease: The job's.
        blobs: Where its bytes lie.
    """

    def __init__(self, leasing: Leasing, lease: Lease, blobs: Blobs) -> None:
        self._leasing, self._lease = leasing, lease
        self._bench = Workbench(leasing, lease, blobs)
        self._stopping = asyncio.Event()
        self.entered = asyncio.Event()
        """Set as soon as the job counts as one of its runner's, or will never be."""
        self.found_away = False
        """Whether something that the next job would need as well was not there."""

    def suspend(self) -> None:
        """Hand the job back soon, with a checkpoint."""
        self._bench.suspend()

    def stop(self) -> None:
        """Stop computing at once and hand the job back, which also confirms a cancellation."""
        self._stopping.set()

    async def run(self, runner: GetRunner) -> None:
        """Compute and commit; whatever happens, nothing is raised that is not a defect.

        Args:
            runner: Brings what computes, which may take a while where the model is not in memory.
        """
        working = asyncio.create_task(self._work(runner))
        beating = asyncio.create_task(beat(self._leasing, self._lease, self._bench))
        stopping = asyncio.create_task(self._stopping.wait())
        every: set[asyncio.Task[Any]] = {working, beating, stopping}
        try:
            await asyncio.wait(every, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in every:
                task.cancel()
            await asyncio.gather(*every, return_exceptions=True)
            self.entered.set()
        if working.cancelled() and not _is_lost(beating):
            await self._hand_back()
        elif _is_lost(working) or _is_lost(beating):
            _log.warning("a job was lost to another worker", job=self._lease.job.id, fence=self._lease.fence)
        elif not working.cancelled():
            working.result()

    async def _work(self, get_runner: GetRunner) -> None:
        job, lease, bench = self._lease.job, self._lease, self._bench
        try:
            async with get_runner() as runner:
                self.entered.set()
                result = await runner.run(job, bench)
        except (Suspended, ModelUnloaded, ShuttingDown):
            await _insist(lambda: self._leasing.hand_back(lease, bench.cost))
            _log.info("job handed back", job=job.id)
            return
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it was, the job must hear of it
            fault, problem = fault_of(error), problem_of(error)
            self.found_away = fault is Fault.AWAY
            _log.warning("a job's attempt failed", job=job.id, fault=fault.value, code=problem.code, exc_info=error)
            await _insist(lambda: self._leasing.fail(lease, fault, problem, bench.cost))
            return
        state = await _insist(lambda: self._leasing.complete(lease, result, bench.cost))
        await bench.forget_checkpoint()
        _log.info("job done", job=job.id, state=state.value)

    async def _hand_back(self) -> None:
        try:
            async with asyncio.timeout(self._lease.lease_s):
                await _insist(lambda: self._leasing.hand_back(self._lease, self._bench.cost))
        except (LeaseLost, TimeoutError):
            _log.warning("a job could not be handed back; its lease runs out", job=self._lease.job.id)


async def _insist(commit: Callable[[], Awaitable[Any]]) -> Any:
    """Commit as soon as the queue can be reached; whoever keeps the lease decides when that is too late."""
    while True:
        try:
            return await commit()
        except QueueUnavailable:
            await asyncio.sleep(_AGAIN_S)


def _is_lost(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and isinstance(task.exception(), LeaseLost)
