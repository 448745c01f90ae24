"""An API key: what it looks like, and what is kept of it.

A key is `ek_<id>_<secret>`: an id of 8 characters to find its record by, and a secret of 32 random bytes.
Only the SHA-256 of the secret is kept. Slow hashes protect passwords, which can be guessed; 256 random bits
cannot, and a slow hash on every request would only be a way to wear the gateway out.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from ekiben.policy.principals import USER_ROLE, Principal

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_ID_CHARACTERS = 8
_SECRET_BYTES = 32
_KEY = re.compile(r"ek_([a-z2-7]{8})_([A-Za-z0-9_-]{43})")


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must not hold control characters")
    return text


Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class KeyRecord(BaseModel):
    """One line of the keys file: everything about a key but its secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z2-7]{8}$")]
    name: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    created: AwareDatetime
    expires: AwareDatetime | None = None
    roles: Annotated[tuple[Role, ...], Field(min_length=1, max_length=16)] = (USER_ROLE,)
    max_running_jobs: Annotated[int | None, Field(ge=1)] = None

    @property
    def principal(self) -> Principal:
        """Whom this key stands for."""
        return Principal(self.id, self.name, frozenset(self.roles), self.max_running_jobs or 0)

    def expired(self, now: datetime) -> bool:
        """Whether the key is past its time at `now`."""
        return self.expires is not None and self.expires <= now


def create_key(
    name: str,
    *,
    expires: datetime | None = None,
    roles: tuple[str, ...] = (USER_ROLE,),
    max_running_jobs: int | None = None,
    now: datetime | None = None,
) -> tuple[str, KeyRecord]:
    """Make a key: what its owner gets, once, and what is kept.

    Raises:
        pydantic.ValidationError: The name, a role or the number of jobs is not valid.
    """
    key_id = "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_CHARACTERS))
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    record = KeyRecord(
        id=key_id,
        name=name,
        sha256=secret_hash(secret),
        created=now or datetime.now(UTC),
        expires=expires,
        roles=roles,
        max_running_jobs=max_running_jobs,
    )
    return f"ek_{key_id}_{secret}", record


def split_key(key: str) -> tuple[str, str] | None:
    """Return a key's id and secret, or None if it does not look like one of ours."""
    found = _KEY.fullmatch(key)
    return (found[1], found[2]) if found else None


def secret_hash(secret: str) -> str:
    """Return the SHA-256 of a secret in hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()
