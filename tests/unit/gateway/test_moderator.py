"""A policy over toy workers: what passes, is noted, is refused, and what happens when nobody can judge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ekiben.errors import ConfigurationError
from ekiben.testing import ToyModeration, toy_moderation_card
from tests.unit.gateway.conftest import Gateway, StartGateway

BLOCK = "routes: {/v1/embeddings: {input: block}}"
FLAG = "routes: {/v1/embeddings: {input: flag}}"
BOTH = "routes: {/v1/embeddings: {input: {block: [harassment], flag: all}}}"
TENSORS = "routes: {/v2: {input: block}}"


@dataclass
class Guarded:
    gateway: Gateway
    judge: ToyModeration

    async def embed(self, *texts: str) -> httpx.Response:
        return await self.gateway.http.post("/v1/embeddings", json={"model": "toy", "input": list(texts)})

    async def counted(self) -> list[str]:
        lines = (await self.gateway.http.get("/metrics")).text.splitlines()
        return [line for line in lines if line.startswith("ekiben_moderation_checks_total{")]


StartGuarded = Callable[[str], Awaitable[Guarded]]


@pytest.fixture
def start_guarded(start_gateway: StartGateway, tmp_path: Path) -> StartGuarded:
    async def start(policy: str) -> Guarded:
        path = tmp_path / "policy.yaml"
        path.write_text(policy)
        judge = ToyModeration()
        return Guarded(await start_gateway(others=[judge], moderation_policy=path), judge)

    return start


async def test_without_a_policy_nobody_is_asked(start_gateway: StartGateway) -> None:
    judge = ToyModeration()
    gateway = await start_gateway(others=[judge])
    reply = await gateway.http.post("/v1/embeddings", json={"model": "toy", "input": "rude"})
    assert (reply.status_code, judge.judged) == (200, [])


async def test_block(start_guarded: StartGuarded) -> None:
    guarded = await start_guarded(BLOCK)
    assert (await guarded.embed("fine")).status_code == 200
    refused = await guarded.embed("fine", "rude offer")
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["param"]) == (400, "content_blocked", "input[1]")
    assert error["message"] == "input[1] is refused by policy: harassment, spam."
    assert guarded.gateway.model.batches == [[b"fine"]]
    assert sorted(line.rpartition(" ")[0].partition("{")[2] for line in await guarded.counted()) == [
        'category="",direction="input",outcome="passed",route="/v1/embeddings"}',
        'category="harassment",direction="input",outcome="blocked",route="/v1/embeddings"}',
        'category="spam",direction="input",outcome="blocked",route="/v1/embeddings"}',
    ]


async def test_flag(start_guarded: StartGuarded) -> None:
    guarded = await start_guarded(FLAG)
    assert "x-ekiben-moderation" not in (await guarded.embed("fine")).headers
    reply = await guarded.embed("rude", "offer", "rude")
    assert (reply.status_code, reply.headers["x-ekiben-moderation"]) == (200, "harassment, spam")


async def test_by_category(start_guarded: StartGuarded) -> None:
    guarded = await start_guarded(BOTH)
    assert (await guarded.embed("rude")).status_code == 400
    assert (await guarded.embed("offer")).headers["x-ekiben-moderation"] == "spam"


async def test_a_single_text_is_named_as_the_caller_wrote_it(start_guarded: StartGuarded) -> None:
    guarded = await start_guarded(BLOCK)
    reply = await guarded.gateway.http.post("/v1/embeddings", json={"model": "toy", "input": "rude"})
    assert reply.json()["error"]["param"] == "input"


@pytest.mark.parametrize(("policy", "status"), [(BLOCK, 503), (FLAG, 200)])
async def test_what_cannot_be_judged(start_guarded: StartGuarded, policy: str, status: int) -> None:
    guarded = await start_guarded(policy)
    reply = await guarded.embed("broken")
    assert reply.status_code == status
    assert reply.headers.get("x-ekiben-moderation") == (None if status == 503 else "unchecked")
    assert 'outcome="unavailable"' in "".join(await guarded.counted())


@pytest.mark.parametrize(("policy", "status"), [(BLOCK, 503), (FLAG, 200)])
async def test_without_a_worker_that_judges(
    start_gateway: StartGateway, tmp_path: Path, policy: str, status: int
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(policy)
    nobody = {"toy-moderation": ["http://127.0.0.1:1"]}
    gateway = await start_gateway(others=[ToyModeration()], moderation_policy=path, worker_urls=nobody)
    reply = await gateway.http.post("/v1/embeddings", json={"model": "toy", "input": "fine"})
    assert reply.status_code == status
    if status == 503:
        assert (reply.json()["error"]["code"], reply.headers["retry-after"]) == ("unavailable", "1")


async def test_what_the_judge_refuses_is_the_caller_s_fault(start_guarded: StartGuarded) -> None:
    guarded = await start_guarded(BLOCK)
    reply = await guarded.embed("fine", "fine", "fine", "fine", "refuse this")
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "input[4]")


async def test_long_and_many_texts_are_judged_to_their_end(start_guarded: StartGuarded) -> None:
    guarded = await start_guarded(BLOCK)
    assert (await guarded.embed("x" * 30 + "rude" + "x" * 20)).status_code == 400
    assert (await guarded.embed("a", "b", "c", "d", "e", "f", "g", "rude")).json()["error"]["param"] == "input[7]"


def tensor(name: str, datatype: str, data: list[object]) -> dict[str, object]:
    return {"inputs": [{"name": name, "datatype": datatype, "shape": [len(data)], "data": data}]}


async def test_tensors(start_guarded: StartGuarded) -> None:
    guarded = await start_guarded(TENSORS)
    route = "/v2/models/toy/infer"
    assert (await guarded.gateway.http.post(route, json=tensor("text", "BYTES", ["fine"]))).status_code == 200
    refused = await guarded.gateway.http.post(route, json=tensor("text", "BYTES", ["fine", "rude"]))
    assert (refused.json()["error"]["code"], refused.json()["error"]["param"]) == ("content_blocked", "text[1]")
    pixels = await guarded.gateway.http.post(route, json=tensor("pixels", "FP32", [0.5]))
    assert (pixels.status_code, pixels.json()["error"]["param"]) == (400, "inputs")
    parts = {"inputs": [{"name": "parts", "datatype": "BYTES", "shape": [1, 2], "data": ["text", "rude"]}]}
    asked = await guarded.gateway.http.post("/v2/models/toy-moderation/infer", json=parts)
    assert asked.status_code == 200


async def test_a_policy_needs_its_model(start_gateway: StartGateway, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("model: other\n" + BLOCK)
    with pytest.raises(ConfigurationError, match=r"policy\.yaml:1: model: no such moderation model is served"):
        await start_gateway(others=[ToyModeration(toy_moderation_card())], moderation_policy=path)
