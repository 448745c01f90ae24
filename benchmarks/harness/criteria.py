"""Targets and whether they were met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Criterion:
    """One target. `judged` is off where a quick run is too short to say anything."""

    name: str
    value: str
    target: str
    met: bool
    judged: bool = True

    @property
    def verdict(self) -> str:
        """For a table."""
        return "not judged (quick)" if not self.judged else "met" if self.met else "MISSED"


def missed(criteria: Sequence[Criterion]) -> list[Criterion]:
    """Those that count and were not met."""
    return [criterion for criterion in criteria if criterion.judged and not criterion.met]
