"""The bytes that a succeeded job published."""

from __future__ import annotations

import asyncio

from ekiben.errors import Gone, Internal, Unavailable
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


async def read_blob(blobs: Blobs, pointer: Pointer) -> bytes:
    """One of them.

    Raises:
        Gone: It was erased meanwhile.
        Internal: It is not what was published.
        Unavailable: The store fails.
    """
    try:
        return await get_checked(blobs, pointer)
    except FileNotFoundError:
        raise Gone("the job's files are not there any more.") from None
    except ValueError as error:
        raise Internal("the job's files are damaged.") from error
    except OSError as error:
        raise Unavailable("the object store cannot be reached now.", retry_after_s=5) from error
