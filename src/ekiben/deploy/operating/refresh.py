"""EC2 Auto Scaling's instance refresh: begun, undone, and how it goes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ekiben.deploy.spot.resources.groups import role_of
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import World

_RUNNING: Final = {"Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"}


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


# Share of the instances that may run, in percent of as many as before.
_MOST_HEALTHY: Final = {Mode.ROLLING: 110, Mode.BLUE_GREEN: 200}


def begin(
    world: World, group: Mapping[str, Any], version: int, mode: Mode, warmup_s: int, alarms: tuple[str, ...]
) -> str:
    """Begin to replace a group's instances by a version of its launch template.

    Returns:
        Id of the refresh.

    Raises:
        OperatorError: One of the group runs already.
    """
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


def undo(world: World, group: Mapping[str, Any]) -> str:
    """End the refresh that runs, and bring back what it has replaced; its id."""
    name = group["AutoScalingGroupName"]
    return world.clients.autoscaling.rollback_instance_refresh(AutoScalingGroupName=name)["InstanceRefreshId"]


def latest(world: World, group: Mapping[str, Any]) -> Progress | None:
    """Where the latest refresh of a group is; None: there never was one."""
    found = world.clients.autoscaling.describe_instance_refreshes(
        AutoScalingGroupName=group["AutoScalingGroupName"], MaxRecords=1
    )["InstanceRefreshes"]
    if not found:
        return None
    return Progress(found[0]["Status"], found[0].get("PercentageComplete", 0), found[0].get("StatusReason", ""))
