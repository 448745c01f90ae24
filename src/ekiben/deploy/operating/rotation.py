"""A new version of a model's instances in place of the old one, by EC2 Auto Scaling's instance refresh.

New instances are launched from the newest version of the launch template and join when their model is ready; as many
old ones then hand their work back and go, a few at a time (rolling) or all at once (blue-green). The refresh is taken
back by itself when new instances do not get ready, or when the deployment's alarm goes off for errors or health.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ekiben.deploy.operating.members import groups, role_of
from ekiben.deploy.spot.resources.control_node import CONTROL_NODE
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import World

EVERY_S: Final = 10.0
_RUNNING: Final = {"Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"}
# Share of the instances that may run besides as many as before, in percent.
_MOST_HEALTHY: Final = {"rolling": 110, "blue-green": 200}


class Mode(StrEnum):
    """How old instances are replaced."""

    ROLLING = "rolling"
    BLUE_GREEN = "blue-green"


class Progress(NamedTuple):
    """Where a rotation is.

    Args:
        status: AWS's word, such as `InProgress` or `RollbackSuccessful`.
        percent: Of the instances replaced.
        reason: Why it is as it is; often empty.
    """

    status: str
    percent: int
    reason: str

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""
        return self.status not in _RUNNING


def rotate(world: World, model: str, mode: Mode, warmup_s: int, alarms: tuple[str, ...] = ()) -> str | None:
    """Begin to replace a model's instances by the newest version.

    Args:
        world: Where.
        model: Served name.
        mode: A few at a time, or all at once.
        warmup_s: Seconds for which a new instance is watched before the next old ones go.
        alarms: Names of the CloudWatch alarms that take it back.

    Returns:
        Id of the refresh; None: all instances have that version already.

    Raises:
        OperatorError: There is no such group, or a rotation of it runs.
    """
    group = _group(world, model)
    newest = _versions(world, group)[0]
    if _version(world, group) == newest and all(_of(member) == newest for member in group["Instances"]):
        return None
    return _refresh(world, group, newest, mode, warmup_s, alarms)


def waiting(world: World) -> list[str]:
    """What is older than the newest version of its template: models by their group's version, the control node."""
    there = {role_of(group): group for group in groups(world)}
    models = [workers.model for workers in world.deployment.config.workers]
    old = [
        model
        for model in models
        if (group := there.get(f"workers-{model}")) and _version(world, group) < _versions(world, group)[0]
    ]
    return [*old, *(["control"] if _is_old(world, there.get(CONTROL_NODE)) else [])]


def _is_old(world: World, group: Mapping[str, Any] | None) -> bool:
    """Whether a group that follows its template has an instance of an earlier version."""
    if group is None:
        return False
    newest = world.clients.ec2.describe_launch_template_versions(
        LaunchTemplateId=group["LaunchTemplate"]["LaunchTemplateId"], Versions=["$Default"]
    )["LaunchTemplateVersions"][0]["VersionNumber"]
    return any(0 < _of(member) < newest for member in group["Instances"])


def roll_back(world: World, model: str, warmup_s: int) -> str:
    """Go back: end the rotation that runs and undo it, or else replace all instances by the version before.

    Returns:
        Id of the refresh.

    Raises:
        OperatorError: There is no such group, or no version before.
    """
    group = _group(world, model)
    name = group["AutoScalingGroupName"]
    running = _latest(world, name)
    if running and not _progress(running).over:
        return world.clients.autoscaling.rollback_instance_refresh(AutoScalingGroupName=name)["InstanceRefreshId"]
    before = [version for version in _versions(world, group) if version < _version(world, group)]
    if not before:
        raise OperatorError(f"{model} has no version before {_version(world, group)} to go back to")
    return _refresh(world, group, before[0], Mode.BLUE_GREEN, warmup_s, ())


def watch(world: World, model: str, tell: Callable[[Progress], None], pause: Callable[[float], None]) -> Progress:
    """Tell how the latest rotation goes until it is over.

    Raises:
        OperatorError: There is no such group, or none was begun.
    """
    name = _group(world, model)["AutoScalingGroupName"]
    last: Progress | None = None
    while True:
        found = _latest(world, name)
        if found is None:
            raise OperatorError(f"{model} is not being rotated; `ekiben spot rotate` begins that")
        now = _progress(found)
        if now != last:
            tell(now)
            last = now
        if now.over:
            return now
        pause(EVERY_S)


def _refresh(
    world: World, group: Mapping[str, Any], version: int, mode: Mode, warmup_s: int, alarms: tuple[str, ...]
) -> str:
    policy = group["MixedInstancesPolicy"]
    template = policy["LaunchTemplate"]
    specification = template["LaunchTemplateSpecification"]
    desired: Any = {
        "MixedInstancesPolicy": {
            **policy,
            "LaunchTemplate": {
                **template,
                # AWS tells a template's id and its name, and takes only one of them.
                "LaunchTemplateSpecification": {
                    "LaunchTemplateId": specification["LaunchTemplateId"],
                    "Version": str(version),
                },
            },
        }
    }
    preferences: Any = {
        "AutoRollback": True,
        "InstanceWarmup": warmup_s,
        "MinHealthyPercentage": 100,
        "MaxHealthyPercentage": _MOST_HEALTHY[mode],
        "SkipMatching": True,
    }
    if alarms:
        preferences["AlarmSpecification"] = {"Alarms": list(alarms)}
    try:
        answer = world.clients.autoscaling.start_instance_refresh(
            AutoScalingGroupName=group["AutoScalingGroupName"],
            Strategy="Rolling",
            DesiredConfiguration=desired,
            Preferences=preferences,
        )
    except world.clients.autoscaling.exceptions.InstanceRefreshInProgressFault:
        raise OperatorError(
            f"{role_of(group)} is being rotated already; `ekiben spot rollback` takes that back"
        ) from None
    return answer["InstanceRefreshId"]


def _group(world: World, model: str) -> Mapping[str, Any]:
    known = [workers.model for workers in world.deployment.config.workers]
    if model not in known:
        raise OperatorError(f"{model} is not served here; there are {', '.join(known)}")
    for group in groups(world):
        if role_of(group) == f"workers-{model}":
            return group
    raise OperatorError(f"{model} has no group yet; `ekiben spot up` makes it")


def _versions(world: World, group: Mapping[str, Any]) -> list[int]:
    """The launch template's, the newest first."""
    specification = group["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]
    pages = world.clients.ec2.get_paginator("describe_launch_template_versions").paginate(
        LaunchTemplateId=specification["LaunchTemplateId"]
    )
    found = [version["VersionNumber"] for page in pages for version in page["LaunchTemplateVersions"]]
    return sorted(found, reverse=True)


def _version(world: World, group: Mapping[str, Any]) -> int:
    """The one that new instances get; a group that follows its template's default or newest one is told that."""
    specification = group["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]
    if specification["Version"].isdigit():
        return int(specification["Version"])
    found = world.clients.ec2.describe_launch_template_versions(
        LaunchTemplateId=specification["LaunchTemplateId"], Versions=[specification["Version"]]
    )
    return found["LaunchTemplateVersions"][0]["VersionNumber"]


def _of(member: Mapping[str, Any]) -> int:
    """The version that an instance was launched of; 0: AWS does not say."""
    version = str(member.get("LaunchTemplate", {}).get("Version", ""))
    return int(version) if version.isdigit() else 0


def _latest(world: World, group: str) -> Mapping[str, Any] | None:
    found = world.clients.autoscaling.describe_instance_refreshes(AutoScalingGroupName=group, MaxRecords=1)
    return found["InstanceRefreshes"][0] if found["InstanceRefreshes"] else None


def _progress(refresh: Mapping[str, Any]) -> Progress:
    return Progress(refresh["Status"], refresh.get("PercentageComplete", 0), refresh.get("StatusReason", ""))
