"""What a caller hands in, and what it learns about where the time went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Work(Generic[P]):
    """One unit of work for the device.

    Attributes:
        payload: What `run` gets; opaque here.
        length: Size along the padded axis, at least 1.
        shape_key: Only works with equal keys may share a batch.

    Raises:
        ValueError: `length` is below 1.
        TypeError: `shape_key` cannot be hashed.
    """

    payload: P
    length: int = 1
    shape_key: Hashable = None

    def __post_init__(self) -> None:
        if self.length < 1:
            raise ValueError(f"length must be at least 1, not {self.length}")
        hash(self.shape_key)  # here rather than half-way through queueing a request


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time of one request went.

    Attributes:
        queue_wait_s: Seconds between submitting and the result in which none of its items was on the device.
        compute_s: Seconds in which some of its items were on the device.
        batch_items: Items of the largest batch that carried some of it, its neighbours included.
        batch_cost: Cost of that batch.
    """

    queue_wait_s: float
    compute_s: float
    batch_items: int
    batch_cost: int
