"""What one batch, and the queue in front of it, may hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Price = Callable[[int, int], int]
"""`price(count, max_length)`: the cost of a batch. It may not fall when either argument grows."""


def padded_price(count: int, max_length: int) -> int:
    """Price `count` items padded to the longest of them: the area that the device really computes."""
    return count * max_length


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Bounds of one model's batches and queue.

    Attributes:
        max_cost: Most that a batch may cost, in the units of the price function. An item that alone costs
            more still runs, alone.
        max_items: Most items in a batch.
        max_wait_s: Longest that a free device is held back for more arrivals, in seconds; 0 turns holding
            off.
        max_queue_items: Most items that may be queued; items on the device do not count.
        max_padding_share: Largest share of a batch, from 0 to 1, that may be padding.
        ageing_s: Seconds of waiting that are worth one step of priority.

    Raises:
        ValueError: A bound is out of its range.
    """

    max_cost: int
    max_items: int
    max_wait_s: float
    max_queue_items: int
    max_padding_share: float
    ageing_s: float = 1.0

    def __post_init__(self) -> None:
        for name in ("max_cost", "max_items", "max_queue_items"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if not self.max_wait_s >= 0:
            raise ValueError("max_wait_s must be 0 or more")
        if not 0 <= self.max_padding_share <= 1:
            raise ValueError("max_padding_share must lie between 0 and 1")
        if not self.ageing_s > 0:
            raise ValueError("ageing_s must be more than 0")
