"""Which instances have a job whose interruption shows something."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.interruptions.instance import Instance
from ekiben.jobs import Filter, Job, JobQueue, State

BEGUN = 0.25
"""A job of which less is done is still there when its instance's notice is read, two seconds later at most."""
MUCH = 0.5
"""A job of which as much is done has work to lose, checkpoint or none."""


async def at_work(queue: JobQueue, instances: Sequence[Instance], *, noticed: bool) -> list[Instance]:
    """Those of the instances that have a job in hand.

    Args:
        queue: Knows the jobs.
        instances: Which to look at.
        noticed: Jobs that have only begun, as a notice takes its time; else those with work to lose: a checkpoint, or
            half of it done.
    """
    page = await queue.page(Filter(state=State.RUNNING))
    counts = _has_only_begun if noticed else _has_much_to_lose
    workers = {_process(job) for job in page.jobs if counts(job)}
    return [each for each in instances if workers & {process.pid for process in each.processes()}]


def _has_only_begun(job: Job) -> bool:
    return job.progress is None or job.progress.step < BEGUN * job.progress.of


def _has_much_to_lose(job: Job) -> bool:
    return job.checkpoint is not None or (job.progress is not None and job.progress.step >= MUCH * job.progress.of)


def _process(job: Job) -> int | None:
    """Workers are called `host.process.chance`."""
    return int(job.worker.split(".")[-2]) if job.worker else None
