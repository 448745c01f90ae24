"""Submitting, looking, cancelling, retrying, listing."""

from __future__ import annotations

import pytest

from ekiben.errors import IdempotencyConflict, JobNotFound, JobStateConflict, QueueFull
from ekiben.jobs import Accepted, Cost, Fault, Filter, Problem, QueueRules, Result, State, Submission
from tests.unit.jobs.bench import Bench, open_bench

_PROBLEM = Problem(code="internal_error", message="m")


@pytest.fixture
def rules() -> QueueRules:
    return QueueRules(max_waiting=6, max_waiting_each=4)


def _submission(**changes: object) -> Submission:
    return Submission.model_validate({"model": "m", "task": "t", "principal": "p", **changes})


async def test_a_job_is_as_it_was_submitted(bench: Bench) -> None:
    job_id = await bench.submit(
        inline={"prompt": "狐", "n": 2}, priority=3, metadata={"a": "b"}, webhook="https://example.com/h", deadline_s=60
    )
    job = await bench.queue.get(job_id)
    assert (job.state, job.model, job.principal, job.priority, job.place) == (State.QUEUED, "m", "p", 3, 1)
    assert job.specification.inline == {"prompt": "狐", "n": 2}
    assert (job.specification.metadata, job.specification.webhook) == ({"a": "b"}, "https://example.com/h")
    assert job.timings.created_ms == bench.now_ms
    assert job.timings.deadline_ms == bench.now_ms + 60_000
    assert (job.attempts, job.result, job.problem, job.timings.started_ms) == (0, None, None, None)


async def test_the_same_key_and_body_is_the_same_job_for_a_day(bench: Bench) -> None:
    first = await bench.submit(inline=1, idempotency_key="k")
    second = await bench.queue.submit(_submission(inline=1, idempotency_key="k"))
    assert second == Accepted(first, known=True)
    with pytest.raises(IdempotencyConflict, match=first):
        await bench.submit(inline=2, idempotency_key="k")
    assert await bench.submit(inline=2, idempotency_key="k", principal="q") != first
    lifetime_ms = await bench.raw.pttl(bench.store.key("idempotency", _submission(idempotency_key="k").idempotency))
    assert 0 < 24 * 3_600_000 - lifetime_ms < 60_000


async def test_a_submission_whose_answer_was_lost_can_be_sent_again(bench: Bench) -> None:
    submission = _submission(inline=1)
    assert await bench.queue.submit(submission) == Accepted(submission.id, known=False)
    assert await bench.queue.submit(submission) == Accepted(submission.id, known=True)
    assert await bench.lease_all() == [submission.id]


async def test_many_are_accepted_or_refused_one_by_one(bench: Bench) -> None:
    outcomes = await bench.queue.submit_all([_submission(inline=n) for n in range(5)])
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 4 + [QueueFull]


async def test_a_full_queue_refuses_and_says_whose_it_is(bench: Bench) -> None:
    ids = [await bench.submit(delay_s=n % 2) for n in range(4)]
    with pytest.raises(QueueFull, match="your part"):
        await bench.submit()
    for _ in range(2):
        await bench.submit(principal="q")
    with pytest.raises(QueueFull, match="the model's queue"):
        await bench.submit(principal="r")
    await bench.submit(principal="r", model="n")
    await bench.queue.cancel(ids[0])
    await bench.submit()


async def test_anothers_job_is_as_good_as_none(bench: Bench) -> None:
    job_id = await bench.submit()
    for call in (bench.queue.get, bench.queue.cancel):
        with pytest.raises(JobNotFound):
            await call(job_id, "q")
        with pytest.raises(JobNotFound):
            await call("job_none", "p")
    assert (await bench.queue.get(job_id, "p")).id == job_id
    with pytest.raises(JobNotFound):
        await bench.queue.cancel("job_none")


async def test_a_cancelled_job_never_runs_and_cannot_be_cancelled_twice(bench: Bench) -> None:
    job_id = await bench.submit()
    assert await bench.queue.cancel(job_id) is State.CANCELLED
    assert await bench.lease_all() == []
    assert await bench.kinds(job_id) == ["queued", "cancelled"]
    with pytest.raises(JobStateConflict, match="already"):
        await bench.queue.cancel(job_id)


async def test_cancelling_what_has_ended_names_its_state(bench: Bench) -> None:
    job_id = await bench.submit()
    await bench.worker().complete(await bench.lease(), Result(value=1), Cost())
    with pytest.raises(JobStateConflict, match="succeeded"):
        await bench.queue.cancel(job_id)


async def test_retrying_makes_one_new_job_and_takes_the_old_one_off_the_dead_letters(bench: Bench) -> None:
    old = await bench.submit(inline={"x": 1}, priority=2, deadline_s=10, max_attempts=1)
    await bench.worker().fail(await bench.lease(), Fault.TRANSIENT, _PROBLEM, Cost())
    assert [job.id for job in (await bench.queue.page(Filter(dead=True))).jobs] == [old]
    job = await bench.queue.get(old)
    await bench.set_time(bench.now_ms + 5_000)
    first = await bench.queue.retry_with(job, job.specification, "again_0001")
    again = await bench.queue.retry_with(job, job.specification, "again_0002")
    assert (first, again) == (Accepted("again_0001", known=False), Accepted("again_0001", known=True))
    new = await bench.queue.get("again_0001")
    assert (new.retry_of, new.priority, new.specification, new.attempts) == (old, 2, job.specification, 0)
    assert new.timings.deadline_ms == bench.now_ms + 10_000
    old_job = await bench.queue.get(old)
    assert (old_job.state, old_job.retried_as) == (State.FAILED, "again_0001")
    assert (await bench.queue.page(Filter(dead=True))).jobs == ()


async def test_a_job_whose_retry_was_erased_can_be_retried_again(bench: Bench) -> None:
    old = await bench.submit()
    await bench.queue.cancel(old)
    job = await bench.queue.get(old)
    await bench.queue.retry_with(job, job.specification, "again_0001")
    await bench.queue.purge(["again_0001"])
    assert await bench.queue.retry_with(job, job.specification, "again_0002") == Accepted("again_0002", known=False)
    assert (await bench.queue.get(old)).retried_as == "again_0002"


async def test_retrying_what_waits_or_runs_or_is_gone_is_refused(bench: Bench) -> None:
    await bench.submit()
    job = (await bench.lease()).job
    with pytest.raises(JobStateConflict, match="running"):
        await bench.queue.retry_with(job, job.specification, "again_0001")
    await bench.queue.purge([job.id])
    with pytest.raises(JobNotFound):
        await bench.queue.retry_with(job, job.specification, "again_0001")


async def test_listing_filters_and_pages_newest_first(bench: Bench) -> None:
    ids = [await bench.submit(principal="pq"[n % 2], model="mn"[n // 4]) for n in range(6)]
    await bench.queue.cancel(ids[0])

    async def listed(wanted: Filter) -> list[str]:
        found, after = [], ""
        while True:
            page = await bench.queue.page(wanted, after=after, limit=2)
            assert len(page.jobs) <= 2
            found += [job.id for job in page.jobs]
            if not (after := page.next):
                return found

    assert await listed(Filter()) == ids[::-1]
    assert await listed(Filter(principal="p")) == [ids[4], ids[2], ids[0]]
    assert await listed(Filter(principal="p", state=State.QUEUED)) == [ids[4], ids[2]]
    assert await listed(Filter(state=State.CANCELLED)) == [ids[0]]
    assert await listed(Filter(model="n")) == [ids[5], ids[4]]
    assert await listed(Filter(model="m", principal="q", state=State.QUEUED)) == [ids[3], ids[1]]
    assert await listed(Filter(principal="nobody")) == []


async def test_a_page_looks_at_a_bounded_number_and_says_where_to_go_on(valkey_url: str) -> None:
    async with open_bench(valkey_url, QueueRules()) as bench:
        first = await bench.submit(model="rare")
        await bench.queue.submit_all([_submission(inline=n) for n in range(1_500)])
        page = await bench.queue.page(Filter(model="rare"), limit=10)
        assert page.jobs == ()
        page = await bench.queue.page(Filter(model="rare"), after=page.next, limit=10)
        assert ([job.id for job in page.jobs], page.next) == ([first], "")


async def test_a_page_that_fills_with_the_last_it_looks_at_says_where_to_go_on(valkey_url: str) -> None:
    async with open_bench(valkey_url, QueueRules()) as bench:
        older, rare = await bench.submit(), await bench.submit(model="rare")
        await bench.queue.submit_all([_submission(inline=n) for n in range(999)])
        page = await bench.queue.page(Filter(model="rare"), limit=1)
        assert [job.id for job in page.jobs] == [rare]
        rest = await bench.queue.page(Filter(), after=page.next, limit=10)
        assert ([job.id for job in rest.jobs], rest.next) == ([older], "")


async def test_statistics_add_up_how_long_workers_held_jobs(bench: Bench) -> None:
    await bench.submit()
    lease = await bench.lease()
    await bench.advance(3)
    await bench.worker().hand_back(lease, Cost())
    lease = await bench.lease()
    await bench.advance(4)
    await bench.worker().complete(lease, Result(), Cost())
    (found,) = (await bench.queue.statistics()).models
    assert (found.submitted, found.succeeded, found.held_ms) == (1, 1, 7_000)


async def test_statistics_say_what_scaling_needs(bench: Bench) -> None:
    await bench.submit()
    await bench.set_time(bench.now_ms + 2_000)
    await bench.submit()
    await bench.submit(delay_s=100)
    dead = await bench.submit(model="n", max_attempts=1)
    await bench.worker(model="n").fail(await bench.lease(model="n"), Fault.PERMANENT, _PROBLEM, Cost())
    await bench.lease(worker="w2")
    found = await bench.queue.statistics()
    models = {row.model: row for row in found.models}
    m, n = models["m"], models["n"]
    assert (m.waiting, m.delayed, m.running, m.workers) == (1, 1, 1, 1)
    assert (n.waiting, n.delayed, n.running, n.workers) == (0, 0, 0, 1)
    assert m.oldest_ms < 2_000
    assert found.dead == 1
    assert (m.submitted, m.succeeded, m.held_ms, n.submitted, n.succeeded) == (3, 0, 0, 1, 0)
    await bench.advance(31)
    models = {row.model: row for row in (await bench.queue.statistics()).models}
    assert (models["n"].workers, models["m"].running, models["m"].oldest_ms > 30_000) == (0, 0, True)
    assert dead
