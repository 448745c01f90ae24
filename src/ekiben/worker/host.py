"""The life of a model in a worker process: load, warm, listen, serve, drain."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from ekiben.cards.card import Card
from ekiben.errors import Unavailable
from ekiben.inference.model import Model
from ekiben.inference.tensors import Tensors
from ekiben.policy.exposure import check_worker_exposure
from ekiben.settings import Settings
from ekiben.worker.app import WorkerApp
from ekiben.worker.engine import Answer, Engine
from ekiben.worker.gate import Gate
from ekiben.worker.listener import SOCKET_SUFFIX, Listener

_log = structlog.get_logger("ekiben.worker")


class LoadModel(Protocol):
    """How a runtime is made: its class."""

    def __call__(self, card: Card, files: Path, threads: int) -> Model:
        """Load the card's model from its folder of files."""


class ModelHost:
    """One model in this process.

    Args:
        card: What to serve.
        load: The runtime's class.
        files: Where the weights lie; asked for when loading, so that a missing model fails the start and not the
            import.
        threads: CPU threads granted by the plan.
        settings: This process's settings.
    """

    def __init__(
        self, card: Card, load: LoadModel, files: Callable[[], Path], threads: int, settings: Settings
    ) -> None:
        self._card, self._load, self._files = card, load, files
        self._threads, self._settings = threads, settings
        self._engine: Engine | None = None
        self._listeners: list[Listener] = []

    @property
    def ready(self) -> bool:
        """Whether requests are answered."""
        return self._engine is not None and self._engine.ready

    async def start(self) -> None:
        """Load and warm the model, then open the internal socket: a socket that exists belongs to a warm worker."""
        registry = CollectorRegistry()
        model = await asyncio.to_thread(self._load, self._card, self._files(), self._threads)
        self._engine = Engine(model, registry)
        await self._engine.warm_up()
        app = WorkerApp(self._engine, registry, max_body_bytes=self._settings.max_body_bytes).asgi
        await self._listen(app, socket_path(self._settings.run_dir, self._card.name, os.getpid()))
        if self._settings.worker_listen:
            token = self._settings.worker_token
            check_worker_exposure(self._settings.worker_listen, has_token=token is not None)
            await self._listen(Gate(app, token.get_secret_value()) if token else app, self._settings.worker_listen)
        _log.info("model ready", model=self._card.name, version=self._card.version, device=model.device)

    async def _listen(self, app: ASGIApp, address: Path | str) -> None:
        listener = Listener(app, address)
        await listener.start()
        self._listeners.append(listener)

    async def infer(self, inputs: Tensors) -> Answer:
        """Run one request of BentoML's own API, with the card's default deadline.

        Raises:
            EkibenError: As `Engine.infer`.
        """
        if self._engine is None:
            raise Unavailable(f"{self._card.name} is not loaded yet.", retry_after_s=1)
        deadline = time.monotonic() + self._card.latency.default_timeout_ms / 1_000
        return await self._engine.infer(inputs, deadline=deadline)

    async def stop(self) -> None:
        """Finish what was accepted and let go of the device."""
        for listener in self._listeners:
            await listener.close()
        if self._engine is not None:
            await self._engine.close()


def socket_path(run_dir: Path, model: str, pid: int) -> Path:
    """Where a worker process listens; by process id, so that a successor never waits for its predecessor's name."""
    return run_dir / f"{model}.{pid}{SOCKET_SUFFIX}"
