"""Submit, look, follow, fetch."""

from __future__ import annotations

import base64
from io import BytesIO

from PIL import Image

from tests.unit.gateway.jobs.platform import JOBS, JobPlatform


async def test_a_job_from_its_submission_to_its_result(platform: JobPlatform) -> None:
    wish = {"task": "text-to-image", "input": {"prompt": "fox", "seed": 7, "n": 2}, "metadata": {"order": "1"}}
    answer = await platform.http.post(JOBS, json=wish)
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"{JOBS}/{job['id']}"
    assert (job["state"], job["position"], job["metadata"]) == ("queued", 1, {"order": "1"})
    early = await platform.http.get(f"{JOBS}/{job['id']}/result")
    assert (early.status_code, early.json()["error"]["code"]) == (409, "job_state_conflict")
    await platform.work()
    done = await platform.get(job["id"])
    assert (done["state"], done["cost"], done["progress"]) == (
        "succeeded",
        {"device_s": 0.5, "steps": 2},
        {"step": 2, "of": 2},
    )
    result = (await platform.http.get(done["links"]["result"])).json()
    assert [picture["seed"] for picture in result["data"]] == [7, 8]
    picture = Image.open(BytesIO(base64.b64decode(result["data"][0]["b64_json"])))
    assert picture.getpixel((0, 0)) == (7, 0, 0)
    file = await platform.http.get(f"{JOBS}/{job['id']}/result/1")
    assert file.headers["content-type"] == "image/png"
    assert file.content == base64.b64decode(result["data"][1]["b64_json"])
