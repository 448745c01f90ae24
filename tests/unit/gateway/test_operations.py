"""Probes, health, metrics, statistics, keys and draining over a toy worker."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.unit.gateway.conftest import Gateway, StartGateway, until

EMBED = {"model": "toy", "input": "a"}


async def test_ready_while_every_worker_is_there(gateway: Gateway) -> None:
    assert (await gateway.http.get("/readyz")).status_code == 200
    assert (await gateway.http.get("/v2/health/ready")).json() == {"ready": True}


async def test_a_lost_worker_turns_readiness_false_and_requests_into_503(gateway: Gateway) -> None:
    await gateway.listener.close()
    await until(gateway.state.fleet.missing)
    reply = await gateway.http.get("/readyz")
    assert reply.status_code == 503
    assert "1 of toy" in reply.json()["error"]["message"]
    refused = await gateway.http.post("/v1/embeddings", json=EMBED)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    health = await gateway.http.get("/health")
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    assert (await gateway.http.get("/livez")).status_code == 200


async def test_the_socket_of_a_dead_worker_is_removed(gateway: Gateway, run_dir: Path) -> None:
    dead = run_dir / "toy.999999.sock"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(dead))
    await until(lambda: not dead.exists())
    assert (await gateway.http.post("/v1/embeddings", json=EMBED)).status_code == 200


async def test_draining_refuses_new_requests_and_waits_for_the_others(gateway: Gateway) -> None:
    holding = asyncio.create_task(gateway.http.post("/v1/embeddings", json={"model": "toy", "input": "wait"}))
    await asyncio.to_thread(gateway.model.waiting.wait, 10)
    draining = asyncio.create_task(gateway.state.admission.drain(10))
    await asyncio.sleep(0)
    assert (await gateway.http.get("/readyz")).status_code == 503
    late = await gateway.http.post("/v1/embeddings", json=EMBED)
    assert (late.status_code, late.json()["error"]["code"], late.headers["connection"]) == (
        503,
        "shutting_down",
        "close",
    )
    assert not draining.done()
    gateway.model.gate.set()
    assert (await holding).status_code == 200
    assert await draining


async def test_a_drain_that_takes_too_long_says_so(gateway: Gateway) -> None:
    holding = asyncio.create_task(gateway.http.post("/v1/embeddings", json={"model": "toy", "input": "wait"}))
    await asyncio.to_thread(gateway.model.waiting.wait, 10)
    assert not await gateway.state.admission.drain(0.01)
    gateway.model.gate.set()
    await holding


async def test_metrics_parse_and_join_gateway_and_workers(gateway: Gateway) -> None:
    await gateway.http.post("/v1/embeddings", json=EMBED)
    await gateway.http.get("/no/such/route")
    text = (await gateway.http.get("/metrics")).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    asked = [s for s in samples if s.name == "ekiben_requests_total" and s.labels["route"] == "/v1/embeddings"]
    assert [(s.labels["model"], s.labels["status"], s.value) for s in asked] == [("toy", "200", 1.0)]
    batches = [s for s in samples if s.name == "ekiben_batch_items_count"]
    assert [(s.labels["model"], s.labels["worker"], s.value) for s in batches] == [("toy", "0", 1.0)]
    assert not any("no/such" in str(s.labels) for s in samples)


async def test_statistics_count_items_and_batches(gateway: Gateway) -> None:
    await gateway.http.post("/v1/embeddings", json={"model": "toy", "input": ["a", "b", "c"]})
    report = (await gateway.http.get("/v2/models/toy/stats")).json()["model_stats"][0]
    assert (report["inference_count"], report["execution_count"]) == (3, 1)
    assert report["inference_stats"]["success"]["count"] == 1


async def test_no_keys_means_loopback_only(gateway: Gateway) -> None:
    reply = await gateway.http.get("http://10.1.2.3/v1/models")
    assert reply.status_code == 403
    assert "EKIBEN_KEYS_FILE" in reply.json()["error"]["message"]
    assert (await gateway.http.get("http://10.1.2.3/livez")).status_code == 200


async def test_no_keys_means_no_other_name_for_this_machine(gateway: Gateway) -> None:
    """A web page whose name was pointed at 127.0.0.1 must not speak through the browser (DNS rebinding)."""
    reply = await gateway.http.get("/v1/models", headers={"host": "evil.example"})
    assert (reply.status_code, reply.json()["error"]["param"]) == (403, "host")
    assert (await gateway.http.get("/v1/models", headers={"host": "localhost:3000"})).status_code == 200


async def test_a_model_that_does_not_exist_is_404_everywhere(gateway: Gateway) -> None:
    for route in ("/v1/models/nope", "/v2/models/nope", "/v2/models/nope/ready", "/v2/models/toy/versions/9.9.9"):
        assert (await gateway.http.get(route)).status_code == 404, route


async def test_a_caller_who_leaves_frees_the_queue(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    holding = asyncio.create_task(gateway.http.post("/v1/embeddings", json={"model": "toy", "input": "wait"}))
    await asyncio.to_thread(gateway.model.waiting.wait, 10)
    leaving = asyncio.create_task(gateway.http.post("/v1/embeddings", json={"model": "toy", "input": "left"}))
    await until(lambda: gateway.engine.batcher.depth == 1)
    leaving.cancel()
    await until(lambda: gateway.engine.batcher.depth == 0)
    gateway.model.gate.set()
    assert (await holding).status_code == 200
    assert (await gateway.http.post("/v1/embeddings", json=EMBED)).status_code == 200
    assert [b"left"] not in gateway.model.batches
