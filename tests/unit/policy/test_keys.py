from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ekiben.errors import ConfigurationError, Unauthenticated
from ekiben.policy.key_record import create_key
from ekiben.policy.keys import Keyring
from ekiben.policy.keys_file import write_keys
from ekiben.policy.principals import Principal

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2025, 6, 1, tzinfo=UTC)
KEY, RECORD = create_key("ada", roles=("admin", "user"), now=NOW)


def keyring(tmp_path: Path, *records: object, now: datetime = NOW) -> Keyring:
    path = tmp_path / "keys.jsonl"
    write_keys(path, [RECORD, *records])  # type: ignore[list-item]
    return Keyring.load(path, now=lambda: now)


@pytest.mark.parametrize("header", [f"Bearer {KEY}", f"bearer {KEY}", f"  Bearer   {KEY} "], ids=range(3))
def test_a_known_key_is_its_principal(tmp_path: Path, header: str) -> None:
    principal = keyring(tmp_path).authenticate(header)
    assert principal == Principal(RECORD.id, "ada", frozenset({"admin", "user"}))


@pytest.mark.parametrize("header", [None, "", "  "])
def test_a_missing_key_is_said_to_be_missing(tmp_path: Path, header: str | None) -> None:
    with pytest.raises(Unauthenticated, match=r"needed.*Authorization: Bearer"):
        keyring(tmp_path).authenticate(header)


@pytest.mark.parametrize(
    "header",
    [
        KEY,
        "Bearer",
        "Bearer x",
        "Basic dXNlcjpwYXNz",
        f"Basic {KEY}",
        f"Bearer {KEY}x",
        f"Bearer {KEY[:-1]}",
        f"Bearer {KEY.upper()}",
        f"Bearer {KEY[:-1]}é",
        "Bearer " + "x" * 100_000,
    ],
    ids=range(10),  # the key differs in each process of a parallel run
)
def test_another_form_is_refused_without_repeating_it(tmp_path: Path, header: str) -> None:
    with pytest.raises(Unauthenticated, match="does not hold an API key") as caught:
        keyring(tmp_path).authenticate(header)
    assert KEY[12:] not in caught.value.message


def test_an_unknown_id_and_a_wrong_secret_read_the_same(tmp_path: Path) -> None:
    other, _ = create_key("eve")
    messages = []
    for key in (other, f"ek_{RECORD.id}_{other[12:]}", f"{other[:12]}{KEY[12:]}"):
        with pytest.raises(Unauthenticated) as caught:
            keyring(tmp_path).authenticate(f"Bearer {key}")
        messages.append(caught.value.message)
    assert set(messages) == {"the API key is not known here"}


def test_expiry_is_told_to_the_keys_owner_alone(tmp_path: Path) -> None:
    key, record = create_key("bob", expires=NOW + timedelta(days=1), now=NOW)
    ring = keyring(tmp_path, record)
    assert ring.authenticate(f"Bearer {key}").name == "bob"
    late = keyring(tmp_path, record, now=NOW + timedelta(days=1))
    with pytest.raises(Unauthenticated, match="expired"):
        late.authenticate(f"Bearer {key}")
    with pytest.raises(Unauthenticated, match="not known"):
        late.authenticate(f"Bearer ek_{record.id}_{KEY[12:]}")


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = keyring(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("ekiben.policy.keys.read_keys", lambda _: pytest.fail("read again"))
        assert ring.refresh() is False
    key, record = create_key("bob")
    write_keys(tmp_path / "keys.jsonl", [record])
    assert ring.refresh() is True
    assert ring.authenticate(f"Bearer {key}").name == "bob"
    with pytest.raises(Unauthenticated):
        ring.authenticate(f"Bearer {KEY}")
    assert len(ring) == 1


def test_a_broken_change_leaves_the_keys_in_force_and_is_reported_each_time(tmp_path: Path) -> None:
    ring = keyring(tmp_path)
    path = tmp_path / "keys.jsonl"
    good = path.read_text()
    for _ in range(2):
        path.write_text("broken")
        with pytest.raises(ConfigurationError):
            ring.refresh()
        assert ring.authenticate(f"Bearer {KEY}").name == "ada"
    path.unlink()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ring.refresh()
    path.write_text(good)
    path.chmod(0o600)
    assert ring.refresh() is True


def test_a_mode_that_is_opened_up_later_is_noticed(tmp_path: Path) -> None:
    ring = keyring(tmp_path)
    path = tmp_path / "keys.jsonl"
    before = path.stat()
    path.chmod(0o644)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ConfigurationError, match="chmod 600"):
        ring.refresh()
