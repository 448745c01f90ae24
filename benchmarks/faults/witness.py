"""What a process was answered, a line each, written before it goes on; monotonic time is one for all on a machine."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.faults.history import Entry, Kind
from ekiben.jobs import Checkpoint, Cost, Fault, Lease, Leasing, Problem, Progress, Result, State, Store
from ekiben.jobs.leasing import Leased


class Notes:
    """Lines in a file of this process's own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{os.getpid()}-{time.monotonic_ns()}.jsonl"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def saw(self, kind: Kind, job: str, fence: int = 0, *, asked_s: float = 0.0) -> None:
        """Write down an answer; it is with the system when this returns, whoever is killed then."""
        entry = Entry(asked_s, time.monotonic(), kind, job, fence)
        os.write(self._file, json.dumps(asdict(entry)).encode() + b"\n")


def read_notes(folder: Path) -> list[Entry]:
    """Everything that was written down, in order of time; a line that a kill cut off is none."""
    entries: list[Entry] = []
    for path in folder.glob("*.jsonl"):
        for line in path.read_text().splitlines():
            try:
                entries.append(Entry(**json.loads(line)))
            except ValueError:
                continue
    return sorted(entries, key=lambda entry: entry.answered_s)


class WitnessedLeasing(Leasing):
    """A worker's side of the queue that writes down what it was answered."""

    def __init__(self, store: Store, model: str, worker: str, *, notes: Notes) -> None:
        super().__init__(store, model, worker)
        self._notes = notes

    async def lease(self, slots: int) -> Leased:
        """See `Leasing`."""
        asked_s = time.monotonic()
        leased = await super().lease(slots)
        for lease in leased.leases:
            self._notes.saw("leased", lease.job.id, lease.fence, asked_s=asked_s)
        return leased

    async def heartbeat(self, lease: Lease, progress: Progress | None = None) -> bool:
        """See `Leasing`."""
        asked_s = time.monotonic()
        stop = await super().heartbeat(lease, progress)
        self._notes.saw("beaten", lease.job.id, lease.fence, asked_s=asked_s)
        return stop

    async def checkpoint(self, lease: Lease, checkpoint: Checkpoint) -> Checkpoint | None:
        """See `Leasing`."""
        asked_s = time.monotonic()
        former = await super().checkpoint(lease, checkpoint)
        self._notes.saw("beaten", lease.job.id, lease.fence, asked_s=asked_s)
        return former

    async def complete(self, lease: Lease, result: Result, cost: Cost) -> State:
        """See `Leasing`."""
        state = await super().complete(lease, result, cost)
        self._notes.saw("published", lease.job.id, lease.fence)
        return state

    async def fail(self, lease: Lease, fault: Fault, problem: Problem, cost: Cost) -> State:
        """See `Leasing`."""
        self._notes.saw("given up", lease.job.id, lease.fence)
        return await super().fail(lease, fault, problem, cost)

    async def hand_back(self, lease: Lease, cost: Cost) -> State:
        """See `Leasing`."""
        self._notes.saw("given up", lease.job.id, lease.fence)
        return await super().hand_back(lease, cost)
