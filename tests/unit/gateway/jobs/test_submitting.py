"""Submit, look, fetch: what a caller sees of a job."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from valkey import Valkey

from ekiben.inference.image_generation import ImageSettings
from tests.unit.gateway.image_platform import image_platform
from tests.unit.gateway.jobs.platform import JOBS, JobPlatform, drawn, job_platform

_WISH = {"task": "text-to-image", "input": {"prompt": "fox", "seed": 7, "n": 2}, "metadata": {"order": "1"}}


async def test_a_job_from_its_submission_to_its_result(platform: JobPlatform) -> None:
    answer = await platform.http.post(JOBS, json=_WISH)
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"{JOBS}/{job['id']}"
    assert (job["state"], job["position"], job["metadata"]) == ("queued", 1, {"order": "1"})
    await platform.work()
    done = await platform.get(job["id"])
    assert (done["state"], done["cost"]) == ("succeeded", {"device_s": 0.5, "steps": 2})
    assert done["progress"] == {"step": 2, "of": 2}
    result = (await platform.http.get(done["links"]["result"])).json()
    assert [picture["seed"] for picture in result["data"]] == [7, 8]
    picture = Image.open(BytesIO(base64.b64decode(result["data"][0]["b64_json"])))
    assert picture.getpixel((0, 0)) == (7, 0, 0)
    file = await platform.http.get(f"{JOBS}/{job['id']}/result/1")
    assert file.headers["content-type"] == "image/png"
    assert file.content == base64.b64decode(result["data"][1]["b64_json"])


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"input": {"prompt": "a"}}, 400, "invalid_value", "task"),
        ({"task": "poetry", "input": {}}, 400, "invalid_value", "task"),
        ({"task": "text-to-image", "input": {}}, 400, "invalid_value", "input.prompt"),
        ({"task": "text-to-image", "input": {"prompt": "a", "n": 9}}, 400, "invalid_value", "input.n"),
        ({"task": "text-to-image", "input": {"prompt": "a", "size": "1x1"}}, 400, "invalid_value", "input.size"),
        ({"task": "text-to-image", "input": {"prompt": "a" * 201}}, 413, "payload_too_large", "input.prompt"),
        ({"task": "text-to-image", "input": {"prompt": "a", "stream": True}}, 400, "invalid_value", "input.stream"),
        ({"task": "text-to-image", "model": "x", "input": {"prompt": "a"}}, 404, "model_not_found", "model"),
        ({"task": "text-to-image", "input": {"prompt": "a"}, "priority": 11}, 400, "invalid_value", "priority"),
        ({"task": "text-to-image", "input": {"prompt": "a"}, "deadline": 0}, 400, "invalid_value", "deadline"),
        (
            {"task": "text-to-image", "input": {"prompt": "a"}, "deadline": 5, "not_before": 5},
            400,
            "invalid_value",
            "not_before",
        ),
        (
            {"task": "text-to-image", "input": {"prompt": "a"}, "webhook": f"https://a.example/{'x' * 2_000}"},
            400,
            "invalid_value",
            "webhook",
        ),
        (
            {"task": "text-to-image", "input": {"prompt": "a"}, "deadline": "2020-01-01T00:00:00Z"},
            400,
            "invalid_value",
            "deadline",
        ),
        (
            {"task": "text-to-image", "model": "x", "input": {"prompt": "a", "model": "y"}},
            400,
            "invalid_value",
            "input.model",
        ),
    ],
)
async def test_what_cannot_be_done_is_refused_at_once(
    platform: JobPlatform, body: dict[str, object], status: int, code: str, param: str
) -> None:
    answer = await platform.http.post(JOBS, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
    assert (await platform.http.get(JOBS)).json()["data"] == []


async def test_a_source_image_goes_by_the_object_store(platform: JobPlatform) -> None:
    source = base64.b64encode(drawn(await _settings(platform))).decode()
    job_id = await platform.submit(input={"image": f"data:image/png;base64,{source}", "strength": 0.5})
    lease = await platform.lease()
    assert lease.job.specification.input is not None
    assert (await platform.settings(lease.job)).strength == 0.5
    await platform.draw(lease)
    assert (await platform.http.get(f"{JOBS}/{job_id}/result")).json()["data"][0]["seed"] == 3


async def _settings(platform: JobPlatform) -> ImageSettings:
    await platform.submit()
    lease = await platform.lease()
    await platform.draw(lease)
    return await platform.settings(lease.job)


async def test_links_need_no_key_and_expire_with_the_job(platform: JobPlatform) -> None:
    job_id = await platform.submit(input={"response_format": "url"})
    await platform.work()
    link = (await platform.http.get(f"{JOBS}/{job_id}/result")).json()["data"][0]["url"]
    assert (await platform.http.get(link)).headers["content-type"] == "image/png"
    assert (await platform.http.get(link.replace("/result/0", "/result/1"))).status_code == 403
    assert (await platform.http.get(link + "0")).status_code == 403
    assert (await platform.http.delete(f"{JOBS}/{job_id}?erase=true")).status_code == 204
    assert (await platform.http.get(link)).status_code == 404


async def test_a_full_queue_says_when_to_come_back(platform: JobPlatform, valkey_url: str) -> None:
    with Valkey.from_url(valkey_url) as client:  # as if so many were waiting
        client.hset(platform.desk.store.key("queued_of"), "anonymous", "50000")
    answer = await platform.http.post(JOBS, json=_WISH)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "queue_full")
    assert int(answer.headers["retry-after"]) > 0


async def test_without_a_queue_there_are_no_jobs(run_dir: Path) -> None:
    async with image_platform(run_dir) as platform:
        for answer in (await platform.http.post(JOBS, json=_WISH), await platform.http.get(f"{JOBS}/job_1")):
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "queue_not_durable")
            assert "EKIBEN_VALKEY_URL" in answer.json()["error"]["message"]


async def test_a_queue_that_is_away_is_worth_another_attempt(run_dir: Path) -> None:
    async with job_platform(run_dir, f"unix://{run_dir}/nobody.sock") as platform:
        answer = await platform.http.get(f"{JOBS}/job_1", timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "queue_unavailable")
