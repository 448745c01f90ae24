"""The control node, in an Auto Scaling group of one, so that AWS replaces it when it fails.

A plain instance would have to be replaced by whoever notices. The group is in one zone, because the jobs' volume is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.comparing import restricted
from ekiben.deploy.spot.machine_images import CONTROL
from ekiben.deploy.spot.resource import Resource
from ekiben.deploy.spot.resources.data_volume import VOLUME
from ekiben.deploy.spot.resources.groups import find_group, group_tags, remove_group
from ekiben.deploy.spot.resources.launch_template import group_name, template_of
from ekiben.deploy.spot.resources.network import subnet_id
from ekiben.deploy.spot.resources.target_group import TARGETS
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World

CONTROL_NODE: Final = "control-node"
_START_S: Final = 300


class ControlNode(Resource):
    """See the module."""

    kind = "Auto Scaling group"
    name = CONTROL_NODE
    needs = (template_of(CONTROL), TARGETS, VOLUME, "repository-gateway", "image-gateway")
    rights = (
        "autoscaling:AttachLoadBalancerTargetGroups",
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:CreateOrUpdateTags",
        "autoscaling:DeleteAutoScalingGroup",
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:UpdateAutoScalingGroup",
        "ec2:RunInstances",
        "iam:CreateServiceLinkedRole",
        "iam:PassRole",
    )
    patience_s = 900.0

    def wanted(self, world: World) -> Fields:
        """One, behind the load balancer."""
        return {**self._settings(world), "TargetGroupARNs": [world.id(TARGETS)]}

    def observe(self, world: World) -> Found | None:
        """By its name."""
        group = find_group(world, group_name(world.deployment, CONTROL))
        if group is None:
            return None
        fields: Any = restricted(group, self.wanted(world))
        return Found(group["AutoScalingGroupName"], fields)

    def create(self, world: World) -> None:
        """With its tags."""
        settings: Any = self.wanted(world)
        world.clients.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=group_name(world.deployment, CONTROL),
            Tags=group_tags(world, self.name),
            **settings,
        )

    def update(self, world: World, found: Found) -> None:
        """What differs; a running node stays as it is until it is replaced."""
        settings: Any = self._settings(world)
        changed = self.differing(world, found)
        if changed & settings.keys():
            world.clients.autoscaling.update_auto_scaling_group(AutoScalingGroupName=found.id, **settings)
        if "TargetGroupARNs" in changed:
            world.clients.autoscaling.attach_load_balancer_target_groups(
                AutoScalingGroupName=found.id, TargetGroupARNs=[world.id(TARGETS)]
            )

    def delete(self, world: World, found: Found) -> None:
        """The node first."""
        remove_group(world, found.id, self.patience_s)

    def _settings(self, world: World) -> Fields:
        return {
            "MinSize": 1,
            "MaxSize": 1,
            "DesiredCapacity": 1,
            "LaunchTemplate": {"LaunchTemplateId": world.id(template_of(CONTROL)), "Version": "$Default"},
            "VPCZoneIdentifier": subnet_id(world, world.deployment.control_zone),
            "HealthCheckGracePeriod": _START_S,
        }
