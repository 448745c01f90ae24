"""Fetches one file: resumes, retries, takes no more than was promised, verifies before anyone uses it."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ekiben.errors import WeightsError
from ekiben.weights.digest import Digest
from ekiben.weights.partial import Partial
from ekiben.weights.source import Body, Interrupted, Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ekiben.weights.progress import Progress

# Attempts in a row that may bring no new byte; one that brings some starts the count anew.
MAX_FRUITLESS_ATTEMPTS: Final = 4
FIRST_PAUSE_S: Final = 0.5
# For files not yet in the lock, whose size nobody promised.
MAX_UNLOCKED_BYTES: Final = 200 * 2**30


@dataclass(frozen=True, slots=True)
class Download:
    """How files are fetched; `sleep` is replaced in tests."""

    progress: Progress
    sleep: Callable[[float], None] = time.sleep

    def fetch(self, source: Source, path: Path, expected: Digest | None, max_bytes: int = MAX_UNLOCKED_BYTES) -> Digest:
        """Bring the source's file to `path` and return what it is.

        Args:
            source: Where it comes from.
            path: Where it goes; what a former attempt left there is resumed.
            expected: What it must be; None for a file that is not in the lock yet.
            max_bytes: Bound for a file whose size nobody promised.

        Raises:
            WeightsError: It cannot be had, or is not what was expected; nothing wrong is left at `path`.
            OSError: The disk is full or cannot be written.
        """
        partial = Partial(path)
        if expected and partial.size_bytes > expected.size_bytes:
            partial.discard()
        resumed = partial.size_bytes > 0
        self._complete(source, partial, expected, max_bytes)
        found = Digest(partial.size_bytes, partial.sha256())
        if expected in (None, found):
            return found
        partial.discard()
        if resumed:
            # The bytes from before may have been at fault; a fresh copy decides.
            return self.fetch(source, path, expected)
        raise WeightsError(f"expected {expected}, found {found}; the origin's file has changed or is damaged")

    def _complete(self, source: Source, partial: Partial, expected: Digest | None, max_bytes: int) -> None:
        fruitless = 0
        self.progress.advance(partial.size_bytes)
        while not (expected and partial.size_bytes == expected.size_bytes and partial.path.exists()):
            before = partial.size_bytes
            try:
                self._attempt(source, partial, expected, max_bytes)
                break
            except Interrupted as error:
                fruitless = 0 if partial.size_bytes > before else fruitless + 1
                if fruitless >= MAX_FRUITLESS_ATTEMPTS:
                    raise WeightsError(
                        f"{error.message}; {partial.size_bytes} bytes are kept, the next pull goes on from there"
                    ) from None
            self.sleep(FIRST_PAUSE_S * 2**fruitless * random.uniform(0.5, 1.0))  # noqa: S311 - jitter only

    def _attempt(self, source: Source, partial: Partial, expected: Digest | None, max_bytes: int) -> None:
        with source.open(partial.size_bytes, partial.validator) as body:
            self._check_size(body, partial, expected)
            self.progress.advance(body.offset - partial.size_bytes)
            limit = expected.size_bytes if expected else max_bytes
            with partial.open_at(body.offset, body.validator) as file:
                size = body.offset
                for chunk in body.chunks:
                    size += len(chunk)
                    if size > limit:
                        self._too_many(partial, limit)
                    file.write(chunk)
                    self.progress.advance(len(chunk))

    def _check_size(self, body: Body, partial: Partial, expected: Digest | None) -> None:
        if expected and body.total_bytes not in (None, expected.size_bytes):
            partial.discard()
            raise WeightsError(
                f"expected {expected.size_bytes} bytes, the origin has {body.total_bytes}; its file has changed"
            )

    def _too_many(self, partial: Partial, limit: int) -> None:
        partial.discard()
        raise WeightsError(f"expected {limit} bytes, the origin sends more; its file has changed")
