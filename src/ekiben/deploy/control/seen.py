"""What is seen of a group at one moment.

Capacity is counted in the greatest unit in which every type's weight is a whole number, which is what one instance
counts for where all are alike.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """Where an instance is in its life."""

    STARTING = "starting"
    READY = "ready"
    GOING = "going"  # ends, or has an interruption notice


class Instance(NamedTuple):
    """One instance of a group.

    Args:
        id: EC2's.
        instance_type: Such as `g5.xlarge`.
        zone: Such as `us-east-1a`.
        spot: Whether it can be taken away.
        weight: Capacity that it counts for.
        phase: Where it is in its life.
        counted: Whether Auto Scaling still counts it; not so once it ends.
    """

    id: str
    instance_type: str
    zone: str
    spot: bool
    weight: int
    phase: Phase
    counted: bool = True

    @property
    def pool(self) -> str:
        """Zone and type, as the policy's pools are named."""
        return f"{self.zone}/{self.instance_type}"


class Settings(NamedTuple):
    """How the group is set up.

    Args:
        weights: Capacity that an instance of each type counts for, the type first that a replica is an instance of.
        unit: What AWS's weights were divided by.
        subnets: The subnet of each zone that may be used.
        desired: Capacity asked for.
        least: Capacity that always runs.
        most: Capacity that never is exceeded.
    """

    weights: dict[str, int]
    unit: int
    subnets: dict[str, str]
    desired: int
    least: int
    most: int

    @property
    def replica(self) -> int:
        """Capacity of a replica."""
        return next(iter(self.weights.values()), 1)


class Seen(NamedTuple):
    """A group at one moment.

    Args:
        settings: How it is set up.
        instances: What it has.
        taken: Ids of instances that AWS takes or has taken, not we.
        refused: Pools that had no capacity since the last look, as `zone/type`.
    """

    settings: Settings
    instances: tuple[Instance, ...]
    taken: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
