"""A queue of its own for every test, on a real Valkey server whose time the test tells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ekiben.jobs import QueueRules
from tests.unit.jobs.bench import Bench, open_bench
from tests.unit.jobs.folder_blobs import FolderBlobs
from tests.unit.jobs.server import running_valkey


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that lives as long as the tests."""
    with running_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server.url


@pytest.fixture
def rules() -> QueueRules:
    """Override it in a module that needs others."""
    return QueueRules()


@pytest.fixture
async def bench(valkey_url: str, rules: QueueRules) -> AsyncIterator[Bench]:
    """An empty queue."""
    async with open_bench(valkey_url, rules) as opened:
        yield opened


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    """An empty store of blobs."""
    return FolderBlobs(tmp_path / "blobs")
