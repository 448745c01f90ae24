"""Whether a free device should wait for more arrivals before it takes a batch that is not full.

The rule: those who were just answered are the ones who come back at once, so when a batch ends, the next one
is held while fewer have come than came back after the last two batches, in proportion to the number answered;
the smaller share of the two counts, and no more than all. But

1. no longer than the fixed cost of a batch, nor than `max_wait_s`, counted from the moment the device became
   free;
2. only if at least as many are expected as were already waiting at that moment;
3. never a full batch, never past the point where a queued deadline would break, never while closing.

Why: to wait is to bet idle device time against one batch's fixed cost, saved when the late-comers share this
batch instead of having one of their own. Staking no more than the prize loses at most a factor of two on a
wrong guess, and the guess is only made when the last two batches would both have won it. By rule 2 those who
wait do not pay more than those who come gain.

- Idle: the span after the last batch has long passed, so a lone item goes at once.
- One caller in a loop: one arrival is expected, and it is the caller's own, so nothing is waited for.
- 64 callers in a loop: all come back within a moment of a batch's end; they are gathered again into one batch
  instead of falling apart into "the first one alone, then the others".
"""

from __future__ import annotations

import math


class Holding:
    """Watches arrivals after each batch, says how long to hold the next; counts requests, not items."""

    def __init__(self, max_wait_s: float) -> None:
        self._max_wait_s = max_wait_s
        self._until = -math.inf
        self._waiting = 0
        self._answered = 0
        self._came = 0
        self._last_two = ((0, 1), (0, 1))  # came, answered

    def arrived(self, now: float) -> None:
        """Count an admitted request."""
        if now <= self._until:
            self._came += 1

    def freed(self, now: float, *, answered: int, waiting: int, fixed_s: float) -> None:
        """Start a span: a batch ended.

        Args:
            now: The moment it ended.
            answered: Requests that ended with it.
            waiting: Requests in the queue.
            fixed_s: What any batch takes, whatever its cost.
        """
        if self._answered:
            self._last_two = (self._last_two[1], (self._came, self._answered))
        self._until = now + min(self._max_wait_s, fixed_s)
        self._answered, self._waiting, self._came = answered, waiting, 0

    def until(self) -> float:
        """Say up to when a batch that is not full may be held; minus infinity for not at all."""
        shares = (min(self._answered, came * self._answered // answered) for came, answered in self._last_two)
        expected = min(shares)
        is_worth_it = expected > self._came and expected >= self._waiting
        return self._until if is_worth_it else -math.inf
