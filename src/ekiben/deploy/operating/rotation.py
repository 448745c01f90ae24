"""A new version of a model's instances in place of the old one, by EC2 Auto Scaling's instance refresh.

New instances are launched from the newest version of the launch template and join when their model is ready; as many
old ones then hand their work back and go, a few at a time (rolling) or all at once (blue-green). The refresh is taken
back by itself when new instances do not get ready, or when the deployment's alarm goes off for errors or health.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.operating import refresh
from ekiben.deploy.operating.members import groups
from ekiben.deploy.operating.refresh import Mode, Progress
from ekiben.deploy.operating.versions import launched_version, template_versions, version_of
from ekiben.deploy.spot.deployment import workers_of
from ekiben.deploy.spot.resources.control_node import CONTROL_NODE
from ekiben.deploy.spot.resources.error_alarm import alarm_name
from ekiben.deploy.spot.resources.groups import role_of
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import World

EVERY_S: Final = 10.0


def rotate(world: World, model: str, mode: Mode) -> str | None:
    """Begin to replace a model's instances by the newest version; the alarm for errors takes it back.

    Args:
        world: Where.
        model: Served name.
        mode: A few at a time, or all at once.

    Returns:
        Id of the refresh; None: all instances have that version already.

    Raises:
        OperatorError: There is no such group, or a rotation of it runs.
    """
    group = _group(world, model)
    newest = template_versions(world, group)[0]
    if launched_version(world, group) == newest and all(version_of(member) == newest for member in group["Instances"]):
        return None
    return refresh.begin(world, group, newest, mode, _warmup_s(world, model), (alarm_name(world.deployment),))


def waiting(world: World) -> list[str]:
    """What is older than the newest version of its template: models by their group's version, the control node."""
    there = {role_of(group): group for group in groups(world)}
    models = [workers.model for workers in world.deployment.config.workers]
    old = [model for model in models if _lags(world, there.get(workers_of(model)))]
    return [*old, *(["control"] if _is_old(world, there.get(CONTROL_NODE)) else [])]


def _lags(world: World, group: Mapping[str, Any] | None) -> bool:
    """Whether a group that is pinned to a version launches an earlier one than the newest."""
    return group is not None and launched_version(world, group) < template_versions(world, group)[0]


def _is_old(world: World, group: Mapping[str, Any] | None) -> bool:
    """Whether a group that follows its template has an instance of an earlier version."""
    if group is None:
        return False
    newest = world.clients.ec2.describe_launch_template_versions(
        LaunchTemplateId=group["LaunchTemplate"]["LaunchTemplateId"], Versions=["$Default"]
    )["LaunchTemplateVersions"][0]["VersionNumber"]
    return any(0 < version_of(member) < newest for member in group["Instances"])


def roll_back(world: World, model: str) -> str:
    """Go back: end the rotation that runs and undo it, or else replace all instances by the version before.

    Returns:
        Id of the refresh.

    Raises:
        OperatorError: There is no such group, or no version before.
    """
    group = _group(world, model)
    running = refresh.latest(world, group)
    if running and not running.over:
        return refresh.undo(world, group)
    before = [version for version in template_versions(world, group) if version < launched_version(world, group)]
    if not before:
        raise OperatorError(f"{model} has no version before {launched_version(world, group)} to go back to")
    return refresh.begin(world, group, before[0], Mode.BLUE_GREEN, _warmup_s(world, model), ())


def watch(world: World, model: str, tell: Callable[[Progress], None], pause: Callable[[float], None]) -> Progress:
    """Tell how the latest rotation goes until it is over.

    Raises:
        OperatorError: There is no such group, or none was begun.
    """
    group = _group(world, model)
    last: Progress | None = None
    while True:
        now = refresh.latest(world, group)
        if now is None:
            raise OperatorError(f"{model} is not being rotated; `ekiben spot rotate` begins that")
        if now != last:
            tell(now)
            last = now
        if now.over:
            return now
        pause(EVERY_S)


def _warmup_s(world: World, model: str) -> int:
    """For so long a new instance is watched before the next old ones go."""
    return world.deployment.config.of_model(model).start_s


def _group(world: World, model: str) -> Mapping[str, Any]:
    known = [workers.model for workers in world.deployment.config.workers]
    if model not in known:
        raise OperatorError(f"{model} is not served here; there are {', '.join(known)}")
    for group in groups(world):
        if role_of(group) == workers_of(model):
            return group
    raise OperatorError(f"{model} has no group yet; `ekiben spot up` makes it")
