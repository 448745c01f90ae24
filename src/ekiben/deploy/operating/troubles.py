"""Why Auto Scaling could not launch instances: no call fails for it, its activities alone tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.operating.members import groups
from ekiben.deploy.spot.quotas import quota_message
from ekiben.deploy.spot.resources.groups import role_of

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import World

_WITHIN: Final = timedelta(hours=1)
_LOOKED_AT: Final = 50
_CODE: Final = re.compile(r"\b([A-Z]\w+) - ")


def troubles(world: World, now: datetime) -> tuple[str, ...]:
    """Each reason of the last hour once, with its group; needs `autoscaling:DescribeScalingActivities`.

    Args:
        world: Where.
        now: The moment.
    """
    found = (
        f"{role_of(group)}: {_told(activity.get('StatusMessage', ''))}"
        for group in groups(world)
        for activity in _failed(world, group["AutoScalingGroupName"], now - _WITHIN)
    )
    return tuple(dict.fromkeys(found))


def _failed(world: World, group: str, since: datetime) -> Iterator[Any]:
    answer = world.clients.autoscaling.describe_scaling_activities(AutoScalingGroupName=group, MaxRecords=_LOOKED_AT)
    for activity in answer["Activities"]:
        if activity["StatusCode"] == "Failed" and activity["StartTime"] >= since:
            yield activity


def _told(message: str) -> str:
    code = _CODE.search(message)
    return (quota_message(code[1], message) if code else "") or message
