"""`up` that is killed at any call, and repeated, comes to the same end."""

from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.deploy.spot.clients import Clients
from tests.unit.deploy.spot.account import counts, emptied
from tests.unit.deploy.spot.acting import differing, down, up
from tests.unit.deploy.spot.hooks import Killed, changes_things, killed_after_one_change, killed_before_second_change
from tests.unit.deploy.spot.hooks import recorded as recording

_MOST = 400


@pytest.mark.slow
def test_up_killed_at_every_call_and_repeated_makes_each_thing_once(
    aws: Clients, moto_url: str, config_file: Path
) -> None:
    """Each run goes on from where the one before was killed, makes one change more and is killed again: in turn after
    the change took effect and before the next is asked for. So every state is met that a run can leave behind."""
    with recording(aws) as calls:
        up(aws, config_file)
    once, needed = counts(aws), sum(changes_things(operation) for _, operation in calls)
    emptied(moto_url)

    killed = 0
    for kill in [killed_after_one_change, killed_before_second_change] * _MOST:
        try:
            with kill(aws):
                up(aws, config_file)
        except Killed:
            killed += 1
        else:
            break
    assert killed in (needed - 1, needed)  # after the last change a run may end before it is killed
    assert counts(aws) == once
    assert differing(aws, config_file) == []


@pytest.mark.slow
def test_down_killed_at_every_call_and_repeated_leaves_nothing(aws: Clients, config_file: Path) -> None:
    nothing = counts(aws)
    up(aws, config_file)
    killed = 0
    for kill in [killed_after_one_change, killed_before_second_change] * _MOST:
        try:
            with kill(aws):
                down(aws, config_file)
        except Killed:
            killed += 1
        else:
            break
    assert killed > 30
    assert counts(aws) == nothing
