from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from ekiben.errors import ConfigurationError
from ekiben.policy.key_record import create_key
from ekiben.policy.keys_file import is_open, locked, read_keys, write_keys

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = tuple(create_key(name)[1] for name in ("ada", "bob"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "keys.jsonl"
    write_keys(file, RECORDS)
    return file


def test_records_round_trip(path: Path) -> None:
    assert read_keys(path) == RECORDS
    assert len(path.read_text().splitlines()) == 2


def test_the_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_keys(tmp_path / "keys.jsonl", RECORDS)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys.jsonl").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o660, 0o604, 0o622, 0o601])
def test_a_file_that_others_may_use_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_keys(path)


def test_a_group_may_read_what_root_owns() -> None:
    """Kubernetes mounts a secret for a group alone; what a user owns is that user's."""
    assert not is_open(0o440, owner=0)
    assert is_open(0o440, owner=10001)
    assert is_open(0o460, owner=0)
    assert is_open(0o444, owner=0)


def test_a_stricter_mode_is_fine(path: Path) -> None:
    path.chmod(0o400)
    assert read_keys(path) == RECORDS


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "Invalid JSON"),
        ("[]", "object"),
        (RECORDS[0].model_dump_json()[:-1] + ',"rôle":"admin"}', "rôle: Extra inputs"),
        ('{"id":"abcdefgh"}', "sha256: Field required"),
    ],
)
def test_a_wrong_line_is_named(path: Path, line: str, reason: str) -> None:
    path.write_text(path.read_text() + "\n" + line + "\n")
    with pytest.raises(ConfigurationError, match=rf"keys\.jsonl, line 4: .*{reason}"):
        read_keys(path)


def test_a_wrong_line_does_not_show_what_it_holds(path: Path) -> None:
    path.write_text('{"id":"abcdefgh","sha256":"ek_hunter2"}')
    with pytest.raises(ConfigurationError) as caught:
        read_keys(path)
    assert "hunter2" not in caught.value.message


def test_an_id_that_is_there_twice_is_refused(path: Path) -> None:
    write_keys(path, [*RECORDS, RECORDS[0]])
    with pytest.raises(ConfigurationError, match="twice"):
        read_keys(path)


def test_unreadable_files_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_keys(tmp_path / "none")
    with pytest.raises(ConfigurationError, match="directory"):
        read_keys(tmp_path)
    with pytest.raises(ConfigurationError, match="No such file"):
        write_keys(tmp_path / "none" / "keys", RECORDS)
    with pytest.raises(ConfigurationError, match="cannot be changed"), locked(tmp_path / "none" / "keys"):
        pass
    (tmp_path / "latin").write_bytes(b"\xff")
    (tmp_path / "latin").chmod(0o600)
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_keys(tmp_path / "latin")


def test_a_write_that_fails_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ConfigurationError, match="No space"):
        write_keys(path, [])
    assert read_keys(path) == RECORDS
    assert os.listdir(path.parent) == ["keys.jsonl"]  # noqa: PTH208 - order and names only
