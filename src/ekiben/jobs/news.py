"""Wakes whoever waits for a job to change: one connection for a whole process, and no polling."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NoReturn, Self

from ekiben.jobs.connection import MAX_BLOCK_S
from ekiben.jobs.store import Store
from ekiben.jobs.unending import for_ever

_RECHECK_S: Final = 15.0
"""A listener looks by itself after so long, in case that news was lost with a connection."""
_PAUSE_S: Final = 0.5


class Listening:
    """One listener's ear."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """There is news."""
        self._changed.set()

    async def wait(self) -> None:
        """Return when the job may have changed since the last call; now and then without reason."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), _RECHECK_S)
        self._changed.clear()


class News:
    """Reads the queue's `news` stream while it is open, and wakes the listeners of the jobs named there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listening: defaultdict[str, set[Listening]] = defaultdict(set)
        self._reading: asyncio.Task[NoReturn] | None = None

    async def __aenter__(self) -> Self:
        self._reading = asyncio.create_task(for_ever(self._read, "cannot hear of jobs", _PAUSE_S), name="job news")
        return self

    async def __aexit__(self, *_exception: object) -> None:
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    @contextlib.contextmanager
    def listen(self, job_id: str) -> Iterator[Listening]:
        """Hear of one job's changes from now on."""
        listening = Listening()
        self._listening[job_id].add(listening)
        try:
            yield listening
        finally:
            self._listening[job_id].discard(listening)
            if not self._listening[job_id]:
                del self._listening[job_id]

    async def _read(self) -> None:
        """Read from now on; what came before, everybody looks for."""
        last = await self._store.last_of_stream(self._store.key("news"))
        after = last[0] if last else "0-0"
        for job_id in list(self._listening):
            self._wake(job_id)
        while True:
            block_ms = int(MAX_BLOCK_S * 1_000)
            page = await self._store.read_stream(self._store.key("news"), after, block_ms=block_ms)
            for _, fields in page:
                self._wake(fields["id"])
            after = page[-1][0] if page else after

    def _wake(self, job_id: str) -> None:
        for listening in self._listening.get(job_id, ()):
            listening.wake()
