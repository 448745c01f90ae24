"""The worker's server for pictures: frames in order, errors with a status while nothing was sent, callers who leave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from prometheus_client import CollectorRegistry
from starlette.types import Message, Scope

from ekiben.inference import protocol
from ekiben.inference.frames import FrameReader
from ekiben.inference.image_frames import decode_event, encode_request
from ekiben.inference.image_generation import (
    FinishedImage,
    ImageEvent,
    ImageGenerationRequest,
    ImagesEnd,
    ImageSettings,
    Preview,
    Step,
)
from ekiben.testing.images import ToyImageGenerator, toy_image_card
from ekiben.worker.image_servable import ImageServable


def settings(prompt: str = "a lake", **changes: Any) -> ImageSettings:
    fields: dict[str, Any] = {
        "width": 32,
        "height": 16,
        "steps": 4,
        "guidance_scale": 3.0,
        "seed": 11,
        "scheduler": "ddim",
    }
    return ImageSettings(prompt, **{**fields, **changes})


def asked(prompt: str = "a lake", image: bytes | None = None, mask: bytes | None = None, **changes: Any) -> bytes:
    return encode_request(ImageGenerationRequest(settings(prompt, **changes), image, mask))


def events_of(body: bytes) -> list[ImageEvent]:
    reader = FrameReader()
    found = [decode_event(frame) for frame in reader.feed(body)]
    assert reader.is_between
    return found


@pytest.fixture
def toy() -> ToyImageGenerator:
    return ToyImageGenerator()


@pytest.fixture
async def worker(toy: ToyImageGenerator) -> AsyncIterator[ImageServable]:
    made = ImageServable(toy, toy_image_card(), CollectorRegistry(), 100_000)
    await made.warm_up()
    yield made
    await made.close()


@pytest.fixture
async def client(worker: ImageServable) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(worker.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://worker", timeout=60) as made:
        yield made


async def test_every_picture_comes_as_a_file_with_its_own_seed(client: httpx.AsyncClient) -> None:
    reply = await client.post("/images", content=asked(n=3), headers={protocol.REQUEST_ID: "r1"})
    assert reply.status_code == 200
    assert reply.headers[protocol.REQUEST_ID] == "r1"
    *images, end = events_of(reply.content)
    assert isinstance(end, ImagesEnd)
    assert {"prepare", "queue", "denoise", "file"} <= set(end.stages)
    told = {image.index: image for image in images if isinstance(image, FinishedImage)}
    assert {index: image.facts.seed for index, image in told.items()} == {0: 11, 1: 12, 2: 13}
    assert [Image.open(BytesIO(image.image)).size for image in told.values()] == [(32, 16)] * 3


async def test_previews_and_steps_where_they_are_wished_for(client: httpx.AsyncClient) -> None:
    reply = await client.post("/images", content=asked(partial_images=2, progress=True, output_format="jpeg"))
    events = events_of(reply.content)
    previews = [event for event in events if isinstance(event, Preview)]
    assert [event for event in events if isinstance(event, Step)]
    assert previews
    assert [Image.open(BytesIO(preview.image)).format for preview in previews] == ["JPEG"] * len(previews)
    numbers = [preview.number for preview in previews]
    assert numbers == sorted(set(numbers))
    assert [type(event) for event in events[-2:]] == [FinishedImage, ImagesEnd]


async def test_a_source_image_is_decoded_before_anything_is_drawn(
    client: httpx.AsyncClient, toy: ToyImageGenerator
) -> None:
    assert (await client.post("/images", content=asked(image=b"picture", mask=b"mask"))).status_code == 200
    assert toy.sources[0] is not None
    assert toy.sources[0].mask is not None
    reply = await client.post("/images", content=asked(image=b"broken"))
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "image")
    assert len(toy.sources) == 1


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (asked("refuse this"), 400, "prompt"),
        (asked("overloaded"), 429, None),
        (asked(n=4), 400, "n"),
        (asked(steps=21), 400, "num_inference_steps"),
        (asked(width=24, height=20), 400, "size"),
        (asked(guidance_scale=11.0), 400, "guidance_scale"),
        (asked(scheduler="unipc"), 400, "scheduler"),
        (asked(partial_images=-1), 400, "partial_images"),
        (b"no frames\n", 400, None),
    ],
)
async def test_what_is_refused_is_refused_with_a_status(
    client: httpx.AsyncClient, body: bytes, status: int, param: str | None
) -> None:
    reply = await client.post("/images", content=body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)


async def test_what_fails_under_way_is_the_last_frame(client: httpx.AsyncClient) -> None:
    reply = await client.post("/images", content=asked("fail", n=2), headers={protocol.REQUEST_ID: "r2"})
    assert reply.status_code == 200
    frames = FrameReader().feed(reply.content)
    assert frames[-1].content["error"]["code"] == "unavailable"
    assert frames[-1].content["request_id"] == "r2"


async def test_a_picture_that_takes_too_long(client: httpx.AsyncClient, toy: ToyImageGenerator) -> None:
    reply = await client.post("/images", content=asked("wait"), headers={protocol.TIMEOUT_MS: "50"})
    assert FrameReader().feed(reply.content)[-1].content["error"]["code"] == "deadline_exceeded"
    await _until(lambda: toy.cancelled == 1)


async def test_metrics_tell_how_requests_ended(client: httpx.AsyncClient) -> None:
    await client.post("/images", content=asked(n=2))
    await client.post("/images", content=asked("refuse"))
    told = (await client.get("/metrics")).text
    assert 'ekiben_image_requests_total{end="completed",model="toy-image"} 1.0' in told
    assert 'ekiben_image_requests_total{end="invalid_value",model="toy-image"} 1.0' in told
    assert 'ekiben_image_files_total{model="toy-image"} 2.0' in told
    assert 'ekiben_image_requests_in_progress{model="toy-image"} 0.0' in told


async def test_ready_once_warm(client: httpx.AsyncClient, toy: ToyImageGenerator) -> None:
    assert (await client.get("/ready")).status_code == 200
    toy.ready = False
    assert (await client.get("/ready")).status_code == 503


class Caller:
    """One who sends a request and leaves when told to; `stuck` takes nothing after the head."""

    def __init__(self, body: bytes, *, stuck: bool = False) -> None:
        self._unsent = [body]
        self._stuck = stuck
        self.leaves = asyncio.Event()
        self.received: list[Message] = []

    async def receive(self) -> Message:
        if not self._unsent:
            await self.leaves.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self._unsent.pop(), "more_body": False}

    async def send(self, message: Message) -> None:
        self.received.append(message)
        if self._stuck and message["type"] == "http.response.body":
            await asyncio.Event().wait()


def scope(timeout_ms: int = 60_000) -> Scope:
    headers = [(protocol.TIMEOUT_MS.encode(), str(timeout_ms).encode())]
    return {
        "type": "http",
        "method": "POST",
        "path": "/images",
        "headers": headers,
        "query_string": b"",
        protocol.ARRIVED: time.monotonic(),
    }


async def test_who_leaves_stops_every_picture(worker: ImageServable, toy: ToyImageGenerator) -> None:
    caller = Caller(asked("wait", n=3))
    answering = asyncio.ensure_future(worker.asgi(scope(), caller.receive, caller.send))
    await _until(lambda: len(toy.submitted) == 3 and len(caller.received) == 1)
    caller.leaves.set()
    async with asyncio.timeout(20):
        await answering
    await _until(lambda: toy.cancelled == 3)
    assert [message["type"] for message in caller.received] == ["http.response.start"]


async def test_a_caller_who_takes_nothing_is_left_without_a_fault(worker: ImageServable) -> None:
    stuck = Caller(asked(), stuck=True)
    async with asyncio.timeout(20):
        await worker.asgi(scope(timeout_ms=100), stuck.receive, stuck.send)
    assert b"deadline_exceeded" in stuck.received[-1]["body"]


async def _until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - threads of the toy, which tell no loop
            await asyncio.sleep(0.005)
