"""`client.jobs.map` without a transport: inputs in sets, results in order, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import uuid4

from ekiben.client.errors import JobNotDone, MissingPackageError
from ekiben.client.jobs import MAX_BATCH
from ekiben.client.retry import next_wait_s
from ekiben.errors import from_payload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ekiben.client.jobs import JobOptions
    from ekiben.client.pace import Pace
    from ekiben.schemas.jobs import JobBatchView, JobView

_MAX_REFUSALS: Final = 16


class Progress(Protocol):
    """Told how many of how many jobs have ended."""

    def __call__(self, done: int, total: int, /) -> None:
        """Show it."""


def sets_of(
    inputs: Sequence[Mapping[str, Any]], options: JobOptions
) -> Iterator[tuple[Sequence[Mapping[str, Any]], JobOptions]]:
    """As many inputs as one call takes, each set under a key of its own: asked for again, it is the same jobs."""
    key = options.get("idempotency_key") or uuid4().hex
    for start in range(0, len(inputs), MAX_BATCH):
        yield inputs[start : start + MAX_BATCH], {**options, "idempotency_key": f"{key}-{start}"}


@dataclass(slots=True)
class Submitting:
    """How often a set has been handed in of which some inputs found no room.

    Attributes:
        pace: Chance.
        failures: Calls that left some out.
    """

    pace: Pace
    failures: int = 0

    def wait_s(self, batch: JobBatchView) -> float | None:
        """Seconds until those left out are handed in again, the others with them; None: all are accepted.

        Raises:
            EkibenError: Why one is still refused; those that were accepted go on at the server.
        """
        refused = next((item.error for item in batch.items if item.job is None), None)
        if refused is None:
            return None
        error = from_payload(429, {"error": refused.model_dump()})
        left_s = float("inf")
        wait_s = next_wait_s(error, self.failures, max_retries=_MAX_REFUSALS, left_s=left_s, random=self.pace.random)
        self.failures += 1
        if wait_s is None:
            raise error
        return wait_s


def check_done(job: JobView) -> None:
    """Make sure that there is a result.

    Raises:
        JobNotDone: It failed, expired or was cancelled.
    """
    if job.state != "succeeded":
        why = f": {job.problem.message}" if job.problem else ""
        raise JobNotDone(f"job {job.id} {job.state}{why}", job_id=job.id, state=job.state)


def shown(progress: Progress | bool) -> Progress:
    """What to call with each job that ends; True is a bar in the terminal.

    Raises:
        MissingPackageError: A bar is wanted and tqdm is not installed.
    """
    if not isinstance(progress, bool):
        return progress
    if not progress:
        return lambda done, total: None  # noqa: ARG005
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise MissingPackageError("a progress bar needs tqdm: pip install tqdm") from None
    bar = tqdm(unit="job")

    def show(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done == total:
            bar.close()

    return show
