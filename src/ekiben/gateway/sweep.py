"""Removing files whose links have expired, beside the requests."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from ekiben.objects.expiring import ExpiringFiles

_log = structlog.get_logger("ekiben.gateway")

_EVERY_S: Final = 60.0


class Sweep:
    """Sweeps once a minute.

    Args:
        files: What to sweep.
    """

    def __init__(self, files: ExpiringFiles) -> None:
        self._files = files
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the running event loop."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                removed = await self._files.sweep()
            except Exception:  # noqa: BLE001 - whatever it is: without this loop files would stay for ever
                _log.exception("expired files could not be removed")
            else:
                if removed:
                    _log.info("expired files removed", count=removed)
            await asyncio.sleep(_EVERY_S)
