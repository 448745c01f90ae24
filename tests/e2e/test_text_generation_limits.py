"""Language models: what is refused, who leaves, what comes too late."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx
import openai
import pytest

from tests.e2e.conftest import Platform
from tests.e2e.test_text_generation import ENDLESS, MODEL, client, metric
from tests.e2e.test_workers_die import until

__all__ = ["client"]  # a fixture

TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
PICTURE = {"type": "image_url", "image_url": {"url": "http://a"}}


def chat(**fields: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4, **fields}


def plain(**fields: Any) -> dict[str, Any]:
    return {"model": MODEL, "prompt": "Hi", "max_tokens": 4, **fields}


BAD: Final[dict[str, tuple[dict[str, Any], int, str, str | None]]] = {
    "no messages": (chat(messages=[]), 400, "invalid_value", "messages"),
    "messages of no list": (chat(messages="Hi"), 400, "invalid_value", "messages"),
    "an unknown role": (chat(messages=[{"role": "king", "content": "x"}]), 400, "invalid_value", "messages[0].role"),
    "no content": (chat(messages=[{"role": "user"}]), 400, "invalid_value", "messages[0].content"),
    "a picture": (chat(messages=[{"role": "user", "content": [PICTURE]}]), 400, "invalid_value", None),
    "tools": (chat(tools=[TOOL]), 400, "invalid_value", "tools"),
    "a tool's choice": (chat(tool_choice="auto"), 400, "invalid_value", "tool_choice"),
    "audio": (chat(audio={"voice": "x", "format": "wav"}), 400, "invalid_value", "audio"),
    "JSON mode": (chat(response_format={"type": "json_object"}), 400, "invalid_value", "response_format.type"),
    "two answers": (chat(n=2), 400, "invalid_value", "n"),
    "hot": (chat(temperature=3), 400, "invalid_value", "temperature"),
    "a temperature in words": (chat(temperature="hot"), 400, "invalid_value", "temperature"),
    "top_p of 0": (chat(top_p=0), 400, "invalid_value", "top_p"),
    "no tokens": (chat(max_tokens=0), 400, "invalid_value", "max_tokens"),
    "too many tokens": (chat(max_tokens=2_000), 400, "invalid_value", "max_tokens"),
    "two limits": (chat(max_completion_tokens=5), 400, "invalid_value", None),
    "five stops": (chat(stop=list("abcde")), 400, "invalid_value", "stop"),
    "an empty stop": (chat(stop=""), 400, "invalid_value", "stop"),
    "21 alternatives": (chat(logprobs=True, top_logprobs=21), 400, "invalid_value", "top_logprobs"),
    "alternatives of nothing": (chat(top_logprobs=2), 400, "invalid_value", None),
    "logit bias": (chat(logit_bias={"1": 2}), 400, "invalid_value", "logit_bias"),
    "an unknown field": (chat(foo=1), 400, "invalid_value", "foo"),
    "an unknown model": (chat(model="gpt-4"), 404, "model_not_found", "model"),
    "a model of another task": (chat(model="all-minilm-l6-v2"), 400, "invalid_value", "model"),
    "300 messages": (chat(messages=[{"role": "user", "content": "a"}] * 300), 413, "payload_too_large", "messages"),
    "100,000 characters": (plain(prompt="a" * 100_000), 413, "payload_too_large", "prompt"),
    "5,000 tokens": (plain(prompt="word " * 5_000), 400, "context_length_exceeded", "prompt"),
    "5,000 tokens of chat": (
        chat(messages=[{"role": "user", "content": "word " * 5_000}]), 400, "context_length_exceeded", "messages"
    ),
    "no room for the answer": (
        plain(prompt="word " * 3_500, max_tokens=1_000), 400, "context_length_exceeded", "prompt"
    ),
    "an empty prompt": (plain(prompt=""), 400, "invalid_value", "prompt"),
    "two prompts": (plain(prompt=["a", "b"]), 400, "invalid_value", "prompt"),
    "token ids": (plain(prompt=[1, 2]), 400, "invalid_value", "prompt"),
    "an echo": (plain(echo=True), 400, "invalid_value", "echo"),
    "a suffix": (plain(suffix="x"), 400, "invalid_value", "suffix"),
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_before_anything_is_computed(platform: Platform, name: str, stream: bool) -> None:
    body, status, code, param = BAD[name]
    before = metric(platform, "ekiben_generation_tokens_total")
    route = "completions" if "prompt" in body else "chat/completions"
    reply = httpx.post(f"{platform.base_url}/v1/{route}", json={**body, "stream": stream}, timeout=60)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (status, code), error
    assert param is None or error["param"] == param
    assert metric(platform, "ekiben_generation_tokens_total") == before


def test_the_official_client_raises_its_own_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="4096 tokens") as refused:
        client.completions.create(model=MODEL, prompt="word " * 5_000)
    assert refused.value.code == "context_length_exceeded"


@pytest.mark.parametrize("stream", [True, False])
def test_a_caller_who_leaves_stops_the_computing(platform: Platform, stream: bool) -> None:
    most = 900
    before = metric(platform, "ekiben_generation_pieces_total")
    left = metric(platform, "ekiben_generation_answers_total", end="left")
    body = {"model": MODEL, "prompt": ENDLESS, "max_tokens": most, "stream": stream, "temperature": 0}
    with httpx.Client(base_url=platform.base_url, timeout=httpx.Timeout(30, read=30 if stream else 0.5)) as http:
        if stream:
            with http.stream("POST", "/v1/completions", json=body) as reply:
                assert next(reply.iter_lines()).startswith("data: ")
        else:
            with pytest.raises(httpx.ReadTimeout):
                http.post("/v1/completions", json=body)
    until(lambda: metric(platform, "ekiben_generation_slots_in_use") == 0, within_s=10)
    assert metric(platform, "ekiben_generation_answers_total", end="left") == left + 1
    assert metric(platform, "ekiben_generation_pieces_total") - before < most


def test_a_deadline_is_504_or_the_last_event(platform: Platform) -> None:
    body = {"model": MODEL, "prompt": ENDLESS, "max_tokens": 1_000, "temperature": 0}
    headers = {"x-ekiben-timeout-ms": "700"}
    url = f"{platform.base_url}/v1/completions"
    reply = httpx.post(url, json=body, headers=headers, timeout=30)
    assert (reply.status_code, reply.json()["error"]["code"]) == (504, "deadline_exceeded")
    with httpx.stream("POST", url, json={**body, "stream": True}, headers=headers, timeout=30) as streamed:
        events = [line for line in streamed.iter_lines() if line]
    assert streamed.status_code == 200
    assert '"text":' in events[0]
    assert '"code":"deadline_exceeded"' in events[-1]
    client = openai.OpenAI(base_url=f"{platform.base_url}/v1", api_key="none", max_retries=0)
    with pytest.raises(openai.APIError, match="deadline"):
        list(
            client.completions.create(
                model=MODEL, prompt=ENDLESS, max_tokens=1_000, temperature=0, stream=True, extra_headers=headers
            )
        )


def test_the_head_comes_before_the_first_token(platform: Platform) -> None:
    """A prompt of 3,000 tokens takes a while to read; the head does not wait for it."""
    body = {"model": MODEL, "prompt": "word " * 3_000, "max_tokens": 1, "stream": True}
    before = metric(platform, "ekiben_generation_pieces_total")
    with httpx.stream("POST", f"{platform.base_url}/v1/completions", json=body, timeout=60) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert metric(platform, "ekiben_generation_pieces_total") == before


def test_beyond_slots_and_queue_it_is_429_with_retry_after(platform: Platform) -> None:
    """8 slots and 64 places to wait: of 80 at once 8 are refused, and the others answered."""
    body = {"model": MODEL, "prompt": "Hi", "max_tokens": 8, "temperature": 0}
    ready = threading.Barrier(80)

    def ask(_: int) -> httpx.Response:
        with httpx.Client(timeout=120) as http:
            ready.wait()
            return http.post(f"{platform.base_url}/v1/completions", json=body)

    with ThreadPoolExecutor(80) as pool:
        replies = list(pool.map(ask, range(80)))
    refused = [reply for reply in replies if reply.status_code == 429]
    assert sorted({reply.status_code for reply in replies}) == [200, 429]
    assert 1 <= len(refused) <= 8 + 4  # A few arrive only when the first have been answered.
    assert all(reply.json()["error"]["code"] == "queue_full" for reply in refused)
    assert all(int(reply.headers["retry-after"]) >= 1 for reply in refused)
