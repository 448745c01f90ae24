"""What the supervisor does for the queue of jobs: owns its server, unless another is named; sweeps it and its blobs."""

from __future__ import annotations

import asyncio
from typing import Final, Self

import structlog

from ekiben.jobs import (
    JobQueue,
    Store,
    Sweeper,
    collect_orphans,
    embedded_valkey,
    for_ever,
    open_blobs,
    open_store,
    own,
)
from ekiben.settings import Settings

_log = structlog.get_logger("ekiben.supervisor")

_COLLECT_EVERY_S: Final = 3_600.0


class JobCare:
    """Within the block the queue is there and is looked after.

    Args:
        settings: Where queue and blobs are.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server = embedded_valkey(settings)
        self._store: Store | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        """Address of the queue, for the processes that are started."""
        if self._server is not None:
            return self._server.url
        assert self._settings.valkey_url is not None  # noqa: S101  # else there were a server of our own
        return self._settings.valkey_url.get_secret_value()

    async def __aenter__(self) -> Self:
        """Start.

        Raises:
            ConfigurationError: The address is none, the state folder is another's or cannot be written, or the server
                does not start.
        """
        blobs = open_blobs(self._settings)
        store = open_store(self._settings)
        if self._server is not None:
            await self._server.start()
            _log.info("the queue of jobs is open", pid=self._server.pid)
        self._store = store
        sweeper = Sweeper(store, blobs)
        self._tasks = [asyncio.create_task(sweeper.run()), asyncio.create_task(self._collect(store))]
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._store is not None:
            await self._store.__aexit__()
        if self._server is not None:
            await self._server.stop()

    async def _collect(self, store: Store) -> None:
        """Remove what no job names, now and then; not at the start, when everybody has something else to do."""
        queue, blobs = JobQueue(store), open_blobs(self._settings)

        async def collect() -> None:
            await own(queue, blobs)  # Early: whoever comes later to the same place must find whose it is.
            await asyncio.sleep(_COLLECT_EVERY_S)
            collected = await collect_orphans(queue, blobs)
            _log.info("orphans collected", seen=collected.seen, removed=collected.removed)

        await for_ever(collect, "orphans cannot be collected", _COLLECT_EVERY_S)
