from __future__ import annotations

import pytest

from ekiben.deploy.operating.draining import drain, replace_control, wait_until_gone
from ekiben.deploy.spot.world import World
from ekiben.errors import OperatorError
from tests.unit.deploy.control.account import Account


def no_pause(seconds: float) -> None:
    assert seconds > 0


def test_one_goes_and_another_comes(world: World, account: Account) -> None:
    first, second = account.ids()
    assert drain(world, first, fewer=False).id == first
    told: list[str] = []
    wait_until_gone(world, first, told.append, no_pause)
    assert second in account.ids()
    assert first not in account.ids()
    assert len(account.ids()) == 2


def test_one_fewer(world: World, account: Account) -> None:
    drain(world, account.ids()[0], fewer=True)
    assert len(account.ids()) == 1
    assert account.settings()["DesiredCapacity"] == 1


def test_each_state_is_told_once_and_patience_ends(world: World, account: Account) -> None:
    first = account.ids()[0]
    account.lifecycles[first] = "Terminating:Wait"
    told: list[str] = []
    with pytest.raises(OperatorError, match="still Terminating:Wait after 600 s"):
        wait_until_gone(world, first, told.append, no_pause)
    assert told == ["Terminating:Wait"]


def test_not_somebody_elses(world: World, server: str) -> None:
    other = Account(server)
    with pytest.raises(OperatorError, match="is no instance of"):
        drain(world, other.ids()[0], fewer=False)
    assert len(other.ids()) == 2


def test_not_the_control_node(world: World, account: Account) -> None:
    account.role = "control-node"
    with pytest.raises(OperatorError, match="`ekiben spot rotate control` replaces it"):
        drain(world, account.ids()[0], fewer=False)


def test_the_control_node_is_replaced(world: World, account: Account) -> None:
    with pytest.raises(OperatorError, match="there is no control node"):
        replace_control(world)
    account.role = "control-node"
    before = set(account.ids())
    gone = replace_control(world)
    assert gone.id in before
    assert gone.id not in account.ids()
    assert len(account.ids()) == 2
