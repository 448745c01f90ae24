"""Remembering that a worker's queue is full, so that the requests it would refuse need not travel to it.

Under overload most requests are refused, and each one that is sent on takes processor time from those that are
answered. Nothing is refused here that the worker would have taken for long: its next answer makes room, and that ends
the memory at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ekiben.errors import QueueFull

# Room can also appear without an answer, when callers leave; so the worker is asked again this often.
_REMEMBERED_S: Final = 0.1


class Fullness:
    """What is known of one worker's queue.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        self._items = 0
        self._refusal: QueueFull | None = None

    def check(self, items: int) -> None:
        """Refuse a request of so many items if one no larger has just been refused.

        Raises:
            QueueFull: As the worker said it.
        """
        if self._refusal is not None and items >= self._items and self._clock() < self._until:
            raise QueueFull(self._refusal.message, retry_after_s=self._refusal.retry_after_s)

    def refused(self, items: int, refusal: QueueFull) -> None:
        """Note that the worker had no room for so many items."""
        self._items, self._refusal = items, refusal
        self._until = self._clock() + _REMEMBERED_S

    def answered(self) -> None:
        """Note that the worker has answered a request, so that there is room again."""
        self._refusal = None
