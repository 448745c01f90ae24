"""`/v1/moderations` over a toy worker."""

from __future__ import annotations

import base64

import pytest

from ekiben.cards.moderation import OPENAI_CATEGORIES
from ekiben.testing import ToyModeration
from tests.unit.gateway.conftest import Gateway, StartGateway

ROUTE = "/v1/moderations"


def image(content: bytes) -> dict[str, object]:
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


@pytest.fixture
async def moderating(start_gateway: StartGateway) -> Gateway:
    return await start_gateway(others=[ToyModeration()])


async def test_a_result_a_text_in_openai_s_shape(moderating: Gateway) -> None:
    reply = await moderating.http.post(ROUTE, json={"input": ["rude", "fine", "rude offer"]})
    body = reply.json()
    assert reply.status_code == 200
    assert (body["model"], body["id"][:5]) == ("toy-moderation", "modr-")
    assert [each["flagged"] for each in body["results"]] == [True, False, True]
    first = body["results"][0]
    assert set(first) == {"flagged", "categories", "category_scores", "category_applied_input_types"}
    for field in ("categories", "category_scores", "category_applied_input_types"):
        assert list(first[field]) == [*OPENAI_CATEGORIES, "spam"]
    assert (first["categories"]["harassment"], first["category_scores"]["harassment"]) == (True, 1.0)
    assert first["category_applied_input_types"]["harassment"] == ["text"]
    assert first["category_applied_input_types"]["sexual"] == []


async def test_parts_are_one_message(moderating: Gateway) -> None:
    parts = [{"type": "text", "text": "fine"}, image(b"an offer"), {"type": "text", "text": "rude"}]
    (result,) = (await moderating.http.post(ROUTE, json={"input": parts})).json()["results"]
    assert (result["flagged"], result["categories"]["spam"], result["categories"]["harassment"]) == (True, True, True)


@pytest.mark.parametrize("model", ["toy-moderation", "omni-moderation-latest", "text-moderation-latest", None])
async def test_openai_s_names_mean_the_first(moderating: Gateway, model: str | None) -> None:
    reply = await moderating.http.post(ROUTE, json={"input": "fine", "model": model})
    assert reply.json()["model"] == "toy-moderation"


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"input": "a", "model": "nope"}, 404, "model"),
        ({"input": "a", "model": "toy"}, 400, "model"),
        ({"input": ""}, 400, "input"),
        ({"input": []}, 400, "input"),
        ({"input": 5}, 400, "input"),
        ({"input": ["a", 5]}, 400, "input[1]"),
        ({"input": ["a", ""]}, 400, "input[1]"),
        ({"input": [{"type": "video"}]}, 400, "input[0]"),
        ({"input": [{"type": "text", "text": "a", "more": 1}]}, 400, "input[0].text.more"),
        ({"input": [{"type": "image_url", "image_url": {"url": "http://10.0.0.1/a"}}]}, 400, "input[0].image_url.url"),
        ({"input": ["a", "refuse"]}, 400, "input[1]"),
        ({"input": "a", "other": 1}, 400, "other"),
        ({}, 400, "input"),
    ],
)
async def test_a_bad_field_is_named(moderating: Gateway, body: object, status: int, param: str) -> None:
    reply = await moderating.http.post(ROUTE, json=body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)


async def test_without_a_moderation_model_there_is_none(gateway: Gateway) -> None:
    reply = await gateway.http.post(ROUTE, json={"input": "a"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")
