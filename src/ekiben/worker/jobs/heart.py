"""The beats that keep a lease."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

import structlog

from ekiben.errors import LeaseLost, QueueUnavailable
from ekiben.jobs import Lease, Leasing, Progress
from ekiben.worker.jobs.workbench import Workbench

_log = structlog.get_logger("ekiben.worker")

_BEATS_A_LEASE: Final = 4
_FASTEST_S: Final = 0.25
"""Each beat is written to a disk; so often, progress is told while there is news of it."""
_SILENT_LEASES: Final = 2


async def beat(leasing: Leasing, lease: Lease, bench: Workbench, clock: Callable[[], float] = time.monotonic) -> None:
    """Beat, with news of progress, until the job is to be stopped because somebody cancelled it.

    Raises:
        LeaseLost: It is no longer ours, or nothing was heard of the queue for so long that it must be taken for that.
    """
    heard = clock()
    told: Progress | None = None
    while True:
        await _pause(bench, told, lease.lease_s / _BEATS_A_LEASE)
        progress = bench.latest
        try:
            if await leasing.heartbeat(lease, None if progress is told else progress):
                return
            heard, told = clock(), progress
        except QueueUnavailable as error:
            if clock() - heard > _SILENT_LEASES * lease.lease_s:
                raise LeaseLost(f"nothing was heard of the queue for too long: {error.message}") from error
            _log.warning("a heartbeat was not heard", job=lease.job.id, reason=error.message)


async def _pause(bench: Workbench, told: Progress | None, longest_s: float) -> None:
    """Until the next beat is due: early where there is news, yet never too soon."""
    soonest_s = min(_FASTEST_S, longest_s)
    await asyncio.sleep(soonest_s)
    bench.progressed.clear()
    if bench.latest is told:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(bench.progressed.wait(), longest_s - soonest_s)
