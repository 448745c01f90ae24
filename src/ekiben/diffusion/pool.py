"""Everyone who waits or is being made: who comes in, who is gone, and each one's single outcome."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from copy import copy

from ekiben.diffusion.entry import Entry
from ekiben.diffusion.generation import Event, GeneratedImage
from ekiben.diffusion.observer import Observer
from ekiben.errors import DeadlineExceeded, EkibenError, Internal, QueueFull

_log = logging.getLogger(__name__)


class Pool:
    """Open entries, in the order in which they came; safe from any thread.

    Args:
        max_open: Most of them.
        observer: Told of every ending.
    """

    def __init__(self, max_open: int, observer: Observer) -> None:
        self._lock = threading.Lock()
        self._entries: dict[int, Entry] = {}
        self._max_open = max_open
        self._observer = observer
        self._closed: EkibenError | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def open(self) -> list[Entry]:
        """A copy of all entries."""
        with self._lock:
            return list(self._entries.values())

    def add(self, entry: Entry) -> None:
        """Let one in.

        Raises:
            QueueFull: No room now.
            EkibenError: What the pool was closed with.
        """
        with self._lock:
            if self._closed is not None:
                raise copy(self._closed)
            if len(self._entries) >= self._max_open:
                raise QueueFull(
                    f"{len(self._entries)} pictures wait or are being made, the most there may be. Try again later.",
                    retry_after_s=1.0,
                )
            self._entries[entry.sequence] = entry
            self._observer.opened(len(self._entries))

    def sweep(self, now: float) -> None:
        """Let go of those whose caller has gone, and of those that are too late."""
        self.still_wanted(self.open(), now)

    def still_wanted(self, entries: Iterable[Entry], now: float) -> list[Entry]:
        """Those of some entries that are open, after the same."""
        for entry in entries:
            if entry.generation.future.cancelled():
                self._end(entry, "cancelled")
            elif entry.wishes.deadline <= now:
                self.fail(entry, DeadlineExceeded("The deadline passed before the picture was done."))
        return [entry for entry in entries if entry.sequence in self._entries]

    def succeed(self, entry: Entry, image: GeneratedImage) -> None:
        """End an entry with its picture, unless it has ended."""
        if self._end(entry, None) and entry.generation.future.set_running_or_notify_cancel():
            self._observer.answered(image.timing)
            entry.generation.future.set_result(image)

    def fail(self, entry: Entry, error: BaseException) -> None:
        """End an entry with an error, unless it has ended; what is no error of ours is our fault."""
        told = error
        if not isinstance(error, EkibenError):
            _log.error("a picture failed", exc_info=error)
            told = Internal("The model failed on this picture.")
            told.__cause__ = error
        reason = getattr(told, "code", "internal_error")
        if self._end(entry, reason) and entry.generation.future.set_running_or_notify_cancel():
            entry.generation.future.set_exception(told)

    def tell(self, entry: Entry, event: Event) -> None:
        """Tell an entry's listener; one that raises has broken its promise, and ends its own picture alone."""
        try:
            entry.tell(event)
        except Exception as error:  # noqa: BLE001  # a caller's defect must not reach its neighbours
            self.fail(entry, error)

    def close(self, error: EkibenError) -> None:
        """Take nothing more; the first error stays the one that newcomers hear."""
        with self._lock:
            self._closed = self._closed or error

    def fail_all(self, error: EkibenError) -> None:
        """End everyone, each with an error of its own."""
        for entry in self.open():
            self.fail(entry, copy(error))

    def _end(self, entry: Entry, reason: str | None) -> bool:
        with self._lock:
            is_open = self._entries.pop(entry.sequence, None) is not None
            left = len(self._entries)
        if is_open:
            self._observer.opened(left)
            if reason is not None:
                self._observer.ended(reason)
        return is_open
