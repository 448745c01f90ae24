"""Size and SHA-256 of a file: what a lock promises and a pull checks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file is, byte for byte."""

    size_bytes: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.size_bytes} bytes, sha256 {self.sha256[:16]}…"


def digest_of(path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> Digest:
    """Read the whole file.

    Raises:
        OSError: It cannot be read.
    """
    hasher = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            hasher.update(chunk)
            size += len(chunk)
            on_bytes(len(chunk))
    return Digest(size, hasher.hexdigest())


def card_digest(path: Path) -> str:
    """Return the SHA-256 of a card's own file, kept with its weights."""
    return digest_of(path).sha256
