"""The bytes that a succeeded job published."""

from __future__ import annotations

import asyncio

from ekiben.gateway.content import Content, Piece
from ekiben.gateway.jobs.object_errors import object_errors
from ekiben.jobs import Job, Pointer
from ekiben.jobs.blobs import Blobs, get_checked


async def result_blobs(job: Job, blobs: Blobs) -> list[bytes]:
    """All of them, in order.

    Raises:
        Gone: They were erased meanwhile.
        Unavailable: The store fails.
    """
    pointers = job.result.blobs if job.result else ()
    return list(await asyncio.gather(*(read_blob(blobs, pointer) for pointer in pointers)))


async def result_pieces(job: Job, blobs: Blobs) -> Content:
    """All of them, for the moderation policy.

    Raises:
        Gone, Unavailable: As `result_blobs`.
    """
    return tuple(map(Piece, await result_blobs(job, blobs)))


async def read_blob(blobs: Blobs, pointer: Pointer) -> bytes:
    """One of them.

    Raises:
        Gone: It was erased meanwhile.
        Internal: It is not what was published.
        Unavailable: The store fails.
    """
    with object_errors():
        return await get_checked(blobs, pointer)
