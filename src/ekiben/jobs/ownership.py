"""Whose the jobs' blobs are.

Two deployments may be given one bucket by mistake, or a queue may have lost its server's data: then no record of this
queue names blobs that are somebody's. A queue has a random name, kept in its server and beside the blobs, and takes for
orphans only what lies where both are the same.
"""

from __future__ import annotations

from typing import Final

from ekiben.errors import ConfigurationError
from ekiben.jobs.blobs import ROOT, Blobs
from ekiben.jobs.queue import JobQueue

MARKER: Final = f"{ROOT}queue"


async def own(queue: JobQueue, blobs: Blobs) -> None:
    """Make the blobs this queue's where they are nobody's.

    Raises:
        ConfigurationError: They are another's.
        QueueUnavailable: The queue cannot be reached.
        OSError: The store of blobs cannot do it.
    """
    name = (await queue.name()).encode()
    try:
        await blobs.get(MARKER)
    except FileNotFoundError:
        await blobs.put(MARKER, name, "text/plain")
    if await blobs.get(MARKER) != name:
        raise ConfigurationError(
            f"the jobs' files belong to another queue, as {MARKER} there says, and are left alone; "
            "use another EKIBEN_OBJECTS, or delete that object where the other queue is no more"
        )
    await blobs.put(MARKER, name, "text/plain")  # Lest a rule of the bucket takes it for old.
