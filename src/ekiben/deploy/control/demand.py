"""What the work needs."""

from __future__ import annotations

from typing import Protocol

from ekiben.schemas.needs import Needs


class Demand(Protocol):
    """Whoever knows."""

    def of(self, model: str) -> Needs | None:
        """What the model's work of this moment needs; None: nobody can say now."""
        ...
