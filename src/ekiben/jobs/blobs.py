"""Where inputs, checkpoints, previews and results lie: bytes that never change, under names that tell whose they are.

A store of objects cannot compare fencing tokens. So every lease writes under its own fence, nobody overwrites anything,
and only the commit in the queue, which does compare, makes one of these names the job's checkpoint or result. What
no record names is an orphan (`ekiben.jobs.orphans`).

    jobs/<job id>/input/<sha256>      written before the job is submitted
    jobs/<job id>/<fence>/<sha256>    written under a lease
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from ekiben.jobs.job import Pointer

ROOT: Final = "jobs/"
INPUT: Final = "input"


@dataclass(frozen=True, slots=True)
class BlobEntry:
    """One stored object.

    Attributes:
        age_s: Seconds since it was written, by the store's clock where it has one.
    """

    key: str
    size_bytes: int
    age_s: float


class Blobs(Protocol):
    """A folder or a bucket. Every call raises `OSError` where the store cannot do it."""

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """Store the whole of it or nothing; writing the same key again is harmless, since its name is its digest."""

    async def get(self, key: str) -> bytes:
        """Read it.

        Raises:
            FileNotFoundError: There is none.
        """

    async def delete(self, key: str) -> None:
        """Remove it; nothing happens where there is none."""

    def list(self, prefix: str) -> AsyncIterator[BlobEntry]:
        """Everything whose key begins with `prefix`."""


async def put_input(blobs: Blobs, job_id: str, data: bytes, media_type: str) -> Pointer:
    """Store what a job is to work on, before it is submitted."""
    return await _put(blobs, f"{ROOT}{job_id}/{INPUT}", data, media_type)


async def put_output(blobs: Blobs, job_id: str, fence: int, data: bytes, media_type: str) -> Pointer:
    """Store a result, checkpoint or preview under a lease; it is nobody's until the queue has it committed."""
    return await _put(blobs, f"{ROOT}{job_id}/{fence}", data, media_type)


async def get_checked(blobs: Blobs, pointer: Pointer) -> bytes:
    """Read what a pointer names.

    Raises:
        FileNotFoundError: It is gone.
        ValueError: It is not what was stored.
    """
    data = await blobs.get(pointer.key)
    if sha256(data).hexdigest() != pointer.sha256:
        raise ValueError(f"{pointer.key} is damaged")
    return data


async def delete_all(blobs: Blobs, job_id: str) -> int:
    """Remove everything of one job; returns how many objects there were."""
    removed = 0
    async for entry in blobs.list(f"{ROOT}{job_id}/"):
        await blobs.delete(entry.key)
        removed += 1
    return removed


async def _put(blobs: Blobs, folder: str, data: bytes, media_type: str) -> Pointer:
    digest = sha256(data).hexdigest()
    await blobs.put(f"{folder}/{digest}", data, media_type)
    return Pointer(key=f"{folder}/{digest}", sha256=digest, size_bytes=len(data), media_type=media_type)
