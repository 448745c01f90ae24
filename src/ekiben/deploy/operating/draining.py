"""One instance hands its work back and goes; Auto Scaling starts another in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ekiben.deploy.operating.members import Member, member, members
from ekiben.deploy.spot.deployment import model_of
from ekiben.deploy.spot.resources.control_node import CONTROL_NODE
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import World

# The terminating hook gives up after two minutes; EC2 then takes its time.
WITHIN_S: Final = 600.0
EVERY_S: Final = 5.0


def drain(world: World, instance: str, *, fewer: bool) -> Member:
    """Ask for an instance's end; its agent then drains it, since the group's lifecycle hook waits for that.

    Args:
        world: Where.
        instance: EC2's id.
        fewer: Let the group be one smaller, instead of starting another in its place.

    Raises:
        OperatorError: It is not this deployment's, or is no worker.
    """
    found = member(world, instance)
    if not model_of(found.role):
        raise OperatorError(
            f"{instance} is the control node, which has no work to hand back; `ekiben spot rotate control` replaces it"
        )
    world.clients.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=instance, ShouldDecrementDesiredCapacity=fewer
    )
    return found


def replace_control(world: World) -> Member:
    """End the control node, so that its group starts one of the newest version, which attaches the jobs' volume.

    Until that serves, the gateway is away and takes no job; accepted ones wait on the volume.

    Raises:
        OperatorError: There is no control node.
    """
    there = [each for each in members(world) if each.role == CONTROL_NODE]
    if not there:
        raise OperatorError("there is no control node; `ekiben spot up` makes its group, which starts one")
    world.clients.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=there[0].id, ShouldDecrementDesiredCapacity=False
    )
    return there[0]


def wait_until_gone(world: World, instance: str, tell: Callable[[str], None], pause: Callable[[float], None]) -> None:
    """Tell each state of its life until it has left its group.

    Raises:
        OperatorError: It is still there after ten minutes.
    """
    last, waited_s = "", 0.0
    while there := [each for each in members(world) if each.id == instance]:
        if there[0].state != last:
            last = there[0].state
            tell(last)
        if waited_s >= WITHIN_S:
            raise OperatorError(f"{instance} is still {last} after {WITHIN_S:.0f} s; see `ekiben spot logs`")
        pause(EVERY_S)
        waited_s += EVERY_S
