"""Valkey is killed: what was accepted is there, and everybody goes on by themselves."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from ekiben.jobs import Cost, EmbeddedValkey, Events, Filter, JobQueue, Leasing, News, Result, State, Store, Submission
from tests.integration.jobs.scenario import RULES, Scenario

pytestmark = pytest.mark.slow


def _kill(server: EmbeddedValkey) -> None:
    if server.pid:
        os.kill(server.pid, signal.SIGKILL)


async def test_no_accepted_job_is_lost_when_valkey_is_killed_again_and_again(own_valkey: EmbeddedValkey) -> None:
    async with Store(own_valkey.url, rules=RULES) as store:
        scenario = Scenario(store, steps=6, freezes=0.1, dies=0.02)

        async def trouble() -> None:
            submitting = asyncio.create_task(scenario.submit(60))
            for _ in range(5):
                await asyncio.sleep(0.7)
                _kill(own_valkey)
            await submitting

        assert await scenario.run(trouble) == {}
        accepted = [entry for entry in scenario.history.entries if entry.kind == "accepted"]
        assert len(accepted) == 60
        page = await JobQueue(store).page(Filter(state=State.SUCCEEDED), limit=100)
        assert len(page.jobs) == 60


async def test_a_listener_misses_nothing_while_valkey_is_away(own_valkey: EmbeddedValkey) -> None:
    async with Store(own_valkey.url, rules=RULES) as store, News(store) as news:
        queue, worker = JobQueue(store), Leasing(store, "m", "w")
        accepted = await queue.submit(Submission(model="m", task="t", principal="p"))
        following = asyncio.create_task(_kinds(Events(store, news), accepted.id))
        (lease,) = (await worker.lease(1)).leases
        _kill(own_valkey)
        await worker.complete(lease, Result(value=1), Cost())
        async with asyncio.timeout(20):
            assert await following == ["queued", "started", "succeeded"]


async def _kinds(events: Events, job_id: str) -> list[str]:
    return [event.kind async for event in events.follow(job_id)]


async def test_everything_is_killed_and_waiting_and_running_jobs_go_on(own_valkey: EmbeddedValkey) -> None:
    async with Store(own_valkey.url, rules=RULES) as store:
        scenario = Scenario(store)
        await scenario.submit(6)
        await Leasing(store, "m", "gone").lease(3)  # And is never heard of again.
        _kill(own_valkey)
    async with Store(own_valkey.url, rules=RULES) as store:
        again = Scenario(store, history=scenario.history)
        assert await again.run() == {}


@pytest.mark.parametrize("jump_s", [3_600, -3_600])
async def test_the_clock_of_a_worker_does_not_matter(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    async with Store(valkey_url, queue=f"jump{jump_s}", rules=RULES) as store:
        scenario, real = Scenario(store, steps=20), time.time
        await scenario.submit(4)

        async def trouble() -> None:
            await asyncio.sleep(0.5)
            monkeypatch.setattr(time, "time", lambda: real() + jump_s)

        assert await scenario.run(trouble) == {}
        page = await JobQueue(store).page(Filter())
        assert {job.attempts for job in page.jobs} == {1}
        assert all(abs((job.timings.finished_ms or 0) / 1_000 - real()) < 600 for job in page.jobs)
