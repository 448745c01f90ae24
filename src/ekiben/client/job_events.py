"""A job's events without a transport: where to go on after a broken connection, and when to give up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ekiben.client.errors import RequestTimedOut
from ekiben.client.retry import next_wait_s

if TYPE_CHECKING:
    from ekiben.client.pace import Pace
    from ekiben.errors import EkibenError
    from ekiben.schemas.jobs import JobEventData

ENDED = frozenset({"succeeded", "failed", "cancelled", "expired"})
_MAX_FAILURES = 8
_LASTED_S = 5.0


def event_of(payload: Any) -> JobEventData:
    """Read the data of one event."""
    # Building pydantic's models takes longer than importing the client.
    from ekiben.schemas.jobs import JobEventData

    return JobEventData.model_validate(payload)


def is_last(event: JobEventData) -> bool:
    """Whether the job has ended with it."""
    return event.type in ENDED


@dataclass(slots=True)
class Following:
    """How far a reader is, over all its connections.

    Attributes:
        job_id: The job's.
        pace: Clock and chance.
        deadline: On the pace's clock; None: none.
        after: Number of the last event that was read.
        failures: Connections in a row that brought nothing and broke at once.
        opened: When the last connection was made; None: it was not.
    """

    job_id: str
    pace: Pace
    deadline: float | None
    after: int = 0
    failures: int = 0
    opened: float | None = None

    def connected(self) -> None:
        """A connection was made."""
        self.opened = self.pace.monotonic()

    def took(self, event: JobEventData) -> None:
        """Go on behind this event next time."""
        self.after, self.failures = event.number, 0

    @property
    def left_s(self) -> float:
        """Seconds until the reader gives up.

        Raises:
            RequestTimedOut: There are none.
        """
        if self.deadline is None:
            return float("inf")
        left_s = self.deadline - self.pace.monotonic()
        if left_s <= 0:
            raise RequestTimedOut(f"job {self.job_id} did not end in time; it goes on at the server.")
        return left_s

    def wait_s(self, error: EkibenError) -> float:
        """Seconds until the next connection.

        Raises:
            EkibenError: The same, where another connection would not help.
        """
        left_s = self.left_s
        # A job may wait for hours, and servers restart meanwhile.
        if self.opened is not None and self.pace.monotonic() - self.opened >= _LASTED_S:
            self.failures = 0
        self.opened = None
        wait_s = next_wait_s(
            error, self.failures, max_retries=_MAX_FAILURES, left_s=float("inf"), random=self.pace.random
        )
        self.failures += 1
        if wait_s is None:
            raise error
        # A last look when time is up, unless that is now.
        return min(wait_s, left_s)


def following(job_id: str, pace: Pace, timeout: float | None, after: int = 0) -> Following:
    """Begin to follow a job behind the event of number `after`."""
    return Following(job_id, pace, None if timeout is None else pace.monotonic() + timeout, after)
