"""What all Auto Scaling groups have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ekiben.deploy.spot.deployment import DEPLOYMENT_TAG, RESOURCE_TAG
from ekiben.deploy.spot.resource import SomebodyElses
from ekiben.deploy.spot.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_autoscaling.type_defs import AutoScalingGroupTypeDef

    from ekiben.deploy.spot.world import World


def find_group(world: World, named: str) -> AutoScalingGroupTypeDef | None:
    """The group of that name.

    Raises:
        SomebodyElses: It is not the deployment's.
    """
    found = world.clients.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[named])["AutoScalingGroups"]
    if not found:
        return None
    if not world.deployment.owns(found[0].get("Tags", [])):
        raise SomebodyElses("Auto Scaling group", named, world.deployment.config.name)
    return found[0]


def groups_of(autoscaling: AutoScalingClient, deployment: str) -> Iterator[AutoScalingGroupTypeDef]:
    """A deployment's Auto Scaling groups, by its name."""
    for page in autoscaling.get_paginator("describe_auto_scaling_groups").paginate():
        yield from (group for group in page["AutoScalingGroups"] if _tag(group, DEPLOYMENT_TAG) == deployment)


def role_of(group: Mapping[str, Any]) -> str:
    """The deployment's part that a group is."""
    return _tag(group, RESOURCE_TAG)


def group_tags(world: World, resource: str) -> Any:
    """Tags of a group, which its instances get too."""
    return [{**tag, "PropagateAtLaunch": True} for tag in world.deployment.tags(resource)]


def remove_group(world: World, named: str, patience_s: float) -> None:
    """Let its instances go, each in its own way, and then the group."""
    autoscaling = world.clients.autoscaling
    group = find_group(world, named)
    if group and group["MaxSize"]:
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=named, MinSize=0, MaxSize=0, DesiredCapacity=0)

    def empty() -> bool:
        group = find_group(world, named)
        return group is None or not group.get("Instances")

    wait_until(empty, f"the instances of {named} to go", patience_s)
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=named, ForceDelete=True)


def _tag(group: Mapping[str, Any], key: str) -> str:
    return next((tag["Value"] for tag in group.get("Tags", ()) if tag["Key"] == key), "")
