"""The Auto Scaling group of a model: mixed types in several zones, spot above a base of on-demand instances.

How many run is not compared: the controller says so, between `least` and `most`; and it moves the on-demand base.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ekiben.deploy.spot.comparing import restricted
from ekiben.deploy.spot.resource import Resource
from ekiben.deploy.spot.resources.groups import find_group, group_tags, remove_group
from ekiben.deploy.spot.resources.launch_template import group_name, template_of
from ekiben.deploy.spot.resources.network import subnet_ids
from ekiben.deploy.spot.resources.repository import repository_of
from ekiben.deploy.spot.user_data import LAUNCHING, TERMINATING
from ekiben.deploy.spot.weights import units, weights
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World

_DRAIN_S: Final = 120
METRICS: Final = (
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupTerminatingInstances",
)


@dataclass(frozen=True)
class WorkerGroup(Resource):
    """See the module."""

    model: str

    kind: ClassVar[str] = "Auto Scaling group"
    rights: ClassVar = (
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:CreateOrUpdateTags",
        "autoscaling:DeleteAutoScalingGroup",
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeLifecycleHooks",
        "autoscaling:EnableMetricsCollection",
        "autoscaling:PutLifecycleHook",
        "autoscaling:UpdateAutoScalingGroup",
        "ec2:CreateTags",
        "ec2:RunInstances",
        "iam:CreateServiceLinkedRole",
        "iam:PassRole",
    )
    patience_s: ClassVar[float] = 900.0

    @property
    def name(self) -> str:
        """By model."""
        return f"workers-{self.model}"

    @property
    def needs(self) -> tuple[str, ...]:
        """Its template, and all that an instance asks for when it starts."""
        return (template_of(self.model), repository_of(self.model), f"image-{self.model}", "control-node")

    def wanted(self, world: World) -> Fields:
        """All of its settings but how many run."""
        workers = world.deployment.config.of_model(self.model)
        return {
            "MinSize": units(workers, workers.least),
            "MaxSize": units(workers, workers.most),
            "MixedInstancesPolicy": self._mixture(world, {}),
            "VPCZoneIdentifier": ",".join(sorted(subnet_ids(world))),
            "CapacityRebalance": True,
            "HealthCheckGracePeriod": workers.start_s,
            "hooks": self._hooks(world),
            "metrics": sorted(METRICS),
        }

    def observe(self, world: World) -> Found | None:
        """By its name."""
        group = find_group(world, group_name(world.deployment, self.model))
        if group is None:
            return None
        found: Any = restricted({**group, "VPCZoneIdentifier": _sorted(group)}, self.wanted(world))
        hooks = world.clients.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=group["AutoScalingGroupName"])
        by_name: Any = {hook["LifecycleHookName"]: hook for hook in hooks["LifecycleHooks"]}
        found["hooks"] = restricted(
            [by_name.get(hook["LifecycleHookName"], {}) for hook in self._hooks(world)], self._hooks(world)
        )
        found["metrics"] = sorted(str(each.get("Metric")) for each in group.get("EnabledMetrics", []))
        return Found(group["AutoScalingGroupName"], found)

    def create(self, world: World) -> None:
        """With its tags, hooks and as many replicas as there must be at least."""
        workers = world.deployment.config.of_model(self.model)
        settings: Any = self._settings(world, {"OnDemandBaseCapacity": units(workers, workers.on_demand_base)})
        world.clients.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=group_name(world.deployment, self.model),
            DesiredCapacity=units(workers, workers.least),
            LifecycleHookSpecificationList=self._hooks(world),
            Tags=group_tags(world, self.name),
            **settings,
        )

    def update(self, world: World, found: Found) -> None:
        """What differs; running instances stay as they are until they are replaced."""
        autoscaling, changed = world.clients.autoscaling, self.differing(world, found)
        settings: Any = self._settings(world, {})
        if changed & settings.keys():
            autoscaling.update_auto_scaling_group(AutoScalingGroupName=found.id, **settings)
        there: Any = found.fields["hooks"]
        for hook, now in zip(self._hooks(world), there, strict=True):
            if hook != now:
                autoscaling.put_lifecycle_hook(AutoScalingGroupName=found.id, **hook)
        if "metrics" in changed:
            autoscaling.enable_metrics_collection(
                AutoScalingGroupName=found.id, Granularity="1Minute", Metrics=list(METRICS)
            )

    def delete(self, world: World, found: Found) -> None:
        """Its instances first, which hand their work back."""
        remove_group(world, found.id, self.patience_s)

    def _settings(self, world: World, base: dict[str, int]) -> Fields:
        wanted = self.wanted(world)
        settings = {field: value for field, value in wanted.items() if field not in ("hooks", "metrics")}
        return {**settings, "MixedInstancesPolicy": self._mixture(world, base)}

    def _mixture(self, world: World, base: dict[str, int]) -> dict[str, Any]:
        workers = world.deployment.config.of_model(self.model)
        price = workers.spot_usd_per_h_most
        return {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {
                    "LaunchTemplateId": world.id(template_of(self.model)),
                    "Version": "$Default",
                },
                "Overrides": [
                    {"InstanceType": name, "WeightedCapacity": str(weight)} for name, weight in weights(workers).items()
                ],
            },
            "InstancesDistribution": {
                "OnDemandAllocationStrategy": "lowest-price",
                "OnDemandPercentageAboveBaseCapacity": 0,
                "SpotAllocationStrategy": "price-capacity-optimized",
                **({"SpotMaxPrice": str(price)} if price else {}),
                **base,
            },
        }

    def _hooks(self, world: World) -> Any:
        workers = world.deployment.config.of_model(self.model)
        return [
            # An instance that never serves is no use; one that is to go, goes whether it has answered or not.
            _hook(LAUNCHING, "LAUNCHING", workers.start_s, "ABANDON"),
            _hook(TERMINATING, "TERMINATING", _DRAIN_S, "CONTINUE"),
        ]


def _hook(name: str, transition: str, seconds: int, otherwise: str) -> dict[str, Any]:
    return {
        "LifecycleHookName": name,
        "LifecycleTransition": f"autoscaling:EC2_INSTANCE_{transition}",
        "HeartbeatTimeout": seconds,
        "DefaultResult": otherwise,
    }


def _sorted(group: Any) -> str:
    return ",".join(sorted(group["VPCZoneIdentifier"].split(",")))
