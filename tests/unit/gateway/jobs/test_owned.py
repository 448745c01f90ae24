"""Whose job it is; cancelling, retrying, erasing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ekiben.jobs import Cost, Fault, Problem
from ekiben.policy.key_record import create_key
from ekiben.policy.keys_file import write_keys
from tests.unit.gateway.jobs.platform import JOBS, JobPlatform, job_platform


@pytest.fixture
async def keyed(run_dir: Path, valkey_url: str) -> AsyncIterator[tuple[JobPlatform, dict[str, str]]]:
    """A platform with two keys: one is the client's own, the other's header is returned."""
    keys_file = run_dir / "keys.jsonl"
    (mine, first), (other, second) = create_key("mine"), create_key("other")
    write_keys(keys_file, [first, second])
    async with job_platform(run_dir, valkey_url, keys_file=keys_file) as platform:
        platform.http.headers["authorization"] = f"Bearer {mine}"
        yield platform, {"authorization": f"Bearer {other}"}


async def test_anothers_job_is_none(keyed: tuple[JobPlatform, dict[str, str]]) -> None:
    platform, other = keyed
    job_id = await platform.submit()
    for path in ("", "/events", "/result", "/result/0", "/previews/1"):
        answer = await platform.http.get(f"{JOBS}/{job_id}{path}", headers=other)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "job_not_found")
    assert (await platform.http.delete(f"{JOBS}/{job_id}", headers=other)).status_code == 404
    assert (await platform.http.post(f"{JOBS}/{job_id}/retry", headers=other)).status_code == 404
    assert (await platform.http.get(JOBS, headers=other)).json()["data"] == []
    assert (await platform.get(job_id))["state"] == "queued"
    assert (await platform.http.delete(f"{JOBS}/{job_id}?erase=true")).status_code == 204
    assert (await platform.http.get(f"{JOBS}/{job_id}")).status_code == 410
    assert (await platform.http.get(f"{JOBS}/{job_id}", headers=other)).status_code == 404


async def test_no_more_jobs_of_a_key_run_at_once_than_it_may(run_dir: Path, valkey_url: str) -> None:
    (limited, first), (free, second) = create_key("limited", max_running_jobs=1), create_key("free")
    write_keys(run_dir / "keys.jsonl", [first, second])
    async with job_platform(run_dir, valkey_url, keys_file=run_dir / "keys.jsonl") as platform:
        platform.http.headers["authorization"] = f"Bearer {limited}"
        wish = {"task": "text-to-image", "inputs": [{"prompt": "a"}] * 2}
        assert (await platform.http.post(f"{JOBS}/batches", json=wish)).status_code == 202
        await platform.submit()
        platform.http.headers["authorization"] = f"Bearer {free}"
        others = [await platform.submit() for _ in range(2)]
        leases = (await platform.worker.lease(10)).leases
        mine = [lease for lease in leases if lease.job.id not in others]
        assert (len(mine), len(leases)) == (1, 3)
        for _ in range(2):
            await platform.draw(mine.pop())
            mine += (await platform.worker.lease(10)).leases
            assert len(mine) == 1


async def test_a_queued_job_is_cancelled_and_done_again(platform: JobPlatform) -> None:
    job_id = await platform.submit()
    running = await platform.http.post(f"{JOBS}/{job_id}/retry")
    assert (running.status_code, running.json()["error"]["code"]) == (409, "job_state_conflict")
    assert (await platform.http.delete(f"{JOBS}/{job_id}")).json()["state"] == "cancelled"
    assert (await platform.worker.lease(1)).leases == ()
    twice = await platform.http.delete(f"{JOBS}/{job_id}")
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "job_state_conflict")
    again = await platform.http.post(f"{JOBS}/{job_id}/retry")
    assert (again.status_code, again.json()["retry_of"]) == (202, job_id)
    assert (await platform.http.post(f"{JOBS}/{job_id}/retry")).json()["id"] == again.json()["id"]
    await platform.work()
    assert (await platform.get(again.json()["id"]))["state"] == "succeeded"


async def test_a_running_job_is_told_to_stop(platform: JobPlatform) -> None:
    job_id = await platform.submit()
    lease = await platform.lease()
    answer = (await platform.http.delete(f"{JOBS}/{job_id}")).json()
    assert (answer["state"], answer["cancelling"]) == ("running", True)
    assert await platform.worker.heartbeat(lease)
    await platform.worker.hand_back(lease, Cost())
    assert (await platform.get(job_id))["state"] == "cancelled"


async def test_a_failed_job_says_why(platform: JobPlatform) -> None:
    job_id = await platform.submit()
    problem = Problem(code="content_blocked", message="it cannot be drawn")
    await platform.worker.fail(await platform.lease(), Fault.PERMANENT, problem, Cost())
    job = await platform.get(job_id)
    assert (job["state"], job["reason"], job["problem"]["code"]) == ("failed", "permanent", "content_blocked")
    answer = await platform.http.get(f"{JOBS}/{job_id}/result")
    assert answer.status_code == 409
    assert "it cannot be drawn" in answer.json()["error"]["message"]


async def test_all_jobs_of_a_key_are_erased(keyed: tuple[JobPlatform, dict[str, str]]) -> None:
    platform, other = keyed
    for _ in range(3):
        await platform.submit()
    await platform.work(2)
    wish = {"task": "text-to-image", "input": {"prompt": "a"}}
    kept = (await platform.http.post(JOBS, json=wish, headers=other)).json()["id"]
    assert (await platform.http.delete(JOBS)).status_code == 400
    assert (await platform.http.delete(f"{JOBS}?erase=true")).json()["erased"] == 3
    assert (await platform.http.get(JOBS)).json()["data"] == []
    assert (await platform.http.get(f"{JOBS}/{kept}", headers=other)).status_code == 200
    assert [entry async for entry in platform.desk.blobs.list("jobs/")] == []
