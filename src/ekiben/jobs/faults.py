"""Kinds of failure, by what trying again can do about them."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """Decides whether a failed attempt is followed by another, and when."""

    PERMANENT = "permanent"
    """The job itself is at fault: an input that cannot be read, content that is refused."""

    TRANSIENT = "transient"
    """Something went wrong that usually does not: a connection, a store."""

    CAPACITY = "capacity"
    """There was no room for it: device memory, the time until a deadline. Takes longer to pass."""

    AWAY = "away"
    """Something that every job needs is away, or taken by others: a store, the model, a place in its queue. The job is
    not to blame: it waits, and no attempt is used up."""

    CRASH = "crash"
    """The worker was lost; the queue's own finding, never a worker's word."""
