"""Who still waits for an outcome, and who got one: each request ends exactly once."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ekiben.batching.observer import Observer
    from ekiben.batching.pending import Pending
    from ekiben.batching.request import Request
    from ekiben.errors import EkibenError


class Ledger:
    """The open requests of one model. Whatever way a request ends, its works leave the queue with it."""

    def __init__(self, pending: Pending, observer: Observer) -> None:
        self._pending = pending
        self._observer = observer
        self._open: dict[Request, None] = {}  # a set in order of arrival
        self._ended: list[Request] = []

    def __len__(self) -> int:
        return len(self._open)

    def open(self, request: Request) -> None:
        """Enter an admitted request."""
        self._open[request] = None

    def answer(self, request: Request, now: float) -> None:
        """All results are there."""
        self._end(request, now, None)
        self._ended.append(request)

    def fail(self, request: Request, now: float, error: EkibenError) -> None:
        """End a request because the model failed on it, unless it has ended."""
        if request.is_open:
            self._end(request, now, error)
            self._ended.append(request)

    def shed(self, request: Request, now: float, error: EkibenError) -> None:
        """End a request that is not served, through no fault of its own works, unless it has ended."""
        if request.is_open:
            self.fail(request, now, error)
            self._observer.shed(error.code)

    def leave(self, request: Request, now: float) -> None:
        """End a request whose caller is gone; nothing is delivered."""
        if request.is_open:
            self._end(request, now, None)
            self._observer.shed("cancelled")

    def shed_queued(self, now: float, error: EkibenError) -> None:
        """End every request that has works in the queue, each with an error of its own."""
        for request in list(self._open):
            if any(entry.queued for entry in request.entries):
                self.shed(request, now, copy(error))

    def shed_all(self, now: float, error: EkibenError) -> None:
        """End every request, each with an error of its own."""
        for request in list(self._open):
            self.shed(request, now, copy(error))

    def collect(self) -> list[Request]:
        """Hand out the requests that ended since the last call, for delivery."""
        ended, self._ended = self._ended, []
        return ended

    def _end(self, request: Request, now: float, error: EkibenError | None) -> None:
        request.end(now, error)
        del self._open[request]
        if self._pending.remove(request.entries):
            self._observer.queued(len(self._pending))
        request.entries.clear()  # they point back here: payloads must not wait for the cycle collector
