"""Which instances have a job that will not be done in a moment: taking those shows what becomes of work."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.interruptions.instance import Instance
from ekiben.jobs import Filter, Job, JobQueue, State

_BEGUN = 0.25
"""A job of which less is done has long enough to go to meet its interruption."""


async def at_work(queue: JobQueue, instances: Sequence[Instance]) -> list[Instance]:
    """Those of the instances one of whose processes has a job that has only begun."""
    page = await queue.page(Filter(state=State.RUNNING))
    workers = {_process(job) for job in page.jobs if _has_only_begun(job)}
    return [each for each in instances if workers & {process.pid for process in each.processes()}]


def _has_only_begun(job: Job) -> bool:
    return job.progress is None or job.progress.step < _BEGUN * job.progress.of


def _process(job: Job) -> int | None:
    """Workers are called `host.process.chance`."""
    return int(job.worker.split(".")[-2]) if job.worker else None
