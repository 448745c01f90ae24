"""A thousand jobs, two workers, and somebody who kills or freezes them: what is lost, what is done twice?"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.queues.faults import effects
from benchmarks.queues.faults.peers import RECOVERY_S
from benchmarks.queues.faults.platform import Worker, kill, platform

_WORKERS = 2
_STALLED_S = 45.0
"""Without an end of a job for so long, what is missing counts as lost; nine times the recovery time that was set."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What happens to the workers: `kills` of a random one, or one frozen for longer than its lease."""

    jobs: int
    kills: int
    every_s: float
    freeze_s: float = 0.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the jobs.

    Attributes:
        lost: Never ended.
        again: Ended more than once: their effect is there twice.
        begun_again: Begun more than once, as every job that was killed must be.
        published_again: Whose result was accepted more than once; None where the queue cannot tell.
        took_s: Until the last job ended.
    """

    lost: int
    again: int
    begun_again: int
    published_again: int | None
    took_s: float


def inflict(library: str, schedule: Schedule) -> Outcome:
    """Run the schedule against one library."""
    with platform(library) as peer:
        peer.submit(schedule.jobs)
        for _ in range(_WORKERS):
            peer.start()
        began = time.monotonic()
        _until(lambda: effects.ended() > 10, 60)
        _trouble(schedule, peer.workers, peer.start)
        last = _settle(schedule.jobs)
        return _count(schedule.jobs, last - began, library)


def _trouble(schedule: Schedule, workers: list[Worker], start: Callable[[], Worker]) -> None:
    chance = random.Random(schedule.seed)
    for _ in range(schedule.kills):
        time.sleep(schedule.every_s * chance.uniform(0.5, 1.5))
        victim = chance.randrange(len(workers))
        kill(workers.pop(victim))
        start()
    if schedule.freeze_s:
        os.killpg(workers[0].pid, signal.SIGSTOP)
        time.sleep(schedule.freeze_s)
        os.killpg(workers[0].pid, signal.SIGCONT)


def _settle(jobs: int) -> float:
    """Wait until all jobs have ended, or none has for long; returns when the last one did."""
    ended, last = -1, time.monotonic()
    while time.monotonic() - last < _STALLED_S:
        found = sum(effects.counts(effects.ENDED).values())
        if found != ended:
            ended, last = found, time.monotonic()
        if len(effects.counts(effects.ENDED)) == jobs and time.monotonic() - last > 2 * RECOVERY_S:
            break  # Time enough for what is done twice.
        time.sleep(0.1)
    return last


def _count(jobs: int, took_s: float, library: str) -> Outcome:
    begun, ended = effects.counts(effects.BEGUN), effects.counts(effects.ENDED)
    published = effects.counts(effects.PUBLISHED)
    return Outcome(
        lost=jobs - len(ended),
        again=sum(times > 1 for times in ended.values()),
        begun_again=sum(times > 1 for times in begun.values()),
        published_again=sum(times > 1 for times in published.values()) if library == "ekiben" else None,
        took_s=took_s,
    )


def _until(holds: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("no worker has done anything")
        time.sleep(0.05)
