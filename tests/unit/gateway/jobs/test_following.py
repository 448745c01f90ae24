"""Events as they come, and after an interruption."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx

from tests.unit.gateway.jobs.platform import JOBS, JobPlatform


async def _events(http: httpx.AsyncClient, path: str, **headers: str) -> list[dict[str, Any]]:
    """All of a stream's; each must be named and numbered as its data says."""
    found = []
    async with http.stream("GET", path, headers=headers, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = (await answer.aread()).decode()
    for block in text.split("\n\n"):
        if not block.startswith("id: "):
            continue
        number, kind, data = (line.partition(": ")[2] for line in block.splitlines())
        event = json.loads(data)
        assert (event["number"], event["type"]) == (int(number), kind)
        found.append(event)
    return found


async def test_a_reader_hears_everything_and_then_the_end(platform: JobPlatform) -> None:
    job_id = await platform.submit()
    following = asyncio.create_task(_events(platform.http, f"{JOBS}/{job_id}/events"))
    await platform.work()
    events = await following
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert [event["type"] for event in events] == ["queued", "started", "step", "step", "succeeded"]
    assert [event.get("step") for event in events[2:4]] == [1, 2]
    preview = await platform.http.get(events[2]["preview"])
    assert preview.headers["content-type"] == "image/png"
    assert (await platform.http.get(f"{JOBS}/{job_id}/previews/1")).status_code == 404
    for after in range(len(events) + 1):
        rest = await _events(platform.http, f"{JOBS}/{job_id}/events", **{"last-event-id": str(after)})
        assert rest == events[after:]


async def test_a_reader_who_comes_late_hears_the_same(platform: JobPlatform) -> None:
    job_id = await platform.submit()
    await platform.http.delete(f"{JOBS}/{job_id}")
    events = await _events(platform.http, f"{JOBS}/{job_id}/events")
    assert [event["type"] for event in events] == ["queued", "cancelled"]


async def test_a_stream_ends_when_this_server_does(platform: JobPlatform) -> None:
    job_id = await platform.submit()
    following = asyncio.create_task(_events(platform.http, f"{JOBS}/{job_id}/events"))
    await platform.images.state.admission.drain(1)
    assert len(await following) <= 1


async def test_a_bad_number_is_refused(platform: JobPlatform) -> None:
    answer = await platform.http.get(f"{JOBS}/{await platform.submit()}/events", headers={"last-event-id": "x"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "last-event-id")
