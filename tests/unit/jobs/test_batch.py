"""Sets of jobs, counted by state."""

from __future__ import annotations

import pytest

from ekiben.errors import JobNotFound
from ekiben.jobs import Cost, Filter, Result, State
from tests.unit.jobs.bench import Bench


async def test_a_set_counts_its_jobs_wherever_they_are(bench: Bench) -> None:
    ids = [await bench.submit(batch="b") for _ in range(3)]
    await bench.submit()
    await bench.worker().complete(await bench.lease(), Result(), Cost())
    await bench.lease()
    found = await bench.queue.batch("b", "p")
    assert {state: count for state, count in found.counts.items() if count} == {
        State.SUCCEEDED: 1,
        State.RUNNING: 1,
        State.QUEUED: 1,
    }
    assert (found.total, found.done) == (3, False)
    page = await bench.queue.page(Filter(batch="b"))
    assert [job.id for job in page.jobs] == ids[::-1]
    assert {job.batch for job in page.jobs} == {"b"}


async def test_a_set_is_its_principals_and_goes_with_its_last_job(bench: Bench) -> None:
    first, second = await bench.submit(batch="b"), await bench.submit(batch="b")
    with pytest.raises(JobNotFound):
        await bench.queue.batch("b", "q")
    await bench.queue.purge([first])
    assert (await bench.queue.batch("b")).total == 1
    await bench.queue.purge([second])
    with pytest.raises(JobNotFound):
        await bench.queue.batch("b")
    assert not any(key.startswith("batch") for key in await bench.keys())
