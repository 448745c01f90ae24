"""Remembering how much a worker could hold when it was full, so that what it would refuse need not travel to it.

Under overload most requests are refused, and each one that is sent on takes processor time from those that are
answered. The worker has the last word: its limit is its own, and depends on what it computes at the time, so what is
remembered here is forgotten after a moment and asked for again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ekiben.errors import QueueFull

# Room can also appear without an answer, when callers leave or a batch is taken; so the worker is asked this often.
_REMEMBERED_S: Final = 0.1


class Fullness:
    """What is known of one worker's queue.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        self._too_many = 0
        self._refusal: QueueFull | None = None

    def check(self, outstanding: int, items: int) -> None:
        """Refuse a request that would bring the worker to as many items as it has just refused to hold.

        Args:
            outstanding: Items it has not answered yet.
            items: Items of the request.

        Raises:
            QueueFull: As the worker said it.
        """
        if self._refusal is None or outstanding + items < self._too_many:
            return
        if self._clock() < self._until:
            raise QueueFull(self._refusal.message, retry_after_s=self._refusal.retry_after_s)
        self._refusal = None

    def refused(self, outstanding: int, items: int, refusal: QueueFull) -> None:
        """Note that the worker, having so many, took no more."""
        self._too_many, self._refusal = outstanding + items, refusal
        self._until = self._clock() + _REMEMBERED_S
