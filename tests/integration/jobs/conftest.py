"""The server of the unit tests, and one that a test may kill."""

from __future__ import annotations

import shutil
import subprocess
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


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that notes what was forced to the disk."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler (cc) is installed")
    library = tmp_path_factory.mktemp("shim") / "power_loss.so"
    source = Path(__file__).with_name("power_loss.c")
    options = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(source), "-ldl"]
    subprocess.run([compiler, *options], check=True)
    return library
