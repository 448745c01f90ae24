"""A set of jobs that were submitted together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ekiben.jobs.states import State


@dataclass(frozen=True, slots=True)
class Batch:
    """How many jobs of a set are in which state; those that were erased or given up for their age count no more."""

    id: str
    principal: str
    counts: Mapping[State, int]

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def done(self) -> bool:
        """Whether all have ended."""
        return all(state.terminal for state, count in self.counts.items() if count)


def batch_of(batch: str, fields: Mapping[str, str]) -> Batch | None:
    """Read the answer of the operation `batch`; None: there is no such set."""
    if not fields:
        return None
    return Batch(batch, fields["principal"], {state: int(fields.get(state, 0)) for state in State})
