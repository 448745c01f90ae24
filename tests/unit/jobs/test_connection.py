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
from valkey.exceptions import OutOfMemoryError, ResponseError

from ekiben.errors import QueueUnavailable
from ekiben.jobs.connection import Connection


@pytest.fixture
async def connection(valkey_url: str) -> AsyncIterator[Connection]:
    opened = Connection(valkey_url)
    yield opened
    await opened.close()


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


async def test_a_server_that_cannot_is_told_from_a_fault_of_ours(connection: Connection) -> None:
    async def full(_client: Valkey) -> None:
        raise OutOfMemoryError("OOM command not allowed when used memory > 'maxmemory'.")

    async def wrong(client: Any) -> None:
        await client.execute_command("NOSUCHCOMMAND")

    with pytest.raises(QueueUnavailable, match="fails: OOM"):
        await connection.run(full)
    with pytest.raises(ResponseError, match="unknown command"):
        await connection.run(wrong)


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
