"""An Auto Scaling group: looking at it, and setting it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.control.orders import Orders
from ekiben.deploy.control.seen import Instance, Phase, Seen, Settings
from ekiben.deploy.spot.instances import described
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_ec2 import EC2Client

# A spot request's states in which its instance is being taken, and the reason of one that has been.
_MARKED: Final = ("marked-for-termination", "marked-for-stop")
_TAKEN: Final = "Server.Spot"
_NO_CAPACITY: Final = re.compile(r"InsufficientInstanceCapacity|UnfulfillableCapacity|MaxSpotInstanceCountExceeded")
# A refused launch on demand says nothing about the pools of spot instances.
_ON_DEMAND: Final = "On-Demand"
_STARTING: Final = "Pending"
_SERVING: Final = "InService"


class Group:
    """One group of workers.

    Args:
        autoscaling: boto3's client.
        ec2: boto3's client.
        name: The group's.
        subnets: Every subnet that it may use, by zone.
    """

    def __init__(self, autoscaling: AutoScalingClient, ec2: EC2Client, name: str, subnets: Mapping[str, str]) -> None:
        self._autoscaling, self._ec2, self.name, self._subnets = autoscaling, ec2, name, dict(subnets)

    def look(self, known: Iterable[str], since: datetime) -> Seen:
        """What it has, and what AWS did to it.

        Args:
            known: Ids of instances that it had before.
            since: When that was.

        Raises:
            OperatorError: There is no such group.
        """
        group = self._group()
        members = {member["InstanceId"]: member for member in group["Instances"]}
        facts = {found["InstanceId"]: found for found in described(self._ec2, {*members, *known})}
        taken = self._marked(members) | {
            name for name, found in facts.items() if found.get("StateReason", {}).get("Code", "").startswith(_TAKEN)
        }
        settings = self._settings(group)
        return Seen(
            settings,
            tuple(_instance(members[name], facts.get(name, {}), settings, name in taken) for name in sorted(members)),
            frozenset(taken),
            frozenset(self._refused(settings, since)),
        )

    def follow(self, wanted: Orders) -> bool:
        """Bring the group to the orders; whether anything was changed."""
        # Described anew: `ekiben spot up` may have given it other weights or another mixture since it was looked at.
        group = self._group()
        changes: dict[str, Any] = {}
        unit = _unit(_weights(group))
        if wanted.desired * unit != group["DesiredCapacity"]:
            changes["DesiredCapacity"] = wanted.desired * unit
        distribution = group["MixedInstancesPolicy"].get("InstancesDistribution", {})
        if wanted.on_demand * unit != distribution.get("OnDemandBaseCapacity", 0):
            # Without the launch template, which would need the right to run instances.
            changed = {**distribution, "OnDemandBaseCapacity": wanted.on_demand * unit}
            changes["MixedInstancesPolicy"] = {"InstancesDistribution": changed}
        if wanted.zones != self._zones(group):
            changes["VPCZoneIdentifier"] = ",".join(self._subnets[zone] for zone in sorted(wanted.zones))
        return bool(changes) and self._set(changes)

    def _set(self, changes: Mapping[str, Any]) -> bool:
        """All of them; while a rotation runs, which keeps the mixture to itself, the others."""
        from botocore.exceptions import ClientError

        try:
            self._autoscaling.update_auto_scaling_group(AutoScalingGroupName=self.name, **changes)
        except ClientError as error:
            rest = {name: value for name, value in changes.items() if name != "MixedInstancesPolicy"}
            if len(rest) == len(changes) or "instance refresh" not in error.response["Error"]["Message"].lower():
                raise
            return bool(rest) and self._set(rest)
        return True

    def _group(self) -> Any:
        found = self._autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])["AutoScalingGroups"]
        if not found:
            raise OperatorError(f"there is no Auto Scaling group {self.name}; `ekiben spot up` makes it")
        return found[0]

    def _settings(self, group: Mapping[str, Any]) -> Settings:
        weights = _weights(group)
        unit = _unit(weights)
        return Settings(
            weights={name: weight // unit for name, weight in weights.items()},
            unit=unit,
            subnets=self._subnets,
            desired=group["DesiredCapacity"] // unit,
            least=math.ceil(group["MinSize"] / unit),
            most=group["MaxSize"] // unit,
        )

    def _zones(self, group: Mapping[str, Any]) -> frozenset[str]:
        used = set(group["VPCZoneIdentifier"].split(","))
        return frozenset(zone for zone, subnet in self._subnets.items() if subnet in used)

    def _marked(self, ids: Iterable[str]) -> set[str]:
        """Those whose spot request says that they are being taken."""
        pages = self._ec2.get_paginator("describe_spot_instance_requests").paginate(
            Filters=[
                {"Name": "instance-id", "Values": sorted(ids) or ["none"]},
                {"Name": "status-code", "Values": list(_MARKED)},
            ]
        )
        return {request["InstanceId"] for page in pages for request in page["SpotInstanceRequests"]}

    def _refused(self, settings: Settings, since: datetime) -> Iterator[str]:
        """Pools that a failed launch names: its zone, and the types in its message or else all."""
        pages = self._autoscaling.get_paginator("describe_scaling_activities").paginate(
            AutoScalingGroupName=self.name, PaginationConfig={"MaxItems": 100}
        )
        for page in pages:
            for activity in page["Activities"]:
                message = activity.get("StatusMessage", "")
                if (
                    activity.get("EndTime", activity["StartTime"]) < since
                    or _ON_DEMAND in message
                    or activity["StatusCode"] != "Failed"
                    or not _NO_CAPACITY.search(message)
                ):
                    continue
                zone = json.loads(activity.get("Details") or "{}").get("Availability Zone", "")
                types = [name for name in settings.weights if name in message] or list(settings.weights)
                yield from (f"{zone}/{name}" for name in types)


def _weights(group: Mapping[str, Any]) -> dict[str, int]:
    overrides = group["MixedInstancesPolicy"]["LaunchTemplate"].get("Overrides", [])
    return {each["InstanceType"]: int(each.get("WeightedCapacity", 1)) for each in overrides}


def _unit(weights: Mapping[str, int]) -> int:
    return math.gcd(*weights.values()) or 1


def _instance(member: Mapping[str, Any], facts: Mapping[str, Any], settings: Settings, taken: bool) -> Instance:
    name, state = member["InstanceType"], member["LifecycleState"]
    ends = not state.startswith((_STARTING, _SERVING))
    phase = Phase.STARTING if state.startswith(_STARTING) else Phase.READY
    return Instance(
        id=member["InstanceId"],
        instance_type=name,
        zone=member["AvailabilityZone"],
        spot=facts.get("InstanceLifecycle") == "spot",
        weight=max(1, int(member.get("WeightedCapacity", settings.unit)) // settings.unit),
        phase=Phase.GOING if ends or taken else phase,
        counted=not ends,
    )
