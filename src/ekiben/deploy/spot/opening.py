"""From a configuration to a deployment in an account: who one is there, and which zones there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ekiben.deploy.spot.deployment import Deployment
from ekiben.deploy.spot.failures import told
from ekiben.deploy.spot.hardware import read_hardware
from ekiben.deploy.spot.machine_images import read_amis
from ekiben.deploy.spot.world import World
from ekiben.errors import ConfigurationError

if TYPE_CHECKING:
    from ekiben.deploy.spot.clients import Clients
    from ekiben.deploy.spot.config import SpotConfig

RIGHTS = (
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeSubnets",
    "ssm:GetParameter",
    "sts:GetCallerIdentity",
)
_MOST_ZONES = 6
"""A load balancer is not in more, and no more are worth it."""


def open_world(config: SpotConfig, clients: Clients) -> World:
    """Ask AWS what names and zones depend on.

    Raises:
        OperatorError: AWS refuses, or a zone or subnet is not there.
    """
    with told():
        identity = clients.sts.get_caller_identity()
        partition = identity["Arn"].split(":")[1]
        subnets = _given_subnets(config, clients)
        zones = tuple(subnets) or _zones(config, clients)
        hardware = read_hardware(config, clients, zones)
        amis = read_amis(config, clients, hardware)
    return World(clients, Deployment(config, identity["Account"], partition, zones, subnets, hardware, amis))


def _zones(config: SpotConfig, clients: Clients) -> tuple[str, ...]:
    answer = clients.ec2.describe_availability_zones(Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}])
    there = sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"] if zone["State"] == "available")
    missing = sorted(set(config.zones) - set(there))
    if missing:
        raise ConfigurationError(
            f"zones: {', '.join(missing)} is not available; {config.region} has {', '.join(there)}"
        )
    return tuple(config.zones or there[:_MOST_ZONES])


def _given_subnets(config: SpotConfig, clients: Clients) -> dict[str, str]:
    if not config.network.vpc:
        return {}
    found = clients.ec2.describe_subnets(SubnetIds=list(config.network.subnets))["Subnets"]
    elsewhere = [subnet["SubnetId"] for subnet in found if subnet["VpcId"] != config.network.vpc]
    if elsewhere:
        raise ConfigurationError(f"network.subnets: {', '.join(elsewhere)} is not in {config.network.vpc}")
    by_zone = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in found}
    if len(by_zone) < len(found):
        raise ConfigurationError("network.subnets: give one subnet for each zone; two share a zone")
    if config.control.zone and config.control.zone not in by_zone:
        raise ConfigurationError(f"control.zone: none of network.subnets is in {config.control.zone}")
    return dict(sorted(by_zone.items()))
