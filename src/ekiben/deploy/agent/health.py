"""An instance whose platform stays unready is reported, so that its group replaces it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

_log = structlog.get_logger("ekiben.agent")

_LOOK_EVERY_S: Final = 5.0


class Health:
    """Watches readiness.

    Args:
        ready: Whether the platform is ready now.
        report: Tells whoever replaces the instance.
        after_s: Seconds of unreadiness before that, and between two reports; also how long the first start may take.
        clock: Seconds.
    """

    def __init__(
        self,
        ready: Callable[[], Awaitable[bool]],
        report: Callable[[], Awaitable[None]],
        after_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ready, self._report, self._after_s, self._clock = ready, report, after_s, clock
        self._since = clock()

    async def watch(self, reported: Callable[[], None]) -> None:
        """Look until cancelled; `reported` is told of every report."""
        while True:
            try:
                if await self.look():
                    _log.error("the platform stays unready; this instance was reported", seconds=self._after_s)
                    reported()
            except Exception as error:  # noqa: BLE001  # whatever it was, the next report may succeed
                _log.warning("this instance cannot be reported as unhealthy", reason=str(error))
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> bool:
        """Look once; returns whether the instance was reported.

        Raises:
            Exception: As the report does; it is tried again after `after_s`.
        """
        now = self._clock()
        if await self._ready():
            self._since = now
            return False
        if now - self._since < self._after_s:
            return False
        self._since = now
        await self._report()
        return True
