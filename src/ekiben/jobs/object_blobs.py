"""Blobs in the same place as every other object: a folder or a bucket."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from ekiben.errors import NotFound, Unavailable
from ekiben.jobs.blobs import BlobEntry
from ekiben.objects.store import ObjectStore


class ObjectBlobs:
    """See `Blobs`.

    Args:
        objects: Where they lie.
        now: The clock that ages are counted by, in Unix seconds.
    """

    def __init__(self, objects: ObjectStore, now: Callable[[], float] = time.time) -> None:
        self._objects, self._now = objects, now

    async def put(self, key: str, data: bytes, media_type: str) -> None:  # noqa: ARG002  # pointers keep it
        """See `Blobs`."""
        with _os_errors():
            await self._objects.put(key, data)

    async def get(self, key: str) -> bytes:
        """See `Blobs`."""
        with _os_errors():
            return await (await self._objects.get(key)).content()

    async def delete(self, key: str) -> None:
        """See `Blobs`."""
        with _os_errors():
            await self._objects.delete(key)

    async def list(self, prefix: str) -> AsyncIterator[BlobEntry]:
        """See `Blobs`."""
        with _os_errors():
            async for entry in self._objects.entries(prefix.rstrip("/")):
                if entry.key.startswith(prefix):
                    age_s = self._now() - entry.written.timestamp()
                    yield BlobEntry(entry.key, entry.size_bytes, age_s)


@contextmanager
def _os_errors() -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        raise FileNotFoundError(error.message) from error
    except Unavailable as error:
        raise OSError(error.message) from error
