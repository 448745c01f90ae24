"""The seam between the replay and what it compares."""

from __future__ import annotations

from typing import Protocol

from ekiben.deploy.policy import Observed, Plan


class Strategy(Protocol):
    """Decides what should run. One object serves one replay, so that it may remember things."""

    @property
    def name(self) -> str:
        """For tables and plots."""
        ...

    def __call__(self, observed: Observed) -> Plan:
        """Say what should run now."""
        ...
