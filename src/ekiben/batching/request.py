"""A request in flight: its queued entries, its results so far, its one outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ekiben.batching.work import Timing, Work

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from ekiben.errors import EkibenError


class Request:
    """All works of one `submit`; it ends once, by results, by an error or by its caller leaving.

    Attributes:
        arrival: When it was submitted.
        deadline: When its result is worthless; infinity for never.
        reply: Where the outcome goes; opaque to the core.
        is_open: Whether it still waits for an outcome.
        error: Why it failed, once it has.
        results: Its results in the order of its works, complete once it has ended without an error.
        entries: Its works as queued.
    """

    __slots__ = (
        "_batch_cost",
        "_batch_items",
        "_compute_s",
        "_ended_at",
        "_missing",
        "arrival",
        "deadline",
        "entries",
        "error",
        "is_open",
        "priority",
        "reply",
        "results",
        "works",
    )

    def __init__(
        self,
        works: Sequence[Work[Any]],
        *,
        arrival: float,
        deadline: float = float("inf"),
        priority: int = 0,
        reply: Any = None,
    ) -> None:
        self.works = works
        self.arrival = arrival
        self.deadline = deadline
        self.priority = priority
        self.reply = reply
        self.is_open = True
        self.error: EkibenError | None = None
        self.results: list[Any] = [None] * len(works)
        self.entries: list[Entry] = []
        self._missing = len(works)
        self._ended_at = arrival
        self._compute_s = 0.0
        self._batch_items = 0
        self._batch_cost = 0

    def add_result(self, index: int, result: Any) -> bool:
        """Keep one result; returns whether it was the last one missing."""
        self.results[index] = result
        self._missing -= 1
        return self._missing == 0

    def add_compute(self, duration_s: float, batch_items: int, batch_cost: int) -> None:
        """Account for a device call that carried some of this request."""
        self._compute_s += duration_s
        if batch_items > self._batch_items:
            self._batch_items, self._batch_cost = batch_items, batch_cost

    def end(self, now: float, error: EkibenError | None = None) -> None:
        """Close with the results there are, or with an error."""
        self.is_open = False
        self.error = error
        self._ended_at = now

    def timing(self) -> Timing:
        """Where its time went; to be asked once it has ended."""
        elapsed_s = self._ended_at - self.arrival
        return Timing(
            queue_wait_s=max(0.0, elapsed_s - self._compute_s),
            compute_s=self._compute_s,
            batch_items=self._batch_items,
            batch_cost=self._batch_cost,
        )


@dataclass(slots=True, eq=False)
class Entry:
    """One work in the queue or on the device.

    Attributes:
        request: Whose work it is.
        index: Its place among the works of the request.
        cost: Its price when run alone.
        due: Its urgency, see `urgency`; the smallest goes first.
        sequence: Counts up with every entry admitted; breaks ties.
        queued: Whether it still waits; an entry leaves the queue once.
    """

    request: Request
    index: int
    payload: Any
    length: int
    shape_key: Hashable
    cost: int
    due: float
    sequence: int
    queued: bool = True

    @property
    def deadline(self) -> float:
        """The deadline of its request."""
        return self.request.deadline
