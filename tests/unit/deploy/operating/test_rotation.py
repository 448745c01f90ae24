from __future__ import annotations

from typing import Any

import pytest

from ekiben.deploy.operating.refresh import Mode, Progress
from ekiben.deploy.operating.rotation import roll_back, rotate, watch
from ekiben.deploy.spot.world import World
from ekiben.errors import OperatorError
from tests.unit.deploy.control.account import Account
from tests.unit.deploy.operating.refreshes import Refreshes

MODEL = "pictures"


def new_version(account: Account) -> None:
    data: Any = {"ImageId": "ami-12c6146b", "InstanceType": "g5.2xlarge"}
    account.ec2.create_launch_template_version(LaunchTemplateName=account.name, LaunchTemplateData=data)


def desired_version(started: dict[str, Any]) -> str:
    policy = started["DesiredConfiguration"]["MixedInstancesPolicy"]
    version: str = policy["LaunchTemplate"]["LaunchTemplateSpecification"]["Version"]
    return version


def test_the_newest_version_comes_and_is_taken_back_when_it_is_worse(world: World, account: Account) -> None:
    refreshes = Refreshes(world.clients.autoscaling)
    new_version(account)
    assert rotate(world, MODEL, Mode.ROLLING) == "refresh-1"
    (started,) = refreshes.started
    assert desired_version(started) == "2"
    assert started["Preferences"] == {
        "AutoRollback": True,
        "InstanceWarmup": 240,
        "MinHealthyPercentage": 100,
        "MaxHealthyPercentage": 110,
        "SkipMatching": True,
        "AlarmSpecification": {"Alarms": [f"ekiben-{account.name}-errors"]},
    }


def test_blue_green_has_all_new_ones_before_an_old_one_goes(world: World, account: Account) -> None:
    refreshes = Refreshes(world.clients.autoscaling)
    new_version(account)
    rotate(world, MODEL, Mode.BLUE_GREEN)
    assert refreshes.started[0]["Preferences"]["MaxHealthyPercentage"] == 200


def test_nothing_is_done_where_nothing_is_new(world: World) -> None:
    refreshes = Refreshes(world.clients.autoscaling)
    assert rotate(world, MODEL, Mode.ROLLING) is None
    assert not refreshes.started


def test_one_at_a_time(world: World, account: Account) -> None:
    Refreshes(world.clients.autoscaling, ("InProgress", 10, ""))
    new_version(account)
    rotate(world, MODEL, Mode.ROLLING)
    with pytest.raises(OperatorError, match="being rotated already; `ekiben spot rollback`"):
        rotate(world, MODEL, Mode.ROLLING)


def test_back_from_one_that_runs(world: World, account: Account) -> None:
    refreshes = Refreshes(world.clients.autoscaling, ("InProgress", 10, ""))
    new_version(account)
    assert roll_back(world, MODEL) == "refresh-back"
    assert (refreshes.rolled_back, refreshes.started) == (1, [])


def test_back_to_the_version_before(world: World, account: Account) -> None:
    refreshes = Refreshes(world.clients.autoscaling, ("Successful", 100, ""))
    with pytest.raises(OperatorError, match="no version before 1"):
        roll_back(world, MODEL)
    new_version(account)
    account.use_version("2")
    roll_back(world, MODEL)
    assert desired_version(refreshes.started[0]) == "1"
    assert refreshes.started[0]["Preferences"]["InstanceWarmup"] == 240
    assert "AlarmSpecification" not in refreshes.started[0]["Preferences"]


def test_each_step_is_told_until_it_is_over(world: World) -> None:
    Refreshes(
        world.clients.autoscaling,
        ("Pending", 0, ""),
        ("InProgress", 50, ""),
        ("InProgress", 50, ""),
        ("RollbackInProgress", 40, "alarm errors went off"),
        ("RollbackSuccessful", 100, "alarm errors went off"),
    )
    told: list[Progress] = []
    ended = watch(world, MODEL, told.append, lambda _: None)
    assert [progress.status for progress in told] == [
        "Pending",
        "InProgress",
        "RollbackInProgress",
        "RollbackSuccessful",
    ]
    assert ended.reason == "alarm errors went off"


@pytest.mark.parametrize("model", ["cats", "../x"])
def test_a_model_that_is_not_served(world: World, model: str) -> None:
    with pytest.raises(OperatorError, match="is not served here; there are pictures"):
        rotate(world, model, Mode.ROLLING)
    with pytest.raises(OperatorError, match="is not served here; there are pictures"):
        roll_back(world, model)


def test_nothing_to_watch(world: World) -> None:
    Refreshes(world.clients.autoscaling)
    with pytest.raises(OperatorError, match="`ekiben spot rotate` begins that"):
        watch(world, MODEL, lambda _: None, lambda _: None)
