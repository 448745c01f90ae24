"""The server of the unit tests, and one that a test may kill."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ekiben.jobs import EmbeddedValkey
from tests.unit.jobs.server import running_valkey


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that lives as long as the tests."""
    with running_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server.url


@pytest.fixture
async def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedValkey]:
    """A server to be killed; it is started again as the supervisor would."""
    folder: Path = tmp_path_factory.mktemp("v")
    server = EmbeddedValkey(folder / "state", folder / "v.sock")
    await server.start()
    yield server
    await server.stop()
