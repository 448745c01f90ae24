"""Durable jobs of one worker process: from connecting to the queue to handing everything back."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from ekiben.errors import ModelUnloaded, Unavailable
from ekiben.jobs import Blobs, Leasing, Store, open_blobs, open_store
from ekiben.settings import Settings
from ekiben.worker.jobs.away import Away
from ekiben.worker.jobs.intake import Intake
from ekiben.worker.jobs.runner import JobRunner
from ekiben.worker.lifecycle import Lifecycle, State

_log = structlog.get_logger("ekiben.worker")

_DRAIN_WITHIN_S: Final = 10.0
"""For the step that is being computed, and for writing down what is there."""


class JobHosting:
    """Takes jobs for one model.

    Args:
        store: The queue; closed with this.
        leasing: This worker's side of it.
        blobs: Where the jobs' bytes lie.
        lifecycle: Whether the model is in memory.
    """

    def __init__(self, store: Store, leasing: Leasing, blobs: Blobs, lifecycle: Lifecycle[Any]) -> None:
        self._store = store
        self._intake = Intake(leasing, blobs, ModelPlace(lifecycle))

    def start(self) -> None:
        """Begin to take jobs."""
        self._intake.start()

    async def drain(self) -> None:
        """Take no more and hand back what is here; may be called again."""
        await self._intake.drain(_DRAIN_WITHIN_S)

    async def close(self) -> None:
        """Hand back, and let go of the queue."""
        await self.drain()
        await self._store.__aexit__()


def host_jobs(model: str, lifecycle: Lifecycle[Any], settings: Settings) -> JobHosting | None:
    """As the settings say; None where they name no queue.

    Raises:
        ConfigurationError: The address of the queue, or the place of objects, is none.
    """
    if settings.valkey_url is None:
        return None
    store, worker = open_store(settings), worker_name()
    _log.info("taking jobs", model=model, worker=worker)
    return JobHosting(store, Leasing(store, model, worker), open_blobs(settings), lifecycle)


class ModelPlace:
    """See `Place`."""

    def __init__(self, lifecycle: Lifecycle[Any]) -> None:
        self._lifecycle = lifecycle

    @property
    def takes_jobs(self) -> bool:
        """See `Place`."""
        loaded = self._lifecycle.loaded
        if loaded is None:
            return self._lifecycle.state is State.IDLE
        ready: bool = loaded.ready
        return ready

    @property
    def loaded_runner(self) -> JobRunner | None:
        """See `Place`."""
        loaded = self._lifecycle.loaded
        return None if loaded is None else loaded.jobs

    @asynccontextmanager
    async def runner(self) -> AsyncIterator[JobRunner]:
        """See `Place`."""
        try:
            servable = await self._lifecycle.awake()
        except ModelUnloaded:
            raise
        except Exception as error:
            # Whatever it is, loading is no job's doing.
            raise Away(Unavailable("the model could not be loaded.")) from error
        with self._lifecycle.in_use():
            yield servable.jobs


def worker_name() -> str:
    """Unlike that of any other process, also of one that had the same number before."""
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"
