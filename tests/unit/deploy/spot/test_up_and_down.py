from __future__ import annotations

from pathlib import Path

from ekiben.deploy.spot.clients import Clients
from ekiben.deploy.spot.plan import Action
from tests.unit.deploy.spot.acting import differing, down, plan, up


def test_up_makes_what_was_planned_and_nothing_is_left_to_do(aws: Clients, config_file: Path) -> None:
    assert {change.action for change in plan(aws, config_file)} == {Action.CREATE}
    up(aws, config_file)
    assert differing(aws, config_file) == []


def test_down_leaves_nothing(aws: Clients, config_file: Path) -> None:
    up(aws, config_file)
    down(aws, config_file)
    assert {change.action for change in plan(aws, config_file)} == {Action.CREATE}
