"""What the policy answers: numbers, and for each number why."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Cause(StrEnum):
    """Why instances are wanted or not."""

    DEMAND = "demand"  # the work needs them
    RESERVE = "reserve"  # losses that are likely within a cold start
    FALLBACK = "fallback"  # on demand: spot pools do not give enough
    BRIDGE = "bridge"  # on demand: kept until spot instances that start are ready
    REFUSED = "refused"  # spot: asked, but the pool has no capacity; asked again later
    UNSTABLE = "unstable"  # spot: the pool loses instances faster than starting them pays
    SLACK = "slack"  # missing now, but the work can wait for spot


class Reason(NamedTuple):
    """A part of one number.

    Args:
        cause: Why.
        instances: How many instances of the plan; of `SLACK`, how many are missing; of a closed pool, 0.
        pool: Empty for the spot instances together, `on-demand`, or the name of a pool that is not asked.
    """

    cause: Cause
    instances: int
    pool: str = ""


class Plan(NamedTuple):
    """What should run.

    Args:
        spot: Instances wanted in each pool, in the order of the observed pools, without those that are going.
        on_demand: On-demand instances wanted, whether ready or not.
        reasons: Why.
    """

    spot: tuple[int, ...]
    on_demand: int
    reasons: tuple[Reason, ...] = ()
