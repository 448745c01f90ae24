"""What the queue must be after any operation, in a few lines of Python."""

from __future__ import annotations

from dataclasses import dataclass, field

from ekiben.jobs import QueueRules, Reason, State

RULES = QueueRules(lease_ms=10_000, ageing_ms=20_000, max_waiting=12, max_waiting_each=8, max_crashes=2)
LIMITS = {"a": 0, "b": 2, "c": 0}


@dataclass
class Modelled:
    """What a job must be."""

    principal: str
    model: str
    rank_ms: int
    due_ms: int
    deadline_ms: int
    max_attempts: int
    state: State = State.QUEUED
    failures: int = 0
    crashes: int = 0
    lease_until_ms: int = 0
    fence: int = 0
    cancelling: bool = False
    reason: Reason | None = None
    checkpoint: int | None = None
    retried_as: str | None = None


@dataclass
class Model:
    """All jobs, by id."""

    jobs: dict[str, Modelled] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)

    def having(self, *states: State) -> list[str]:
        """Ids of the jobs in these states."""
        return [job_id for job_id, job in self.jobs.items() if job.state in states]

    def running_of(self, principal: str) -> int:
        """How many of a principal's jobs run."""
        return sum(job.principal == principal and job.state is State.RUNNING for job in self.jobs.values())

    def leasable(self, model: str, now_ms: int) -> list[str]:
        """Ids of the jobs that a worker of this model could be given."""
        return [
            job_id
            for job_id in self.having(State.QUEUED)
            if (job := self.jobs[job_id]).model == model
            and job.due_ms <= now_ms
            and not 0 < job.deadline_ms <= now_ms
            and not 0 < LIMITS[job.principal] <= self.running_of(job.principal)
        ]

    def pass_time(self, now_ms: int) -> None:
        """What a sweep does: leases first, then deadlines."""
        for job_id in self.having(State.RUNNING):
            job = self.jobs[job_id]
            if job.lease_until_ms <= now_ms:
                self._lose(job, now_ms)
        for job_id in self.having(State.QUEUED, State.RUNNING):
            if 0 < self.jobs[job_id].deadline_ms <= now_ms:
                self.jobs[job_id].state = State.EXPIRED

    def _lose(self, job: Modelled, now_ms: int) -> None:
        job.crashes += 1
        if job.cancelling:
            job.state = State.CANCELLED
        elif job.crashes >= RULES.max_crashes:
            job.state, job.reason = State.FAILED, Reason.POISON
        else:
            job.state, job.due_ms = State.QUEUED, now_ms + 1_000  # At least; see `advance`.
