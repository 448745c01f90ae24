"""Who may come in now: a bound on requests in flight, and a door that closes while draining."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from ekiben.errors import Overloaded, ShuttingDown


class Admission:
    """Counts requests in flight on one event loop.

    Args:
        max_in_flight: Beyond it, requests are refused at once.
        what: What is counted, for the refusal.
    """

    def __init__(self, max_in_flight: int, what: str = "requests are in flight") -> None:
        self._max, self._what = max_in_flight, what
        self.in_flight = 0
        self.draining = False
        self._idle = asyncio.Event()
        self._idle.set()

    @contextlib.contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold a place while the request is answered.

        Raises:
            ShuttingDown: Draining.
            Overloaded: No place left.
        """
        if self.draining:
            raise ShuttingDown("this server is shutting down; another one will take the request.", retry_after_s=1)
        if self.in_flight >= self._max:
            raise Overloaded(f"{self._max} {self._what}, as many as are taken.", retry_after_s=1)
        self.in_flight += 1
        self._idle.clear()
        try:
            yield
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self._idle.set()

    async def drain(self, timeout_s: float) -> bool:
        """Take nothing more and wait for what is in flight; returns whether all of it finished in time."""
        self.draining = True
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
