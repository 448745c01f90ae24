"""What clients and workers saw, and whether a queue that keeps its promises could have let them see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from ekiben.jobs import Event, Job
from ekiben.jobs.states import TERMINAL

Kind = Literal["accepted", "leased", "beaten", "published", "given up"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer that somebody got; the queue did it between `asked_s` and `answered_s`, by one clock for all."""

    asked_s: float
    answered_s: float
    kind: Kind
    job: str
    fence: int = 0


class Violation(StrEnum):
    """A promise that was broken."""

    LOST = "an accepted job is not there, or did not end"
    ENDED_TWICE = "a job did not end exactly once, last of all, in the state it is in"
    GAP = "its events have a gap"
    PUBLISHED_TWICE = "two results of one job were accepted"
    STALE_WRITE = "a worker published although the job had been given to another"
    WRONG_RESULT = "a published result is not there, not whole, or not of its job"
    DOUBLED = "a job that nobody was told of: one submission became two"
    UNTOLD = "a webhook that was asked for never came"
    TOLD_TWICE = "two webhooks of one job said different things"
    LEASE_BROKEN = "a job was taken from a worker that had beaten in time"


@dataclass
class History:
    """Answers in the order in which they came."""

    lease_s: float
    entries: list[Entry] = field(default_factory=list)

    def violations(self, jobs: Mapping[str, Job], events: Mapping[str, Sequence[Event]]) -> dict[str, set[Violation]]:
        """Broken promises, by job, once everything has settled.

        Args:
            jobs: All jobs there are.
            events: All events of each.
        """
        found: dict[str, set[Violation]] = {}
        seen: dict[str, list[Entry]] = {}
        for entry in self.entries:
            seen.setdefault(entry.job, []).append(entry)
        for job_id, entries in seen.items():
            broken = self._of(entries, jobs.get(job_id), events.get(job_id, ()))
            if broken:
                found[job_id] = broken
        return found

    def _of(self, entries: Sequence[Entry], job: Job | None, events: Sequence[Event]) -> set[Violation]:
        broken = self._by_workers(entries)
        if job is None or not job.state.terminal:
            broken.add(Violation.LOST)
            return broken
        ends = [event.kind for event in events if event.kind in TERMINAL]
        if ends != [job.state] or events[-1].kind != job.state:
            broken.add(Violation.ENDED_TWICE)
        if [event.number for event in events] != list(range(1, len(events) + 1)):
            broken.add(Violation.GAP)
        return broken

    def _by_workers(self, entries: Sequence[Entry]) -> set[Violation]:
        broken: set[Violation] = set()
        newest, last_sign_s, let_go, published = 0, 0.0, True, 0
        for entry in entries:
            match entry.kind:
                case "leased":
                    if not let_go and entry.answered_s < last_sign_s + self.lease_s:
                        broken.add(Violation.LEASE_BROKEN)
                    newest, last_sign_s, let_go = entry.fence, entry.asked_s, False
                case "beaten" if entry.fence == newest:
                    last_sign_s = entry.asked_s
                case "given up" if entry.fence == newest:
                    let_go = True
                case "published":
                    published += 1
                    if entry.fence < newest:
                        broken.add(Violation.STALE_WRITE)
        if published > 1:
            broken.add(Violation.PUBLISHED_TWICE)
        return broken
