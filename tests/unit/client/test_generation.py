"""`client.chat.completions` and `client.completions`, at once and in pieces; both clients alike."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ekiben import AsyncClient, Client
from ekiben.client.errors import ConnectionFailed, RequestTimedOut, UnexpectedResponse
from ekiben.client.generation_results import ChatCompletion, Completion, TextChunk, TextUsage, Token
from ekiben.errors import DeadlineExceeded, Overloaded
from tests.unit.client.conftest import Caller, Hand, Reply, Server, refusal, reply

TURNS: Any = [{"role": "user", "content": "Hi"}]
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
HEAD = {"id": "x-1", "created": 7, "model": "small"}
LOGPROBS = {"content": [{"token": "Hey", "logprob": -0.5, "top_logprobs": [{"token": "Oh", "logprob": -2.0}]}]}


def chat_answer() -> Reply:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hey"}, "finish_reason": "stop"}
    sent = {**HEAD, "choices": [{**choice, "logprobs": LOGPROBS}], "usage": USAGE}
    return reply(sent, x_request_id="srv-1", server_timing="queue;dur=1.5")


def events(*payloads: object, done: bool = True) -> Reply:
    lines = [f"data: {json.dumps(payload)}\n\n" for payload in payloads] + ["data: [DONE]\n\n"] * done
    return Reply(200, "".join(lines).encode(), {"content-type": "text/event-stream", "x-request-id": "srv-1"})


def chunk(text: str | None = None, reason: str | None = None) -> dict[str, Any]:
    return {**HEAD, "choices": [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": reason}]}


def collect(made: Any) -> Any:
    """All chunks of what `create` returned, on either client."""

    async def gather() -> list[TextChunk]:
        stream = await made
        return [each async for each in stream]

    return gather() if inspect.isawaitable(made) else list(made)


def test_a_chat(call: Caller, server: Server) -> None:
    server.answers(chat_answer())
    found: ChatCompletion = call(
        lambda client: client.chat.completions.create(
            TURNS, "small", max_tokens=9, temperature=0, stop=["a"], logprobs=True, top_logprobs=1, priority=3
        )
    )
    sent = server.received[0]
    assert (sent.method, sent.path) == ("POST", "/v1/chat/completions")
    assert sent.json == {
        "model": "small", "messages": TURNS, "max_tokens": 9, "temperature": 0, "stop": ["a"],
        "logprobs": True, "top_logprobs": 1,
    }  # fmt: skip
    assert sent.headers["x-ekiben-priority"] == "3"
    assert (found.text, found.choices[0].finish_reason, found.usage) == ("Hey", "stop", TextUsage(5, 2, 7))
    assert found.choices[0].logprobs == (Token("Hey", -0.5, (Token("Oh", -2.0),)),)
    assert (found.model, found.request_id, found.timing) == ("small", "srv-1", {"queue": 1.5})


def test_a_completion(call: Caller, server: Server) -> None:
    logprobs = {"tokens": ["a"], "token_logprobs": [-1.0], "top_logprobs": [{"b": -2.0}], "text_offset": [0]}
    choice = {"index": 0, "text": "a", "finish_reason": "length", "logprobs": logprobs}
    server.answers(reply({**HEAD, "choices": [choice], "usage": USAGE}))
    found: Completion = call(lambda client: client.completions.create("Once", "small", logprobs=1))
    assert (server.received[0].path, server.received[0].json) == (
        "/v1/completions",
        {"model": "small", "prompt": "Once", "logprobs": 1},
    )
    assert (found.text, found.choices[0].logprobs) == ("a", (Token("a", -1.0, (Token("b", -2.0),)),))


def test_a_stream(call: Caller, server: Server) -> None:
    usage = {**HEAD, "choices": [], "usage": USAGE}
    server.answers(events(chunk(), chunk("He"), chunk("y é"), chunk(reason="stop"), usage))
    found = call(lambda client: collect(client.chat.completions.create(TURNS, stream=True)))
    sent = server.received[0].json
    assert (sent["stream"], sent["stream_options"]) == (True, {"include_usage": True})
    assert [each.text for each in found] == ["", "He", "y é", "", ""]
    assert [each.finish_reason for each in found][-2:] == ["stop", None]
    assert found[-1].usage == TextUsage(5, 2, 7)


def test_a_stream_is_tried_again_before_it_begins_and_not_after(call: Caller, server: Server, hand: Hand) -> None:
    server.answers(refusal(503, "unavailable"), events(chunk("a"), done=False))
    with pytest.raises(ConnectionFailed, match="middle"):
        call(lambda client: collect(client.completions.create("x", stream=True)), pace=hand.pace())
    assert len(server.received) == 2


def test_a_refused_stream_raises_what_the_server_says(call: Caller, server: Server) -> None:
    server.answers(refusal(429, "overloaded", "too much"))
    with pytest.raises(Overloaded, match="too much"):
        call(lambda client: collect(client.completions.create("x", stream=True)), max_retries=0)


def test_an_error_under_way_is_raised_as_its_class(call: Caller, server: Server) -> None:
    error = {"error": {"message": "late", "type": "x", "code": "deadline_exceeded", "param": None}}
    server.answers(events(chunk("a"), error, done=False))
    with pytest.raises(DeadlineExceeded, match="late") as caught:
        call(lambda client: collect(client.completions.create("x", stream=True)))
    assert caught.value.request_id == "srv-1"


def test_an_event_of_another_kind_is_an_unexpected_response(call: Caller, server: Server) -> None:
    server.answers(events({"hello": 1}))
    with pytest.raises(UnexpectedResponse):
        call(lambda client: collect(client.completions.create("x", stream=True)))


def test_a_stream_ends_at_the_deadline_of_the_call(call: Caller, server: Server) -> None:
    whole = events(*[chunk("a")] * 50)
    server.answers(Reply(200, whole.body, whole.headers, trickle=True))
    with pytest.raises(RequestTimedOut):
        call(lambda client: collect(client.completions.create("x", stream=True, timeout=0.3)))


def test_a_stream_may_be_left(server: Server) -> None:
    server.answers(events(chunk("a"), chunk("b")))
    with Client(server.url) as client, client.completions.create("x", stream=True) as stream:
        assert next(stream).text == "a"
    assert stream.request_id == "srv-1"


async def test_an_asynchronous_stream_may_be_left(server: Server) -> None:
    server.answers(events(chunk("a"), chunk("b")))
    async with AsyncClient(server.url) as client:
        async with await client.completions.create("x", stream=True) as stream:
            assert isinstance(stream, AsyncIterator)
            assert (await anext(stream)).text == "a"
        assert stream.request_id == "srv-1"
