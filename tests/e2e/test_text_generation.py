"""Chats and plain completions through the official client, unmodified."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.e2e.conftest import Platform
from tests.e2e.test_workers_die import until

MODEL: Final = "smollm2-135m-instruct"
JAPAN: Final[list[ChatCompletionMessageParam]] = [{"role": "user", "content": "What is the capital of Japan?"}]
# It goes on as long as it may.
ENDLESS: Final = "Once upon a time there was a little fox who lived in the forest."


@pytest.fixture
def client(platform: Platform) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{platform.base_url}/v1", api_key="none", max_retries=0, timeout=120)


def metric(platform: Platform, name: str, **labels: str) -> float:
    """The sum of a metric over every label not named."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    lines = httpx.get(f"{platform.base_url}/metrics").text.splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if re.match(rf"{name}[{{ ]", line) and all(each in line for each in wanted)
    )


def test_it_knows_the_capital_of_japan(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=JAPAN, temperature=0)
    assert "Tokyo" in (answer.choices[0].message.content or "")
    assert (answer.model, answer.object, answer.choices[0].finish_reason) == (MODEL, "chat.completion", "stop")
    usage = answer.usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.prompt_tokens > usage.completion_tokens > 2


@pytest.mark.parametrize("temperature", [0, 1.2])
def test_streamed_and_unstreamed_text_agree_for_a_seed(client: openai.OpenAI, temperature: float) -> None:
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": "You are a poet."},
        {"role": "user", "content": "Write about the sea, with an emoji and some 日本語."},
    ]
    wanted: dict[str, Any] = {"model": MODEL, "messages": messages, "seed": 7, "temperature": temperature}
    whole = client.chat.completions.create(**wanted, max_completion_tokens=60)
    chunks = list(
        client.chat.completions.create(
            **wanted, max_completion_tokens=60, stream=True, stream_options={"include_usage": True}
        )
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == (
        whole.choices[0].message.content
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:-1]] == [whole.choices[0].finish_reason]
    assert chunks[-1].usage == whole.usage
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    # The longer of the two is not written in one piece.
    assert len(chunks) > 10


def test_seeds_differ(client: openai.OpenAI) -> None:
    texts = {
        client.completions.create(model=MODEL, prompt=ENDLESS, seed=seed, temperature=1.5, max_tokens=24)
        .choices[0]
        .text
        for seed in (1, 2, -1, 2**40)
    }
    assert len(texts) == 4


def test_a_stop_text_ends_the_answer_before_itself(client: openai.OpenAI) -> None:
    free = client.completions.create(model=MODEL, prompt="Count: 1, 2, 3, 4,", temperature=0, max_tokens=20)
    stopped = client.completions.create(
        model=MODEL, prompt="Count: 1, 2, 3, 4,", temperature=0, max_tokens=20, stop=["7"]
    )
    assert "7" in free.choices[0].text
    assert stopped.choices[0].text == free.choices[0].text.partition("7")[0]
    assert (free.choices[0].finish_reason, stopped.choices[0].finish_reason) == ("length", "stop")


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_an_answer_is_as_long_as_was_asked(client: openai.OpenAI, name: str) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=JAPAN, extra_body={name: 3})
    assert answer.usage is not None
    assert (answer.usage.completion_tokens, answer.choices[0].finish_reason) == (3, "length")


@pytest.mark.parametrize("stream", [False, True])
def test_log_probabilities_of_a_chat(client: openai.OpenAI, stream: bool) -> None:
    wanted: dict[str, Any] = {"model": MODEL, "messages": JAPAN, "temperature": 0, "logprobs": True, "top_logprobs": 3}
    if stream:
        chunks = list(client.chat.completions.create(**wanted, stream=True))
        choices = [chunk.choices[0] for chunk in chunks]
        text = "".join(choice.delta.content or "" for choice in choices)
        found = [token for choice in choices if choice.logprobs for token in choice.logprobs.content or ()]
    else:
        choice = client.chat.completions.create(**wanted).choices[0]
        assert choice.logprobs is not None
        text, found = choice.message.content or "", choice.logprobs.content or []
    assert bytes(byte for token in found for byte in token.bytes or ()).decode().startswith(text)
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 3 for token in found)
    assert all(token.top_logprobs[0].token == token.token for token in found)  # Temperature 0 takes the likeliest.


def test_log_probabilities_of_a_completion(client: openai.OpenAI) -> None:
    answer = client.completions.create(
        model=MODEL, prompt="The capital of Japan is", temperature=0, max_tokens=4, logprobs=2
    )
    found = answer.choices[0].logprobs
    assert found is not None
    assert found.tokens is not None
    assert found.text_offset is not None
    assert "".join(found.tokens) == answer.choices[0].text
    assert all(
        answer.choices[0].text[at:].startswith(token) for at, token in zip(found.text_offset, found.tokens, strict=True)
    )
    assert [len(top) for top in found.top_logprobs or ()] == [2] * 4


def test_log_probabilities_without_alternatives(client: openai.OpenAI) -> None:
    chat = client.chat.completions.create(model=MODEL, messages=JAPAN, temperature=0, max_tokens=4, logprobs=True)
    said = chat.choices[0].logprobs
    assert said is not None
    assert [token.top_logprobs for token in said.content or ()] == [[]] * 4
    plain = client.completions.create(model=MODEL, prompt="Japan's capital is", temperature=0, max_tokens=4, logprobs=0)
    found = plain.choices[0].logprobs
    assert found is not None
    assert len(found.token_logprobs or ()) == 4
    assert all(value <= 0 for value in found.token_logprobs or ())
    assert not any(found.top_logprobs or ())


def test_eight_chats_at_once_are_all_right(client: openai.OpenAI) -> None:
    capitals = {"Japan": "Tokyo", "Germany": "Berlin"}

    def ask(country: str) -> str:
        message: ChatCompletionMessageParam = {"role": "user", "content": f"What is the capital of {country}?"}
        answer = client.chat.completions.create(model=MODEL, messages=[message], temperature=0, max_tokens=40)
        return answer.choices[0].message.content or ""

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, [*capitals] * 4))
    assert all(capital in answer for capital, answer in zip([*capitals.values()] * 4, answers, strict=True)), answers


def test_several_answers_are_written_at_once(platform: Platform, client: openai.OpenAI) -> None:
    patient = {"x-ekiben-timeout-ms": "200000"}

    def ask(_: int) -> int:
        usage = client.completions.create(
            model=MODEL, prompt=ENDLESS, temperature=0, max_tokens=80, extra_headers=patient
        ).usage
        return usage.completion_tokens if usage else 0

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, number) for number in range(4)]
        until(lambda: metric(platform, "ekiben_generation_slots_in_use") == 4, within_s=30)
        assert {each.result() for each in asking} == {80}


HARMLESS: Final[dict[str, Any]] = {
    "user": "me",
    "metadata": {"a": "b"},
    "store": False,
    "service_tier": "auto",
    "parallel_tool_calls": True,
    "n": 1,
    "tools": [],
    "response_format": {"type": "text"},
    "modalities": ["text"],
    "logit_bias": {},
    "frequency_penalty": 0.5,
    "presence_penalty": 0,
    "top_p": 0.9,
}


def test_what_clients_send_besides_is_taken(client: openai.OpenAI) -> None:
    messages: list[ChatCompletionMessageParam] = [
        {"role": "developer", "content": "Answer briefly."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Hello"}, {"type": "text", "text": "there"}],
            "name": "x",
        },
        {"role": "assistant", "content": "Hi."},
        {"role": "user", "content": "Bye"},
    ]
    answer = client.chat.completions.create(model=MODEL, messages=messages, max_tokens=5, extra_body=HARMLESS)
    assert answer.choices[0].message.content


def chat(**fields: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4, **fields}


def plain(**fields: Any) -> dict[str, Any]:
    return {"model": MODEL, "prompt": "Hi", "max_tokens": 4, **fields}


TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
PICTURE = {"type": "image_url", "image_url": {"url": "http://a"}}
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


def test_it_is_listed_and_offers_no_tensors(platform: Platform) -> None:
    described = httpx.get(f"{platform.base_url}/v1/models/{MODEL}").json()
    assert (described["task"], described["limits"]["max_tokens"]) == ("text-generation", 4096)
    index = httpx.post(f"{platform.base_url}/v2/repository/index").json()
    assert MODEL not in {each["name"] for each in index}
    refused = httpx.get(f"{platform.base_url}/v2/models/{MODEL}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "model_not_found")
    assert "/v1/chat/completions" in refused.json()["error"]["message"]


def test_the_log_has_numbers_and_no_text(platform: Platform, client: openai.OpenAI) -> None:
    said: Callable[[], str] = lambda: platform.log.read_text(errors="replace")  # noqa: E731
    client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "xylophone zebra?"}], max_tokens=5,
        extra_headers={"x-request-id": "find-me-1"},
    )  # fmt: skip
    until(lambda: "find-me-1" in said(), within_s=5)
    line = next(line for line in said().splitlines() if "find-me-1" in line and '"request"' in line)
    assert '"completion_tokens":5' in line
    assert '"finish_reason":"length"' in line
    assert "xylophone" not in said()
