"""Which workers are there: each announces itself in Valkey and is forgotten when it is not heard of any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from ekiben.errors import QueueUnavailable
from ekiben.jobs.board import Board
from ekiben.jobs.store import Store
from ekiben.schemas.worker_url import WorkerUrl

_log = structlog.get_logger("ekiben.jobs")

EXPIRY_S: Final = 10.0
"""Without a renewal for so long, a worker is not there."""
RENEWAL_S: Final = 2.5
MOST_OF_A_MODEL: Final = 1_000
"""Worker processes; what else is announced is nobody's fleet."""

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
        self._board = Board(store, Announcement, lasting_s=EXPIRY_S, most=MOST_OF_A_MODEL)
        self._unbelieved = 0

    async def announce(self, worker: str, told: Announcement) -> None:
        """Be there for the next `EXPIRY_S`.

        Args:
            worker: Name of the process, unlike any other's.
            told: What to say of it.

        Raises:
            QueueUnavailable: The server does not answer, or knows too many of the model.
        """
        if not await self._board.put(told.model, worker, told):
            raise QueueUnavailable(f"more than {MOST_OF_A_MODEL:,} workers of {told.model} are announced")

    async def withdraw(self, worker: str, model: str) -> None:
        """Be there no more.

        Raises:
            QueueUnavailable: The server does not answer.
        """
        await self._board.take_down(model, worker)

    async def present(self, models: Sequence[str]) -> list[Announcement]:
        """The workers of these models, one for each URL, in one round trip.

        Raises:
            QueueUnavailable: The server does not answer.
        """
        entries, others = await self._board.read(*models)
        found = [told for told in entries if told.model in models]
        self._complain(others + len(entries) - len(found))
        return _one_each(found)

    def _complain(self, unbelieved: int) -> None:
        if unbelieved != self._unbelieved:
            _log.warning("announced workers are not believed", entries=unbelieved)
        self._unbelieved = unbelieved


def _one_each(found: Iterable[Announcement]) -> list[Announcement]:
    """The processes of one machine share its URL; the oldest speaks for them."""
    oldest: dict[tuple[str, str], Announcement] = {}
    for told in sorted(found, key=lambda told: told.since):
        oldest.setdefault((told.model, told.url), told)
    return list(oldest.values())
