"""Blobs in a folder: enough of a store for the jobs' tests."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from ekiben.jobs import BlobEntry


class FolderBlobs:
    """Files named by their keys."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, data: bytes, media_type: str) -> None:  # noqa: ARG002  # a folder keeps none
        """Write it under another name first, so that it is whole or not there."""
        path = self._root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(data)
        part.replace(path)

    async def get(self, key: str) -> bytes:
        """Read it."""
        return (self._root / key).read_bytes()

    async def delete(self, key: str) -> None:
        """Remove it."""
        (self._root / key).unlink(missing_ok=True)

    async def list(self, prefix: str) -> AsyncIterator[BlobEntry]:
        """Everything below."""
        for path in sorted(path for path in self._root.rglob("*") if path.is_file()):
            key = path.relative_to(self._root).as_posix()
            if key.startswith(prefix):
                found = path.stat()
                yield BlobEntry(key, found.st_size, time.time() - found.st_mtime)

    @property
    def keys(self) -> set[str]:
        """What is there."""
        return {path.relative_to(self._root).as_posix() for path in self._root.rglob("*") if path.is_file()}
