"""Runs the Lua operations of one queue."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from valkey.asyncio import Valkey
from valkey.exceptions import NoScriptError, ResponseError

from ekiben.errors import ConfigurationError, QueueNotDurable, QueueUnavailable
from ekiben.jobs.connection import Connection
from ekiben.jobs.durability import OLDEST_SERVER, Durability, judge, server_version
from ekiben.jobs.rules import QueueRules
from ekiben.jobs.schema import CURRENT, Schema
from ekiben.jobs.scripts import Script, Source, read_source, render

_FSYNC_TIMEOUT_MS: Final = 5_000
_REFUSED_FOR_S: Final = 2.0
"""After so long, a server that was refused may have been given another configuration."""
Arguments = Sequence[str | int | float]


@dataclass(frozen=True, slots=True)
class _Judgement:
    durability: Durability
    opened: int
    at_s: float

    def stands(self, opened: int) -> bool:
        """Whether it was about the server that answers now, and is no refusal of long ago."""
        is_fresh = not self.durability.refusal or time.monotonic() - self.at_s < _REFUSED_FOR_S
        return is_fresh and opened == self.opened


class Store:
    """One queue in one Valkey server.

    Args:
        url: Address of the server.
        queue: Name of the queue; all its keys begin with `{ekiben:<queue>}`.
        declared_durable: The operator's word that the server loses nothing.
        source: Where the Lua files are read from.
    """

    def __init__(
        self,
        url: str,
        *,
        queue: str = "default",
        rules: QueueRules | None = None,
        schema: Schema = CURRENT,
        declared_durable: bool = False,
        source: Source = read_source,
    ) -> None:
        self.rules, self.schema = rules or QueueRules(), schema
        self._tag = f"{{ekiben:{queue}}}"
        self._connection = Connection(url)
        self._scripts = render(self.rules, source)
        self._declared_durable = declared_durable
        self._judgement: _Judgement | None = None
        self._judging = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._connection.close()

    def key(self, *parts: str) -> str:
        """Name of one of the queue's keys."""
        return ":".join([self._tag, *parts])

    async def run(self, operation: str, *arguments: str | float, again: bool = True) -> Any:
        """Run one operation and return the server's answer.

        Raises:
            QueueUnavailable: The server cannot be reached, or cannot do it now.
        """
        (answer,) = await self.run_all(operation, [arguments], again=again)
        return answer

    async def run_all(self, operation: str, calls: Sequence[Arguments], *, again: bool = True) -> list[Any]:
        """Run one operation many times, in one round trip. Not one step: each is atomic by itself."""
        script = self._scripts[operation]
        return await self._connection.run(lambda client: self._pipeline(client, script, calls), again=again)

    async def run_durably(self, operation: str, calls: Sequence[Arguments]) -> list[Any]:
        """Run one operation many times, and return only when all of it is on disk.

        Raises:
            QueueNotDurable: The server does not keep what it confirms.
        """
        durability = await self._durable()
        script = self._scripts[operation]
        answers = await self._connection.run(
            lambda client: self._pipeline(client, script, calls, wait_for_disk=durability.waits)
        )
        await self._durable()  # Asks only where another server may have answered than the one that was judged.
        return answers

    async def block(self, keys: Sequence[str], timeout_s: float) -> tuple[str, str] | None:
        """Take one element from the first of these lists that has one; None after the timeout."""

        async def take(client: Valkey) -> list[str] | None:
            # The server takes fractions of seconds; the client's annotations do not know.
            taking: Any = client.blpop(list(keys), timeout_s)  # type: ignore[arg-type]
            taken: list[str] | None = await taking
            return taken

        taken = await self._connection.run(take, again=False)
        return (taken[0], taken[1]) if taken else None

    async def read_stream(self, key: str, after: str, *, block_ms: int | None = None, count: int = 1_000) -> Any:
        """Entries of a stream after an id, as (id, fields) pairs; waits for one where `block_ms` says so."""
        found = await self._connection.run(lambda client: client.xread({key: after}, count=count, block=block_ms))
        return found[0][1] if found else []

    async def last_of_stream(self, key: str) -> tuple[str, dict[str, str]] | None:
        """The last entry of a stream, if there is one."""
        found = await self._connection.run(lambda client: client.xrevrange(key, count=1))
        return (str(found[0][0]), found[0][1]) if found else None

    async def exists(self, key: str) -> bool:
        """Whether there is such a key."""
        return bool(await self._connection.run(lambda client: client.exists(key)))

    async def delete(self, *keys: str) -> None:
        """Remove keys."""
        await self._connection.run(lambda client: client.delete(*keys))

    async def name(self) -> str:
        """The queue's own name, random, unlike any other's; kept as long as its jobs."""

        async def settle(client: Valkey) -> str:
            await client.set(self.key("name"), secrets.token_hex(16), nx=True)
            return str(await client.get(self.key("name")))

        return await self._connection.run(settle)

    async def durability(self) -> Durability:
        """What the server promises; asked again of every server that we may have come to, and while it refuses.

        Raises:
            ConfigurationError: The server is too old.
            QueueUnavailable: It cannot be reached.
        """
        async with self._judging:
            if self._judgement is None or not self._judgement.stands(self._connection.opened):
                await self.exists(self.key())  # Its owner answers; INFO would be any node's.
                self._judgement = await self._judge(self._connection.opened)
            return self._judgement.durability

    async def _durable(self) -> Durability:
        durability = await self.durability()
        if durability.refusal:
            raise QueueNotDurable(f"no job is accepted: {durability.refusal}")
        return durability

    async def _judge(self, opened: int) -> _Judgement:
        info = await self._connection.run(lambda client: client.info("everything"))
        if (version := server_version(info)) < OLDEST_SERVER:
            found = ".".join(map(str, version))
            raise ConfigurationError(f"the Valkey server is version {found}; jobs need 7.2 or later")
        durability = judge(info, await self._policy(), declared=self._declared_durable)
        return _Judgement(durability, opened, time.monotonic())

    async def _policy(self) -> str | None:
        """The server's `appendfsync`; managed servers show none."""
        try:
            found = await self._connection.run(lambda client: client.config_get("appendfsync"))
        except (ResponseError, QueueUnavailable):
            return None
        stated: str | None = found.get("appendfsync")
        return stated

    async def _pipeline(
        self, client: Valkey, script: Script, calls: Sequence[Arguments], *, wait_for_disk: bool = False
    ) -> list[Any]:
        answers = await self._send(client, script, calls, wait_for_disk)
        if any(isinstance(answer, NoScriptError) for answer in answers):
            # The server is new, or has forgotten its scripts. Operations bear being sent again; those that ran say so.
            await client.script_load(script.text)
            answers = await self._send(client, script, calls, wait_for_disk)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        if wait_for_disk:
            self._on_disk(answers.pop())
        return answers

    async def _send(self, client: Valkey, script: Script, calls: Sequence[Arguments], wait_for_disk: bool) -> list[Any]:
        async with client.pipeline(transaction=False) as pipeline:
            for arguments in calls:
                pipeline.execute_command("EVALSHA", script.digest, 1, self._tag, *arguments)
            if wait_for_disk:
                pipeline.execute_command("WAITAOF", 1, 0, _FSYNC_TIMEOUT_MS)
            return list(await pipeline.execute(raise_on_error=False))

    def _on_disk(self, answer: Any) -> None:
        if int(answer[0]) < 1:
            raise QueueUnavailable("the Valkey server did not write to its disk in time")
