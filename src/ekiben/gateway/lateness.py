"""Requests that wait for a worker which was ready a moment ago and is slow to say so again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from ekiben.gateway.worker_client import WorkerClient

# A process that other work starves of its processor for a moment is no reason to send anybody away while it is the
# only one; one that stays silent for longer hangs or is gone, and nobody waits for that.
LATE_S: Final = 5.0
# Who waits holds a place among all requests, and all of them come at once when it is over.
MOST_WAITING: Final = 100


class Lateness:
    """Of one model's workers."""

    def __init__(self) -> None:
        self._waiting = 0
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Something may have changed: whoever waits looks again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, workers: Callable[[], Sequence[WorkerClient]], deadline: float) -> bool:
        """Wait while none of the workers is ready and one of them is late; returns whether one is ready.

        Args:
            workers: Those to wait for; some may come or go meanwhile.
            deadline: On the event loop's clock.
        """
        if self._waiting >= MOST_WAITING:
            return False
        self._waiting += 1
        try:
            while not any(worker.ready for worker in workers()):
                until = min(deadline, _latest(workers()))
                if asyncio.get_running_loop().time() >= until:
                    return False
                try:
                    async with asyncio.timeout_at(until):
                        await self._changed.wait()
                except TimeoutError:
                    continue
            return True
        finally:
            self._waiting -= 1


def _latest(workers: Sequence[WorkerClient]) -> float:
    """When nobody waits for any of them any more."""
    return max((worker.late_since + LATE_S for worker in workers if worker.late_since is not None), default=0.0)
