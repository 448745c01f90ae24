"""The queue of jobs as a command reaches it: directly, so that it works while the gateway is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from ekiben.cli.running import run_dir_of
from ekiben.jobs import Blobs, Deliveries, Erasure, JobQueue, Store, open_blobs, open_store
from ekiben.jobs.opening import QUEUE_SOCKET
from ekiben.settings import Settings, load_settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenQueue:
    """Every principal's jobs: whoever may run the command is the operator."""

    store: Store
    blobs: Blobs

    @property
    def queue(self) -> JobQueue:
        """Look, cancel, retry."""
        return JobQueue(self.store)

    @property
    def erasure(self) -> Erasure:
        """Erase."""
        return Erasure(self.store, self.blobs)

    @property
    def deliveries(self) -> Deliveries:
        """Webhooks."""
        return Deliveries(self.store)


def with_queue(work: Callable[[OpenQueue], Awaitable[T]]) -> T:
    """Do something with the queue of the settings, or with that of the platform that runs on this machine.

    Raises:
        ConfigurationError: None is named and none runs, or several do.
        QueueUnavailable: It cannot be reached.
    """
    return asyncio.run(_with_queue(_located(load_settings()), work))


async def _with_queue(settings: Settings, work: Callable[[OpenQueue], Awaitable[T]]) -> T:
    async with open_store(settings) as store:
        return await work(OpenQueue(store, open_blobs(settings)))


def _located(settings: Settings) -> Settings:
    """With the run folder of the running platform, where its queue's socket is."""
    if settings.valkey_url is not None:
        return settings
    return settings.model_copy(update={"run_dir": run_dir_of(settings, QUEUE_SOCKET)})
