"""A gateway over toy workers that draw: every layer real, sockets included."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import httpx
from prometheus_client import CollectorRegistry

from ekiben.cards.card import Card
from ekiben.gateway.app import build_app
from ekiben.gateway.host import build_state
from ekiben.gateway.state import GatewayState
from ekiben.settings import load_settings
from ekiben.testing import ToyModeration
from ekiben.testing.images import ToyImageGenerator, toy_image_card
from ekiben.worker.host import socket_path
from ekiben.worker.image_servable import ImageServable
from ekiben.worker.listener import Listener
from tests.unit.gateway.conftest import start_worker

GENERATIONS, EDITS, STREAM = "/v1/images/generations", "/v1/images/edits", "/v1/images/stream"


@dataclass
class ImagePlatform:
    """What a test needs: clients, what the gateway knows, and one toy and listener for each worker."""

    http: httpx.AsyncClient
    sockets: aiohttp.ClientSession
    state: GatewayState
    toys: list[ToyImageGenerator]
    listeners: list[Listener]

    @property
    def toy(self) -> ToyImageGenerator:
        return self.toys[0]

    async def kill(self, worker: int) -> None:
        """As if its process had died: nobody listens any more, and what was open is cut."""
        listener = self.listeners[worker]
        for connection in list(listener._server.server_state.connections):
            connection.transport.abort()
        await listener.close()

    def socket(self, **options: Any) -> Any:
        """Open a WebSocket, as an asynchronous context."""
        return self.sockets.ws_connect(f"http://127.0.0.1{STREAM}", **options)


@asynccontextmanager
async def image_platform(
    run_dir: Path, workers: int = 1, card: Card | None = None, judge: ToyModeration | None = None, **changes: Any
) -> AsyncIterator[ImagePlatform]:
    """Start workers and a gateway that listens on a socket, so that streams and departures are real."""
    card = card or toy_image_card()
    settings = load_settings(run_dir=run_dir, **{"state_dir": run_dir / "state", **changes})
    async with AsyncExitStack() as stack:
        toys, listeners = [], []
        for number in range(workers):
            toy = ToyImageGenerator()
            servable = ImageServable(toy, card, CollectorRegistry(), settings.max_body_bytes)
            await servable.warm_up()
            listener = Listener(servable.asgi, socket_path(run_dir, card.name, number + 1))
            await listener.start()
            stack.push_async_callback(servable.close)
            stack.push_async_callback(listener.close)
            stack.callback(toy.gate.set)
            toys.append(toy)
            listeners.append(listener)
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
        sockets = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(public)))
        stack.push_async_callback(sockets.close)
        yield ImagePlatform(http, sockets, state, toys, listeners)
