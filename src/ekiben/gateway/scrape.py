"""`/metrics`: the gateway's own, the GPUs', and every worker's, these labelled `worker` and `model`."""

from __future__ import annotations

import asyncio

from prometheus_client import generate_latest

from ekiben.errors import EkibenError
from ekiben.gateway.loading import worker_states
from ekiben.gateway.state import GatewayState
from ekiben.gateway.worker_client import WorkerClient
from ekiben.telemetry.exposition import merge


async def exposition(gateway: GatewayState) -> str:
    """Everything in Prometheus's text format."""
    await asyncio.gather(*(_note_workers(gateway, name) for name in gateway.cards))
    await gateway.metrics.queue.show(gateway.jobs)
    gateway.metrics.gpus.show(await asyncio.to_thread(gateway.gpus.read))
    parts: dict[tuple[tuple[str, str], ...], str] = {(): generate_latest(gateway.metrics.registry).decode()}
    workers = [worker for name in gateway.cards for worker in gateway.fleet.ready_workers(name)]
    texts = await asyncio.gather(*map(_scrape, workers))
    for worker, text in zip(workers, texts, strict=True):
        # Not the process id: a label must not grow with every restart.
        parts[(("worker", str(worker.number)), ("model", worker.model))] = text
    return merge(parts)


async def _note_workers(gateway: GatewayState, model: str) -> None:
    ready, expected = gateway.fleet.counts(model)
    gateway.metrics.workers.labels(model, "ready").set(ready)
    gateway.metrics.workers.labels(model, "expected").set(expected)
    states = await worker_states(gateway, model)
    gateway.metrics.loaded.labels(model).set(sum(state.state == "loaded" for state in states))
    gateway.metrics.memory.labels(model).set(sum(state.memory_bytes for state in states))


async def _scrape(worker: WorkerClient) -> str:
    try:
        return (await worker.get("/metrics")).decode()
    except EkibenError:
        return ""
