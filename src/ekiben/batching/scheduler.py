"""One model's batching decisions: who is let in, what runs next, what a finished device call means.

Pure: no threads, no loop, no clock. Every method is told the time; requests that end are handed out by
`collect`. Not thread-safe; the owner holds a lock.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ekiben.batching.admission import Backlog, check_deadline, check_room
from ekiben.batching.cap import CostCap
from ekiben.batching.drain import DrainRate
from ekiben.batching.forming import Rules
from ekiben.batching.holding import Holding
from ekiben.batching.latency import LatencyModel
from ekiben.batching.ledger import Ledger
from ekiben.batching.limits import BatchLimits, Price, padded_price
from ekiben.batching.observer import Observer, Silence
from ekiben.batching.pending import Batch, Pending
from ekiben.batching.request import Entry, Request
from ekiben.batching.selection import select
from ekiben.batching.urgency import due_at
from ekiben.errors import DeadlineExceeded, DeviceOutOfMemory, EkibenError, Internal, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence


class Scheduler:
    """The pure core behind a `Batcher`."""

    def __init__(self, limits: BatchLimits, price: Price = padded_price, observer: Observer | None = None) -> None:
        self._limits = limits
        self._price = price
        self._observer = observer or Silence()
        self._pending = Pending()
        self._ledger = Ledger(self._pending, self._observer)
        self._latency = LatencyModel()
        self._drain = DrainRate()
        self._holding = Holding(limits.max_wait_s)
        self._cap = CostCap(limits.max_cost)
        self._sequence = 0
        self._running_until = -math.inf
        self._held_until = -math.inf
        self._was_hurried = False
        self.is_closed = False
        self._observer.cap_changed(self._cap.value)
        self._observer.queued(0)

    @property
    def queued_items(self) -> int:
        """Items that wait."""
        return len(self._pending)

    @property
    def open_requests(self) -> int:
        """Requests that wait for an outcome, be they queued or on the device."""
        return len(self._ledger)

    @property
    def cap_cost(self) -> int:
        """Highest cost that a batch may have at present."""
        return self._cap.value

    def admit(self, request: Request) -> bool:
        """Queue all works of a request at its arrival, or none.

        Returns:
            Whether a free device should look again now: not if it is held back and this request changes
            nothing.

        Raises:
            Unavailable: Closed.
            PayloadTooLarge: More items than the queue ever takes.
            QueueFull: No room now.
            DeadlineExceeded: The deadline has passed.
            DeadlineUnreachable: The deadline cannot be met.
        """
        try:
            self._admit(request)
        except EkibenError as refusal:
            self._observer.shed(refusal.code)
            raise
        self._observer.queued(len(self._pending))
        return self._ends_hold(request)

    def leave(self, request: Request, now: float) -> None:
        """Drop what is queued of a caller that is gone; what is on the device runs on, undelivered."""
        self._ledger.leave(request, now)

    def expire(self, request: Request, now: float) -> None:
        """End a request whose deadline has passed."""
        self._ledger.shed(request, now, DeadlineExceeded("The deadline passed before the result was there."))

    def take(self, now: float) -> Batch | float | None:
        """Say what a free device should do: run a batch, ask again at that moment, or wait for a change."""
        self._held_until = -math.inf
        batch = self._select(now)
        if batch is None:
            return None
        held_until = self._hold_until(batch, now)
        if held_until > now:
            self._held_until = held_until
            return held_until
        self._pending.remove(batch.entries)
        self._running_until = now + self._latency.predict(batch.cost, now)
        self._observer.queued(len(self._pending))
        return batch

    def still_wanted(self, group: Sequence[Entry], now: float) -> list[Entry]:
        """Pick the entries worth running, just before they run; ends requests past their deadline."""
        for entry in group:
            if entry.deadline <= now:
                self.expire(entry.request, now)
        return [entry for entry in group if entry.request.is_open]

    def succeeded(self, group: Sequence[Entry], results: Sequence[Any], started: float, ended: float) -> bool:
        """Book a device call that came back, each result with the request that owns the work.

        Returns:
            Whether to run the group again in halves: never. A wrong number of results fails the whole group,
            since nothing says whose are missing.
        """
        cost = self._account(group, started, ended)
        if not _is_one_each(results, group):
            self._fail_each(group, ended, ValueError("run did not return one result for each payload"))
            return False
        self._latency.observe(cost, ended - started, ended)
        self._drain.observe(len(group), ended - started)
        self._set_cap(self._cap.recovered())
        for entry, result in zip(group, results, strict=True):
            request = entry.request
            if request.is_open and request.add_result(entry.index, result):
                self._ledger.answer(request, ended)
        return False

    def failed(self, group: Sequence[Entry], error: BaseException, started: float, ended: float) -> bool:
        """Book a device call that raised.

        Returns:
            Whether to run the group again in halves; otherwise its requests have failed.
        """
        cost = self._account(group, started, ended)
        # What is not an Exception, an exit say, is nobody's poisoned item: running it again is no help.
        if len(group) == 1 or not isinstance(error, Exception):
            self._fail_each(group, ended, error)
            return False
        if isinstance(error, DeviceOutOfMemory):
            self._set_cap(self._cap.halved(cost))
        self._observer.retried("out_of_memory" if isinstance(error, DeviceOutOfMemory) else "error")
        return True

    def freed(self, batch: Batch, started: float, ended: float) -> None:
        """Note that the device is done with a batch, retries included."""
        self._running_until = -math.inf
        answered = len({entry.request for entry in batch.entries if not entry.request.is_open})
        self._holding.freed(ended, answered=answered, waiting=len(self._ledger), fixed_s=self._latency.fixed_s)
        self._observer.batch_ran(len(batch.entries), batch.cost, batch.padding_share, ended - started)

    def close(self) -> None:
        """Refuse new requests; hold nothing back any more."""
        self.is_closed = True

    def shed_queued(self, now: float, error: EkibenError) -> None:
        """End every request that has works in the queue."""
        self._ledger.shed_queued(now, error)

    def shed_all(self, now: float, error: EkibenError) -> None:
        """End every request."""
        self._ledger.shed_all(now, error)

    def collect(self) -> list[Request]:
        """Hand out the requests that ended since the last call, for delivery."""
        return self._ledger.collect()

    def _admit(self, request: Request) -> None:
        if self.is_closed:
            raise Unavailable("This model is shutting down and takes no new requests.", retry_after_s=1.0)
        check_room(request, len(self._pending), self._limits, self._drain)
        due = due_at(request.arrival, request.deadline, request.priority, self._limits.ageing_s)
        entries = self._entries(request, due)
        running_s = max(0.0, self._running_until - request.arrival)
        backlog = Backlog(self._pending, self._latency, self._limits.max_items, self._cap.value, running_s)
        check_deadline(request, due, sum(entry.cost for entry in entries), backlog)
        self._sequence += len(entries)
        request.entries = entries
        for entry in entries:
            self._pending.add(entry)
        self._ledger.open(request)
        self._holding.arrived(request.arrival)

    def _entries(self, request: Request, due: float) -> list[Entry]:
        price, first = self._price, self._sequence
        return [
            Entry(
                request,
                index,
                work.payload,
                work.length,
                work.shape_key,
                price(1, work.length),
                due,
                first + index,
            )
            for index, work in enumerate(request.works)
        ]

    def _select(self, now: float) -> Batch | None:
        """Choose the batch to run, dropping whoever cannot make it."""
        limits = self._limits
        rules = Rules(self._cap.value, limits.max_items, limits.max_padding_share, self._price)
        while True:
            chosen = select(self._pending, rules, self._latency, now, may_hurry=not self._was_hurried)
            if not chosen.late:
                break
            for entry in chosen.late:
                message = "The deadline would have passed before the result was there; nothing was computed."
                self._ledger.shed(entry.request, now, DeadlineExceeded(message))
        self._was_hurried = chosen.is_hurried
        return chosen.batch

    def _hold_until(self, batch: Batch, now: float) -> float:
        """See `holding`; minus infinity to run the batch now."""
        until = self._holding.until()
        if batch.is_full or self.is_closed or until <= now:
            return -math.inf
        # Held back, the batch may grow to the cap, so that is what must still end in time.
        compute_s = self._latency.predict(self._cap.value, now)
        return min(until, self._pending.soonest_deadline() - compute_s)

    def _ends_hold(self, request: Request) -> bool:
        """Whether a request just admitted is reason to look at a batch held back; true if none is."""
        now, until = request.arrival, self._held_until
        return (
            until <= now
            or self._holding.until() <= now
            or len(self._pending) >= self._limits.max_items
            or self._pending.cost >= self._cap.value
            or request.deadline - self._latency.predict(self._cap.value, now) < until
        )

    def _account(self, group: Sequence[Entry], started: float, ended: float) -> int:
        """Book a device call with the requests it carried; returns its cost."""
        cost = self._price(len(group), max(entry.length for entry in group))
        for request in {entry.request for entry in group}:
            request.add_compute(ended - started, len(group), cost)
        return cost

    def _fail_each(self, group: Sequence[Entry], now: float, error: BaseException) -> None:
        for entry in group:
            self._ledger.fail(entry.request, now, _as_told(error))

    def _set_cap(self, changed: bool) -> None:
        if changed:
            self._observer.cap_changed(self._cap.value)


def _is_one_each(results: object, group: Sequence[Entry]) -> bool:
    try:
        return len(results) == len(group)  # type: ignore[arg-type]  # what has no length is caught below
    except TypeError:
        return False


def _as_told(error: BaseException) -> EkibenError:
    """Word an error for the caller: ours unchanged, others without their text, which may hold secrets."""
    if isinstance(error, EkibenError):
        return error
    told = Internal("The model failed on this request.")
    told.__cause__ = error
    return told
