"""How much an instance type counts, by what was measured on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ekiben.deploy.spot.config_parts import Workers

_UNITS: Final = 10
"""Of a replica: weights are whole numbers, and so are to a tenth what was measured."""
_MOST: Final = 999  # AWS's


def weights(workers: Workers) -> dict[str, int]:
    """Capacity units of an instance of each type. A replica is an instance of the type listed first."""
    first = next(iter(workers.types.values()))
    if first is None:
        return dict.fromkeys(workers.types, 1)
    return {name: min(_MOST, max(1, round(_UNITS * (rate or first) / first))) for name, rate in workers.types.items()}


def units(workers: Workers, replicas: int) -> int:
    """Capacity of an Auto Scaling group that is as much as so many replicas."""
    return replicas * weights(workers)[next(iter(workers.types))]
