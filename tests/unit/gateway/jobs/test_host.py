"""A gateway without a supervisor looks after the queue itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from ekiben.gateway.host import GatewayMiddleware
from ekiben.jobs import JobQueue, Leasing, State, Submission, open_store
from ekiben.settings import load_settings
from ekiben.testing.images import toy_image_card


async def _inner(_scope: Scope, receive: Receive, send: Send) -> None:
    for phase in ("startup", "shutdown"):
        assert (await receive())["type"] == f"lifespan.{phase}"
        await send({"type": f"lifespan.{phase}.complete"})


async def test_a_job_of_a_worker_that_vanished_is_queued_again(run_dir: Path, valkey_url: str) -> None:
    settings = load_settings(run_dir=run_dir, state_dir=run_dir / "state", valkey_url=valkey_url, job_lease_s=1)
    told: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    gateway = GatewayMiddleware(_inner, (toy_image_card(),), settings)
    living = asyncio.create_task(gateway({"type": "lifespan"}, told.get, said.put))
    await told.put({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    async with open_store(settings) as store, asyncio.timeout(20):
        queue = JobQueue(store)
        job = await queue.submit(Submission(model="m", task="t", principal="p"))
        assert (await Leasing(store, "m", "gone").lease(1)).leases
        while (await queue.get(job.id)).state is not State.QUEUED:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.05)
    await told.put({"type": "lifespan.shutdown"})
    await living


@pytest.mark.parametrize(("secrets", "sends"), [({}, False), ({"*": "whsec_" + "YWJj" * 11}, True)])
async def test_webhooks_are_left_to_gateways_that_can_sign_them(
    run_dir: Path, valkey_url: str, secrets: dict[str, str], sends: bool
) -> None:
    """Another would take a delivery, find no secret, and use up one of its attempts."""
    settings = load_settings(
        run_dir=run_dir, state_dir=run_dir / "state", valkey_url=valkey_url, webhook_secrets=secrets
    )
    told: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    gateway: Any = GatewayMiddleware(_inner, (toy_image_card(),), settings)
    living = asyncio.create_task(gateway({"type": "lifespan"}, told.get, said.put))
    await told.put({"type": "lifespan.startup"})
    await said.get()
    assert (gateway._deliverer is not None) is sends
    await told.put({"type": "lifespan.shutdown"})
    await living
