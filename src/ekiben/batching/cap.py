"""The cost cap in force: the limit, lowered for a while after the device ran out of memory."""

from __future__ import annotations

_STEPS_TO_RECOVER = 128


class CostCap:
    """Halves when memory runs out and climbs back by a small step with every success.

    A step is 1/128 of the limit: where memory stays short, climbing back into the wall costs at most about
    one retried batch in 64; where it was a neighbour's passing peak, the cap is back after some hundred
    batches.
    """

    def __init__(self, max_cost: int) -> None:
        self._max_cost = max_cost
        self._step = max(1, max_cost // _STEPS_TO_RECOVER)
        self.value = max_cost

    def halved(self, failed_cost: int) -> bool:
        """Allow half of a batch that did not fit, or half of the cap where that is less.

        Returns:
            Whether the cap changed.
        """
        return self._set(max(1, min(self.value, failed_cost) // 2))

    def recovered(self) -> bool:
        """Climb a step, since a batch fitted; returns whether the cap changed."""
        return self._set(min(self._max_cost, self.value + self._step))

    def _set(self, value: int) -> bool:
        changed = value != self.value
        self.value = value
        return changed
