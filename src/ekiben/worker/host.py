"""The life of a model in a worker process: load, warm, listen, serve, drain."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog
from starlette.types import ASGIApp

from ekiben.cards.card import Card
from ekiben.errors import Unavailable
from ekiben.policy.exposure import check_worker_exposure
from ekiben.settings import Settings
from ekiben.worker.gate import Gate
from ekiben.worker.listener import SOCKET_SUFFIX, Listener
from ekiben.worker.servable import Servable

_log = structlog.get_logger("ekiben.worker")

S = TypeVar("S", bound=Servable)


class ModelHost(Generic[S]):
    """One model in this process.

    Args:
        card: What to serve.
        load: Makes the servable.
        settings: This process's settings.
    """

    def __init__(self, card: Card, load: Callable[[], Awaitable[S]], settings: Settings) -> None:
        self._card, self._load, self._settings = card, load, settings
        self._loaded: S | None = None
        self._listeners: list[Listener] = []

    @property
    def ready(self) -> bool:
        """Whether requests are answered."""
        return self._loaded is not None and self._loaded.ready

    @property
    def loaded(self) -> S:
        """The servable.

        Raises:
            Unavailable: It is not loaded yet.
        """
        if self._loaded is None:
            raise Unavailable(f"{self._card.name} is not loaded yet.", retry_after_s=1)
        return self._loaded

    async def start(self) -> None:
        """Load and warm the model, then open the internal socket: a socket that exists belongs to a warm worker."""
        self._loaded = await self._load()
        await self._loaded.warm_up()
        app = self._loaded.asgi
        await self._listen(app, socket_path(self._settings.run_dir, self._card.name, os.getpid()))
        if self._settings.worker_listen:
            token = self._settings.worker_token
            check_worker_exposure(self._settings.worker_listen, has_token=token is not None)
            await self._listen(Gate(app, token.get_secret_value()) if token else app, self._settings.worker_listen)
        _log.info("model ready", model=self._card.name, version=self._card.version, device=self._loaded.device)

    async def _listen(self, app: ASGIApp, address: Path | str) -> None:
        listener = Listener(app, address)
        await listener.start()
        self._listeners.append(listener)

    async def stop(self) -> None:
        """Finish what was accepted and let go of the device."""
        for listener in self._listeners:
            await listener.close()
        if self._loaded is not None:
            await self._loaded.close()


def socket_path(run_dir: Path, model: str, pid: int) -> Path:
    """Where a worker process listens; by process id, so that a successor never waits for its predecessor's name."""
    return run_dir / f"{model}.{pid}{SOCKET_SUFFIX}"
