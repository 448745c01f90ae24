"""`Prefer: respond-async`, and the same call twice."""

from __future__ import annotations

import base64
from typing import Any

from tests.unit.gateway.image_platform import EDITS, GENERATIONS
from tests.unit.gateway.jobs.platform import JOBS, JobPlatform, drawn

_PREFER = {"prefer": "respond-async, wait=10"}


async def test_a_generation_becomes_a_job_on_request(platform: JobPlatform) -> None:
    answer = await platform.http.post(GENERATIONS, json={"prompt": "fox", "seed": 7}, headers=_PREFER)
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "respond-async")
    await platform.work()
    result = (await platform.http.get(f"{answer.headers['location']}/result")).json()
    direct = (await platform.http.post(GENERATIONS, json={"prompt": "fox", "seed": 7})).json()
    assert result.keys() == direct.keys()
    assert result["data"][0].keys() == direct["data"][0].keys()


async def test_an_edit_becomes_a_job_on_request(platform: JobPlatform) -> None:
    job_id = await platform.submit()
    lease = await platform.lease()
    picture = drawn(await platform.settings(lease.job))
    await platform.draw(lease)
    form: dict[str, Any] = {"data": {"prompt": "fox"}, "files": {"image": ("a.png", picture)}}
    answer = await platform.http.post(EDITS, **form, headers={**_PREFER, "idempotency-key": "k"})
    assert answer.status_code == 202
    assert answer.json()["id"] != job_id
    again = await platform.http.post(EDITS, **form, headers={**_PREFER, "idempotency-key": "k"})
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (answer.json()["id"], "true")
    await platform.work()
    result = (await platform.http.get(f"{answer.headers['location']}/result")).json()
    assert base64.b64decode(result["data"][0]["b64_json"])


async def test_what_would_be_refused_is_refused(platform: JobPlatform) -> None:
    for body in ({"prompt": ""}, {"prompt": "a", "stream": True}):
        assert (await platform.http.post(GENERATIONS, json=body, headers=_PREFER)).status_code == 400


async def test_the_same_key_and_body_is_the_same_job(platform: JobPlatform) -> None:
    # Nobody chose a seed, and the deadline is counted from each call: the body is what counts.
    body = {"task": "text-to-image", "input": {"prompt": "fox"}, "deadline": 600}
    key = {"idempotency-key": "order-4711"}
    first = await platform.http.post(JOBS, json=body, headers=key)
    again = await platform.http.post(JOBS, json=body, headers=key)
    other = await platform.http.post(JOBS, json={**body, "priority": 1}, headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 409)
    assert again.json()["id"] == first.json()["id"]
    assert "idempotent-replayed" not in first.headers
    assert other.json()["error"]["code"] == "idempotency_conflict"
    bad = await platform.http.post(JOBS, json=body, headers={"idempotency-key": "a b"})
    assert (bad.status_code, bad.json()["error"]["param"]) == (400, "idempotency-key")
