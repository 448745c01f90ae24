"""The caller's side of the queue: what the gateway, the command line and the SDK's routes use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1

from ekiben.errors import EkibenError, Gone, IdempotencyConflict, JobNotFound, JobStateConflict, QueueFull
from ekiben.jobs.batch import Batch, batch_of
from ekiben.jobs.job import Job, Specification
from ekiben.jobs.listing import Filter, Page
from ekiben.jobs.record import fields_of, job_of
from ekiben.jobs.states import State
from ekiben.jobs.statistics import QueueStatistics, statistics_of
from ekiben.jobs.store import Store
from ekiben.jobs.submission import Submission

_RETRY_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job that is on disk; `known` where an earlier submission with the same idempotency key made it."""

    id: str
    known: bool


class JobQueue:
    """Submit, look at, cancel, retry and erase jobs. Stateless; one for a process.

    Every call raises `QueueUnavailable` when the store cannot be reached. Where a principal is given, another's job is
    as good as none: `JobNotFound`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def name(self) -> str:
        """The queue's own, unlike any other's; another where its server has lost everything."""
        return await self._store.name()

    async def submit(self, submission: Submission) -> Accepted:
        """Accept one job; it is on disk when this returns.

        Raises:
            IdempotencyConflict: The key belongs to a different submission.
            QueueFull: The model's queue, or the principal's part of it, has no room.
            QueueNotDurable: The server may lose what it confirms.
        """
        (outcome,) = await self.submit_all([submission])
        if isinstance(outcome, EkibenError):
            raise outcome
        return outcome

    async def submit_all(self, submissions: Sequence[Submission]) -> list[Accepted | EkibenError]:
        """Accept many jobs with one wait for the disk; each is accepted or refused by itself, in order."""
        calls = [self._arguments(submission) for submission in submissions]
        answers = await self._store.run_durably("submit", calls)
        return [_outcome(*answer) for answer in answers]

    async def get(self, job_id: str, principal: str | None = None) -> Job:
        """One job as it is now.

        Raises:
            JobNotFound: There is none that this principal may see.
            Gone: It was this principal's, and was erased.
        """
        flat, place, gone = await self._store.run("show", job_id)
        job = job_of(fields_of(flat), self._store.schema, place) if flat else None
        if job is None and principal is not None and gone == _mark(job_id, principal):
            raise Gone(f"job {job_id} was erased, by its owner or for its age")
        if job is None or principal not in (None, job.principal):
            raise JobNotFound(f"there is no job {job_id}")
        return job

    async def page(self, wanted: Filter, *, after: str = "", limit: int = 50) -> Page:
        """Jobs, newest first.

        Args:
            wanted: Which of them.
            after: The former page's `next`; empty begins with the newest.
            limit: Most jobs on the page; it may have fewer and yet be followed by another.
        """
        cursor = after if after.isdigit() else "+inf"
        where, *records = await self._store.run("list", wanted.index, cursor, limit, *wanted.conditions)
        jobs = tuple(job_of(fields_of(flat), self._store.schema) for flat in records)
        return Page(jobs, str(where))

    async def cancel(self, job_id: str, principal: str | None = None) -> State:
        """Cancel a job: a queued one never runs; a running one is told, and ends as cancelled whatever it does.

        Returns:
            `cancelled`, or `running` while its worker has yet to stop.

        Raises:
            JobNotFound: There is none that this principal may see.
            JobStateConflict: It has ended, or is being cancelled already.
        """
        await self._check(job_id, principal)
        outcome = await self._store.run("cancel", job_id)
        if outcome == "missing":
            raise JobNotFound(f"there is no job {job_id}")
        if outcome == "already":
            raise JobStateConflict(f"job {job_id} is cancelled already")
        if outcome not in ("cancelled", "cancelling"):
            raise JobStateConflict(f"job {job_id} has ended already: {outcome}")
        return State.CANCELLED if outcome == "cancelled" else State.RUNNING

    async def retry_with(self, old: Job, specification: Specification, new_id: str) -> Accepted:
        """Do a job again that failed, expired or was cancelled, as a new job; asked again, the same new one.

        Args:
            old: The job.
            new_id: The new one's.
            specification: The old one's, with a copy of its input blob: `ekiben.jobs.retrying` makes it.

        Raises:
            JobNotFound: The old one is gone.
            JobStateConflict: It waits, runs or succeeded.
            QueueFull: There is no room.
            QueueNotDurable: The server may lose what it confirms.
        """
        schema = self._store.schema
        call = (old.id, new_id, specification.model_dump_json(), schema.version, schema.oldest_reader)
        (answer,) = await self._store.run_durably("retry", [call])
        if answer[0] == "missing":
            raise JobNotFound(f"there is no job {old.id}")
        if answer[0] == "state":
            raise JobStateConflict(f"job {old.id} is {answer[1]}; only one that failed, expired or was cancelled")
        outcome = _outcome(*answer)
        if isinstance(outcome, EkibenError):
            raise outcome
        return outcome

    async def judge(self, job_id: str, verdict: str) -> str:
        """Keep what a succeeded job's result was judged to be; returns the verdict that stands, which is the first."""
        return str(await self._store.run("verdict", job_id, verdict))

    async def purge(self, job_ids: Sequence[str]) -> list[str]:
        """Erase records and events of these jobs, whatever their state; returns those that were there.

        A lease on one is void. Their blobs are the caller's next step: `ekiben.jobs.blobs.delete_all`.
        """
        return [str(job_id) for job_id in await self._store.run("purge", *job_ids)]

    async def batch(self, batch: str, principal: str | None = None) -> Batch:
        """The jobs of a set, counted by state.

        Raises:
            JobNotFound: There is none that this principal may see.
        """
        found = batch_of(batch, fields_of(await self._store.run("batch", batch)))
        if found is None or principal not in (None, found.principal):
            raise JobNotFound(f"there is no set of jobs {batch}")
        return found

    async def statistics(self) -> QueueStatistics:
        """Numbers for metrics and scaling."""
        return statistics_of(await self._store.run("stats"))

    async def _check(self, job_id: str, principal: str | None) -> None:
        if principal is not None:
            await self.get(job_id, principal)

    def _arguments(self, submission: Submission) -> list[str | int | float]:
        schema = self._store.schema
        return [
            submission.id,
            submission.digest,
            submission.idempotency,
            submission.specification.model_dump_json(),
            submission.model,
            submission.principal,
            submission.priority,
            submission.work,
            round(submission.delay_s * 1_000),
            max(1, round(submission.deadline_s * 1_000)) if submission.deadline_s else 0,
            submission.max_attempts,
            submission.max_running,
            schema.version,
            schema.oldest_reader,
            submission.task,
            submission.webhook or "",
            submission.batch,
        ]


def _mark(job_id: str, principal: str) -> str:
    """What an erased job leaves behind: enough to know its owner again, and not to tell who it was."""
    return sha1(f"{job_id}{principal}".encode(), usedforsecurity=False).hexdigest()


def _outcome(verdict: str, about: str) -> Accepted | EkibenError:
    if verdict == "conflict":
        return IdempotencyConflict(f"this idempotency key belongs to job {about}, which has another body")
    if verdict == "full":
        whose = "the model's queue" if about == "model" else "your part of the queue"
        return QueueFull(f"{whose} is full; try again later", retry_after_s=_RETRY_AFTER_S)
    return Accepted(about, known=verdict == "known")
