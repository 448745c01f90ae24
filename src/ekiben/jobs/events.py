"""What happened to a job, in order and without gaps.

Events of a job are numbered from 1. They are never trimmed while the job is kept, so that a reader who names the last
one it has seen always goes on with the next. The last is the one that tells how the job ended; it is published in the
same atomic step as the job's state, and nothing comes after it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ekiben.errors import JobNotFound
from ekiben.jobs.news import News
from ekiben.jobs.states import TERMINAL
from ekiben.jobs.store import Store

_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        number: From 1, without gaps; what a reader names to go on after it.
        kind: `queued`, `started`, `resumed` (every lease after the first), `step`, `checkpointed`, `interrupted`,
            `retrying`, `handed_back`, `cancelling`, or a terminal state.
        at_ms: When, in milliseconds since 1970 by the server's clock.
    """

    number: int
    kind: str
    at_ms: int
    data: Mapping[str, Any]

    @property
    def last(self) -> bool:
        """Whether nothing comes after it."""
        return self.kind in TERMINAL


class Events:
    """Reads events; one for a process, however many listeners it has."""

    def __init__(self, store: Store, news: News) -> None:
        self._store, self._news = store, news

    async def read(self, job_id: str, after: int = 0) -> list[Event]:
        """The events there are after number `after`, at most a thousand."""
        entries = await self._store.read_stream(self._store.key("events", job_id), f"{after}-0", count=_PAGE)
        return [_event(number, fields) for number, fields in entries]

    async def follow(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """Every event after number `after`, as they come, until the job has ended.

        Raises:
            JobNotFound: There is no such job, or it was erased meanwhile.
        """
        with self._news.listen(job_id) as listening:
            while True:
                page = await self.read(job_id, after)
                for event in page:
                    yield event
                    after = event.number
                    if event.last:
                        return
                if not page:
                    if not await self._store.exists(self._store.key("job", job_id)):
                        raise JobNotFound(f"there is no job {job_id}")
                    if await self._ended(job_id, after):
                        return
                    await listening.wait()

    async def _ended(self, job_id: str, after: int) -> bool:
        """Whether the reader has seen the last event before, or says that it has seen more."""
        entry = await self._store.last_of_stream(self._store.key("events", job_id))
        return entry is not None and (last := _event(*entry)).last and last.number <= after


def _event(number: str, fields: Mapping[str, str]) -> Event:
    return Event(int(number.partition("-")[0]), fields["kind"], int(fields["at"]), json.loads(fields["data"]))
