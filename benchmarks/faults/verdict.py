"""From everything that was seen to numbers and broken promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.faults.caller import STEPS, Caller
from benchmarks.faults.history import Entry, History, Violation
from benchmarks.faults.receiver import Receiver
from benchmarks.faults.stalls import Stalls, without
from benchmarks.faults.witness import read_notes
from ekiben.jobs import Blobs, Event, Events, Filter, Job, JobQueue, News, State, Store
from ekiben.jobs.blobs import get_checked


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one run has shown.

    Attributes:
        accepted: Jobs that a client was told are accepted.
        states: How many jobs ended how.
        violations: Broken promises, by job.
        redeliveries_s: From the last sign of a holder that was lost to the next lease of its job.
        computed: Steps, in all.
        again: Steps that were computed more than once, in all; `interruptions` of a lease in all.
        webhooks: That were received, the same only once.
        published: Results that workers were told are published.
        stalled_s: Seconds in which the machine itself stood still; left out of redeliveries.
    """

    accepted: int
    states: Mapping[str, int]
    violations: Mapping[str, set[Violation]]
    redeliveries_s: Sequence[float]
    computed: int
    again: int
    interruptions: int
    handed_back: int
    published: int
    events: int
    stalled_s: float
    webhooks: int
    kinds: Mapping[str, int] = field(default_factory=dict)


async def judge(
    store: Store,
    blobs: Blobs,
    notes: Path,
    steps: Path,
    caller: Caller,
    receiver: Receiver,
    stalls: Stalls,
    lease_s: float,
) -> Verdict:
    """Read everything and compare; the system must have settled."""
    entries = read_notes(notes)
    jobs = await _jobs(store)
    reader = Events(store, News(store))
    events = {job_id: await _all(reader, job_id) for job_id in jobs}
    violations = History(lease_s, entries).violations(jobs, events)
    for job_id, violation in [*_outside(jobs, events, caller, receiver), *await _results(jobs, blobs, caller)]:
        violations.setdefault(job_id, set()).add(violation)
    computed = Counter(tuple(line.split()[1:]) for line in steps.read_text().splitlines() if line.count(" ") == 2)
    kinds = Counter(event.kind for found in events.values() for event in found)
    return Verdict(
        accepted=len({entry.job for entry in entries if entry.kind == "accepted"}),
        states=Counter(job.state.value for job in jobs.values()),
        violations=violations,
        redeliveries_s=_redeliveries(entries, events, stalls),
        stalled_s=stalls.seconds,
        computed=sum(computed.values()),
        again=sum(times - 1 for times in computed.values()),
        interruptions=kinds["interrupted"],
        handed_back=kinds["handed_back"],
        published=sum(entry.kind == "published" for entry in entries),
        events=sum(kinds.values()),
        webhooks=sum(len(bodies) for bodies in receiver.bodies.values()),
        kinds=kinds,
    )


def _outside(
    jobs: Mapping[str, Job], events: Mapping[str, Sequence[Event]], caller: Caller, receiver: Receiver
) -> Iterator[tuple[str, Violation]]:
    """What the caller and the receiver of its webhooks saw that should not be."""
    for job_id, heard in caller.heard.items():
        if heard != [event.number for event in events.get(job_id, ())]:
            yield job_id, Violation.GAP
    for job_id in jobs.keys() - caller.seeds.keys():
        yield job_id, Violation.DOUBLED
    for job_id in caller.told_by_webhook - receiver.bodies.keys():
        yield job_id, Violation.UNTOLD
    for job_id, bodies in receiver.bodies.items():
        if len(bodies) > 1:
            yield job_id, Violation.TOLD_TWICE


async def _results(jobs: Mapping[str, Job], blobs: Blobs, caller: Caller) -> list[tuple[str, Violation]]:
    return [
        (job_id, Violation.WRONG_RESULT)
        for job_id, job in jobs.items()
        if job.state is State.SUCCEEDED and not await _is_whole(blobs, job, caller.seeds.get(job_id))
    ]


async def _is_whole(blobs: Blobs, job: Job, seed: int | None) -> bool:
    """Whether the picture is there, under the fence that published it, and what was asked for."""
    if job.result is None or not isinstance(job.result.value, dict):
        return False
    try:
        for pointer in job.result.blobs:
            if not pointer.key.startswith(f"jobs/{job.id}/{job.fence}/"):
                return False
            await get_checked(blobs, pointer)
        pictures: Any = job.result.value["pictures"]
        (picture,) = pictures
        return bool(picture["seed"] == seed and picture["steps"] == STEPS)
    except (OSError, ValueError, KeyError):
        return False


def _redeliveries(entries: Sequence[Entry], events: Mapping[str, Sequence[Event]], stalls: Stalls) -> list[float]:
    """Of leases that ran out alone: those that were handed back or failed were let go at once."""
    lost = {job for job, found in events.items() if any(event.kind == "interrupted" for event in found)}
    found: list[float] = []
    sign: dict[str, float] = {}
    for entry in entries:
        if entry.job not in lost:
            continue
        if entry.kind == "leased":
            if entry.job in sign:
                found.append(without(stalls.found, sign[entry.job], entry.answered_s))
            sign[entry.job] = entry.asked_s
        elif entry.kind == "beaten":
            sign[entry.job] = max(sign.get(entry.job, 0.0), entry.asked_s)
        elif entry.kind == "given up":
            sign.pop(entry.job, None)
    return found


async def _jobs(store: Store) -> dict[str, Job]:
    queue, found, after = JobQueue(store), dict[str, Job](), ""
    while True:
        page = await queue.page(Filter(), after=after, limit=500)
        found.update({job.id: job for job in page.jobs})
        if not (after := page.next):
            return found


async def _all(reader: Events, job_id: str) -> list[Event]:
    found: list[Event] = []
    while page := await reader.read(job_id, found[-1].number if found else 0):
        found += page
    return found
