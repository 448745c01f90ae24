"""Real models give real answers, through clients we did not write."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Literal

import httpx
import openai
import pytest

from ekiben import Client
from tests.e2e.conftest import Platform

IMAGES = Path(__file__).parents[1] / "data" / "images"


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


@pytest.fixture
def client(platform: Platform) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{platform.base_url}/v1", api_key="none", max_retries=0)


# Left out, the client asks for base64 and decodes it itself.
@pytest.mark.parametrize("encoding", [openai.omit, "float"])
def test_paraphrases_are_near_and_strangers_far(
    client: openai.OpenAI, encoding: openai.Omit | Literal["float"]
) -> None:
    texts = ["A cat sat on the mat.", "A kitten was sitting on a rug.", "Shares fell after the bank's report."]
    reply = client.embeddings.create(model="all-minilm-l6-v2", input=texts, encoding_format=encoding)
    cat, kitten, shares = (each.embedding for each in reply.data)
    assert len(cat) == 384
    assert math.isclose(math.hypot(*cat), 1, abs_tol=1e-5)
    assert cosine(cat, kitten) > 0.4
    assert cosine(cat, shares) < 0.25
    assert reply.usage.prompt_tokens == reply.usage.total_tokens > len(texts)


def test_the_official_client_lists_models_and_raises_its_own_errors(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [
        "all-minilm-l6-v2",
        "efficientnet-lite0",
        "emoji-128",
        "moderation",
        "smollm2-135m-instruct",
    ]
    assert client.models.retrieve("efficientnet-lite0").owned_by == "ekiben"
    with pytest.raises(openai.NotFoundError, match="not served here") as missing:
        client.embeddings.create(model="gpt-4", input="a")
    assert missing.value.code == "model_not_found"
    assert missing.value.request_id
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="all-minilm-l6-v2", input="a", dimensions=128)
    assert refused.value.param == "dimensions"


@pytest.mark.parametrize(
    ("file", "labels"),
    [("chelsea.jpg", {"tiger cat", "Egyptian cat", "tabby"}), ("coffee.jpg", {"espresso"})],
)
def test_a_photo_is_what_it_shows(platform: Platform, file: str, labels: set[str]) -> None:
    with Client(platform.base_url) as ekiben:
        found = ekiben.images.classify(IMAGES / file, top_k=3)
    assert found.data[0].label in labels
    assert found.data[0].score > found.data[1].score > found.data[2].score > 0


def test_one_request_of_many_texts_equals_many_requests_of_one(platform: Platform) -> None:
    texts = ["short", "a somewhat longer sentence about trains", "word " * 120]
    with Client(platform.base_url) as ekiben:
        together = ekiben.embeddings.create(input=texts)
        alone = [ekiben.embeddings.create(input=text) for text in texts]
    for index, single in enumerate(alone):
        assert cosine(together.data[index].embedding, single.data[0].embedding) > 0.9999


def test_a_deadline_that_cannot_be_met_ends_in_time(platform: Platform) -> None:
    started = time.monotonic()
    reply = httpx.post(
        f"{platform.base_url}/v1/embeddings",
        json={"model": "all-minilm-l6-v2", "input": ["word " * 200] * 128},
        headers={"x-ekiben-timeout-ms": "300"},
    )
    assert reply.status_code in (429, 504)
    assert time.monotonic() - started < 2
