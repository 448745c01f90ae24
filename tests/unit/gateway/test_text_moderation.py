"""The policy on chats and completions: prompts are checked before anything is written, answers before they leave."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ekiben.testing import ToyModeration
from tests.unit.gateway.text_platform import TextPlatform, text_platform

CHATS, PLAIN = "/v1/chat/completions", "/v1/completions"


@asynccontextmanager
async def guarded(run_dir: Path, route: str, direction: str, action: str) -> AsyncIterator[TextPlatform]:
    policy = run_dir / "policy.yaml"
    policy.write_text(f"routes:\n  {route}:\n    {direction}: {action}\n")
    async with text_platform(run_dir, judge=ToyModeration(), moderation_policy=policy) as platform:
        yield platform


def chat(*words: str, **fields: Any) -> dict[str, Any]:
    return {"model": "toy-text", "messages": [{"role": "user", "content": each} for each in words], **fields}


def plain(words: str, **fields: Any) -> dict[str, Any]:
    return {"model": "toy-text", "prompt": words, "max_tokens": 16, **fields}


@pytest.mark.parametrize(
    ("route", "body", "param"),
    [(CHATS, chat("hello", "rude words"), "messages[1]"), (PLAIN, plain("rude words"), "prompt")],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_refused_prompt_is_never_written_from(
    run_dir: Path, route: str, body: dict[str, Any], param: str, stream: bool
) -> None:
    async with guarded(run_dir, route, "input", "block") as platform:
        reply = await platform.http.post(route, json={**body, "stream": stream})
        error = reply.json()["error"]
        assert (reply.status_code, error["code"], error["param"]) == (400, "content_blocked", param)
        assert "harassment" in error["message"]
        assert not platform.toy.opened
        assert (await platform.http.post(route, json={**body, **fine(route)})).status_code == 200


def fine(route: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "kind"}]} if route == CHATS else {"prompt": "kind"}


async def test_a_flagged_prompt_is_answered_with_a_header(run_dir: Path) -> None:
    async with guarded(run_dir, PLAIN, "input", "flag") as platform:
        reply = await platform.http.post(PLAIN, json=plain("a rude offer"))
        assert reply.status_code == 200
        assert reply.headers["x-ekiben-moderation"] == "harassment, spam"


async def test_a_refused_answer_does_not_leave(run_dir: Path) -> None:
    async with guarded(run_dir, PLAIN, "output", "block") as platform:
        reply = await platform.http.post(PLAIN, json=plain("this is rude"))
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "content_blocked")
        assert "rude" not in reply.text


async def test_a_stream_ends_before_what_is_refused(run_dir: Path) -> None:
    async with guarded(run_dir, PLAIN, "output", "block") as platform:
        kind = "kind words without end until this sentence ends, longer than sixty. "
        reply = await platform.http.post(PLAIN, json=plain(kind + "rude", stream=True))
        lines = [line[6:] for line in reply.text.splitlines() if line.startswith("data: ")]
        assert reply.status_code == 200
        *pieces, last = [json.loads(line) for line in lines]
        assert "".join(piece["choices"][0]["text"] for piece in pieces) == kind
        assert last["error"]["code"] == "content_blocked"
        assert platform.toy.closed == 1


async def test_held_pieces_keep_their_log_probabilities(run_dir: Path) -> None:
    async with guarded(run_dir, PLAIN, "output", "block") as platform:
        body = plain("one two three", logprobs=1)
        checked = (await platform.http.post(PLAIN, json=body)).json()["choices"][0]
        assert checked["text"] == "one two three "
        assert checked["logprobs"]["tokens"] == ["one", "two", "three"]
