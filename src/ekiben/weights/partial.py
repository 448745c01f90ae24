"""A file that is being fetched: its bytes so far and the name of the version they belong to."""

from __future__ import annotations

import hashlib
import os
from typing import IO, TYPE_CHECKING

from ekiben.weights.digest import CHUNK_BYTES

if TYPE_CHECKING:
    from pathlib import Path


class Partial:
    """Bytes on disk that survive an interruption, hashed as they arrive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._validator_path = path.with_name(path.name + ".etag")

    @property
    def size_bytes(self) -> int:
        """How much is there."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def validator(self) -> str | None:
        """Which version of the file the bytes are of, if the source said."""
        try:
            return self._validator_path.read_text(encoding="utf-8") or None
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def discard(self) -> None:
        """Forget everything."""
        self.path.unlink(missing_ok=True)
        self._validator_path.unlink(missing_ok=True)

    def open_at(self, offset: int, validator: str | None) -> IO[bytes]:
        """Keep the first `offset` bytes and write behind them."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if validator:
            self._validator_path.write_text(validator, encoding="utf-8")
        else:
            self._validator_path.unlink(missing_ok=True)
        # O_NOFOLLOW: a link planted in the cache must not lead the bytes elsewhere.
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        file = os.fdopen(handle, "r+b")
        file.truncate(offset)
        file.seek(offset)
        return file

    def sha256(self) -> str:
        """Hash what is there."""
        hasher = hashlib.sha256()
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                hasher.update(chunk)
        return hasher.hexdigest()
