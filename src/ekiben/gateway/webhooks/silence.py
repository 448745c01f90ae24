"""Receivers that have just not answered: what else is due for them waits, so that nobody waits behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

_SILENT_S: Final = 60.0
_MOST: Final = 10_000


class Silence:
    """Remembers hosts for a minute.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._until: dict[str, float] = {}
        self._clock = clock

    def left_s(self, url: str) -> float:
        """Seconds for which nothing should be sent there."""
        return max(0.0, self._until.get(urlsplit(url).netloc, 0.0) - self._clock())

    def heard(self, url: str, *, is_silent: bool) -> None:
        """Note how an attempt went."""
        host, now = urlsplit(url).netloc, self._clock()
        if not is_silent:
            self._until.pop(host, None)
        else:
            self._until = {each: until for each, until in self._until.items() if until > now}
            if len(self._until) < _MOST:
                self._until[host] = now + _SILENT_S
