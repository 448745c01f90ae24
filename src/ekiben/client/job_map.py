"""`client.jobs.map` without a transport: inputs in sets, results in order, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ekiben.client.errors import JobNotDone, MissingPackageError
from ekiben.client.jobs import MAX_BATCH
from ekiben.errors import from_payload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ekiben.schemas.jobs import BatchItem, JobView


class Progress(Protocol):
    """Told how many of how many jobs have ended."""

    def __call__(self, done: int, total: int, /) -> None:
        """Show it."""


def sets_of(inputs: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """As many as one call takes."""
    for start in range(0, len(inputs), MAX_BATCH):
        yield inputs[start : start + MAX_BATCH]


def job_of(item: BatchItem) -> str:
    """The job of one input.

    Raises:
        EkibenError: The input was refused.
    """
    if item.job is None:
        told = item.error.model_dump() if item.error else {}
        raise from_payload(429, {"error": told})
    return item.job


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
