"""Pages and filters."""

from __future__ import annotations

import pytest

from tests.unit.gateway.jobs.platform import JOBS, JobPlatform


async def test_pages_hold_every_job_once_newest_first(platform: JobPlatform) -> None:
    ids = [await platform.submit() for _ in range(5)]
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await platform.http.get(JOBS, params={"limit": 2, "after": cursor})).json()
        found += [job["id"] for job in page["data"]]
        cursor = page["next"]
    assert found == ids[::-1]


async def test_filters(platform: JobPlatform) -> None:
    first, second = await platform.submit(), await platform.submit()
    await platform.work()
    created = (await platform.get(second))["timings"]["created_at"]

    async def ids(**query: str | float) -> list[str]:
        return [job["id"] for job in (await platform.http.get(JOBS, params=query)).json()["data"]]

    assert await ids(state="succeeded") == [first]
    assert await ids(state="queued", model="toy-image", task="text-to-image") == [second]
    assert await ids(model="other") == await ids(task="text-generation") == []
    assert second in await ids(created_after=created)
    assert await ids(created_before=created - 3600) == []
    assert await ids(created_after=created + 3600) == []


@pytest.mark.parametrize(
    ("query", "param"),
    [("state=odd", "state"), ("limit=0", "limit"), ("after=x", "after"), ("colour=red", "colour"),
     ("created_after=now", "created_after")],
)  # fmt: skip
async def test_a_bad_filter_is_named(platform: JobPlatform, query: str, param: str) -> None:
    answer = await platform.http.get(f"{JOBS}?{query}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
