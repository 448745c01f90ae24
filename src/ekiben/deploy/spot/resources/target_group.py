"""Where the load balancer sends requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.absent import if_there
from ekiben.deploy.spot.deployment import GATEWAY_PORT
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.resources.entrance import attributes_of, tags_of
from ekiben.deploy.spot.resources.network import VPC, vpc_id
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World

TARGETS: Final = "target-group"
_TARGETS: Final = {"deregistration_delay.timeout_seconds": "60", "stickiness.enabled": "false"}


class TargetGroup(Resource):
    """Where requests go: to the gateway, while it is ready."""

    kind = "target group"
    name = TARGETS
    needs = (VPC,)
    rights = (
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
    )
    fixed = frozenset({"vpc", "port"})
    keeps = frozenset({"vpc"})
    patience_s = 300.0

    def wanted(self, world: World) -> Fields:
        """How it asks, and what it does with a node that goes."""
        return {"vpc": vpc_id(world), "port": GATEWAY_PORT, "health": _health(), "attributes": _TARGETS}

    def observe(self, world: World) -> Found | None:
        """By its name."""
        elb, named = world.clients.elbv2, world.deployment.prefix
        found = if_there(lambda: elb.describe_target_groups(Names=[named])["TargetGroups"], "TargetGroupNotFound")
        if not found:
            return None
        group: Any = found[0]
        if not world.deployment.owns(tags_of(world, group["TargetGroupArn"])):
            raise SomebodyElses(self.kind, named, world.deployment.config.name)
        attributes = elb.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])["Attributes"]
        fields = {
            "vpc": group["VpcId"],
            "port": group["Port"],
            "health": {key: group.get(key) for key in _health()},
            "attributes": {each["Key"]: each["Value"] for each in attributes if each["Key"] in _TARGETS},
        }
        return Found(group["TargetGroupArn"], fields)

    def create(self, world: World) -> None:
        """With its tags."""
        health: Any = _health()
        world.clients.elbv2.create_target_group(
            Name=world.deployment.prefix,
            Protocol="HTTP",
            Port=GATEWAY_PORT,
            VpcId=vpc_id(world),
            TargetType="instance",
            Tags=world.deployment.tags(self.name),
            **health,
        )

    def update(self, world: World, found: Found) -> None:
        """One setting after another."""
        elb, changed = world.clients.elbv2, self.differing(world, found)
        health: Any = _health()
        if "health" in changed:
            elb.modify_target_group(TargetGroupArn=found.id, **health)
        if "attributes" in changed:
            elb.modify_target_group_attributes(TargetGroupArn=found.id, Attributes=attributes_of(_TARGETS))

    def delete(self, world: World, found: Found) -> None:
        """When no listener sends to it."""
        world.clients.elbv2.delete_target_group(TargetGroupArn=found.id)


def _health() -> dict[str, Any]:
    return {
        "HealthCheckPath": "/readyz",
        "HealthCheckIntervalSeconds": 10,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 3,
        "Matcher": {"HttpCode": "200"},
    }
