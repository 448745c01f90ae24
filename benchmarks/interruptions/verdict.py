"""What became of the jobs, by the queue's own word."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.interruptions.load import JOB_STEPS
from ekiben.jobs import Blobs, Event, Events, Job, JobQueue, News, State, Store
from ekiben.jobs.blobs import get_checked

_STALLED_S = 120.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of all jobs.

    Attributes:
        states: How many ended how.
        lost: Jobs that did not succeed, or whose picture is not there.
        again_after_notice: Steps that were computed again after a hand-back, by job.
        again_without: The same after a worker was lost without a word.
        handed_back: Hand-backs; `interrupted` leases that ran out.
        resumed: Leases that went on with a job.
    """

    states: Mapping[str, int]
    lost: Sequence[str]
    again_after_notice: Mapping[str, int]
    again_without: Mapping[str, int]
    handed_back: int
    interrupted: int
    resumed: int
    waits_s: Sequence[float]


async def settled(store: Store, jobs: Sequence[str]) -> None:
    """Wait until all have ended, or nothing happens for long."""
    queue, before, last = JobQueue(store), -1, time.monotonic()
    while time.monotonic() - last < _STALLED_S:
        left = sum([not (await queue.get(job)).state.terminal for job in jobs])
        if not left:
            return
        if left != before:
            before, last = left, time.monotonic()
        await asyncio.sleep(0.5)


async def judge(store: Store, blobs: Blobs, jobs: Sequence[str]) -> Verdict:
    """Read every job and its events."""
    queue, reader = JobQueue(store), Events(store, News(store))
    found = {job: await queue.get(job) for job in jobs}
    events = {job: await reader.read(job, 0) for job in jobs}
    kinds = {job: Counter(event.kind for event in happened) for job, happened in events.items()}
    return Verdict(
        states=Counter(job.state.value for job in found.values()),
        lost=[job_id for job_id, job in found.items() if not await _is_whole(blobs, job)],
        again_after_notice=_only_some({job: _again_after_notice(found[job], events[job]) for job in jobs}),
        again_without=_only_some({job: _again(events[job], "interrupted") for job in jobs}),
        handed_back=sum(each["handed_back"] for each in kinds.values()),
        interrupted=sum(each["interrupted"] for each in kinds.values()),
        resumed=sum(each["resumed"] for each in kinds.values()),
        waits_s=[_seconds(job) for job in found.values() if job.timings.finished_ms is not None],
    )


def _again_after_notice(job: Job, events: Sequence[Event]) -> int:
    """Told steps that no checkpoint had; and any surplus, where no worker was lost with what it had counted."""
    again = _again(events, "handed_back")
    if not any(event.kind == "interrupted" for event in events):
        again = max(again, abs(job.cost.steps - JOB_STEPS))
    return again


def _again(events: Sequence[Event], wanted: str) -> int:
    """Steps that workers had told of when their lease ended in this way, and before which the next one began."""
    told, ended, again = 0, "", 0
    for event in events:
        match event.kind:
            case "step":
                told = int(event.data["step"])
            case "handed_back" | "interrupted":
                ended = event.kind
            case "resumed":
                begins = int(event.data["step"])
                again += max(0, told - begins) if ended == wanted else 0
                told = begins
    return again


def _only_some(steps: Mapping[str, int]) -> dict[str, int]:
    return {job: count for job, count in steps.items() if count}


async def _is_whole(blobs: Blobs, job: Job) -> bool:
    if job.state is not State.SUCCEEDED or job.result is None or not job.result.blobs:
        return False
    try:
        for pointer in job.result.blobs:
            await get_checked(blobs, pointer)
    except (OSError, ValueError):
        return False
    return True


def _seconds(job: Job) -> float:
    assert job.timings.finished_ms is not None
    return (job.timings.finished_ms - job.timings.created_ms) / 1_000
