"""A gateway that keeps jobs, on a server that is emptied before every test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from valkey import Valkey

from tests.unit.gateway.jobs.platform import JobPlatform, job_platform
from tests.unit.jobs.server import running_valkey


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server.url


@pytest.fixture
def valkey_url(valkey_server: str) -> str:
    with Valkey.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server


@pytest.fixture
async def platform(run_dir: Path, valkey_url: str) -> AsyncIterator[JobPlatform]:
    async with job_platform(run_dir, valkey_url) as found:
        yield found
