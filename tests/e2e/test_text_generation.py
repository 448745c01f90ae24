"""Chats and plain completions through the official client, unmodified."""

from __future__ import annotations

import re
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
