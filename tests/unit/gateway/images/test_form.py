"""Source images and masks by form, hostile ones too."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway.image_platform import EDITS, ImagePlatform, image_platform

FILE = ("lake.png", b"a picture", "image/png")


async def test_what_is_asked_reaches_the_model(images: ImagePlatform) -> None:
    reply = await images.http.post(
        EDITS,
        data={"prompt": "a lake", "seed": "0", "n": "2", "strength": "0.5", "guidance_scale": "2", "size": "48x32"},
        files={"image": FILE, "mask": FILE},
    )
    assert reply.status_code == 200, reply.text
    settings = images.toy.submitted[0]
    assert (settings.seed, settings.n, settings.strength, settings.guidance_scale) == (0, 2, 0.5, 2)
    source = images.toy.sources[0]
    assert source is not None
    assert source.mask is not None


async def test_a_streamed_edit_has_its_own_events(images: ImagePlatform) -> None:
    reply = await images.http.post(EDITS, data={"prompt": "a", "stream": "true"}, files={"image[]": FILE})
    assert "event: image_edit.completed" in reply.text


@pytest.mark.parametrize(
    ("fields", "files", "status", "param"),
    [
        ({"prompt": "a"}, [("mask", FILE)], 400, "image"),
        ({"prompt": "a"}, [("image", FILE), ("image", FILE)], 400, "image"),
        ({"prompt": "a"}, [("image[]", FILE), ("image[]", FILE)], 400, "image"),
        ({"prompt": "a"}, [("image", FILE), ("mask", FILE), ("mask", FILE)], 400, "mask"),
        ({"prompt": "a"}, [("image", ("a.png", b"", "image/png"))], 400, "image"),
        ({"prompt": "a"}, [("image", ("a.png", b"broken", "image/png"))], 400, "image"),
        ({"prompt": "a"}, [("image", FILE), ("markup", FILE)], 400, "markup"),
        ({}, [("image", FILE)], 400, "prompt"),
        ({"prompt": "a", "n": "two"}, [("image", FILE)], 400, "n"),
        ({"prompt": "a", "n": "9" * 5_000}, [("image", FILE)], 400, "n"),
        ({"prompt": "a", "strength": "0"}, [("image", FILE)], 400, "strength"),
        ({"prompt": "a", "strength": "NaN"}, [("image", FILE)], 400, "strength"),
        ({"prompt": "a", "adapters": "[" * 10_000}, [("image", FILE)], 400, "adapters"),
        ({"prompt": "a", "adapters": '[{"name": "x"}]'}, [("image", FILE)], 400, "adapters"),
        ({"prompt": "a", "nonsense": "1"}, [("image", FILE)], 400, "nonsense"),
        ({"prompt": ["a", "b"]}, [("image", FILE)], 400, "prompt"),
        ({"prompt": "a" * 70_000}, [("image", FILE)], 400, "image"),
        ({f"f{number}": "" for number in range(50)}, [("image", FILE)], 400, "image"),
        ({"prompt": "a"}, [("image", FILE)] * 20, 400, "image"),
    ],
)
async def test_what_is_not_taken_is_named(
    images: ImagePlatform, fields: dict[str, Any], files: list[Any], status: int, param: str
) -> None:
    reply = await images.http.post(EDITS, data=fields, files=files)
    assert (reply.status_code, reply.json()["error"]["param"]) == (status, param), reply.text
    assert not images.toy.submitted


async def test_only_forms_are_read_and_only_whole_ones(images: ImagePlatform) -> None:
    reply = await images.http.post(EDITS, json={"prompt": "a"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (415, "unsupported_media_type")
    for content in (b"", b"nonsense", b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\nx'):
        reply = await images.http.post(
            EDITS, content=content, headers={"content-type": "multipart/form-data; boundary=b"}
        )
        assert reply.status_code == 400, reply.text
    assert (
        await images.http.post(EDITS, content=b"", headers={"content-type": "multipart/form-data"})
    ).status_code == 400


async def test_bodies_are_bounded_in_size_and_time(run_dir: Path) -> None:
    async with image_platform(run_dir, max_body_bytes=20_000, read_timeout_s=0.2) as platform:
        large = {"image": ("a.png", b"x" * 30_000, "image/png")}
        reply = await platform.http.post(EDITS, data={"prompt": "a"}, files=large)
        assert reply.status_code == 413

        async def slow() -> Any:
            yield b"--b\r\n"
            await asyncio.sleep(30)

        reply = await platform.http.post(
            EDITS, content=slow(), headers={"content-type": "multipart/form-data; boundary=b"}
        )
        assert (reply.status_code, reply.json()["error"]["code"]) == (504, "deadline_exceeded")


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://127.0.0.1", 200), ("http://evil.example", 403), ("null", 403), ("https://friend.example", 200)],
)
async def test_a_page_elsewhere_may_not_post(run_dir: Path, origin: str, status: int) -> None:
    async with image_platform(run_dir, allowed_origins="https://friend.example") as platform:
        reply = await platform.http.post(EDITS, data={"prompt": "a"}, files={"image": FILE}, headers={"origin": origin})
        assert reply.status_code == status
