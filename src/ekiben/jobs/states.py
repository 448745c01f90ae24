"""A job's states, and every way from one to another.

                      ┌──────────────── hand back, failure or crash to be tried again ─┐
                      ▼                                                                │
    submit ───────► queued ──────────────── lease ─────────────────────────────────► running
                      │ │                                                             │ │ │ │
               cancel │ │ deadline              deadline, cancel confirmed or reaped  │ │ │ │
                      │ └──────────────────► expired ◄────────────────────────────────┘ │ │ │
                      └────────────────────► cancelled ◄────────────────────────────────┘ │ │
                                             succeeded ◄──────────── complete ────────────┘ │
                                             failed ◄── permanent, exhausted or poison ─────┘

The four on the way out are terminal. A failed job is on the dead-letter list, with the reason `permanent` (trying again
cannot help), `exhausted` (it has failed as often as it may) or `poison` (parked: it took too many workers with it).
Retrying one is a new job that names the old: what has ended stays ended.

The Lua operations are rendered with this table, so that it is the only one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def terminal(self) -> bool:
        """Whether the job has ended."""
        return self in TERMINAL


class Reason(StrEnum):
    """Why a job failed for good."""

    PERMANENT = "permanent"
    EXHAUSTED = "exhausted"
    POISON = "poison"


TERMINAL: Final = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.EXPIRED})

NEW: Final = "new"
"""What a job is before it is accepted; no record is ever in it."""

TRANSITIONS: Final[frozenset[tuple[str, State]]] = frozenset(
    {
        (NEW, State.QUEUED),
        (State.QUEUED, State.RUNNING),
        (State.QUEUED, State.CANCELLED),
        (State.QUEUED, State.EXPIRED),
        (State.RUNNING, State.QUEUED),
        (State.RUNNING, State.SUCCEEDED),
        (State.RUNNING, State.FAILED),
        (State.RUNNING, State.CANCELLED),
        (State.RUNNING, State.EXPIRED),
    }
)
