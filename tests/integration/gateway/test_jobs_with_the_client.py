"""Our own client on a real gateway and a real queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ekiben import AsyncClient, Client
from ekiben.client.image_results import Images
from ekiben.errors import JobStateConflict
from tests.unit.gateway.conftest import run_dir, valkey_server, valkey_url
from tests.unit.gateway.jobs.conftest import platform
from tests.unit.gateway.jobs.platform import JobPlatform

__all__ = ["platform", "run_dir", "valkey_server", "valkey_url"]  # fixtures


@pytest.fixture
async def client(platform: JobPlatform, run_dir: Path) -> AsyncIterator[AsyncClient]:
    transport = httpx.AsyncHTTPTransport(uds=str(run_dir / "public"))
    async with (
        httpx.AsyncClient(transport=transport) as http,
        AsyncClient("http://127.0.0.1", http_client=http) as found,
        platform.working(),
    ):
        yield found


async def test_submit_wait_and_fetch(client: AsyncClient) -> None:
    job = await client.jobs.submit({"prompt": "fox", "seed": 7})
    assert (await client.jobs.wait(job.id, timeout=20)).state == "succeeded"
    images = await client.jobs.result(job.id)
    assert isinstance(images, Images)
    assert images.first.image.getpixel((0, 0)) == (7, 0, 0)
    kinds = [event.type async for event in client.jobs.events(job.id)]
    assert kinds == ["queued", "started", "step", "step", "succeeded"]
    assert [job.id for job in (await client.jobs.list(state="succeeded")).data] == [job.id]
    with pytest.raises(JobStateConflict):
        await client.jobs.cancel(job.id)
    await client.jobs.erase(job.id)


async def test_map_over_many(client: AsyncClient) -> None:
    told: list[int] = []
    inputs = [{"prompt": "fox", "seed": seed} for seed in range(20)]
    seeds = [
        images.first.seed
        async for images in client.jobs.map(inputs, model="toy-image", progress=lambda done, _: told.append(done))
    ]
    assert seeds == list(range(20))
    assert told == list(range(1, 21))


async def test_the_blocking_client_does_the_same(client: AsyncClient, run_dir: Path) -> None:
    def use() -> list[int]:
        with (
            httpx.Client(transport=httpx.HTTPTransport(uds=str(run_dir / "public"))) as http,
            Client("http://127.0.0.1", http_client=http) as blocking,
        ):
            first = blocking.jobs.submit({"prompt": "fox", "seed": 1})
            assert blocking.jobs.wait(first.id, timeout=20).state == "succeeded"
            return [images.first.seed for images in blocking.jobs.map([{"prompt": "a", "seed": 2}])]

    assert client is not None
    assert await asyncio.to_thread(use) == [2]
