"""Bugs to plant, so that it is known that the checker finds them: each breaks one promise."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from ekiben.errors import EkibenError, JobNotFound
from ekiben.jobs import Accepted, Batch, JobQueue, QueueRules, Store, Submission, open_store
from ekiben.jobs.scripts import read_source
from ekiben.settings import Settings

NO_FENCING: Final = "no fencing"
LOST_HEARTBEAT: Final = "lost heartbeat"
EARLY_ACKNOWLEDGEMENT: Final = "acknowledged before it is written"
"""In the gateway, not in the Lua files."""

_LATE_S: Final = 1.0
_BUGS: Final[Mapping[str, tuple[str, str, str]]] = {
    NO_FENCING: ("lib/4_moves", "job.fence == tonumber(fence)", "true"),
    LOST_HEARTBEAT: ("heartbeat", "hold(job.id, now + LEASE_MS)", ""),
}


def open_with_bug(settings: Settings, bug: str) -> Store:
    """The queue as a process with this bug opens it; empty, or a bug of another part: as everybody does.

    Raises:
        ValueError: The text that the bug replaces is not there any more: plant it anew.
    """
    if bug not in _BUGS or settings.valkey_url is None:
        return open_store(settings)
    file, right, wrong = _BUGS[bug]
    if right not in read_source(file):
        raise ValueError(f"{file} has changed")

    def source(name: str) -> str:
        return read_source(name).replace(right, wrong) if name == file else read_source(name)

    rules = QueueRules(lease_ms=round(settings.job_lease_s * 1_000))
    return Store(settings.valkey_url.get_secret_value(), rules=rules, source=source)


def acknowledge_early() -> None:
    """From now on this process says that jobs are accepted a while before they are."""
    submit_all, batch = JobQueue.submit_all, JobQueue.batch
    late: set[asyncio.Task[None]] = set()

    async def write(queue: JobQueue, submissions: Sequence[Submission]) -> None:
        await asyncio.sleep(_LATE_S)
        await submit_all(queue, submissions)

    async def say(queue: JobQueue, submissions: Sequence[Submission]) -> list[Accepted | EkibenError]:
        late.add(asyncio.create_task(write(queue, submissions)))
        return [Accepted(submission.id, known=False) for submission in submissions]

    async def count(queue: JobQueue, name: str, principal: str | None = None) -> Batch:
        try:
            return await batch(queue, name, principal)
        except JobNotFound:
            return Batch(name, principal or "", {})

    JobQueue.submit_all, JobQueue.batch = say, count  # type: ignore[method-assign,assignment]
