"""Plan, up and down: what the commands do, whoever shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ekiben.deploy.spot.converge import Told, converge, tear_down
from ekiben.deploy.spot.failures import told
from ekiben.deploy.spot.inventory import inventory
from ekiben.deploy.spot.leftovers import leftovers
from ekiben.deploy.spot.plan import Action, Change, make_plan, plan_removal
from ekiben.deploy.spot.resources.bucket import BUCKET
from ekiben.deploy.spot.resources.data_volume import SNAPSHOT, VOLUME
from ekiben.deploy.spot.retired import everything, retired
from ekiben.deploy.spot.world import World
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from ekiben.deploy.spot.pushing import Pusher
    from ekiben.deploy.spot.resource import Resource

_DATA: Final = {BUCKET, VOLUME, SNAPSHOT}
"""Jobs are on the volume and their files in the bucket; one is worth little without the other."""


def plan_up(world: World, pusher: Pusher) -> tuple[Change, ...]:
    """What `bring_up` would do.

    Raises:
        OperatorError: See `make_plan`.
    """
    with told():
        current = inventory(world.deployment, pusher)
        changes = make_plan(current, world)
        gone, there = retired(world, current, pusher)
        return (*changes, *plan_removal(gone, there, "the configuration does not name it any more"))


def bring_up(world: World, pusher: Pusher, tell: Told) -> None:
    """Make the deployment as it is wanted, then remove what it does not want any more.

    Raises:
        OperatorError: See `converge`.
    """
    with told():
        current = inventory(world.deployment, pusher)
        converge(current, world, tell)
        tear_down(*retired(world, current, pusher), tell)


def plan_down(world: World, pusher: Pusher, *, keep_data: bool) -> tuple[Change, ...]:
    """What `bring_down` would do."""
    with told():
        return plan_removal(*_removed(world, pusher, keep_data=keep_data), "the deployment goes")


def bring_down(world: World, pusher: Pusher, tell: Told, *, keep_data: bool) -> None:
    """Remove the deployment, and see that nothing with its tag is left.

    Raises:
        OperatorError: AWS refuses, or something is left; what was removed is gone, and the next run continues.
    """
    with told():
        resources, there = _removed(world, pusher, keep_data=keep_data)
        tear_down(resources, there, tell)
        left = leftovers(there, _DATA if keep_data else set())
    if left:
        raise OperatorError(f"still there, with the deployment's tag: {', '.join(left)}; run the same command again")


def is_change(change: Change) -> bool:
    """Whether anything is to be done."""
    return change.action is not Action.NONE


def _removed(world: World, pusher: Pusher, *, keep_data: bool) -> tuple[tuple[Resource, ...], World]:
    resources, there = everything(world, pusher)
    return tuple(each for each in resources if not (keep_data and _holds_data(each))), there


def _holds_data(resource: Resource) -> bool:
    return resource.name in _DATA
