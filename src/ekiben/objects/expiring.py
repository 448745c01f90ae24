"""Files for everybody who has their link, until it expires."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ekiben.errors import NotFound, PermissionDenied
from ekiben.objects.durable_folder import UNFINISHED
from ekiben.objects.signature import Signer
from ekiben.objects.store import ObjectStore, StoredObject

_PREFIX: Final = "files"
_NAME_BYTES: Final = 32
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{43}\.(?:png|jpeg|webp)")
_OURS: Final = re.compile(rf"{_NAME.pattern}(?:{UNFINISHED})?")
_EXPIRES: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
# The store's clock may be another machine's.
_CLOCKS_DIFFER_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Link:
    """A file's name, and until when (Unix time in seconds) the signature holds."""

    name: str
    expires: int
    signature: str

    @property
    def query(self) -> str:
        """What follows the name in a URL."""
        return f"expires={self.expires}&signature={self.signature}"


class ExpiringFiles:
    """Saves files under names that cannot be guessed.

    Args:
        store: Where they lie.
        signer: Signs their links.
        ttl_s: Seconds that a file is there.
        now: The clock, in Unix seconds.
    """

    def __init__(self, store: ObjectStore, signer: Signer, ttl_s: float, now: Callable[[], float] = time.time) -> None:
        self._store, self._signer, self._ttl_s, self._now = store, signer, ttl_s, now

    async def save(self, content: bytes, kind: str) -> Link:
        """Write a file of a kind (png, jpeg, webp), which is its name's ending.

        Raises:
            Unavailable: The store fails.
        """
        name = f"{secrets.token_urlsafe(_NAME_BYTES)}.{kind}"
        expires = int(self._now() + self._ttl_s)
        await self._store.put(_key(name), content)
        return Link(name, expires, self._signer.sign(name, expires))

    async def open(self, name: str, expires: str, signature: str) -> StoredObject:
        """The file of a link, given by its parts.

        Raises:
            PermissionDenied: The link is not one of ours, was changed, or has expired; which of them is not told.
            NotFound: The link is good, and the file is not there any more.
            Unavailable: The store fails.
        """
        is_plain = _NAME.fullmatch(name) and _EXPIRES.fullmatch(expires)
        if not is_plain or not self._signer.is_valid(name, int(expires), signature) or self._now() >= int(expires):
            raise PermissionDenied("this link is not valid, or not any more.")
        try:
            return await self._store.get(_key(name))
        except NotFound:
            raise NotFound("this file is not there any more.") from None

    async def sweep(self) -> int:
        """Remove every file whose links have expired, and what a writer that died left; returns how many there were.

        Others' files are left alone.

        Raises:
            Unavailable: The store fails.
        """
        oldest = self._now() - self._ttl_s - _CLOCKS_DIFFER_S
        old = [
            entry.key
            async for entry in self._store.entries(_PREFIX)
            if entry.written.timestamp() < oldest and _OURS.fullmatch(entry.key.removeprefix(f"{_PREFIX}/"))
        ]
        for key in old:
            await self._store.delete(key)
        return len(old)


def _key(name: str) -> str:
    return f"{_PREFIX}/{name}"
