"""How fast the queue drains, to tell a refused caller when to come back."""

from __future__ import annotations

_WEIGHT = 0.1
_UNKNOWN_S = 1.0
_SOONEST_S, _LATEST_S = 0.05, 60.0


class DrainRate:
    """Items per second of a busy device, exponentially weighted."""

    def __init__(self) -> None:
        self._items = 0.0
        self._seconds = 0.0

    def observe(self, items: int, duration_s: float) -> None:
        """Learn from a batch that ran."""
        weight = _WEIGHT if self._items else 1.0
        self._items += weight * (items - self._items)
        self._seconds += weight * (duration_s - self._seconds)

    def retry_after_s(self, items: int) -> float:
        """Seconds until so many items have left the queue, within bounds that suit a client."""
        if not self._items:
            return _UNKNOWN_S
        return bounded(items * self._seconds / self._items)


def bounded(seconds: float) -> float:
    """Keep a time to come back between a busy loop and never."""
    return min(max(seconds, _SOONEST_S), _LATEST_S)
