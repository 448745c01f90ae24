"""Groups as they may be seen."""

from __future__ import annotations

from ekiben.deploy.control.prices import Prices
from ekiben.deploy.control.seen import Instance, Phase, Seen, Settings

ZONES = {"us-east-1a": "subnet-a", "us-east-1b": "subnet-b", "us-east-1c": "subnet-c"}
PRICES = Prices({(zone, "g5.xlarge"): 0.4 for zone in ZONES}, 1.0, {"g5.xlarge": 1.0})


def instance(name: str, zone: str = "us-east-1a", phase: Phase = Phase.READY, *, spot: bool = True) -> Instance:
    return Instance(name, "g5.xlarge", zone, spot, 1, phase)


def seen(
    *instances: Instance, taken: tuple[str, ...] = (), refused: tuple[str, ...] = (), desired: int = 0, most: int = 20
) -> Seen:
    settings = Settings({"g5.xlarge": 1}, 1, ZONES, desired, 0, most)
    return Seen(settings, instances, frozenset(taken), frozenset(refused))
