"""Requests on a WebSocket: what is told, who is let in, cancelling, readers who leave or are slow."""

from __future__ import annotations

import asyncio
import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image
from structlog.testing import capture_logs

from ekiben.policy.key_record import create_key
from ekiben.policy.keys_file import write_keys
from tests.unit.gateway.conftest import until
from tests.unit.gateway.image_platform import ImagePlatform, image_platform


async def told(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    """Everything up to the end of a request."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] not in ("completed", "error", "cancelled"):
        found.append(json.loads(await socket.receive_str(timeout=10)))
    return found


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(each["type"] for each in found))


async def test_requests_one_after_another(images: ImagePlatform) -> None:
    async with images.socket() as socket:
        for seed in (0, 1):
            await socket.send_json({"prompt": "a lake", "seed": seed, "partial_images": 2})
            found = await told(socket)
            assert [each for each in kinds(found) if each not in ("progress", "preview")] == [
                "queued",
                "started",
                "image",
                "completed",
            ]
            assert {each["request_id"] for each in found} == {found[0]["request_id"]}
            picture = next(each for each in found if each["type"] == "image")
            assert (found[0]["seed"], picture["seed"], picture["index"]) == (seed, seed, 0)
            assert Image.open(BytesIO(base64.b64decode(picture["b64_json"]))).size == (32, 32)
            assert "queue" in found[-1]["timings_ms"]


async def test_steps_and_previews_come_while_it_is_drawn(images: ImagePlatform) -> None:
    async with images.socket() as socket:
        await socket.send_json({"type": "generate", "prompt": "wait", "partial_images": 1})
        found: list[dict[str, Any]] = []
        while "preview" not in kinds(found):
            found.append(await socket.receive_json(timeout=10))
        assert next(each for each in found if each["type"] == "progress")["steps"] == 4
        images.toy.gate.set()
        assert (await told(socket))[-1]["type"] == "completed"


async def test_pictures_of_their_own(images: ImagePlatform) -> None:
    async with images.socket() as socket:
        await socket.send_json({"prompt": "a lake", "binary": True, "n": 2})
        pictures = 0
        while (said := await socket.receive_json(timeout=10))["type"] != "completed":
            if "bytes" in said:
                content = await socket.receive_bytes(timeout=10)
                assert len(content) == said["bytes"]
                pictures += said["type"] == "image"
        assert pictures == 2


async def test_cancelling_stops_the_drawing_and_the_socket_goes_on(images: ImagePlatform) -> None:
    async with images.socket() as socket:
        await socket.send_json({"type": "cancel"})  # nothing is under way
        await socket.send_json({"prompt": "wait"})
        await until(lambda: images.toy.submitted)
        await socket.send_json({"type": "cancel"})
        assert (await told(socket))[-1]["type"] == "cancelled"
        await until(lambda: images.toy.cancelled)
        await socket.send_json({"prompt": "a lake"})
        assert (await told(socket))[-1]["type"] == "completed"


async def test_who_leaves_cancels(images: ImagePlatform) -> None:
    with capture_logs() as logs:
        async with images.socket() as socket:
            await socket.send_json({"prompt": "wait secret words"})
            await until(lambda: images.toy.submitted)
        await until(lambda: images.toy.cancelled)
        await until(lambda: [each["status"] for each in logs if each["event"] == "request"] == [499, 101])
    request = next(each for each in logs if each.get("status") == 499)
    assert (request["model"], request["steps"], request["n"], request["method"]) == ("toy-image", 4, 1, "WEBSOCKET")
    assert "secret" not in str(logs)


async def test_a_defect_is_accounted_as_one_and_not_as_a_departure(
    images: ImagePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("ekiben.gateway.images.socket.checked_ask", broken)
    with capture_logs() as logs:
        async with images.socket() as socket:
            await socket.send_json({"prompt": "a lake"})
            await until(lambda: [each for each in logs if each.get("status") == 500])
            assert (await socket.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE


@pytest.mark.parametrize(
    ("message", "status", "param"),
    [
        ("nonsense", 400, None),
        ("[]", 400, None),
        ('{"prompt": "a", "n": 9}', 400, "n"),
        ('{"prompt": "a", "stream": true}', 400, "stream"),
        ('{"prompt": "a", "steps": 3}', 400, "steps"),
        ('{"type": "stop"}', 400, "type"),
        ('{"prompt": "refuse"}', 400, "prompt"),
        ('{"prompt": "a", "model": "b"}', 404, "model"),
        ('{"prompt": "fail"}', 503, None),
    ],
)
async def test_errors_leave_the_socket_open(
    images: ImagePlatform, message: str, status: int, param: str | None
) -> None:
    async with images.socket() as socket:
        await socket.send_str(message)
        error = (await told(socket))[-1]
        assert (error["type"], error["status"], error["error"]["param"]) == ("error", status, param), error
        await socket.send_json({"prompt": "a lake"})
        assert (await told(socket))[-1]["type"] == "completed"


async def test_one_request_at_a_time(images: ImagePlatform) -> None:
    async with images.socket() as socket:
        await socket.send_json({"prompt": "wait"})
        await until(lambda: images.toy.submitted)
        await socket.send_json({"prompt": "a lake"})
        assert "under way" in (await told(socket))[-1]["error"]["message"]
        images.toy.gate.set()
        assert (await told(socket))[-1]["type"] == "completed"


async def test_messages_are_short_and_texts(images: ImagePlatform) -> None:
    async with images.socket() as socket:
        await socket.send_str("x" * 100_000)
        assert (await socket.receive(timeout=10)).data == 1009
    async with images.socket(compress=15) as socket:
        assert not socket.compress
        await socket.send_bytes(b"x")
        assert (await socket.receive(timeout=10)).data == 1003


async def test_so_many_sockets_and_no_more(run_dir: Path) -> None:
    async with image_platform(run_dir, max_in_flight=1) as platform:
        async with platform.socket():
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await platform.socket()
            assert refused.value.status == 429
        await until(lambda: platform.state.metrics.sockets._value.get() == 0)
        async with platform.socket():
            pass


async def test_an_idle_socket_is_closed(run_dir: Path) -> None:
    async with image_platform(run_dir, socket_idle_s=0.1) as platform, platform.socket() as socket:
        assert (await socket.receive(timeout=10)).data == 1000


async def test_pages_elsewhere_are_not_let_in(run_dir: Path) -> None:
    async with image_platform(run_dir, allowed_origins="https://friend.example") as platform:
        for origin in ("http://127.0.0.1", "https://friend.example"):
            async with platform.socket(origin=origin):
                pass
        for origin in ("http://evil.example", "http://127.0.0.1:81", "null", "https://friend.example.evil"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await platform.socket(origin=origin)
            assert refused.value.status == 403


async def test_keys_by_header_or_by_subprotocol(run_dir: Path) -> None:
    key, record = create_key("page")
    keys_file = run_dir / "keys"
    write_keys(keys_file, [record])
    async with image_platform(run_dir, keys_file=keys_file) as platform:
        async with platform.socket(headers={"authorization": f"Bearer {key}"}) as socket:
            assert socket.protocol is None
        async with platform.socket(protocols=["ekiben.images", f"ekiben.key.{key}"]) as socket:
            assert socket.protocol == "ekiben.images"
            await socket.send_json({"prompt": "a lake"})
            assert (await told(socket))[-1]["type"] == "completed"
        for refused, status in (
            ({}, 401),
            ({"protocols": ["ekiben.images", "ekiben.key.ek_no"]}, 401),
            ({"protocols": [f"ekiben.key.{key}"]}, 400),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as error:
                await platform.socket(**refused)
            assert error.value.status == status


async def test_a_key_that_is_taken_back_opens_nothing_more(run_dir: Path) -> None:
    key, record = create_key("page")
    keys_file = run_dir / "keys"
    write_keys(keys_file, [record])
    async with (
        image_platform(run_dir, keys_file=keys_file) as platform,
        platform.socket(headers={"authorization": f"Bearer {key}"}) as socket,
    ):
        write_keys(keys_file, [create_key("another")[1]])
        await socket.send_json({"prompt": "a lake"})
        assert (await told(socket))[-1]["status"] == 401
        assert not platform.toy.submitted


async def test_a_drain_lets_nobody_in_and_lets_requests_finish(images: ImagePlatform) -> None:
    async with images.socket() as socket:
        await socket.send_json({"prompt": "wait"})
        await until(lambda: images.toy.submitted)
        draining = asyncio.create_task(images.state.admission.drain(10))
        await until(lambda: images.state.admission.draining)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await images.socket()
        assert refused.value.status == 503
        images.toy.gate.set()
        assert (await told(socket))[-1]["type"] == "completed"
        assert await draining
        assert (await socket.receive(timeout=10)).data == 1001
