"""Places at a model: so many requests are computed at once, so many more may wait, the rest is refused."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from ekiben.errors import QueueFull

# Weight of the latest request in the mean of how long a place is held.
_LATEST: Final = 0.2
_FIRST_GUESS_S: Final = 2.0
_LONGEST_WAIT_S: Final = 60.0
_AGEING_S: Final = 10.0
"""A step of priority is worth so much waiting, so that whoever waits long enough passes the others."""


class Slots:
    """Used on one event loop; whoever came first goes first, each step of priority counted as having come earlier.

    Args:
        count: Requests computed at once.
        max_waiting: Requests that may wait.
        changed: Called with (in use, waiting) after every change.
        clock: Seconds.
    """

    def __init__(
        self,
        count: int,
        max_waiting: int,
        changed: Callable[[int, int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count, self._max_waiting, self._changed, self._clock = count, max_waiting, changed, clock
        self._queue: list[tuple[float, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()
        self._held_s = _FIRST_GUESS_S
        self.in_use = 0
        self.waiting = 0
        self._idle = asyncio.Event()
        self._set(0, 0)

    @property
    def free(self) -> int:
        """How many more would be computed at once."""
        return max(0, self._count - self.in_use - self.waiting)

    @asynccontextmanager
    async def held(self, priority: int) -> AsyncIterator[None]:
        """Wait for a place and hold it.

        Raises:
            QueueFull: As many wait as may.
        """
        await self._take(priority)
        taken = self._clock()
        try:
            yield
        finally:
            self._held_s += _LATEST * (self._clock() - taken - self._held_s)
            self._pass_on()

    def check_room(self) -> None:
        """Refuse now what could not even wait.

        Raises:
            QueueFull: As many wait as may; comes with an estimate of when a place is free.
        """
        if self.in_use >= self._count and self.waiting >= self._max_waiting:
            ahead_s = self._held_s * (self.waiting + 1) / self._count
            raise QueueFull(
                f"{self.in_use} answers are being written and {self.waiting} requests wait, as many as may.",
                retry_after_s=min(max(1.0, ahead_s), _LONGEST_WAIT_S),
            )

    async def drained(self) -> None:
        """Wait until no place is held."""
        await self._idle.wait()

    async def _take(self, priority: int) -> None:
        self.check_room()
        if self.in_use < self._count:
            self._set(self.in_use + 1, self.waiting)
            return
        place = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (self._clock() - priority * _AGEING_S, next(self._arrivals), place))
        self._set(self.in_use, self.waiting + 1)
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                self._set(self.in_use, self.waiting - 1)
            else:  # Given a place just when its caller left.
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give the place to the next who still waits, or leave it free."""
        while self._queue:
            _, _, place = heapq.heappop(self._queue)
            if not place.done():
                place.set_result(None)
                self._set(self.in_use, self.waiting - 1)
                return
        self._set(self.in_use - 1, self.waiting)

    def _set(self, in_use: int, waiting: int) -> None:
        self.in_use, self.waiting = in_use, waiting
        if in_use:
            self._idle.clear()
        else:
            self._idle.set()
        self._changed(in_use, waiting)
