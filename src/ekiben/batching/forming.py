"""The best batch around the most urgent item: full if the limits allow it, then with least padding.

Items of one shape key are kept in order of length, so the best partners of an item stand next to it and a
batch is a window of that order. The most urgent item, the anchor, must be in the window; which neighbours
join is decided here.

For one right end of the window the longest item is known, and with it how many items the cost allows. Padding
only grows as the window reaches further left, to shorter items, so the furthest left end that keeps the
padding rule is found by bisection. Trying every right end costs O(max_items × log max_items), whatever the
length of the queue.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from ekiben.batching.limits import Price, padded_price

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Rules:
    """What a window must keep to."""

    max_cost: int
    max_items: int
    max_padding_share: float
    price: Price = padded_price

    def room(self, longest: int) -> int:
        """How many items, the longest of that length, fit a batch: never less than the one that is there."""
        counts = range(1, self.max_items + 1)
        return max(1, bisect_right(counts, self.max_cost, key=lambda count: self.price(count, longest)))

    def within(self, cost: int) -> Rules:
        """Lower the cap to `cost`, if that is lower."""
        return replace(self, max_cost=min(cost, self.max_cost))


class Window(NamedTuple):
    """Items `start` to `stop` of a length order, with what they come to."""

    start: int
    stop: int
    is_full: bool
    padding_share: float

    @property
    def merit(self) -> tuple[bool, float, float]:
        """Orders windows: full ones by little padding, others by many items, then by little padding."""
        count = self.stop - self.start
        if self.is_full:
            return (True, -self.padding_share, count)
        return (False, count, -self.padding_share)


def best_window(lengths: Sequence[int], anchor: int, rules: Rules) -> Window:
    """Find the best window of rising `lengths` that contains index `anchor`.

    Of equally good windows the first wins. Items of equal length stand in order of urgency, so that is also
    the one with the more urgent items.
    """
    sums = [0, *accumulate(lengths)]
    best: Window | None = None
    longest, room = 0, 0
    for stop in range(anchor + 1, len(lengths) + 1):
        if lengths[stop - 1] != longest:
            longest = lengths[stop - 1]
            room = rules.room(longest)
        if stop - anchor > room:
            break  # room only shrinks as items get longer
        window = _furthest_left(sums, anchor, stop, longest, room, rules.max_padding_share)
        if window and (best is None or window.merit > best.merit):
            best = window
            if window.is_full and not window.padding_share:
                break  # nothing beats it
    assert best is not None  # noqa: S101  # the anchor alone has no padding and always fits
    return best


def _furthest_left(
    sums: list[int], anchor: int, stop: int, longest: int, room: int, max_padding_share: float
) -> Window | None:
    """Find the largest window that ends at `stop`; none if even the one from the anchor is too padded."""

    def padding_share(start: int) -> float:
        return 1 - (sums[stop] - sums[start]) / ((stop - start) * longest)

    def is_allowed(start: int) -> bool:
        return padding_share(start) <= max_padding_share + _ROUNDING

    start = max(0, stop - room)
    if not is_allowed(start):
        starts = range(start, anchor + 1)
        start += bisect_left(starts, True, key=is_allowed)
        if start > anchor:
            return None
    return Window(start, stop, stop - start >= room, padding_share(start))
