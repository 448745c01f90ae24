"""A gateway over toy workers that write text: every layer real, sockets included."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from prometheus_client import CollectorRegistry

from ekiben.cards.card import Card
from ekiben.gateway.app import build_app
from ekiben.gateway.host import build_state
from ekiben.gateway.state import GatewayState
from ekiben.settings import load_settings
from ekiben.testing import ToyGenerator, ToyModeration, toy_text_card
from ekiben.worker.generation_servable import GenerationServable
from ekiben.worker.host import socket_path
from ekiben.worker.listener import Listener
from tests.unit.gateway.conftest import start_worker


@dataclass
class TextPlatform:
    """What a test needs: a client, what the gateway knows, and one toy and listener for each worker."""

    http: httpx.AsyncClient
    state: GatewayState
    toys: list[ToyGenerator]
    listeners: list[Listener]
    registries: list[CollectorRegistry]

    @property
    def toy(self) -> ToyGenerator:
        return self.toys[0]

    def metric(self, name: str, **labels: str) -> float:
        """Of the first worker."""
        return self.registries[0].get_sample_value(name, {"model": "toy-text", **labels}) or 0.0


@asynccontextmanager
async def text_platform(
    run_dir: Path, workers: int = 1, card: Card | None = None, judge: ToyModeration | None = None, **changes: Any
) -> AsyncIterator[TextPlatform]:
    """Start workers and a gateway that listens on a socket, so that streams and departures are real."""
    card = card or toy_text_card()
    settings = load_settings(run_dir=run_dir, **changes)
    async with AsyncExitStack() as stack:
        toys, listeners, registries = [], [], []
        for number in range(workers):
            toy, registry = ToyGenerator(), CollectorRegistry()
            servable = GenerationServable(toy, card, registry, settings.max_body_bytes)
            await servable.warm_up()
            listener = Listener(servable.asgi, socket_path(run_dir, card.name, number + 1))
            await listener.start()
            stack.push_async_callback(servable.close)
            stack.push_async_callback(listener.close)
            stack.callback(toy.gate.set)
            toys.append(toy)
            listeners.append(listener)
            registries.append(registry)
        if judge is not None:
            await start_worker(stack, judge, settings)
        state = build_state([card, *([judge.card] if judge else [])], settings)
        await state.fleet.start()
        stack.push_async_callback(state.fleet.close)
        public = run_dir / "public"
        door = Listener(build_app(state), public)
        await door.start()
        stack.push_async_callback(door.close)
        transport = httpx.AsyncHTTPTransport(uds=str(public))
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60)
        )
        yield TextPlatform(http, state, toys, listeners, registries)
