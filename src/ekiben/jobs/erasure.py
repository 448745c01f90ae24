"""Erasing jobs and everything that belongs to them: by job, and by principal."""

from __future__ import annotations

from typing import Final

from ekiben.jobs.blobs import Blobs, delete_all
from ekiben.jobs.listing import Filter
from ekiben.jobs.queue import JobQueue
from ekiben.jobs.store import Store

_AT_ONCE: Final = 100


class Erasure:
    """Erases records, events, idempotency keys, inputs, checkpoints, previews and results.

    A job that runs is erased too: its worker hears `LeaseLost`, and what it may still write is an orphan.
    """

    def __init__(self, store: Store, blobs: Blobs | None = None) -> None:
        self._store, self._queue, self._blobs = store, JobQueue(store), blobs

    async def erase_job(self, job_id: str, principal: str | None = None) -> None:
        """Erase one job.

        Raises:
            JobNotFound: There is none that this principal may see.
            OSError: Its blobs cannot be deleted; the record is gone, and they are orphans.
        """
        await self._queue.get(job_id, principal)
        await self._erase([job_id])

    async def erase_principal(self, principal: str) -> int:
        """Erase all jobs of a principal, and what the queue remembers of it; returns how many jobs there were.

        Raises:
            OSError: As for one job.
        """
        erased = 0
        while page := (await self._queue.page(Filter(principal=principal), limit=_AT_ONCE)).jobs:
            erased += await self._erase([job.id for job in page])
        await self._store.run("forget", principal)
        return erased

    async def _erase(self, job_ids: list[str]) -> int:
        gone = await self._queue.purge(job_ids)
        if self._blobs is not None:
            for job_id in job_ids:
                await delete_all(self._blobs, job_id)
        return len(gone)
