"""Loops that nobody would begin again: they outlive whatever goes wrong in them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

from ekiben.errors import EkibenError

_log = structlog.get_logger("ekiben.jobs")


async def for_ever(act: Callable[[], Awaitable[None]], complaint: str, pause_s: float) -> NoReturn:
    """Act again and again until cancelled; log what goes wrong, with these words, and pause."""
    while True:
        try:
            await act()
        except (EkibenError, OSError) as error:
            _log.warning(complaint, reason=str(error))
            await asyncio.sleep(pause_s)
        except Exception:  # noqa: BLE001 - whatever it is: without this loop nobody would do it
            _log.exception(complaint)
            await asyncio.sleep(pause_s)
