"""Doing a job again whose input lies in a blob: jobs share none, so that erasing one is complete."""

from __future__ import annotations

from ekiben.jobs.blobs import Blobs, get_checked, put_input
from ekiben.jobs.queue import Accepted, JobQueue
from ekiben.jobs.submission import new_job_id


async def retry_with_blobs(queue: JobQueue, blobs: Blobs, job_id: str, principal: str | None = None) -> Accepted:
    """Like `JobQueue.retry`, with the input copied to the new job first; an unneeded copy is an orphan.

    Raises:
        JobNotFound, JobStateConflict, QueueFull: As there.
        FileNotFoundError: The input is gone.
        ValueError: The input is damaged.
    """
    old = await queue.get(job_id, principal)
    specification, new_id = old.specification, new_job_id()
    if specification.input is not None:
        data = await get_checked(blobs, specification.input)
        pointer = await put_input(blobs, new_id, data, specification.input.media_type)
        specification = specification.model_copy(update={"input": pointer})
    return await queue.retry_with(old, specification, new_id)
