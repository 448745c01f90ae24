"""Whether jobs are accepted, by what their server promises now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from valkey.asyncio import Valkey

from ekiben.errors import QueueNotDurable
from ekiben.jobs import JobQueue, Store, Submission
from ekiben.jobs import store as module
from tests.unit.jobs.endpoint import MovingEndpoint
from tests.unit.jobs.server import running_valkey


@pytest.fixture(scope="module")
def other_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another server's address."""
    with running_valkey(tmp_path_factory.mktemp("o")) as server:
        yield server.url


@pytest.fixture
async def operator(other_url: str) -> AsyncIterator[Any]:
    """That server's operator, who leaves it as it was."""
    async with Valkey.from_url(other_url, decode_responses=True) as client:
        yield client
        await client.config_set("appendfsync", "always")


def _submission() -> Submission:
    return Submission(model="m", task="t", principal="p")


async def test_a_server_that_was_mended_is_accepted_without_a_restart(
    other_url: str, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REFUSED_FOR_S", 0.1)
    await operator.config_set("appendfsync", "everysec")
    async with Store(other_url) as store:
        with pytest.raises(QueueNotDurable, match="everysec"):
            await JobQueue(store).submit(_submission())
        await operator.config_set("appendfsync", "always")
        async with asyncio.timeout(5):
            while (await store.durability()).refusal:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.02)
        await JobQueue(store).submit(_submission())


async def test_a_server_is_judged_again_after_every_reconnection(other_url: str, operator: Any) -> None:
    async with Store(other_url) as store:
        await JobQueue(store).submit(_submission())
        await operator.config_set("appendfsync", "everysec")
        await operator.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        with pytest.raises(QueueNotDurable, match="everysec"):
            await JobQueue(store).submit(_submission())


async def test_a_server_that_is_met_in_the_middle_of_a_submission_is_judged_too(
    valkey_url: str, other_url: str, operator: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The one that was judged is demoted; the address leads to one that may lose what it confirms."""
    await operator.config_set("appendfsync", "everysec")
    first, second = (Path(url.removeprefix("unix://")) for url in (valkey_url, other_url))
    folder = tmp_path_factory.mktemp("e")
    async with (
        MovingEndpoint(folder / "e.sock", first) as endpoint,
        Valkey.from_url(valkey_url) as demoting,
        Store(endpoint.url) as store,
    ):
        await JobQueue(store).submit(_submission())
        endpoint.target = second
        await demoting.replicaof("127.0.0.1", 1)
        try:
            with pytest.raises(QueueNotDurable, match="everysec"):
                await JobQueue(store).submit(_submission())
        finally:
            await demoting.replicaof("NO", "ONE")
