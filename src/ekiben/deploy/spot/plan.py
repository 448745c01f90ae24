"""What would be made, changed and removed: a comparison, without side effects."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.world import Fields, Found, World
from ekiben.errors import OperatorError


class Action(StrEnum):
    """What happens to a resource."""

    NONE = "none"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


class Difference(NamedTuple):
    """A field that is not as it shall be."""

    field: str
    now: object
    wanted: object


class Change(NamedTuple):
    """What is to be done with one resource, and why."""

    action: Action
    kind: str
    name: str
    why: str
    differences: tuple[Difference, ...] = ()


def make_plan(resources: Iterable[Resource], world: World) -> tuple[Change, ...]:
    """Compare what is there with what is wanted.

    Args:
        resources: What is wanted, each after all that it needs.
        world: Where to look; it knows afterwards what was found.

    Raises:
        OperatorError: AWS refuses, a name is somebody else's, or something would have to be replaced that must not be.
    """
    return tuple(_change(resource, world) for resource in resources)


def plan_removal(resources: Iterable[Resource], world: World, why: str) -> tuple[Change, ...]:
    """What of these is there, and would be removed; the last first.

    Raises:
        OperatorError: AWS refuses.
    """
    everything = tuple(resources)
    for resource in everything:
        if found := observe_own(resource, world):
            world.found[resource.name] = found
    gone = [resource for resource in reversed(everything) if resource.name in world.found]
    return tuple(Change(Action.DELETE, resource.kind, resource.name, why) for resource in gone)


def observe_own(resource: Resource, world: World) -> Found | None:
    """What is there, unless it is somebody else's."""
    try:
        return resource.observe(world)
    except SomebodyElses:
        return None


def differences(resource: Resource, found: Found, world: World) -> tuple[Difference, ...]:
    """The wanted fields that are otherwise."""
    wanted: Fields = resource.wanted(world)
    return tuple(
        Difference(field, found.fields.get(field), value)
        for field, value in wanted.items()
        if found.fields.get(field) != value
    )


def refuse_replacement(resource: Resource, differing: Iterable[Difference]) -> None:
    """Stop before something is replaced that must not be.

    Raises:
        OperatorError: It says what to do instead.
    """
    for field, now, wanted in differing:
        if field in resource.keeps:
            raise OperatorError(
                f"{resource.kind} {resource.name}: {field} is {now} and shall be {wanted}, which cannot be changed"
                " while the deployment stands. Put the configuration back, or run `ekiben spot down --keep-data --yes`,"
                " then up again"
            )


def _change(resource: Resource, world: World) -> Change:
    found = resource.observe(world)
    if found is None:
        return Change(Action.CREATE, resource.kind, resource.name, "it is not there")
    world.found[resource.name] = found
    differing = differences(resource, found, world)
    if not differing:
        return Change(Action.NONE, resource.kind, resource.name, "it is as wanted")
    refuse_replacement(resource, differing)
    if any(field in resource.fixed for field, _, _ in differing):
        return Change(Action.REPLACE, resource.kind, resource.name, "AWS cannot change this in place", differing)
    return Change(Action.UPDATE, resource.kind, resource.name, "it is not as wanted", differing)
