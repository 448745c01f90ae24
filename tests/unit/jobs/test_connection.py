"""Lost servers, servers that cannot, and cancellations that the client swallows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from valkey.asyncio import Valkey
from valkey.exceptions import ConnectionError as ConnectionLost
from valkey.exceptions import ResponseError

from ekiben.errors import QueueUnavailable
from ekiben.jobs.connection import Connection
from tests.unit.jobs.endpoint import MovingEndpoint
from tests.unit.jobs.server import running_valkey


@pytest.fixture
async def connection(valkey_url: str) -> AsyncIterator[Connection]:
    opened = Connection(valkey_url)
    yield opened
    await opened.close()


async def _raw(client: Any, *command: str | int) -> Any:
    return await client.execute_command(*command)


async def test_a_lost_connection_is_followed_by_another_attempt_where_that_is_allowed(connection: Connection) -> None:
    attempts = 0

    async def flaky(client: Valkey) -> bool:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise ConnectionLost("gone")
        return bool(await client.ping())

    assert await connection.run(flaky) is True
    attempts = 0
    with pytest.raises(QueueUnavailable, match="does not answer"):
        await connection.run(flaky, again=False)
    assert attempts == 1


async def test_nobody_there_is_an_error_of_ours(tmp_path: Path) -> None:
    nobody = Connection(f"unix://{tmp_path / 'none.sock'}")
    with pytest.raises(QueueUnavailable):
        await nobody.run(lambda client: client.ping(), again=False)
    await nobody.close()


async def test_a_fault_of_ours_is_no_lack_of_a_server(connection: Connection) -> None:
    with pytest.raises(ResponseError, match="unknown command"):
        await connection.run(lambda client: _raw(client, "NOSUCHCOMMAND"))


async def test_a_server_without_memory_is_unavailable(valkey_url: str, connection: Connection) -> None:
    async with Valkey.from_url(valkey_url) as operator:
        await operator.config_set("maxmemory", "1mb")
        try:
            with pytest.raises(QueueUnavailable, match="used memory > 'maxmemory'"):
                await connection.run(lambda client: _raw(client, "SET", "k", "v"))
            with pytest.raises(QueueUnavailable, match="used memory > 'maxmemory'"):
                await connection.run(lambda client: _raw(client, "EVAL", "return redis.call('SET', 'k', 'v')", 0))
        finally:
            await operator.config_set("maxmemory", "0")


async def test_a_server_that_takes_our_rights_is_unavailable(valkey_url: str) -> None:
    async with Valkey.from_url(valkey_url) as operator:
        await _raw(operator, "ACL", "SETUSER", "limited", "on", ">secret", "~*", "+@all", "-get")
    limited = Connection(valkey_url.replace("unix://", "unix://limited:secret@"))
    with pytest.raises(QueueUnavailable, match="no permissions"):
        await limited.run(lambda client: _raw(client, "GET", "k"))
    await limited.close()


async def test_a_server_that_sends_its_waiting_callers_away_is_unavailable(
    valkey_url: str, connection: Connection
) -> None:
    """As a primary does with all of them when it becomes a replica."""
    waiting = asyncio.create_task(connection.run(lambda client: _raw(client, "BLPOP", "none", 0), again=False))
    async with Valkey.from_url(valkey_url, decode_responses=True) as operator, asyncio.timeout(10):
        while not (blocked := [one for one in await operator.client_list() if one["cmd"] == "blpop"]):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await _raw(operator, "CLIENT", "UNBLOCK", blocked[0]["id"], "ERROR")
    with pytest.raises(QueueUnavailable, match="UNBLOCKED"):
        await waiting


@pytest.mark.parametrize(
    "reply",
    [
        "UNBLOCKED client unblocked",
        "CLUSTERDOWN The cluster is down",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "ASK 866 127.0.0.1:1",
        "BUSY Valkey is busy running a script.",
        "MASTERDOWN Link with MASTER is down",
        "LOADING Valkey is loading the dataset in memory",
    ],
)
async def test_what_passes_is_waited_for(connection: Connection, reply: str) -> None:
    """The server itself says these words, from a script."""
    attempts = 0

    async def passing(client: Valkey) -> str:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            await _raw(client, "EVAL", "return redis.error_reply(ARGV[1])", 0, reply)
        return "answered"

    assert await connection.run(passing) == "answered"
    assert attempts == 3


async def test_a_primary_that_became_a_replica_is_left_for_the_one_that_is_it_now(
    valkey_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("m")
    with running_valkey(folder) as other:
        first, second = Path(valkey_url.removeprefix("unix://")), Path(other.url.removeprefix("unix://"))
        async with MovingEndpoint(folder / "e.sock", first) as endpoint, Valkey.from_url(valkey_url) as operator:
            connection = Connection(endpoint.url)
            await asyncio.gather(*(connection.run(lambda client: _raw(client, "INCR", "n")) for _ in range(3)))
            endpoint.target = second
            await _raw(operator, "REPLICAOF", "127.0.0.1", 1)
            try:
                assert await connection.run(lambda client: _raw(client, "INCR", "n")) == 1
            finally:
                await _raw(operator, "REPLICAOF", "NO", "ONE")
                await connection.close()


async def test_a_cancellation_that_the_client_swallows_is_heard(connection: Connection) -> None:
    begun = asyncio.Event()

    async def swallowing(_client: Valkey) -> str:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return "an answer"

    task = asyncio.create_task(connection.run(swallowing))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
