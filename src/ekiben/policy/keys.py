"""Telling who makes a request, from its `Authorization` header."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from ekiben.errors import ConfigurationError, Unauthenticated
from ekiben.policy.key_record import KeyRecord, secret_hash, split_key
from ekiben.policy.keys_file import read_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ekiben.policy.principals import Principal

# Compared with where an id is not known, so that the answer takes the same steps as for a wrong secret.
_NO_HASH = "0" * 64
_FORM = "send it as 'Authorization: Bearer ek_…'"

_Version: TypeAlias = tuple[int, int, int, int]


class Keyring:
    """The keys of one file.

    Args:
        path: The keys file.
        now: The clock, for expiry.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._now = now
        self._version: _Version | None = None
        self._records: Mapping[str, KeyRecord] = {}

    @classmethod
    def load(cls, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Keyring:
        """Read the keys file.

        Raises:
            ConfigurationError: It cannot be read, others may read it, or a line is wrong.
        """
        keyring = cls(path, now=now)
        keyring.refresh()
        return keyring

    def __len__(self) -> int:
        return len(self._records)

    def refresh(self) -> bool:
        """Read the file again if it was changed; returns whether it was. Costs one `stat` if not.

        Raises:
            ConfigurationError: It is not usable now. The keys known before stay in force, and the next call
                tries again.
        """
        version = _version(self._path)
        if version == self._version:
            return False
        # The version is taken first: a change during the read is seen by the next call.
        records = {record.id: record for record in read_keys(self._path)}
        self._records, self._version = records, version
        return True

    def authenticate(self, authorization: str | None) -> Principal:
        """Return the caller that an `Authorization` header proves.

        Raises:
            Unauthenticated: No key, not a key's form, not a known key, or an expired one. An unknown id and a
                wrong secret read the same; that a key is expired is told only to who has its secret.
        """
        key_id, secret = _credentials(authorization)
        record = self._records.get(key_id)
        known = hmac.compare_digest(secret_hash(secret), record.sha256 if record else _NO_HASH)
        if record is None or not known:
            raise Unauthenticated("the API key is not known here")
        if record.expired(self._now()):
            raise Unauthenticated(f"the API key {record.id} has expired")
        return record.principal


def _credentials(authorization: str | None) -> tuple[str, str]:
    if authorization is None or not authorization.strip():
        raise Unauthenticated(f"an API key is needed; {_FORM}")
    scheme, _, key = authorization.strip().partition(" ")
    credentials = split_key(key.strip()) if scheme.lower() == "bearer" else None
    if credentials is None:
        raise Unauthenticated(f"the Authorization header does not hold an API key; {_FORM}")
    return credentials


def _version(path: Path) -> _Version:
    try:
        status = path.stat()
    except OSError as error:
        raise ConfigurationError(f"the keys file {path} cannot be read: {error.strerror}") from None
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size)
