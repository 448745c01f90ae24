"""Which workers are there: each announces itself in Valkey and is forgotten when it is not heard of any more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from ekiben.errors import QueueUnavailable
from ekiben.jobs.store import Store
from ekiben.schemas.worker_url import WorkerUrl

_log = structlog.get_logger("ekiben.jobs")

EXPIRY_S: Final = 10.0
"""Without a renewal for so long, a worker is not there."""
RENEWAL_S: Final = 2.5
MOST_OF_A_MODEL: Final = 1_000
"""Worker processes; what else is announced is nobody's fleet."""
_WITHIN_S: Final = 2.0

_Text = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w.:+-]+$")]


class Announcement(BaseModel):
    """What a worker says of itself; read from another machine, so every field is bounded.

    Attributes:
        url: Where gateways reach it; the processes of one machine share it.
        version: Of the model.
        instance: Name of its machine.
        since: When its process became ready, in seconds since 1970 by its own clock; to be shown, not compared.
    """

    model_config = ConfigDict(frozen=True)

    model: _Text
    url: WorkerUrl
    version: _Text
    instance: _Text
    since: FiniteFloat


class Presence:
    """The workers of a queue's models; every call ends within two seconds.

    Args:
        store: The queue's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unbelieved = 0

    async def announce(self, worker: str, told: Announcement) -> None:
        """Be there for the next `EXPIRY_S`.

        Args:
            worker: Name of the process, unlike any other's.
            told: What to say of it.

        Raises:
            QueueUnavailable: The server does not answer, or knows too many of the model.
        """
        lasting = round(EXPIRY_S * 1_000), MOST_OF_A_MODEL
        if not await self._run("announce", told.model, worker, told.model_dump_json(), *lasting):
            raise QueueUnavailable(f"more than {MOST_OF_A_MODEL:,} workers of {told.model} are announced")

    async def withdraw(self, worker: str, model: str) -> None:
        """Be there no more.

        Raises:
            QueueUnavailable: The server does not answer.
        """
        await self._run("withdraw", model, worker)

    async def present(self, models: Sequence[str]) -> list[Announcement]:
        """The workers of these models, one for each URL, in one round trip.

        Raises:
            QueueUnavailable: The server does not answer.
        """
        entries = await self._run("present", MOST_OF_A_MODEL, *models)
        found = [told for told in map(_read, entries) if told is not None and told.model in models]
        self._complain(len(entries) - len(found))
        return _one_each(found)

    def _complain(self, unbelieved: int) -> None:
        if unbelieved != self._unbelieved:
            _log.warning("announced workers are not believed", entries=unbelieved)
        self._unbelieved = unbelieved

    async def _run(self, operation: str, *arguments: str | float) -> Any:
        try:
            async with asyncio.timeout(_WITHIN_S):
                return await self._store.run(operation, *arguments, again=False)
        except TimeoutError:
            raise QueueUnavailable("the Valkey server does not answer in time") from None


def _read(entry: str) -> Announcement | None:
    try:
        return Announcement.model_validate_json(entry)
    except ValidationError:
        return None


def _one_each(found: Iterable[Announcement]) -> list[Announcement]:
    """The processes of one machine share its URL; the oldest speaks for them."""
    oldest: dict[tuple[str, str], Announcement] = {}
    for told in sorted(found, key=lambda told: told.since):
        oldest.setdefault((told.model, told.url), told)
    return list(oldest.values())
