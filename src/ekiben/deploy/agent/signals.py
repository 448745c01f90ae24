"""The operator's word, or the system's that shuts down."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime

from ekiben.deploy.agent.interruption import Interruption, Kind


class Signals:
    """SIGTERM and SIGINT of this process, as a source; `came` is set at once."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self._at: datetime | None = None

    def listen(self) -> None:
        """Take the signals from now on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.tell)

    def tell(self) -> None:
        """As if a signal had come."""
        self._at = self._at or datetime.now(UTC)
        self.came.set()

    async def look(self) -> Interruption | None:
        """See `Source`."""
        return None if self._at is None else Interruption("stop", Kind.STOP, self._at)
