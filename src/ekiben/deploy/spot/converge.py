"""From what is there to what is wanted, one resource after another; and back to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ekiben.deploy.spot.plan import Action, differences, observe_own, refuse_replacement
from ekiben.deploy.spot.resource import Resource
from ekiben.deploy.spot.waiting import wait_until, when_free, when_known
from ekiben.deploy.spot.world import Found, World

Told = Callable[[Action, Resource], None]


def converge(resources: Iterable[Resource], world: World, tell: Told) -> None:
    """Make the deployment as it is wanted; what is so already is not touched.

    Args:
        resources: What is wanted, each after all that it needs.
        world: Where.
        tell: Hears of every change before it is made.

    Raises:
        OperatorError: AWS refuses. What was done stays; the next run continues.
    """
    for resource in resources:
        _bring_about(resource, world, tell)


def tear_down(resources: Iterable[Resource], world: World, tell: Told) -> None:
    """Remove what is there of these, the last first.

    Raises:
        OperatorError: AWS refuses. What was removed is gone; the next run continues.
    """
    everything = tuple(resources)
    for resource in everything:  # Some are found by way of others.
        found = observe_own(resource, world)
        if found:
            world.found[resource.name] = found
    for resource in reversed(everything):
        # Two may be there where the answer to a call was lost.
        while (found := observe_own(resource, world)) is not None:
            tell(Action.DELETE, resource)
            _remove(resource, found, world)
        world.found.pop(resource.name, None)


def _bring_about(resource: Resource, world: World, tell: Told) -> None:
    found = resource.observe(world)
    differing = differences(resource, found, world) if found else ()
    refuse_replacement(resource, differing)
    if found and any(field in resource.fixed for field, _, _ in differing):
        tell(Action.REPLACE, resource)
        _remove(resource, found, world)
        found = None
    elif differing:
        tell(Action.UPDATE, resource)
    else:
        tell(Action.NONE if found else Action.CREATE, resource)
    if found is None:
        when_known(lambda: resource.create(world), resource.patience_s)
        found = wait_until(lambda: resource.observe(world), f"{_called(resource)} to be there", resource.patience_s)
        differing = differences(resource, found, world)
    if differing:
        resource.update(world, found)
        found = resource.observe(world) or found
    world.found[resource.name] = found


def _remove(resource: Resource, found: Found, world: World) -> None:
    def gone() -> bool:
        left = observe_own(resource, world)
        return left is None or left.id != found.id

    when_free(lambda: resource.delete(world, found), resource.patience_s)
    wait_until(gone, f"{_called(resource)} to be gone", resource.patience_s)


def _called(resource: Resource) -> str:
    return f"{resource.kind} {resource.name}"
