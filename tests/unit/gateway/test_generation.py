"""Text through gateway and worker, with toy models: formats, errors before and under way, departures, retries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ekiben.testing import FLOOD_CHARACTERS, FLOOD_PIECES
from tests.unit.gateway.conftest import until
from tests.unit.gateway.text_platform import TextPlatform, text_platform

CHATS, PLAIN = "/v1/chat/completions", "/v1/completions"


@pytest.fixture
async def text(run_dir: Path) -> AsyncIterator[TextPlatform]:
    async with text_platform(run_dir) as platform:
        yield platform


def chat(words: str, **fields: Any) -> dict[str, Any]:
    return {"model": "toy-text", "messages": [{"role": "user", "content": words}], **fields}


def plain(words: str, **fields: Any) -> dict[str, Any]:
    return {"model": "toy-text", "prompt": words, "max_tokens": 16, **fields}


def token(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}


def data(lines: list[str]) -> list[Any]:
    """What the events of a stream hold."""
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ") and line != "data: [DONE]"]


async def stream(platform: TextPlatform, body: dict[str, Any], route: str = PLAIN, **headers: str) -> list[str]:
    async with platform.http.stream("POST", route, json={**body, "stream": True}, headers=headers) as reply:
        assert reply.status_code == 200
        return [line async for line in reply.aiter_lines() if line]


async def test_a_chat(text: TextPlatform) -> None:
    reply = await text.http.post(CHATS, json=chat("one two three", max_tokens=2))
    answer = reply.json()
    assert answer["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "one two ", "refusal": None},
            "logprobs": None,
            "finish_reason": "length",
        }
    ]
    assert answer["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert (answer["object"], answer["model"]) == ("chat.completion", "toy-text")
    assert answer["id"].startswith("chatcmpl-")
    stages = {part.split(";")[0].strip() for part in reply.headers["server-timing"].split(",")}
    assert stages == {"read", "queue", "first_token", "generate", "total"}


async def test_a_streamed_chat(text: TextPlatform) -> None:
    lines = await stream(text, chat("a b", stream_options={"include_usage": True}), CHATS)
    assert lines[-1] == "data: [DONE]"
    found = data(lines)
    assert [each["choices"][0]["delta"] for each in found[:-1]] == [
        {"role": "assistant", "content": ""},
        {"content": "a "},
        {"content": "b "},
        {},
    ]
    assert [each["choices"][0]["finish_reason"] for each in found[:-1]] == [None, None, None, "stop"]
    assert (found[-1]["choices"], found[-1]["usage"]["total_tokens"]) == ([], 4)
    assert all(each["usage"] is None for each in found[:-1])


async def test_a_stream_has_no_usage_unasked(text: TextPlatform) -> None:
    assert all("usage" not in each for each in data(await stream(text, chat("a b"), CHATS)))


async def test_what_the_caller_wants_reaches_the_model(text: TextPlatform) -> None:
    await text.http.post(
        CHATS,
        json=chat("a", temperature=0.5, top_p=0.9, seed=-3, stop=["x"], frequency_penalty=1, max_completion_tokens=4),
    )
    (request,) = text.toy.opened
    assert (request.max_tokens, request.stop, request.stream, request.top_logprobs) == (4, ("x",), False, None)
    sampling = request.sampling
    assert (sampling.temperature, sampling.top_p, sampling.seed, sampling.frequency_penalty) == (0.5, 0.9, -3, 1)
    assert sampling.presence_penalty is None


async def test_log_probabilities(text: TextPlatform) -> None:
    reply = await text.http.post(CHATS, json=chat("a", logprobs=True, top_logprobs=1))
    assert reply.json()["choices"][0]["logprobs"]["content"] == [
        {
            "token": "a",
            "logprob": -1.0,
            "bytes": [97],
            "top_logprobs": [{"token": "x", "logprob": -2.0, "bytes": [120]}],
        }
    ]
    reply = await text.http.post(PLAIN, json=plain("a bc", logprobs=1))
    assert reply.json()["choices"][0]["logprobs"] == {
        "tokens": ["a", "bc"],
        "token_logprobs": [-1.0, -1.0],
        "top_logprobs": [{"x": -2.0}, {"x": -2.0}],
        "text_offset": [0, 1],
    }


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ("refuse", 400, "invalid_value"),
        ("word " * 17, 400, "context_length_exceeded"),
        ("letters" * 40, 413, "payload_too_large"),
    ],
)
async def test_a_refusal_is_a_status_even_of_a_stream(
    text: TextPlatform, words: str, status: int, code: str, streamed: bool
) -> None:
    reply = await text.http.post(CHATS, json=chat(words, stream=streamed))
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert reply.json()["request_id"] == reply.headers["x-request-id"]


async def test_what_fails_under_way_ends_the_stream_with_an_error(text: TextPlatform) -> None:
    with capture_logs() as logs:
        lines = await stream(text, plain("a fail"), **{"x-request-id": "rid-7"})
    assert data(lines)[0]["choices"][0]["text"] == "a "
    last = json.loads(lines[-1][6:])
    assert (last["error"]["code"], last["request_id"]) == ("internal_error", "rid-7")
    assert "secret" not in lines[-1]
    assert [entry["request_id"] for entry in logs if entry["event"] == "request failed"] == ["rid-7"]
    reply = await text.http.post(PLAIN, json=plain("a fail"))
    assert (reply.status_code, reply.json()["error"]["code"]) == (500, "internal_error")


async def test_an_error_before_the_first_piece_keeps_its_status_unstreamed(text: TextPlatform) -> None:
    reply = await text.http.post(PLAIN, json=plain("overloaded"))
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "3")


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_caller_who_leaves_stops_the_model(text: TextPlatform, streamed: bool) -> None:
    asking = asyncio.create_task(text.http.post(PLAIN, json=plain("a wait b", stream=streamed)))
    await until(lambda: text.toy.opened)
    asking.cancel()
    await until(lambda: text.toy.closed == 1)
    await until(lambda: text.metric("ekiben_generation_slots_in_use") == 0)
    assert text.metric("ekiben_generation_answers_total", end="left") == 1
    assert text.state.admission.in_flight == 0


async def test_a_caller_who_leaves_the_queue_is_never_computed(text: TextPlatform) -> None:
    writing = [asyncio.create_task(text.http.post(PLAIN, json=plain("a wait"))) for _ in range(2)]
    await until(lambda: len(text.toy.opened) == 2)
    waiting = asyncio.create_task(text.http.post(PLAIN, json=plain("b")))
    await until(lambda: text.metric("ekiben_generation_queue_requests") == 1)
    waiting.cancel()
    await until(lambda: text.metric("ekiben_generation_queue_requests") == 0)
    text.toy.gate.set()
    assert [reply.status_code for reply in await asyncio.gather(*writing)] == [200, 200]
    assert len(text.toy.opened) == 2


@pytest.mark.parametrize("streamed", [False, True])
async def test_beyond_the_queue_it_is_429(text: TextPlatform, streamed: bool) -> None:
    asked = [asyncio.create_task(text.http.post(PLAIN, json=plain("a wait"))) for _ in range(3)]
    await until(lambda: text.metric("ekiben_generation_queue_requests") == 1)
    reply = await text.http.post(PLAIN, json=plain("b", stream=streamed))
    assert (reply.status_code, reply.json()["error"]["code"]) == (429, "queue_full")
    assert int(reply.headers["retry-after"]) >= 1
    text.toy.gate.set()
    assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}


async def test_the_deadline_is_504_or_the_last_event(text: TextPlatform) -> None:
    late = {"x-ekiben-timeout-ms": "150"}
    reply = await text.http.post(PLAIN, json=plain("a wait"), headers=late)
    assert (reply.status_code, reply.json()["error"]["code"]) == (504, "deadline_exceeded")
    lines = await stream(text, plain("a wait"), **late)
    assert data(lines)[0]["choices"][0]["text"] == "a "
    assert data(lines)[-1]["error"]["code"] == "deadline_exceeded"
    assert "data: [DONE]" not in lines


async def test_pieces_come_as_they_are_written(text: TextPlatform) -> None:
    async with text.http.stream("POST", PLAIN, json=plain("a wait b", stream=True)) as reply:
        lines = reply.aiter_lines()
        assert '"text":"a "' in await anext(lines)
        text.toy.gate.set()
        assert [line async for line in lines][-2] == "data: [DONE]"


async def test_a_worker_that_dies_before_the_first_piece_is_followed_by_the_next(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with text_platform(run_dir, workers=2) as text:
        # The worker accepts and then its connection breaks, as when its process is killed.
        first = text.state.fleet.ready_workers("toy-text")[0]
        real = first._session.post
        monkeypatch.setattr(first._session, "post", lambda *a, **k: _Cut(real(*a, **k)))
        reply = await text.http.post(PLAIN, json=plain("a b"))
        assert reply.json()["choices"][0]["text"] == "a b "
        assert sum(len(toy.opened) for toy in text.toys) == 2


class _Cut:
    """A response whose body breaks off before its first byte."""

    def __init__(self, posting: Any) -> None:
        self._posting = posting

    async def __aenter__(self) -> Any:
        response = await self._posting.__aenter__()
        response.content.set_exception(ConnectionResetError())
        return response

    async def __aexit__(self, *args: object) -> None:
        await self._posting.__aexit__(*args)


async def test_a_drain_waits_for_what_is_being_written(text: TextPlatform) -> None:
    asking = asyncio.create_task(stream(text, plain("a wait b")))
    await until(lambda: text.toy.opened)
    draining = asyncio.create_task(text.state.admission.drain(10))
    await until(lambda: text.state.admission.draining)
    refused = await text.http.post(PLAIN, json=plain("c"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "shutting_down")
    text.toy.gate.set()
    assert (await asking)[-1] == "data: [DONE]"
    assert await draining


async def test_tensors_are_not_its_business(text: TextPlatform) -> None:
    assert (await text.http.post("/v2/repository/index")).json() == []
    reply = await text.http.get("/v2/models/toy-text")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")
    assert (await text.http.get("/v2/models/stats")).json() == {"model_stats": []}


async def test_the_log_has_numbers(text: TextPlatform) -> None:
    with capture_logs() as logs:
        await text.http.post(PLAIN, json=plain("a b"))
    (line,) = [entry for entry in logs if entry["event"] == "request"]
    assert (line["model"], line["prompt_tokens"], line["completion_tokens"], line["finish_reason"]) == (
        "toy-text", 2, 2, "stop",
    )  # fmt: skip
    assert line["first_token_ms"] >= 0


async def test_a_worker_frozen_in_the_middle_ends_the_stream_in_time(
    text: TextPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway's own clock, for a worker that does not keep the deadline itself."""
    monkeypatch.setattr("ekiben.gateway.worker_client._GRACE_S", 0.0)
    monkeypatch.setattr("ekiben.worker.generation_app.deadline_of", lambda *_: None)
    lines = await stream(text, plain("a wait"), **{"x-ekiben-timeout-ms": "150"})
    assert data(lines)[-1]["error"]["code"] == "deadline_exceeded"


async def test_a_reader_who_stops_reading_stops_the_writing(text: TextPlatform, run_dir: Path) -> None:
    """Back-pressure reaches the model: what nobody takes is not written either."""
    body = json.dumps(plain("flood", stream=True)).encode()
    head = f"POST {PLAIN} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\n"
    head += "x-ekiben-timeout-ms: 300000\r\n"  # it is not about the deadline, which a busy machine may meet
    reader, writer = await asyncio.open_unix_connection(str(run_dir / "public"), limit=1)
    writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    await until(lambda: text.toy.flooded)
    await until(_stands_still(text))
    assert text.toy.flooded < FLOOD_PIECES
    assert len(await reader.read()) > FLOOD_PIECES * FLOOD_CHARACTERS
    assert text.toy.flooded == FLOOD_PIECES
    writer.close()


def _stands_still(text: TextPlatform) -> Callable[[], bool]:
    """Whether the count has been the same the last twenty times."""
    seen: list[int] = []

    def stands_still() -> bool:
        seen.append(text.toy.flooded)
        return len(seen) > 20 and len(set(seen[-20:])) == 1

    return stands_still
