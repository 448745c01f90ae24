from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from ekiben.cli.keys import app
from ekiben.errors import ConfigurationError, Unauthenticated
from ekiben.policy.keys import Keyring
from ekiben.policy.keys_file import read_keys

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.jsonl"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def created(file: Path, *arguments: str) -> str:
    result = run("create", "--name", "ada", "--file", str(file), *arguments)
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1  # the key alone: `KEY=$(ekiben keys create …)` works
    return result.stdout.strip()


def test_a_made_key_works_until_it_is_revoked(file: Path) -> None:
    key, other = created(file), created(file, "--role", "admin", "--role", "user")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keyring = Keyring.load(file)
    principal = keyring.authenticate(f"Bearer {key}")
    assert (principal.name, set(principal.roles)) == ("ada", {"user"})
    assert keyring.authenticate(f"Bearer {other}").roles == {"admin", "user"}
    assert run("revoke", principal.id, "--file", str(file)).exit_code == 0
    assert keyring.refresh()
    with pytest.raises(Unauthenticated):
        keyring.authenticate(f"Bearer {key}")
    keyring.authenticate(f"Bearer {other}")


def test_the_list_shows_no_secret(file: Path) -> None:
    key = created(file, "--expires", "90d")
    shown = run("list", "--file", str(file)).stdout
    (record,) = read_keys(file)
    assert record.id in shown
    assert "ada" in shown
    assert record.sha256 not in shown
    assert key[12:] not in shown


def test_jobs_at_once(file: Path) -> None:
    created(file)
    created(file, "--max-running-jobs", "3")
    one, three = read_keys(file)
    assert (one.principal.max_running_jobs, three.principal.max_running_jobs) == (0, 3)
    assert run("create", "--name", "ada", "--file", str(file), "--max-running-jobs", "0").exit_code == 2
    assert len(read_keys(file)) == 2
    assert [line.split()[-1] for line in run("list", "--file", str(file)).stdout.splitlines()[1:]] == ["any", "3"]


@pytest.mark.parametrize(("text", "hours"), [("12h", 12), ("90d", 90 * 24), ("4w", 4 * 168)])
def test_lifetimes(file: Path, text: str, hours: int) -> None:
    created(file, "--expires", text)
    (record,) = read_keys(file)
    assert record.expires == record.created + timedelta(hours=hours)
    assert record.created <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "0d", "1.5d", "999999d", "90 d", "1y"])
def test_wrong_lifetimes_are_refused_before_anything_is_written(file: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="--expires"):
        run("create", "--name", "ada", "--file", str(file), "--expires", text)
    assert not file.exists()


def test_wrong_names_and_roles_are_refused(file: Path) -> None:
    with pytest.raises(ConfigurationError, match="name"):
        run("create", "--name", "a\nb", "--file", str(file))
    with pytest.raises(ConfigurationError, match="roles"):
        run("create", "--name", "ada", "--role", "Not A Role", "--file", str(file))


def test_the_file_comes_from_the_settings(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKIBEN_KEYS_FILE", str(file))
    assert run("create", "--name", "ada").exit_code == 0
    assert len(read_keys(file)) == 1
    monkeypatch.delenv("EKIBEN_KEYS_FILE")
    with pytest.raises(ConfigurationError, match="EKIBEN_KEYS_FILE"):
        run("list")


def test_an_unknown_id_is_told(file: Path) -> None:
    created(file)
    with pytest.raises(ConfigurationError, match="no key 'nosuchid'"):
        run("revoke", "nosuchid", "--file", str(file))
