"""What a policy lets through: prompts and source images before, pictures after, previews between."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from ekiben.testing import ToyModeration
from tests.unit.gateway.conftest import until
from tests.unit.gateway.image_platform import EDITS, GENERATIONS, ImagePlatform, image_platform

# The finished file holds the settings that it was made with; a preview does not.
PROMPT = b"lighthouse"
ASKED: dict[str, Any] = {"prompt": PROMPT.decode(), "stream": True, "partial_images": 3, "num_inference_steps": 20}


class ToyEyes(ToyModeration):
    """Flags `harassment` in pictures alone: in those that are finished, or in the others."""

    def __init__(self, *, finished: bool) -> None:
        super().__init__()
        self._finished = finished

    def infer(self, payloads: Sequence[Any]) -> Sequence[Any]:
        """A score for each category."""
        flags = [each.startswith(b"\x89PNG") and (PROMPT in each) == self._finished for each in payloads]
        return [np.array([flag, False], dtype=np.float32) for flag in flags]


@asynccontextmanager
async def guarded(
    run_dir: Path, rule: str, judge: ToyModeration | None = None, route: str = GENERATIONS
) -> AsyncIterator[ImagePlatform]:
    policy = run_dir / "policy.yaml"
    policy.write_text(f"routes:\n  {route}:\n    {rule}\n")
    async with image_platform(run_dir, judge=judge or ToyModeration(), moderation_policy=policy) as platform:
        yield platform


def types(text: str) -> list[str]:
    found = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    return [each.get("type") or each["error"]["code"] for each in found]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_refused_prompt_is_never_drawn(run_dir: Path, stream: bool) -> None:
    async with guarded(run_dir, "input: block") as platform:
        reply = await platform.http.post(GENERATIONS, json={"prompt": "rude words", "stream": stream})
        error = reply.json()["error"]
        assert (reply.status_code, error["code"], error["param"]) == (400, "content_blocked", "prompt")
        assert not platform.toy.submitted
        # What is to be left out of a picture may be said.
        reply = await platform.http.post(GENERATIONS, json={"prompt": "words", "negative_prompt": "rude"})
        assert reply.status_code == 200


async def test_a_socket_has_the_same_policy(run_dir: Path) -> None:
    async with guarded(run_dir, "input: block") as platform, platform.socket() as socket:
        await socket.send_json({"prompt": "rude words"})
        messages = [await socket.receive_json(timeout=10) for _ in range(2)]
        assert messages[-1]["error"]["code"] == "content_blocked"
        assert not platform.toy.submitted


async def test_a_source_image_is_content(run_dir: Path) -> None:
    async with guarded(run_dir, "input: block", route=EDITS) as platform:
        reply = await platform.http.post(EDITS, data={"prompt": "a"}, files={"image": ("a", b"rude picture")})
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, "image")
        reply = await platform.http.post(EDITS, data={"prompt": "a"}, files={"image": ("a", b"kind picture")})
        assert reply.status_code == 200


@pytest.mark.parametrize("link", [True, False])
async def test_a_refused_picture_reaches_nobody(run_dir: Path, link: bool) -> None:
    async with guarded(run_dir, "output: block", ToyEyes(finished=True)) as platform:
        body = {"prompt": PROMPT.decode(), "response_format": "url" if link else "b64_json"}
        reply = await platform.http.post(GENERATIONS, json=body)
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "content_blocked")
        assert not list((platform.state.settings.state_dir / "objects").rglob("*.png"))


async def test_a_stream_ends_where_the_picture_is_refused(run_dir: Path) -> None:
    async with guarded(run_dir, "output: block", ToyEyes(finished=True)) as platform:
        reply = await platform.http.post(GENERATIONS, json=ASKED)
        assert reply.status_code == 200
        assert types(reply.text)[-1] == "content_blocked"
        assert "image_generation.completed" not in types(reply.text)


async def test_previews_are_judged_where_pictures_may_be_refused(run_dir: Path) -> None:
    judge = ToyEyes(finished=False)
    async with guarded(run_dir, "output: block", judge) as platform:
        with capture_logs() as logs:
            reply = await platform.http.post(GENERATIONS, json=ASKED)
            # They would be refused, and are left out; the picture is fine.
            assert types(reply.text) == ["image_generation.completed"]
            assert len(judge.judged) >= 1
            await until(lambda: [each for each in logs if each["event"] == "request"])
        assert not next(each for each in logs if each["event"] == "request").get("moderation")


async def test_previews_are_shown_at_once_where_nothing_is_refused(run_dir: Path) -> None:
    judge = ToyEyes(finished=False)
    async with guarded(run_dir, "output: flag", judge) as platform:
        async with platform.http.stream("POST", GENERATIONS, json={**ASKED, "prompt": "wait"}) as reply:
            lines = reply.aiter_lines()
            while "partial_image" not in await anext(lines):
                pass
            assert not judge.judged
            platform.toy.gate.set()
        assert reply.status_code == 200


async def test_a_flagged_picture_has_a_header(run_dir: Path) -> None:
    async with guarded(run_dir, "output: flag", ToyEyes(finished=True)) as platform:
        reply = await platform.http.post(GENERATIONS, json={"prompt": PROMPT.decode()})
        assert (reply.status_code, reply.headers["x-ekiben-moderation"]) == (200, "harassment")


async def test_without_a_judge_nothing_that_may_be_refused_is_shown(run_dir: Path) -> None:
    async with guarded(run_dir, "input: block") as platform:
        reply = await platform.http.post(GENERATIONS, json={"prompt": "broken"})
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "unavailable")
