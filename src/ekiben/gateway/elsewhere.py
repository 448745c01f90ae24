"""The workers that announce themselves from other machines, as this gateway last heard of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from ekiben.errors import EkibenError
from ekiben.jobs import Announcement, Presence, Store
from ekiben.jobs.presence import EXPIRY_S

_log = structlog.get_logger("ekiben.gateway")

_EVERY_S: Final = 1.0


class Elsewhere:
    """Keeps reading who is there; see `Announced`. While the server is away, those who were known stay so.

    Args:
        store: Where they announce themselves; closed with this.
        models: Whose workers to look for.
        clock: Seconds.
    """

    def __init__(self, store: Store, models: tuple[str, ...], clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._presence, self._clock = store, Presence(store), clock
        self._known: dict[str, dict[str, Announcement]] = {model: {} for model in models}
        self._was_away, self._keep_until = False, 0.0
        self._reading: asyncio.Task[None] | None = None

    @property
    def models(self) -> frozenset[str]:
        """The models that are looked for."""
        return frozenset(self._known)

    def workers(self, model: str) -> Mapping[str, Announcement]:
        """The model's announced workers, by URL; none of a model that is not looked for."""
        return self._known.get(model, {})

    async def start(self) -> None:
        """Read once, then keep reading."""
        await self._read()
        self._reading = asyncio.create_task(self._read_for_ever())

    async def close(self) -> None:
        """Stop, and let go of the server."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._store.__aexit__()

    async def _read_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self._read()
            except Exception:  # noqa: BLE001 - whatever it is: without this loop no new worker would ever be found
                _log.exception("cannot read which workers are elsewhere")

    async def _read(self) -> None:
        try:
            found = await self._presence.present(list(self._known))
        except EkibenError as error:
            if not self._was_away:
                _log.warning("cannot read which workers are elsewhere; those known stay", reason=str(error))
            self._was_away = True
            return
        if self._was_away:
            # Entries may have run out meanwhile, and nobody could renew his: give the workers as long again.
            self._was_away, self._keep_until = False, self._clock() + EXPIRY_S
            _log.info("workers elsewhere can be read again")
        keep = self._clock() < self._keep_until
        for model, known in self._known.items():
            here = {told.url: told for told in found if told.model == model}
            self._known[model] = {**known, **here} if keep else here
