"""`/v1/embeddings` over a toy worker."""

from __future__ import annotations

import asyncio
import base64
import struct

import pytest

from tests.unit.gateway.conftest import Gateway, StartGateway, until

ROUTE = "/v1/embeddings"


async def test_floats_come_back_in_the_order_of_the_texts(gateway: Gateway) -> None:
    reply = await gateway.http.post(ROUTE, json={"model": "toy", "input": ["ab", "c"]})
    assert reply.status_code == 200
    assert reply.json() == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [2.0, ord("a"), ord("b")]},
            {"object": "embedding", "index": 1, "embedding": [1.0, ord("c"), ord("c")]},
        ],
        "model": "toy",
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }


async def test_base64_is_little_endian_float32(gateway: Gateway) -> None:
    reply = await gateway.http.post(ROUTE, json={"model": "toy", "input": "ab", "encoding_format": "base64"})
    packed = base64.b64decode(reply.json()["data"][0]["embedding"])
    assert struct.unpack("<3f", packed) == (2.0, ord("a"), ord("b"))


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"model": "nope", "input": "a"}, 404, "model_not_found", "model"),
        ({"model": "toy", "input": []}, 400, "invalid_value", "input"),
        ({"model": "toy", "input": "a", "dimensions": 2}, 400, "invalid_value", "dimensions"),
        ({"model": "toy", "input": ["a", "refuse"]}, 400, "invalid_value", "input[1]"),
        ({"model": "toy", "input": "a", "other": 1}, 400, "invalid_value", "other"),
    ],
)
async def test_a_bad_field_is_named(gateway: Gateway, body: object, status: int, code: str, param: str) -> None:
    reply = await gateway.http.post(ROUTE, json=body)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["param"]) == (status, code, param)
    assert reply.json()["request_id"] == reply.headers["x-request-id"]


async def test_dimensions_the_model_has_are_taken(gateway: Gateway) -> None:
    reply = await gateway.http.post(ROUTE, json={"model": "toy", "input": "a", "dimensions": 3})
    assert reply.status_code == 200


async def test_a_form_post_is_refused_so_that_browsers_must_ask_first(gateway: Gateway) -> None:
    body, headers = b'{"model":"toy","input":"a"}', {"content-type": "text/plain"}
    reply = await gateway.http.post(ROUTE, content=body, headers=headers)
    assert reply.status_code == 415
    assert reply.json()["error"]["param"] == "content-type"


async def test_a_body_beyond_the_limit_is_refused_unread(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(max_body_bytes=1024)
    reply = await gateway.http.post(ROUTE, json={"model": "toy", "input": "a" * 2_000})
    assert reply.status_code == 413
    assert "1,024 bytes" in reply.json()["error"]["message"]


async def test_a_defect_in_the_model_is_500_without_its_details(gateway: Gateway) -> None:
    reply = await gateway.http.post(ROUTE, json={"model": "toy", "input": "poison"})
    assert reply.status_code == 500
    assert "poisoned" not in reply.text


async def test_a_poisoned_neighbour_costs_nobody_else_the_answer(gateway: Gateway) -> None:
    async def ask(text: str) -> int:
        return (await gateway.http.post(ROUTE, json={"model": "toy", "input": text})).status_code

    holding = asyncio.create_task(ask("wait"))
    await asyncio.to_thread(gateway.model.waiting.wait, 10)
    together = [asyncio.create_task(ask(text)) for text in ("good1", "poison", "good2")]
    await until(lambda: gateway.engine.batcher.depth == 3)
    gateway.model.gate.set()
    assert await asyncio.gather(holding, *together) == [200, 200, 500, 200]


async def test_the_deadline_of_a_request_ends_it_with_504(gateway: Gateway) -> None:
    reply = await gateway.http.post(
        ROUTE, json={"model": "toy", "input": "wait"}, headers={"x-ekiben-timeout-ms": "50"}
    )
    gateway.model.gate.set()
    assert (reply.status_code, reply.json()["error"]["code"]) == (504, "deadline_exceeded")


async def test_a_full_queue_is_429_with_retry_after(gateway: Gateway) -> None:
    async def ask(texts: list[str]) -> tuple[int, str | None]:
        reply = await gateway.http.post(ROUTE, json={"model": "toy", "input": texts})
        return reply.status_code, reply.headers.get("retry-after")

    holding = asyncio.create_task(ask(["wait"]))
    await asyncio.to_thread(gateway.model.waiting.wait, 10)
    several = [asyncio.create_task(ask(["x"] * 8)) for _ in range(3)]
    done, _ = await asyncio.wait(several, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result() for task in done] == [(429, "1")]
    gateway.model.gate.set()
    assert sorted(status for status, _ in await asyncio.gather(holding, *several)) == [200, 200, 200, 429]


async def test_the_response_says_where_the_time_went(gateway: Gateway) -> None:
    reply = await gateway.http.post(ROUTE, json={"model": "toy", "input": "a"})
    stages = {part.split(";")[0].strip() for part in reply.headers["server-timing"].split(",")}
    assert stages == {"read", "prepare", "queue", "compute", "total"}


@pytest.mark.parametrize("stated", ["abc-1.2:3", "x" * 128])
async def test_a_harmless_request_id_is_kept(gateway: Gateway, stated: str) -> None:
    reply = await gateway.http.get("/livez", headers={"x-request-id": stated})
    assert reply.headers["x-request-id"] == stated


@pytest.mark.parametrize("stated", ["a b", "x" * 129, '"}', "a\tb"])
async def test_a_request_id_that_could_forge_a_log_line_is_replaced(gateway: Gateway, stated: str) -> None:
    reply = await gateway.http.get("/livez", headers={"x-request-id": stated})
    assert reply.headers["x-request-id"] != stated
