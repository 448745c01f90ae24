"""What everything that announces this instance's end becomes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """Who announces it."""

    REBALANCE = "rebalance"
    """EC2 thinks that an interruption is likely; it may never come."""
    SPOT = "spot"
    """EC2 takes the instance back."""
    LIFECYCLE = "lifecycle"
    """The Auto Scaling group is ending the instance."""
    STOP = "stop"
    """The operator, or the system that shuts down."""

    @property
    def is_final(self) -> bool:
        """Whether the instance will go for certain, so that its work is handed back now."""
        return self is not Kind.REBALANCE


@dataclass(frozen=True, slots=True)
class Interruption:
    """An announcement; the same one has the same id however often it is seen.

    Attributes:
        at: When it was seen, or made where it says so.
        deadline: When the instance goes; None where nobody says.
    """

    id: str
    kind: Kind
    at: datetime
    deadline: datetime | None = None

    @property
    def left_s(self) -> float:
        """Seconds until the deadline; infinite where there is none."""
        return math.inf if self.deadline is None else (self.deadline - datetime.now(UTC)).total_seconds()


class Source(Protocol):
    """Where interruptions are announced."""

    async def look(self) -> Interruption | None:
        """What is announced at present.

        Raises:
            MetadataError: It cannot be asked now.
        """
        ...
