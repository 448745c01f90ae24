"""A model that a server elsewhere computes: where it is looked for, and what its card must say."""

from __future__ import annotations

import pytest

from ekiben.cards.card import Card, Runtime, Source, Upstream
from ekiben.errors import ConfigurationError
from ekiben.inference.generation import GenerationRequest
from ekiben.runtimes.openai_upstream import OpenAIUpstream, health_url
from ekiben.testing import toy_text_card


def card(url: str | None) -> Card:
    upstream = Upstream(url=url, model="big")
    return toy_text_card(runtime=Runtime.OPENAI, source=Source(), upstream=upstream)


def test_the_health_path_lies_beside_the_api() -> None:
    assert health_url(Upstream(url="http://gpu:8000/v1", model="m")) == "http://gpu:8000/health"
    assert health_url(Upstream(url="https://gpu/a/v1", model="m", health_path="/a/ok")) == "https://gpu/a/ok"


async def test_an_answer_is_bounded_by_the_card() -> None:
    upstream = OpenAIUpstream(card("http://127.0.0.1:1/v1"), None)
    assert (await upstream.prepare(GenerationRequest("a"))).max_tokens == 16
    assert (await upstream.prepare(GenerationRequest("a", max_tokens=3))).max_tokens == 3
    await upstream.warm_up()
    assert not upstream.ready
    await upstream.close()


def test_a_card_without_an_address_is_not_served() -> None:
    assert not card(None).resolved
    with pytest.raises(ConfigurationError, match=r"upstream\.url"):
        OpenAIUpstream(card(None), None)
