"""Announces one worker process to the gateways on other machines, for as long as it is ready."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from ekiben.cards.card import Card
from ekiben.errors import QueueUnavailable
from ekiben.jobs import Announcement, Presence, Store, for_ever, open_store
from ekiben.jobs.presence import RENEWAL_S
from ekiben.policy.elsewhere import check_advertised
from ekiben.settings import Settings
from ekiben.worker.jobs.hosting import worker_name

_log = structlog.get_logger("ekiben.worker")


class Announcing:
    """One worker's entry. A server that is away stops nothing: the worker serves on, and announces itself again later.

    Args:
        store: Where; closed with this.
        told: What to say of the worker.
        is_ready: Whether it is.
    """

    def __init__(self, store: Store, told: Announcement, is_ready: Callable[[], bool]) -> None:
        self._store, self._told, self._is_ready = store, told, is_ready
        self._presence, self._name = Presence(store), worker_name()
        self._is_announced = False
        self._renewing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._renewing = asyncio.create_task(for_ever(self._renew, "cannot announce this worker", RENEWAL_S))

    async def withdraw(self) -> None:
        """Be announced no more; may be called again. What cannot be withdrawn expires by itself."""
        if self._renewing is None:
            return
        self._renewing.cancel()
        await asyncio.gather(self._renewing, return_exceptions=True)
        self._renewing = None
        try:
            await self._presence.withdraw(self._name, self._told.model)
        except QueueUnavailable as error:
            _log.warning("cannot withdraw this worker; its entry expires", reason=str(error))

    async def close(self) -> None:
        """Withdraw, and let go of the server."""
        await self.withdraw()
        await self._store.__aexit__()

    async def _renew(self) -> None:
        if self._is_ready():
            await self._presence.announce(self._name, self._told)
            self._is_announced = True
        elif self._is_announced:
            await self._presence.withdraw(self._name, self._told.model)
            self._is_announced = False
        await asyncio.sleep(RENEWAL_S)


def announcing(card: Card, settings: Settings, is_ready: Callable[[], bool]) -> Announcing | None:
    """As the settings say; None where they name no URL.

    Raises:
        ConfigurationError: A setting that this needs is missing, or the address of Valkey is none.
    """
    check_advertised(settings)
    if settings.worker_advertise is None:
        return None
    told = Announcement(
        model=card.name,
        url=settings.worker_advertise,
        version=card.version,
        instance=settings.instance,
        since=time.time(),
    )
    return Announcing(open_store(settings), told, is_ready)
