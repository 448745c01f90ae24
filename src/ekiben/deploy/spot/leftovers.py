"""What EC2 still has with the deployment's tag, whoever made it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.deployment import DEPLOYMENT_TAG, RESOURCE_TAG

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import World

# How to ask for things of a kind, where the answer has them, and what is their id.
_KINDS: Final = (
    ("describe_volumes", "Volumes", "VolumeId"),
    ("describe_snapshots", "Snapshots", "SnapshotId"),
    ("describe_launch_templates", "LaunchTemplates", "LaunchTemplateId"),
    ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    ("describe_security_groups", "SecurityGroups", "GroupId"),
    ("describe_subnets", "Subnets", "SubnetId"),
    ("describe_vpcs", "Vpcs", "VpcId"),
)
RIGHTS: Final = (
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
    "ec2:DescribeVpcs",
)
_RUNNING: Final = ("pending", "running", "stopping", "stopped")


def leftovers(world: World, kept: Collection[str]) -> list[str]:
    """Ids of what is left.

    Args:
        world: Where to look.
        kept: Names of resources that are meant to stay.
    """
    ours = [{"Name": f"tag:{DEPLOYMENT_TAG}", "Values": [world.deployment.config.name]}]
    found = [*_instances(world, ours), *_others(world, ours)]
    return sorted(name for name, tags in found if not any(tag in kept for tag in tags))


def _instances(world: World, ours: list[Any]) -> Iterator[tuple[str, list[str]]]:
    filters: Any = [*ours, {"Name": "instance-state-name", "Values": list(_RUNNING)}]
    for page in world.clients.ec2.get_paginator("describe_instances").paginate(Filters=filters):
        for group in page["Reservations"]:
            yield from ((instance["InstanceId"], _resources(instance)) for instance in group["Instances"])


def _others(world: World, ours: list[Any]) -> Iterator[tuple[str, list[str]]]:
    paginator: Any = world.clients.ec2.get_paginator  # Its stubs know a kind by its literal name only.
    for operation, where, name in _KINDS:
        for page in paginator(operation).paginate(Filters=ours):
            yield from ((each[name], _resources(each)) for each in page[where])


def _resources(thing: Any) -> list[str]:
    return [tag["Value"] for tag in thing.get("Tags", thing.get("TagSet", [])) if tag["Key"] == RESOURCE_TAG]
