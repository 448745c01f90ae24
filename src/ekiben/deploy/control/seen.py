"""What is seen of a group at one moment."""

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
        weight: Replicas that it counts for.
        phase: Where it is in its life.
        counted: Whether Auto Scaling still counts it; not so once it ends.
        healthy: Whether Auto Scaling takes it for healthy.
        version: Version of its launch template.
    """

    id: str
    instance_type: str
    zone: str
    spot: bool
    weight: int
    phase: Phase
    counted: bool = True
    healthy: bool = True
    version: str = ""

    @property
    def pool(self) -> str:
        """Zone and type, as the policy's pools are named."""
        return f"{self.zone}/{self.instance_type}"


class Settings(NamedTuple):
    """How the group is set up.

    Args:
        weights: Replicas that an instance of each type counts for.
        subnets: The subnet of each zone that may be used.
        used: Zones in use now.
        desired: Replicas asked for.
        on_demand: Of these on demand.
        most: Replicas that never are exceeded.
    """

    weights: dict[str, int]
    subnets: dict[str, str]
    used: frozenset[str]
    desired: int
    on_demand: int
    most: int


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
