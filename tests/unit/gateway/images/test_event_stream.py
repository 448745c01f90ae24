"""Previews and a picture as server-sent events; errors before and under way; readers who leave."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway.conftest import until
from tests.unit.gateway.image_platform import GENERATIONS, ImagePlatform, image_platform


def asked(words: str = "a lake", **fields: Any) -> dict[str, Any]:
    return {"prompt": words, "stream": True, "partial_images": 2, "seed": 5, **fields}


def data(lines: list[str]) -> list[dict[str, Any]]:
    """What the events of a stream hold."""
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


async def events(platform: ImagePlatform, body: dict[str, Any]) -> list[dict[str, Any]]:
    async with platform.http.stream("POST", GENERATIONS, json=body) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        lines = [line async for line in reply.aiter_lines() if line]
    assert [line[7:] for line in lines if line.startswith("event: ")] == [
        each["type"] for each in data(lines) if "type" in each
    ]
    return data(lines)


async def test_previews_then_the_picture_with_its_facts(images: ImagePlatform) -> None:
    images.toy.gate.set()
    *previews, last = await events(images, asked("wait a lake"))
    assert last["type"] == "image_generation.completed"
    assert (last["seed"], last["size"], last["quality"], last["background"]) == (5, "32x32", "auto", "opaque")
    assert last["usage"]["total_tokens"] == 0
    assert {each["type"] for each in previews} <= {"image_generation.partial_image"}
    assert all(each["b64_json"] and each["partial_image_index"] < 20 for each in previews)


async def test_no_previews_unasked(images: ImagePlatform) -> None:
    found = await events(images, asked(partial_images=0))
    assert [each["type"] for each in found] == ["image_generation.completed"]


async def test_a_stream_and_an_answer_have_the_same_picture(images: ImagePlatform) -> None:
    whole = await images.http.post(GENERATIONS, json={"prompt": "a lake", "seed": 5})
    assert (await events(images, asked()))[-1]["b64_json"] == whole.json()["data"][0]["b64_json"]


async def test_what_is_refused_has_a_status_and_what_fails_later_is_the_last_event(images: ImagePlatform) -> None:
    reply = await images.http.post(GENERATIONS, json=asked("refuse"))
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "prompt")
    found = await events(images, asked("fail"))
    assert found[-1]["error"]["code"] == "unavailable"


@pytest.mark.parametrize("streamed", [True, False])
async def test_who_leaves_cancels(images: ImagePlatform, streamed: bool) -> None:
    body = asked("wait") if streamed else {"prompt": "wait"}
    leaving = asyncio.create_task(images.http.post(GENERATIONS, json=body))
    await until(lambda: images.toy.submitted)
    leaving.cancel()
    await until(lambda: images.toy.cancelled)
    await until(lambda: not images.state.admission.in_flight)


async def test_a_worker_that_dies_before_a_picture_is_followed_by_the_next(run_dir: Path) -> None:
    async with image_platform(run_dir, workers=2) as platform:
        asking = asyncio.create_task(platform.http.post(GENERATIONS, json={"prompt": "wait", "seed": 3}))
        await until(lambda: any(toy.submitted for toy in platform.toys))
        first = next(number for number, toy in enumerate(platform.toys) if toy.submitted)
        await platform.kill(first)
        await until(lambda: platform.toys[1 - first].submitted)
        for toy in platform.toys:
            toy.gate.set()
        reply = await asking
        assert (reply.status_code, reply.json()["data"][0]["seed"]) == (200, 3)


async def test_a_full_model_is_said_at_once(run_dir: Path) -> None:
    async with image_platform(run_dir, max_in_flight=1) as platform:
        first = asyncio.create_task(platform.http.post(GENERATIONS, json={"prompt": "wait"}))
        await until(lambda: platform.toy.submitted)
        reply = await platform.http.post(GENERATIONS, json={"prompt": "a lake"})
        assert (reply.status_code, reply.json()["error"]["code"]) == (429, "overloaded")
        platform.toy.gate.set()
        assert (await first).status_code == 200


async def test_a_deadline(images: ImagePlatform) -> None:
    reply = await images.http.post(GENERATIONS, json={"prompt": "wait"}, headers={"x-ekiben-timeout-ms": "150"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (504, "deadline_exceeded")
    await until(lambda: images.toy.cancelled)
