"""Whether the queue's structures agree with its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.unit.jobs.bench import Bench


async def assert_structures_agree(bench: Bench) -> None:
    """Every index has exactly what it should, every counter is what can be counted."""
    raw, key = bench.raw, bench.store.key
    records = [await raw.hgetall(name) async for name in raw.scan_iter(match=key("job", "*"))]
    jobs = {record["id"]: record for record in records}
    queued = {job_id: job for job_id, job in jobs.items() if job["state"] == "queued"}
    running = {job_id: job for job_id, job in jobs.items() if job["state"] == "running"}

    async def members(*parts: str) -> set[str]:
        return set(await raw.zrange(key(*parts), 0, -1))

    assert await members("all") == set(jobs)
    assert await members("leases") == set(running)
    assert await members("finished") == set(jobs) - set(queued) - set(running)
    for state in ("queued", "running", "succeeded", "failed", "cancelled", "expired"):
        assert await members("state", state) == {one for one, job in jobs.items() if job["state"] == state}
    assert await members("deadlines") == {one for one, job in {**queued, **running}.items() if int(job["deadline"])}
    assert await members("dead") == {
        one for one, job in jobs.items() if job["state"] == "failed" and "retried_as" not in job
    }
    assert await raw.hgetall(key("running_of")) == _counts(job["principal"] for job in running.values())
    assert await raw.hgetall(key("queued_of")) == _counts(job["principal"] for job in queued.values())
    assert await raw.hgetall(key("running")) == _counts(job["model"] for job in running.values())
    for model in {job["model"] for job in jobs.values()}:
        here = {one for one, job in queued.items() if job["model"] == model}
        line, delayed = await members("line", model), await members("delayed", model)
        assert (line | delayed, line & delayed) == (here, set())
        waiting = {job["principal"] for one, job in queued.items() if one in line}
        turn = await members("turn", model)
        held_up = {one for one in waiting if await raw.sismember(key("held_up", one), model)}
        assert (turn | held_up, turn & held_up) == (waiting, set())
        for principal in {job["principal"] for job in jobs.values()}:
            assert await members("ended", principal) == {
                one for one in set(jobs) - set(queued) - set(running) if jobs[one]["principal"] == principal
            }
            assert await members("wait", model, principal) == {
                one for one in line if jobs[one]["principal"] == principal
            }
        assert not line or held_up == waiting or await raw.llen(key("bell", model)) <= 1


def _counts(values: Iterable[str]) -> dict[str, str]:
    return {name: str(times) for name, times in Counter(values).items()}
