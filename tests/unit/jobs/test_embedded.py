"""The server of our own: one owner, also when the owner of before was killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from valkey.asyncio import Valkey

from ekiben.errors import ConfigurationError
from ekiben.jobs import EmbeddedValkey, embedded

_OWNER = """
import asyncio, sys
from pathlib import Path
from ekiben.jobs import EmbeddedValkey

async def main(folder):
    server = EmbeddedValkey(folder / "state", folder / "v.sock")
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short enough for a Unix socket."""
    return tmp_path_factory.mktemp("e")


async def test_a_second_owner_is_refused_and_told_what_to_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_FREE_WITHIN_S", 0.2)
    first = EmbeddedValkey(folder / "state", folder / "1.sock")
    await first.start()
    with pytest.raises(ConfigurationError, match="EKIBEN_STATE_DIR"):
        await EmbeddedValkey(folder / "state", folder / "2.sock").start()
    await first.stop()
    third = EmbeddedValkey(folder / "state", folder / "3.sock")
    await third.start()
    await third.stop()


async def test_the_successor_of_a_killed_owner_waits_until_its_server_is_gone(folder: Path) -> None:
    command = [sys.executable, "-c", _OWNER, str(folder)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: ASYNC220  # nothing else runs meanwhile
    assert owner.stdout is not None
    orphan = int(await asyncio.to_thread(owner.stdout.readline))
    async with Valkey.from_url(f"unix://{folder / 'v.sock'}") as client:
        await client.set("kept", "yes")
    owner.kill()
    owner.wait()
    successor = EmbeddedValkey(folder / "state", folder / "2.sock")
    await successor.start()
    # Where nobody collects it, its entry stays.
    assert not psutil.pid_exists(orphan) or psutil.Process(orphan).status() == psutil.STATUS_ZOMBIE
    async with Valkey.from_url(successor.url) as client:
        assert await client.get("kept") == b"yes"
    await successor.stop()


async def test_it_comes_back_when_it_is_killed(folder: Path) -> None:
    server = EmbeddedValkey(folder / "state", folder / "v.sock")
    await server.start()
    before = server.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    async with asyncio.timeout(20):
        while server.pid in (None, before):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)
    await server.stop()
    assert server.pid is None


async def test_a_folder_that_cannot_be_made_is_one_line(folder: Path) -> None:
    (folder / "state").write_text("in the way")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        await EmbeddedValkey(folder / "state", folder / "v.sock").start()


async def test_a_path_too_long_for_a_socket_is_one_line(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="EKIBEN_RUN_DIR is too long"):
        await EmbeddedValkey(folder / "state", folder / ("x" * 100) / "v.sock").start()
