"""Objects by key, in a folder or in a bucket, by one interface."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
import structlog
from obstore.exceptions import BaseError

from ekiben.errors import NotFound, Unavailable
from ekiben.objects.durable_folder import write_file

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import LocalStore, S3Store

_log = structlog.get_logger("ekiben.objects")

CHUNK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """What a listing says of an object; `written` is when, on the store's clock."""

    key: str
    size_bytes: int
    written: datetime


class StoredObject:
    """An object that is there, of `size_bytes`."""

    def __init__(self, result: GetResult) -> None:
        self.size_bytes: int = result.meta["size"]
        self._result, self._key = result, result.meta["path"]

    async def chunks(self) -> AsyncIterator[bytes]:
        """Its bytes, piece by piece; once.

        Raises:
            Unavailable: The store fails meanwhile.
        """
        with _store_errors(self._key):
            async for chunk in self._result.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    async def content(self) -> bytes:
        """All its bytes; once.

        Raises:
            Unavailable: The store fails meanwhile.
        """
        with _store_errors(self._key):
            return bytes(await self._result.bytes_async())


class ObjectStore:
    """See the module; made by `ekiben.objects.location`.

    Args:
        store: Where the objects are.
        folder: The same, where it is a folder; the library does not force what it writes there to the disk.
    """

    def __init__(self, store: LocalStore | S3Store, folder: Path | None = None) -> None:
        self._store, self._folder = store, folder

    async def put(self, key: str, content: bytes) -> None:
        """Write an object: a reader sees all of it or nothing, an existing one is replaced.

        It survives the loss of power when this returns.

        Raises:
            Unavailable: The store fails.
        """
        with _store_errors(key):
            if self._folder is None:
                await obstore.put_async(self._store, key, content)
            else:
                await asyncio.to_thread(write_file, self._folder, key, content)

    async def get(self, key: str) -> StoredObject:
        """An object, whose bytes are still to be read.

        Raises:
            NotFound: There is none.
            Unavailable: The store fails.
        """
        with _store_errors(key):
            return StoredObject(await obstore.get_async(self._store, key))

    async def delete(self, key: str) -> None:
        """Remove an object, if it is there.

        Raises:
            Unavailable: The store fails.
        """
        try:
            with _store_errors(key):
                await obstore.delete_async(self._store, key)
        except NotFound:
            return

    async def entries(self, prefix: str) -> AsyncIterator[Entry]:
        """Every object below the folder `prefix`.

        Raises:
            Unavailable: The store fails.
        """
        with _store_errors(prefix):
            async for batch in obstore.list(self._store, prefix):
                for found in batch:
                    yield Entry(found["path"], found["size"], found["last_modified"])


@contextmanager
def _store_errors(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NotFound(f"there is no object {key!r}.") from None
    except (BaseError, OSError) as error:
        _log.warning("object store failed", key=key, reason=str(error).partition("\n")[0])
        raise Unavailable("the object store cannot be reached now.", retry_after_s=5) from error
