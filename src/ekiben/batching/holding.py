"""Whether a free device should wait for more arrivals before it takes a batch that is not full.

The rule: when a batch ends, hold the next one while more requests are expected than have come, but

1. no longer than the fixed cost of a batch, nor than `max_wait_s`, counted from the moment the device became
   free;
2. only if at least as many requests are expected as were already waiting at that moment;
3. never a full batch, never past the point where a queued deadline would break, never while closing.

Expected is the smaller of what came in that same span after each of the last two batches.

Why: to wait is to bet idle device time against one batch's fixed cost, saved when the late-comers share this
batch instead of having one of their own. Staking no more than the prize loses at most a factor of two on a
wrong guess, and the guess is only made when the last two batches would both have won it. Those who wait do
not pay more than those who come gain, by rule 2.

- Idle: the span after the last batch has long passed, so a lone item goes at once.
- One caller in a loop: one arrival is expected, and it is the caller's own, so nothing is waited for.
- 64 callers in a loop: all come back within a moment of a batch's end; they are gathered again into one batch
  instead of drifting apart into "the first one alone, then the others".
"""

from __future__ import annotations

import math


class Holding:
    """Watches arrivals after each batch, says how long to hold the next; counts requests, not items."""

    def __init__(self, max_wait_s: float) -> None:
        self._max_wait_s = max_wait_s
        self._until = -math.inf
        self._came = 0
        self._waiting_when_freed = 0
        self._last_two = (0, 0)

    def arrived(self, now: float) -> None:
        """Count an admitted request."""
        if now <= self._until:
            self._came += 1

    def freed(self, now: float, waiting: int, fixed_s: float) -> None:
        """Start a span: a batch ended, `waiting` requests are queued, `fixed_s` is what any batch takes."""
        self._last_two = (self._last_two[1], self._came)
        self._came = 0
        self._waiting_when_freed = waiting
        self._until = now + min(self._max_wait_s, fixed_s)

    def until(self) -> float:
        """Say up to when a batch that is not full may be held; minus infinity for not at all."""
        expected = min(self._last_two)
        is_worth_it = expected > self._came and expected >= self._waiting_when_freed
        return self._until if is_worth_it else -math.inf
