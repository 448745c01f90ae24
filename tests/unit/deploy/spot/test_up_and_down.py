from __future__ import annotations

from pathlib import Path

from ekiben.deploy.spot.clients import Clients
from ekiben.deploy.spot.config_file import read_config
from ekiben.deploy.spot.converge import converge, tear_down
from ekiben.deploy.spot.inventory import inventory
from ekiben.deploy.spot.opening import open_world
from ekiben.deploy.spot.plan import Action, Change, make_plan
from ekiben.deploy.spot.resource import Resource


def _silent(action: Action, resource: Resource) -> None:
    pass


def _plan(aws: Clients, config_file: Path) -> tuple[Change, ...]:
    world = open_world(read_config(config_file), aws)
    return make_plan(inventory(world.deployment), (), world)


def _up(aws: Clients, config_file: Path) -> None:
    world = open_world(read_config(config_file), aws)
    converge(inventory(world.deployment), (), world, _silent)


def test_up_makes_what_was_planned_and_nothing_is_left_to_do(aws: Clients, config_file: Path) -> None:
    assert {change.action for change in _plan(aws, config_file)} == {Action.CREATE}
    _up(aws, config_file)
    assert [change for change in _plan(aws, config_file) if change.action is not Action.NONE] == []


def test_down_leaves_nothing(aws: Clients, config_file: Path) -> None:
    _up(aws, config_file)
    world = open_world(read_config(config_file), aws)
    tear_down(inventory(world.deployment), world, _silent)
    assert {change.action for change in _plan(aws, config_file)} == {Action.CREATE}
