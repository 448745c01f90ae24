"""A spot pool: the instances of one type in one zone, which EC2 gives and takes together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pool:
    """One spot pool.

    Args:
        region: Such as `us-east-1`; losses of one region's zones are correlated.
        zone: Such as `us-east-1a`.
        instance_type: Such as `g5.xlarge`.
        spot_price: Price of one replica for an hour, in the same unit as the on-demand price of a replica. Of an
            instance that carries as much as several replicas, its price divided by that number.
    """

    region: str
    zone: str
    instance_type: str
    spot_price: float

    @property
    def name(self) -> str:
        """Zone and type, for people."""
        return f"{self.zone}/{self.instance_type}" if self.instance_type else self.zone
