"""Collects blobs that no record names and none ever will.

They come from workers that lost their lease, from checkpoints that were replaced, from inputs that were never
submitted, from jobs that were erased while a worker still wrote. A blob is left alone while it is young, or while its
fence is that of the lease its job is held under: its commit may be on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ekiben.errors import JobNotFound
from ekiben.jobs.blobs import INPUT, ROOT, BlobEntry, Blobs
from ekiben.jobs.job import Job
from ekiben.jobs.ownership import own
from ekiben.jobs.queue import JobQueue
from ekiben.jobs.states import State

_MIN_AGE_S: Final = 3_600.0
"""An input is stored before its job is submitted; nobody takes longer."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was found and what was removed."""

    seen: int
    removed: int
    removed_bytes: int


async def collect_orphans(queue: JobQueue, blobs: Blobs, *, min_age_s: float = _MIN_AGE_S) -> Collected:
    """Go through the whole store once.

    Raises:
        ConfigurationError: The store is another queue's; nothing is removed.
        QueueUnavailable: The queue cannot be reached; nothing is removed without its word.
        OSError: The store of blobs cannot do it.
    """
    await own(queue, blobs)
    seen = removed = removed_bytes = 0
    async for entry in blobs.list(ROOT):
        seen += 1
        if entry.age_s >= min_age_s and await _is_orphan(queue, entry):
            await blobs.delete(entry.key)
            removed, removed_bytes = removed + 1, removed_bytes + entry.size_bytes
    return Collected(seen, removed, removed_bytes)


async def _is_orphan(queue: JobQueue, entry: BlobEntry) -> bool:
    parts = entry.key.removeprefix(ROOT).split("/")
    if len(parts) != 3 or not (parts[1] == INPUT or parts[1].isdigit()):
        return False  # Not one of ours.
    job_id, fence, _ = parts
    try:
        return not _named(await queue.get(job_id), entry.key, fence)
    except JobNotFound:
        return True


def _named(job: Job, key: str, fence: str) -> bool:
    """Whether the job names this blob, or may yet."""
    if fence == INPUT:
        return job.specification.input is not None and job.specification.input.key == key
    if job.state is State.RUNNING and int(fence) >= job.fence:
        return True
    named = [*(job.result.blobs if job.result else ()), *([job.checkpoint.blob] if job.checkpoint else [])]
    if job.progress and job.progress.preview:
        named.append(job.progress.preview)
    return any(pointer.key == key for pointer in named)
