"""So many callers, each asking one chat after another; the work is fixed and the time is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import aiohttp
import orjson

from benchmarks.harness.ports import HOST
from benchmarks.model import GENERATOR

_DATA = b"data: "


class Plan(NamedTuple):
    """Prompts are taken in turn by whichever caller is free."""

    port: int
    prompts: Sequence[str]
    callers: int
    max_tokens: int
    stream: bool


class Chat(NamedTuple):
    """One answer: its tokens, and seconds to the first piece and to the end; `fault` says what is wrong with it."""

    tokens: int
    first_s: float
    took_s: float
    fault: str = ""


class Found(NamedTuple):
    """All answers, and the seconds from the first request to the last answer."""

    chats: list[Chat]
    seconds: float

    @property
    def tokens_per_second(self) -> float:
        """Over all callers."""
        return sum(chat.tokens for chat in self.chats) / self.seconds


async def chats(plan: Plan) -> Found:
    """Ask everything once."""
    waiting = iter(plan.prompts)
    # llama.cpp closes connections after a while without saying so; a new one costs nothing beside an answer.
    connector = aiohttp.TCPConnector(force_close=True)
    timeout = aiohttp.ClientTimeout(total=300)
    async with aiohttp.ClientSession(f"http://{HOST}:{plan.port}", connector=connector, timeout=timeout) as http:

        async def call() -> list[Chat]:
            return [await _ask(http, _body(plan, prompt)) for prompt in waiting]

        started = time.monotonic()
        found = await asyncio.gather(*(call() for _ in range(plan.callers)))
        return Found([chat for one in found for chat in one], time.monotonic() - started)


def _body(plan: Plan, prompt: str) -> dict[str, Any]:
    # No seed: Ekiben computes a seeded request without what its slots remember, llama.cpp's server does not.
    body = {"model": GENERATOR, "messages": [{"role": "user", "content": prompt}], "temperature": 0}
    usage = {"stream_options": {"include_usage": True}} if plan.stream else {}
    return {**body, "max_tokens": plan.max_tokens, "stream": plan.stream, **usage}


async def _ask(http: aiohttp.ClientSession, body: dict[str, Any]) -> Chat:
    started = time.monotonic()
    try:
        return await _answer(http, body, started)
    except aiohttp.ClientError as error:
        return Chat(0, 0.0, time.monotonic() - started, type(error).__name__)


async def _answer(http: aiohttp.ClientSession, body: dict[str, Any], started: float) -> Chat:
    async with http.post("/v1/chat/completions", json=body) as response:
        if response.status != 200:
            return Chat(0, 0.0, time.monotonic() - started, f"status {response.status}")
        if not body["stream"]:
            answer = orjson.loads(await response.read())
            took_s = time.monotonic() - started
            return Chat(answer["usage"]["completion_tokens"], took_s, took_s)
        return await _read(response, started)


async def _read(response: aiohttp.ClientResponse, started: float) -> Chat:
    first_s = 0.0
    last = b"{}"
    async for line in response.content:
        if line.startswith(_DATA) and not line.startswith(b"data: [DONE]"):
            last = line[len(_DATA) :]
            if not first_s and b'"content":"' in line and b'"content":""' not in line:
                first_s = time.monotonic() - started
    usage = orjson.loads(last).get("usage")
    fault = "" if usage else "the stream broke off"
    return Chat(usage["completion_tokens"] if usage else 0, first_s, time.monotonic() - started, fault)
