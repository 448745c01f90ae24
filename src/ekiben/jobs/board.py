"""What processes tell each other by way of Valkey: each its own entry, forgotten when it is not renewed."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from ekiben.errors import QueueUnavailable
from ekiben.jobs.store import Store

_WITHIN_S: Final = 2.0
_Entry = TypeVar("_Entry", bound=BaseModel)


class Board(Generic[_Entry]):
    """Entries of one form under topics; every call ends within two seconds.

    Args:
        store: The queue's.
        form: What an entry is; it comes from other machines, so every field should be bounded.
        lasting_s: Without a renewal for so long, an entry is not there.
        most: Entries of a topic; those beyond are not taken, and not read.
    """

    def __init__(self, store: Store, form: type[_Entry], *, lasting_s: float, most: int) -> None:
        self._store, self._form = store, form
        self._lasting_ms, self._most = round(lasting_s * 1_000), most

    async def put(self, topic: str, owner: str, entry: _Entry) -> bool:
        """Put up the owner's entry, or renew it; returns whether there was room.

        Args:
            topic: Models have topics of their own names.
            owner: Unlike any other's name.
            entry: In place of the owner's one before.

        Raises:
            QueueUnavailable: The server does not answer.
        """
        return bool(await self._run("announce", topic, owner, entry.model_dump_json(), self._lasting_ms, self._most))

    async def take_down(self, topic: str, owner: str) -> None:
        """Have the owner's entry there no more.

        Raises:
            QueueUnavailable: The server does not answer.
        """
        await self._run("withdraw", topic, owner)

    async def read(self, *topics: str) -> tuple[list[_Entry], int]:
        """The entries of these topics, in one round trip; and how many others there are, which are not of the form.

        Raises:
            QueueUnavailable: The server does not answer.
        """
        texts = await self._run("present", self._most, *topics)
        found = [entry for entry in map(self._read, texts) if entry is not None]
        return found, len(texts) - len(found)

    async def _run(self, operation: str, *arguments: str | float) -> Any:
        try:
            async with asyncio.timeout(_WITHIN_S):
                return await self._store.run(operation, *arguments, again=False)
        except TimeoutError:
            raise QueueUnavailable("the Valkey server does not answer in time") from None

    def _read(self, text: str) -> _Entry | None:
        try:
            return self._form.model_validate_json(text)
        except ValidationError:
            return None
