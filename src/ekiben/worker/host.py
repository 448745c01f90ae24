"""The life of a worker process: take a place, load the model, listen, serve, drain."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, Generic, TypeVar

import structlog
from starlette.types import ASGIApp

from ekiben.cards.card import Card
from ekiben.devices.claim import claim
from ekiben.devices.plan import Placement
from ekiben.errors import Unavailable
from ekiben.policy.elsewhere import check_advertised
from ekiben.policy.exposure import check_worker_exposure
from ekiben.settings import Settings
from ekiben.worker.announcing import Announcing, announcing
from ekiben.worker.door import Door
from ekiben.worker.gate import Gate
from ekiben.worker.host_app import HostApp
from ekiben.worker.jobs.hosting import JobHosting, host_jobs
from ekiben.worker.lifecycle import Lifecycle, State
from ekiben.worker.listener import SOCKET_SUFFIX, Listener, make_private
from ekiben.worker.servable import Servable
from ekiben.worker.wish import wishes_loaded

CHANGING_SUFFIX: Final = ".changing"
_log = structlog.get_logger("ekiben.worker")

S = TypeVar("S", bound=Servable)


class ModelHost(Generic[S]):
    """One model in this process.

    Args:
        card: What to serve.
        load: Makes the servable.
        placement: The model's share of the machine; this process takes one of its places.
        settings: This process's settings.
        jobs: Makes what takes durable jobs, of the model's name and whether it is in memory; None: there are none.
    """

    def __init__(
        self,
        card: Card,
        load: Callable[[], Awaitable[S]],
        placement: Placement,
        settings: Settings,
        jobs: Callable[[str, Lifecycle[S], Settings], JobHosting | None] = host_jobs,
    ) -> None:
        self._card, self._placement, self._settings, self._host_jobs = card, placement, settings, jobs
        self._lifecycle = Lifecycle(card.name, load, settings.drain_timeout_s, self._changing)
        self._listeners: list[Listener] = []
        self._idle_watch: asyncio.Task[None] | None = None
        self._jobs: JobHosting | None = None
        self._door: Door | None = None
        self._announcing: Announcing | None = None

    @property
    def ready(self) -> bool:
        """Whether requests are answered, or refused because the operator wants it so."""
        loaded = self._lifecycle.loaded
        return bool(self._listeners) and (loaded is None or loaded.ready)

    @asynccontextmanager
    async def loaded(self) -> AsyncIterator[S]:
        """The servable, for as long as the block lasts; an idle one is loaded first.

        Raises:
            Unavailable: It is not loaded yet, or was unloaded.
        """
        if not self._listeners:
            raise Unavailable(f"{self._card.name} is not loaded yet.", retry_after_s=1)
        servable = await self._lifecycle.awake()
        with self._lifecycle.in_use():
            yield servable

    async def start(self) -> None:
        """Take a place, load and warm the model, then open the internal socket.

        A socket that exists belongs to a worker that answers.
        """
        check_advertised(self._settings)
        make_private(self._settings.run_dir)
        place = await claim(self._placement, self._settings.run_dir)
        await self._follow_wish()
        self._jobs = self._host_jobs(self._card.name, self._lifecycle, self._settings)
        app = HostApp(self._lifecycle, place.device, self._hand_back)
        await self._listen(app, socket_path(self._settings.run_dir, self._card.name, os.getpid()))
        if self._settings.worker_listen:
            await self._open_to_others(app)
        await self._follow_wish()  # What was said while it was loading did not reach it.
        if self._settings.idle_unload_s:
            self._idle_watch = asyncio.create_task(self._lifecycle.unload_when_idle(self._settings.idle_unload_s))
        if self._jobs is not None:
            self._jobs.start()
        self._announcing = announcing(self._card, self._settings, lambda: self.ready)
        if self._announcing is not None:
            self._announcing.start()
        _log.info("model ready", model=self._card.name, version=self._card.version, state=self._lifecycle.state.value)

    async def _follow_wish(self) -> None:
        if wishes_loaded(self._settings, self._card.name):
            await self._lifecycle.load()
        else:
            await self._lifecycle.unload()

    async def _open_to_others(self, app: ASGIApp) -> None:
        token = self._settings.worker_token
        check_worker_exposure(self._settings.worker_listen, has_token=token is not None)
        self._door = Door(app)
        behind = Gate(self._door, token.get_secret_value()) if token else self._door
        await self._listen(behind, self._settings.worker_listen)

    async def _hand_back(self) -> None:
        """Leave for good: nothing more from other machines, no more jobs; what is here is finished or handed back."""
        await asyncio.gather(self._leave(), self._drain_jobs())

    async def _leave(self) -> None:
        if self._door is not None:
            self._door.shut()  # First: gateways that have not heard of it yet are refused and ask the next worker.
        if self._announcing is not None:
            await self._announcing.withdraw()
        if self._door is not None:
            await self._door.emptied(self._settings.drain_timeout_s)

    async def _drain_jobs(self) -> None:
        if self._jobs is not None:
            await self._jobs.drain()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Tell the gateway beside the socket that this process may not answer for a while, and is not lost."""
        path = changing_path(socket_path(self._settings.run_dir, self._card.name, os.getpid()))
        path.touch()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    async def _listen(self, app: ASGIApp, address: Path | str) -> None:
        listener = Listener(app, address)
        await listener.start()
        self._listeners.append(listener)

    async def stop(self) -> None:
        """Finish what was accepted and let go of the device."""
        if self._idle_watch is not None:
            self._idle_watch.cancel()
        await self._hand_back()
        if self._announcing is not None:
            await self._announcing.close()
        if self._jobs is not None:
            await self._jobs.close()
        for listener in self._listeners:
            await listener.close()
        await self._lifecycle.unload(State.UNLOADED)


def changing_path(socket: Path) -> Path:
    """The file that stands beside a worker's socket while its model is being loaded or closed."""
    return socket.with_suffix(CHANGING_SUFFIX)


def socket_path(run_dir: Path, model: str, pid: int) -> Path:
    """Where a worker process listens; by process id, so that a successor never waits for its predecessor's name."""
    return run_dir / f"{model}.{pid}{SOCKET_SUFFIX}"
