"""The Auto Scaling group of a model: mixed types in several zones, spot above a base of on-demand instances.

What the controller moves is not compared: how many run between `least` and `most`, how many of them on demand, and
which of the zones are in use. Nor is the version of the launch template, once there is a group: new instances of it
would mix with the old ones as these are taken. `ekiben spot rotate` moves it, and can go back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ekiben.deploy.spot.comparing import restricted
from ekiben.deploy.spot.deployment import workers_of
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
# It would end healthy instances whenever the controller opens a zone again.
SUSPENDED: Final = ("AZRebalance",)
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
        "autoscaling:SuspendProcesses",
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
        return workers_of(self.model)

    @property
    def needs(self) -> tuple[str, ...]:
        """Its template, and all that an instance asks for when it starts."""
        return (template_of(self.model), repository_of(self.model), f"image-{self.model}", "control-node")

    def wanted(self, world: World) -> Fields:
        """All of its settings but how many run, and of which version."""
        workers = world.deployment.config.of_model(self.model)
        return {
            "MinSize": units(workers, workers.least),
            "MaxSize": units(workers, workers.most),
            "MixedInstancesPolicy": self._mixture(world),
            "VPCZoneIdentifier": _joined(subnet_ids(world)),
            "CapacityRebalance": True,
            "HealthCheckGracePeriod": workers.start_s,
            "hooks": self._hooks(world),
            "metrics": sorted(METRICS),
            "suspended": list(SUSPENDED),
        }

    def observe(self, world: World) -> Found | None:
        """By its name."""
        group = find_group(world, group_name(world.deployment, self.model))
        if group is None:
            return None
        found: Any = restricted({**group, "VPCZoneIdentifier": _zones(group, subnet_ids(world))}, self.wanted(world))
        hooks = world.clients.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=group["AutoScalingGroupName"])
        by_name: Any = {hook["LifecycleHookName"]: hook for hook in hooks["LifecycleHooks"]}
        found["hooks"] = restricted(
            [by_name.get(hook["LifecycleHookName"], {}) for hook in self._hooks(world)], self._hooks(world)
        )
        found["metrics"] = sorted(str(each.get("Metric")) for each in group.get("EnabledMetrics", []))
        suspended = {each.get("ProcessName") for each in group.get("SuspendedProcesses", [])}
        found["suspended"] = [each for each in SUSPENDED if each in suspended]
        return Found(group["AutoScalingGroupName"], found)

    def create(self, world: World) -> None:
        """With its tags, hooks and as many replicas as there must be at least."""
        workers = world.deployment.config.of_model(self.model)
        base: Fields = {"OnDemandBaseCapacity": units(workers, workers.on_demand_base)}
        settings: Any = {
            **self._settings(world),
            "MixedInstancesPolicy": self._mixture(world, {"Version": self._newest(world)}, base),
        }
        world.clients.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=group_name(world.deployment, self.model),
            DesiredCapacity=units(workers, workers.least),
            LifecycleHookSpecificationList=self._hooks(world),
            Tags=group_tags(world, self.name),
            **settings,
        )

    def update(self, world: World, found: Found) -> None:
        """What differs; running instances stay as they are until `ekiben spot rotate`."""
        autoscaling, changed = world.clients.autoscaling, self.differing(world, found)
        settings: Any = self._settings(world)
        if changed & settings.keys():
            settings["MixedInstancesPolicy"] = self._mixture(world, *self._kept(world, found.id))
            autoscaling.update_auto_scaling_group(AutoScalingGroupName=found.id, **settings)
        there: Any = found.fields["hooks"]
        for hook, now in zip(self._hooks(world), there, strict=True):
            if hook != now:
                autoscaling.put_lifecycle_hook(AutoScalingGroupName=found.id, **hook)
        if "metrics" in changed:
            autoscaling.enable_metrics_collection(
                AutoScalingGroupName=found.id, Granularity="1Minute", Metrics=list(METRICS)
            )

        if "suspended" in changed:
            autoscaling.suspend_processes(AutoScalingGroupName=found.id, ScalingProcesses=list(SUSPENDED))

    def delete(self, world: World, found: Found) -> None:
        """Its instances first, which hand their work back."""
        remove_group(world, found.id, self.patience_s)

    def _settings(self, world: World) -> Fields:
        others = ("hooks", "metrics", "suspended")
        return {field: value for field, value in self.wanted(world).items() if field not in others}

    def _kept(self, world: World, named: str) -> tuple[Fields, Fields]:
        """The version that a rotation has set, and the on-demand base that the controller has."""
        group: Any = find_group(world, named) or {}
        policy = group.get("MixedInstancesPolicy", {})
        version = policy["LaunchTemplate"]["LaunchTemplateSpecification"]["Version"] if policy else self._newest(world)
        base = policy.get("InstancesDistribution", {}).get("OnDemandBaseCapacity", 0)
        return {"Version": version}, {"OnDemandBaseCapacity": base}

    def _newest(self, world: World) -> str:
        """Version of the launch template, for a group that has none."""
        versions = world.clients.ec2.describe_launch_template_versions(
            LaunchTemplateId=world.id(template_of(self.model)), Versions=["$Default"]
        )
        return str(versions["LaunchTemplateVersions"][0]["VersionNumber"])

    def _mixture(self, world: World, version: Fields | None = None, base: Fields | None = None) -> Fields:
        workers = world.deployment.config.of_model(self.model)
        price = workers.spot_usd_per_h_most
        return {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {
                    "LaunchTemplateId": world.id(template_of(self.model)),
                    **(version or {}),
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
                **(base or {}),
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


def _zones(group: Any, wanted: list[str]) -> str:
    """The subnets in use; some of those that are wanted are as good as all."""
    used = group["VPCZoneIdentifier"].split(",")
    return _joined(wanted if used and set(used) <= set(wanted) else used)


def _joined(subnets: list[str]) -> str:
    return ",".join(sorted(subnets))
