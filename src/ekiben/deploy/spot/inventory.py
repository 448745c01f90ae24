"""Everything that a deployment is made of, in the order in which it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ekiben.deploy.spot.order import in_order
from ekiben.deploy.spot.resources.firewall import CONTROL, ENTRANCE, WORKERS, Firewall, Rules
from ekiben.deploy.spot.resources.network import InternetGateway, Subnet, Vpc

if TYPE_CHECKING:
    from ekiben.deploy.spot.deployment import Deployment
    from ekiben.deploy.spot.resource import Resource


def inventory(deployment: Deployment) -> tuple[Resource, ...]:
    """What is wanted, each after all that it needs."""
    firewalls = [make(role) for make in (Firewall, Rules) for role in (ENTRANCE, CONTROL, WORKERS)]
    return in_order([*_network(deployment), *firewalls])


def _network(deployment: Deployment) -> list[Resource]:
    if deployment.config.network.vpc:
        return []
    return [Vpc(), InternetGateway(), *map(Subnet, deployment.zones)]
