"""The queue of one model: by shape and length to form batches, by urgency to choose whose turn it is."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from ekiben.batching.forming import Rules, best_window
from ekiben.batching.request import Entry

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

_Row = tuple[int, float, float, int, Entry]  # length, due, deadline, sequence: unique, so entries never compare
_Turn = tuple[float, float, int, Entry]  # due, deadline, sequence


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries chosen to run together.

    Attributes:
        entries: In order of length, and of urgency where equally long.
        cost: What the price function asks for them.
        padding_share: Share of the padded batch that is padding.
        is_full: Whether no further item as long as its longest would fit.
    """

    entries: list[Entry]
    cost: int
    padding_share: float
    is_full: bool


class Pending:
    """Entries that wait. Adding, removing and finding the most urgent take O(log n) comparisons."""

    def __init__(self) -> None:
        self._rows: dict[Hashable, list[_Row]] = {}
        self._turns: list[_Turn] = []  # a heap; entries that left stay until they surface or are swept
        self._count = 0
        self._cost = 0

    def __len__(self) -> int:
        return self._count

    @property
    def cost(self) -> int:
        """What all entries cost, each priced alone."""
        return self._cost

    def add(self, entry: Entry) -> None:
        """Queue an entry."""
        insort(self._rows.setdefault(entry.shape_key, []), _row(entry))
        heappush(self._turns, (entry.due, entry.deadline, entry.sequence, entry))
        self._count += 1
        self._cost += entry.cost

    def remove(self, entries: Iterable[Entry]) -> bool:
        """Take entries out of the queue, passing over those that have left; returns whether any was there."""
        before = self._count
        for entry in entries:
            if entry.queued:
                rows = self._rows[entry.shape_key]
                del rows[bisect_left(rows, _row(entry))]
                self._left(entry)
                if not rows:
                    del self._rows[entry.shape_key]
        self._sweep()
        return self._count < before

    def most_urgent(self) -> Entry | None:
        """Find the entry whose turn is next, if any."""
        turns = self._turns
        while turns and not turns[0][-1].queued:
            heappop(turns)
        return turns[0][-1] if turns else None

    def form(self, anchor: Entry, rules: Rules) -> Batch:
        """Form the best batch around `anchor`; its entries stay queued."""
        rows = self._rows[anchor.shape_key]
        at = bisect_left(rows, _row(anchor))
        first = max(0, at + 1 - rules.max_items)
        near = rows[first : at + rules.max_items]
        window = best_window([row[0] for row in near], at - first, rules)
        entries = [row[-1] for row in near[window.start : window.stop]]
        cost = rules.price(len(entries), entries[-1].length)
        return Batch(entries, cost, window.padding_share, window.is_full)

    def ahead_of(self, due: float) -> tuple[int, int]:
        """How many entries go before one that arrives now, due at `due`, and what they cost; O(n)."""
        costs = [turn[-1].cost for turn in self._turns if turn[0] <= due and turn[-1].queued]
        return len(costs), sum(costs)

    def soonest_deadline(self) -> float:
        """Find the earliest deadline of any entry, infinity for none; O(n)."""
        return min((turn[1] for turn in self._turns if turn[-1].queued), default=float("inf"))

    def _left(self, entry: Entry) -> None:
        entry.queued = False
        self._count -= 1
        self._cost -= entry.cost

    def _sweep(self) -> None:
        """Forget turns of entries that left, once they outnumber the rest: amortised O(1)."""
        if len(self._turns) > 2 * self._count + 64:
            self._turns = [turn for turn in self._turns if turn[-1].queued]
            heapify(self._turns)


def _row(entry: Entry) -> _Row:
    return (entry.length, entry.due, entry.deadline, entry.sequence, entry)
