"""How many replicas the work needs."""

from __future__ import annotations

from typing import Protocol


class Demand(Protocol):
    """Whoever knows."""

    def replicas(self, model: str) -> int | None:
        """Replicas that the model's work of this moment needs; None: nobody can say now."""
        ...
