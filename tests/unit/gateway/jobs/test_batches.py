"""Many jobs in one call."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.gateway.jobs.platform import JOBS, JobPlatform

_BATCHES = f"{JOBS}/batches"
_WISH: dict[str, Any] = {
    "task": "text-to-image",
    "model": "toy-image",
    "inputs": [{"prompt": f"fox {n}", "seed": n} for n in range(3)],
}


async def test_a_set_is_submitted_at_once_and_has_one_status(platform: JobPlatform) -> None:
    answer = await platform.http.post(_BATCHES, json=_WISH)
    assert answer.status_code == 202
    batch = answer.json()
    assert [item["index"] for item in batch["items"]] == [0, 1, 2]
    assert (batch["total"], batch["counts"]["queued"], batch["done"]) == (3, 3, False)
    await platform.work(2)
    seen = (await platform.http.get(answer.headers["location"])).json()
    assert (seen["counts"]["succeeded"], seen["counts"]["queued"], seen["done"]) == (2, 1, False)
    await platform.http.delete(f"{JOBS}/{batch['items'][2]['job']}")
    seen = (await platform.http.get(answer.headers["location"])).json()
    assert (seen["counts"]["cancelled"], seen["done"]) == (1, True)
    jobs = (await platform.http.get(JOBS, params={"batch": batch["id"]})).json()["data"]
    assert {job["id"] for job in jobs} == {item["job"] for item in batch["items"]}


async def test_the_same_key_is_the_same_set(platform: JobPlatform) -> None:
    key = {"idempotency-key": "k"}
    first, again = [(await platform.http.post(_BATCHES, json=_WISH, headers=key)).json() for _ in range(2)]
    assert again == first
    other = await platform.http.post(_BATCHES, json={**_WISH, "priority": 1}, headers=key)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")


async def test_another_set_under_the_same_key_is_refused_as_a_whole(platform: JobPlatform) -> None:
    key = {"idempotency-key": "k"}
    await platform.http.post(_BATCHES, json={**_WISH, "inputs": _WISH["inputs"][:1]}, headers=key)
    longer = await platform.http.post(_BATCHES, json=_WISH, headers=key)
    assert (longer.status_code, longer.json()["error"]["code"]) == (409, "idempotency_conflict")
    assert len((await platform.http.get(JOBS)).json()["data"]) == 1


async def test_a_bad_input_refuses_all_by_its_number(platform: JobPlatform) -> None:
    answer = await platform.http.post(_BATCHES, json={**_WISH, "inputs": [{"prompt": "a"}, {"prompt": "a", "n": 0}]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "inputs[1].n")
    assert (await platform.http.get(JOBS)).json()["data"] == []


async def test_a_number_that_cannot_be_kept_is_refused_by_its_place(platform: JobPlatform) -> None:
    huge = {"prompt": "a", "whatever": 2**80}
    for path, body, param in (
        (JOBS, {"task": "text-to-image", "input": huge}, "input"),
        (_BATCHES, {**_WISH, "inputs": [{"prompt": "a"}, huge]}, "inputs[1]"),
    ):
        answer = await platform.http.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_the_set_goes_with_its_last_job(platform: JobPlatform) -> None:
    batch = (await platform.http.post(_BATCHES, json=_WISH)).json()
    await platform.http.delete(f"{JOBS}?erase=true")
    assert (await platform.http.get(f"{_BATCHES}/{batch['id']}")).status_code == 404
