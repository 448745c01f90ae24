"""Numbers of a queue, for metrics and for scaling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelStatistics:
    """Jobs of one model.

    Attributes:
        waiting: Could run now; `delayed` ones may not yet.
        oldest_ms: Age of the oldest that could run now, in milliseconds.
        workers: Workers heard of within two leases.
        submitted: So far, ever.
        succeeded: So far, ever.
        held_ms: How long workers have held its jobs so far, over all that let go of them.
    """

    model: str
    waiting: int
    delayed: int
    running: int
    oldest_ms: int
    workers: int
    submitted: int
    succeeded: int
    held_ms: int


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """All models, and how many jobs are on the dead-letter list."""

    models: tuple[ModelStatistics, ...]
    dead: int


def statistics_of(rows: Sequence[Sequence[str | int] | int]) -> QueueStatistics:
    """Read the answer of the operation `stats`."""
    *models, dead = rows
    found = []
    for row in models:
        assert not isinstance(row, int)  # noqa: S101  # narrows the type; the script returns rows, then a number
        name, *numbers = row
        found.append(ModelStatistics(str(name), *map(int, numbers)))
    return QueueStatistics(tuple(found), int(str(dead)))
