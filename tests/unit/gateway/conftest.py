"""A gateway over a toy worker: every layer real, the Unix socket and the internal protocol included."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from valkey import Valkey

from ekiben.cards.card import Card
from ekiben.gateway.app import build_app
from ekiben.gateway.host import build_state
from ekiben.gateway.state import GatewayState
from ekiben.inference.model import Model
from ekiben.settings import Settings, load_settings
from ekiben.testing import ToyEmbedding, toy_card
from ekiben.worker.app import WorkerApp
from ekiben.worker.engine import Engine
from ekiben.worker.host import socket_path
from ekiben.worker.listener import Listener
from tests.unit.jobs.server import running_valkey


@dataclass
class Gateway:
    """What a test needs of one gateway."""

    http: httpx.AsyncClient
    state: GatewayState
    model: ToyEmbedding
    engine: Engine
    listener: Listener


StartGateway = Callable[..., Awaitable[Gateway]]


@pytest.fixture
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short enough for a Unix socket."""
    return tmp_path_factory.mktemp("r")


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server.url


@pytest.fixture
def valkey_url(valkey_server: str) -> str:
    """Of a server without anything on it."""
    with Valkey.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server


@pytest.fixture
async def start_gateway(run_dir: Path) -> AsyncIterator[StartGateway]:
    """Start a gateway over a toy worker and the `others`; keyword arguments are settings, `card` is the toy's."""
    async with AsyncExitStack() as stack:

        async def start(card: Card | None = None, others: Sequence[Model] = (), **changes: Any) -> Gateway:
            settings = load_settings(run_dir=run_dir, **changes)
            model = ToyEmbedding(card or toy_card())
            stack.callback(model.gate.set)
            engine, listener = await start_worker(stack, model, settings)
            for other in others:
                await start_worker(stack, other, settings)
            state = build_state([model.card, *(other.card for other in others)], settings)
            await state.fleet.start()
            stack.push_async_callback(state.fleet.close)
            transport = httpx.ASGITransport(app=build_app(state), raise_app_exceptions=False)
            http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1"))
            return Gateway(http, state, model, engine, listener)

        yield start


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> Gateway:
    """The usual one."""
    return await start_gateway()


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition that another task or process brings about."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)


async def start_worker(stack: AsyncExitStack, model: Model, settings: Settings) -> tuple[Engine, Listener]:
    registry = CollectorRegistry()
    engine = Engine(model, registry)
    await engine.warm_up()
    stack.push_async_callback(engine.close)
    app = WorkerApp(engine, registry, max_body_bytes=settings.max_body_bytes)
    listener = Listener(app.asgi, socket_path(settings.run_dir, model.card.name, os.getpid()))
    await listener.start()
    stack.push_async_callback(listener.close)
    return engine, listener
