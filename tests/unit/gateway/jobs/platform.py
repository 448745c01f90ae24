"""A gateway with a queue on a real Valkey server, and workers of the queue that draw one colour."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from pydantic import TypeAdapter

from ekiben.gateway.jobs.desk import JobDesk
from ekiben.inference.image_frames import decode_request
from ekiben.inference.image_generation import Facts, ImageSettings
from ekiben.jobs import Cost, Job, Lease, Leasing, Progress, Result
from ekiben.jobs.blobs import get_checked, put_output
from ekiben.testing.images import toy_image_card
from tests.unit.gateway.image_platform import ImagePlatform, image_platform

_SETTINGS = TypeAdapter(ImageSettings)
JOBS = "/v1/jobs"


@dataclass
class JobPlatform:
    """What a test needs."""

    images: ImagePlatform
    desk: JobDesk

    @property
    def http(self) -> httpx.AsyncClient:
        return self.images.http

    async def submit(self, prompt: str = "a", **more: Any) -> str:
        """Submit a job of one picture; returns its id."""
        given = {"prompt": prompt, "seed": 3, **more.pop("input", {})}
        answer = await self.http.post(JOBS, json={"task": "text-to-image", "input": given, **more})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    async def get(self, job_id: str) -> dict[str, Any]:
        answer = await self.http.get(f"{JOBS}/{job_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    @property
    def worker(self) -> Leasing:
        return Leasing(self.desk.store, toy_image_card().name, "worker-1")

    async def lease(self) -> Lease:
        """The next job; there must be one."""
        (lease,) = (await self.worker.lease(1)).leases
        return lease

    async def work(self, jobs: int = 1) -> None:
        """Do so many jobs, one after another."""
        for _ in range(jobs):
            await self.draw(await self.lease())

    async def draw(self, lease: Lease) -> None:
        """Do a job: two steps, a preview with the first, then the pictures."""
        blobs, settings = self.desk.blobs, await self.settings(lease.job)
        picture = drawn(settings)
        media_type = f"image/{settings.output_format}"
        preview = await put_output(blobs, lease.job.id, lease.fence, picture, media_type)
        await self.worker.heartbeat(lease, Progress(step=1, of=2, preview=preview))
        await self.worker.heartbeat(lease, Progress(step=2, of=2))
        pictures = [asdict(facts_of(settings, index)) | {"index": index} for index in range(settings.n)]
        pointers = [await put_output(blobs, lease.job.id, lease.fence, picture, media_type) for _ in pictures]
        result = Result(blobs=tuple(pointers), value={"pictures": pictures, "stages": {}})
        await self.worker.complete(lease, result, Cost(device_s=0.5, steps=2))

    async def settings(self, job: Job) -> ImageSettings:
        """What the job is to draw, as a worker reads it."""
        inline = job.specification.inline
        assert isinstance(inline, dict)
        if "settings" in inline:
            return _SETTINGS.validate_python(inline["settings"])
        assert job.specification.input is not None
        return decode_request(await get_checked(self.desk.blobs, job.specification.input)).settings

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Have every job done as it comes."""

        async def work() -> None:
            while True:
                for lease in (await self.worker.lease(4)).leases:
                    await self.draw(lease)
                await self.worker.wait()

        task = asyncio.create_task(work())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def drawn(settings: ImageSettings) -> bytes:
    """A picture of one colour, which is the seed's."""
    file = BytesIO()
    colour = (settings.seed % 256, 0, 0)
    Image.new("RGB", (settings.width, settings.height), colour).save(file, settings.output_format.upper())
    return file.getvalue()


def facts_of(settings: ImageSettings, index: int) -> Facts:
    """What a worker tells of a picture."""
    return Facts(
        seed=settings.seed_of(index),
        width=settings.width,
        height=settings.height,
        steps=settings.steps,
        guidance_scale=settings.guidance_scale,
        scheduler=settings.scheduler,
        model=toy_image_card().name,
        version="1.0.0",
        evaluations=settings.steps,
        stages={"denoise": 0.1},
        rows_per_step=1.0,
    )


@asynccontextmanager
async def job_platform(run_dir: Path, valkey_url: str, **changes: Any) -> AsyncIterator[JobPlatform]:
    """Start it; `changes` are as `image_platform`'s."""
    async with image_platform(run_dir, valkey_url=valkey_url, **changes) as images:
        desk = images.state.jobs
        assert desk is not None
        await desk.start()
        try:
            yield JobPlatform(images, desk)
        finally:
            await desk.close()
