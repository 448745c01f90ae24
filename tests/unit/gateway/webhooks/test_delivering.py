"""From the end of a job to its receiver."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ekiben.gateway.webhooks.opening import open_deliverer
from ekiben.gateway.webhooks.signing import signed_headers
from tests.unit.gateway.conftest import until
from tests.unit.gateway.jobs.platform import JOBS, JobPlatform, job_platform
from tests.unit.gateway.webhooks.receiver import Receiver, never_answering, receiving

_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@pytest.fixture
async def platform(run_dir: Path, valkey_url: str) -> AsyncIterator[JobPlatform]:
    changes = {"webhook_secrets": {"anonymous": _SECRET}, "webhook_networks": ("127.0.0.0/8",)}
    async with job_platform(run_dir, valkey_url, **changes) as found:
        yield found


async def test_the_end_of_a_job_is_told_signed(platform: JobPlatform, receiver: Receiver) -> None:
    job_id = await platform.submit(webhook=f"{receiver.url}/h", metadata={"order": "1"})
    deliverer = open_deliverer(platform.desk)
    deliverer.start()
    await platform.work()
    await until(lambda: receiver.bodies)
    await deliverer.close()
    body, headers = receiver.bodies[0], receiver.headers[0]
    told = json.loads(body)
    assert (told["type"], told["data"]["id"], told["data"]["metadata"]) == ("job.succeeded", job_id, {"order": "1"})
    secret = platform.desk.webhooks.secrets["anonymous"]
    expected = signed_headers(secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == expected["webhook-signature"]


async def test_of_two_gateways_one_sends(platform: JobPlatform, receiver: Receiver) -> None:
    deliverers = [open_deliverer(platform.desk) for _ in range(2)]
    for deliverer in deliverers:
        deliverer.start()
    for _ in range(5):
        await platform.submit(webhook=receiver.url)
    await platform.work(5)
    await until(lambda: len(receiver.bodies) >= 5)
    for deliverer in deliverers:
        await deliverer.close()
    assert len(receiver.bodies) == len({headers["webhook-id"] for headers in receiver.headers}) == 5


async def test_what_is_not_taken_is_logged_and_comes_back_the_same(platform: JobPlatform, receiver: Receiver) -> None:
    receiver.statuses = [500]
    job_id = await platform.submit(webhook=receiver.url)
    deliverer = open_deliverer(platform.desk)
    deliverer.start()
    await platform.work()
    await until(lambda: receiver.bodies)
    await _logged(platform, job_id, 1)
    log = (await platform.http.get(f"{JOBS}/{job_id}/webhook")).json()
    assert (log["attempts"][0]["status"], log["attempts"][0]["error"]) == (500, "status 500")
    assert log["due"] is not None
    assert (await platform.http.post(f"{JOBS}/{job_id}/webhook/replay")).status_code == 202
    await _logged(platform, job_id, 2)
    await deliverer.close()
    log = (await platform.http.get(f"{JOBS}/{job_id}/webhook")).json()
    assert (log["attempts"][1]["status"], log["attempts"][1]["error"], log["due"]) == (200, None, None)
    assert receiver.bodies[0] == receiver.bodies[1]
    assert receiver.headers[0]["webhook-id"] == receiver.headers[1]["webhook-id"]


async def test_a_sender_that_died_loses_nothing(platform: JobPlatform, receiver: Receiver) -> None:
    job_id = await platform.submit(webhook=receiver.url)
    await platform.work()
    (dead,) = await platform.desk.deliveries.lease(5)
    assert await platform.desk.deliveries.lease(5) == []
    log = await platform.desk.deliveries.log(job_id)
    assert log.due_ms is not None  # When its lease runs out.
    assert dead.attempt == 1


async def test_a_webhook_needs_a_secret_and_a_public_address(run_dir: Path, valkey_url: str) -> None:
    async with job_platform(run_dir, valkey_url) as platform:
        wish = {"task": "text-to-image", "input": {"prompt": "a"}}
        refused = {"https://example.com/h": "secret", "http://example.com": "https", "https://[::1]/": "public"}
        for url, said in refused.items():
            answer = await platform.http.post(JOBS, json={**wish, "webhook": url})
            error = answer.json()["error"]
            assert (answer.status_code, error["param"]) == (400, "webhook")
            assert said in error["message"]


async def _logged(platform: JobPlatform, job_id: str, attempts: int) -> None:
    while len((await platform.desk.deliveries.log(job_id)).attempts) < attempts:
        pass


async def test_a_silent_receiver_keeps_its_own_alone_waiting(
    platform: JobPlatform, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ekiben.gateway.webhooks.delivering._AT_ONCE", 1)
    monkeypatch.setattr("ekiben.gateway.webhooks.sending._TIMEOUT_S", 0.3)
    async with never_answering() as silent:
        first, second = [await platform.submit(webhook=silent) for _ in range(2)]
        third = await platform.submit(webhook=receiver.url)
        await platform.work(3)
        deliverer = open_deliverer(platform.desk)
        deliverer.start()
        await until(lambda: receiver.bodies)
        await deliverer.close()
    assert json.loads(receiver.bodies[0])["data"]["id"] == third
    logs = [(await platform.http.get(f"{JOBS}/{job}/webhook")).json()["attempts"] for job in (first, second)]
    assert logs[0][0]["error"].startswith("no answer within")
    assert logs[1][0]["error"].startswith("not sent")
