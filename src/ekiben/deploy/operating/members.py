"""Every instance of a deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ekiben.deploy.spot.instances import described
from ekiben.deploy.spot.resources.groups import groups_of, role_of
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import AutoScalingGroupTypeDef

    from ekiben.deploy.spot.world import World


class Member(NamedTuple):
    """One instance.

    Args:
        id: EC2's.
        role: The deployment's part that it belongs to, such as `control`, or `workers-` and a model.
        group: Name of its Auto Scaling group.
        instance_type: Such as `g5.xlarge`.
        zone: Such as `us-east-1a`.
        market: `spot` or `on-demand`.
        state: Where Auto Scaling has it in its life, such as `InService`.
        healthy: Whether Auto Scaling takes it for healthy.
        version: Version of its launch template.
        launched_at: When.
    """

    id: str
    role: str
    group: str
    instance_type: str
    zone: str
    market: str
    state: str
    healthy: bool
    version: str
    launched_at: datetime


def members(world: World) -> tuple[Member, ...]:
    """Instances in the deployment's Auto Scaling groups, by role and age."""
    grouped = {member["InstanceId"]: (group, member) for group in groups(world) for member in group["Instances"]}
    facts = {found["InstanceId"]: found for found in described(world.clients.ec2, grouped)}
    found = (_member(facts[id_], *of) for id_, of in grouped.items() if id_ in facts)
    return tuple(sorted(found, key=lambda member: (member.role, member.launched_at, member.id)))


def member(world: World, instance: str) -> Member:
    """The one with that id.

    Raises:
        OperatorError: There is none in this deployment.
    """
    for each in members(world):
        if each.id == instance:
            return each
    name = world.deployment.config.name
    raise OperatorError(f"{instance} is no instance of {name}; `ekiben spot status` lists those there are")


def groups(world: World) -> Iterator[AutoScalingGroupTypeDef]:
    """The deployment's Auto Scaling groups."""
    return groups_of(world.clients.autoscaling, world.deployment.config.name)


def _member(facts: Mapping[str, Any], group: Mapping[str, Any], listed: Mapping[str, Any]) -> Member:
    return Member(
        id=facts["InstanceId"],
        role=role_of(group),
        group=group["AutoScalingGroupName"],
        instance_type=facts["InstanceType"],
        zone=facts["Placement"]["AvailabilityZone"],
        market="spot" if facts.get("InstanceLifecycle") == "spot" else "on-demand",
        state=listed["LifecycleState"],
        healthy=listed.get("HealthStatus", "Healthy").lower() == "healthy",
        version=str(listed.get("LaunchTemplate", {}).get("Version", "")),
        launched_at=facts["LaunchTime"],
    )
