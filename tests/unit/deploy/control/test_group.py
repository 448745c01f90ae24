from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ekiben.deploy.control.group import Group
from ekiben.deploy.control.orders import Orders
from ekiben.deploy.control.seen import Phase
from ekiben.errors import OperatorError
from tests.unit.deploy.control.account import TYPES, ZONES, Account

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_what_a_group_has(account: Account) -> None:
    first, second = account.ids()
    account.on_demand.add(second)
    seen = account.group.look((), LONG_AGO)
    by_id = {instance.id: instance for instance in seen.instances}
    assert (by_id[first].spot, by_id[second].spot) == (True, False)
    assert {instance.phase for instance in seen.instances} == {Phase.READY}
    assert seen.settings.weights == TYPES
    assert (seen.settings.desired, seen.settings.least, seen.settings.most) == (2, 1, 10)
    assert not seen.taken
    assert not seen.refused


def test_a_notice_is_seen_before_the_instance_goes(account: Account) -> None:
    first, second = account.ids()
    account.marked.add(first)
    seen = account.group.look((), LONG_AGO)
    assert {instance.id: instance.phase for instance in seen.instances} == {first: Phase.GOING, second: Phase.READY}
    assert all(instance.counted for instance in seen.instances)
    assert seen.taken == {first}


def test_one_that_is_gone_without_a_notice(account: Account) -> None:
    gone = account.ids()[0]
    account.ended[gone] = "Server.SpotInstanceTermination"
    account.autoscaling.detach_instances(
        InstanceIds=[gone], AutoScalingGroupName=account.name, ShouldDecrementDesiredCapacity=True
    )
    assert account.group.look([gone], LONG_AGO).taken == {gone}
    account.ended[gone] = "Client.UserInitiatedShutdown"
    assert not account.group.look([gone], LONG_AGO).taken


def test_one_that_starts_and_one_that_ends(account: Account) -> None:
    first, second = account.ids()
    account.lifecycles = {first: "Pending:Wait", second: "Terminating:Wait"}
    seen = {instance.id: instance for instance in account.group.look((), LONG_AGO).instances}
    assert (seen[first].phase, seen[first].counted) == (Phase.STARTING, True)
    assert (seen[second].phase, seen[second].counted) == (Phase.GOING, False)


def test_pools_without_capacity(account: Account) -> None:
    account.refuse(ZONES[0], "We currently do not have sufficient g5.12xlarge capacity (InsufficientInstanceCapacity).")
    account.refuse(ZONES[1], "UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration.")
    account.refuse(ZONES[0], "The key pair 'x' does not exist. g5.xlarge")
    before = datetime.now(UTC) - timedelta(minutes=1)
    assert account.group.look((), before).refused == {
        "us-east-1a/g5.12xlarge",
        "us-east-1b/g5.12xlarge",
        "us-east-1b/g5.xlarge",
    }
    assert not account.group.look((), datetime.now(UTC) + timedelta(minutes=1)).refused


def test_a_launch_that_began_before_the_last_look_and_failed_after_it(account: Account) -> None:
    account.refuse(ZONES[0], "InsufficientInstanceCapacity - There is no Spot capacity available.")
    last_look = account.failures[0]["StartTime"]
    account.failures[0] |= {"StartTime": last_look - timedelta(seconds=9), "EndTime": last_look + timedelta(seconds=9)}
    assert account.group.look((), last_look).refused == {"us-east-1a/g5.xlarge", "us-east-1a/g5.12xlarge"}
    assert not account.group.look((), last_look + timedelta(seconds=10)).refused


def test_on_demand_that_is_refused_is_no_word_about_spot(account: Account) -> None:
    account.refuse(ZONES[0], "Could not launch On-Demand Instances. InsufficientInstanceCapacity - no g5.xlarge.")
    assert not account.group.look((), LONG_AGO).refused


def test_a_rotation_keeps_the_mixture_and_the_rest_is_set(account: Account) -> None:
    account.refreshing = True
    assert account.group.follow(Orders(desired=5, on_demand=2, zones=frozenset(ZONES[:1])))
    found = account.settings()
    assert (found["DesiredCapacity"], found["VPCZoneIdentifier"]) == (5, account.subnets[ZONES[0]])
    assert found["MixedInstancesPolicy"]["InstancesDistribution"]["OnDemandBaseCapacity"] == 0
    assert not account.group.follow(Orders(desired=5, on_demand=2, zones=frozenset(ZONES[:1])))
    account.refreshing = False
    assert account.group.follow(Orders(desired=5, on_demand=2, zones=frozenset(ZONES[:1])))
    assert account.settings()["MixedInstancesPolicy"]["InstancesDistribution"]["OnDemandBaseCapacity"] == 2


def test_orders_become_the_groups_settings(account: Account) -> None:
    assert account.group.follow(Orders(desired=5, on_demand=2, zones=frozenset(ZONES[:1])))
    found = account.settings()
    assert found["DesiredCapacity"] == 5
    distribution = found["MixedInstancesPolicy"]["InstancesDistribution"]
    assert distribution["OnDemandBaseCapacity"] == 2
    assert distribution["SpotAllocationStrategy"] == "price-capacity-optimized"
    assert len(found["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]) == 2
    assert found["VPCZoneIdentifier"] == account.subnets[ZONES[0]]


def test_what_is_as_it_should_be_is_left_alone(account: Account) -> None:
    calls: list[str] = []
    account.autoscaling.meta.events.register("before-call.auto-scaling.*", lambda model, **_: calls.append(model.name))
    assert not account.group.follow(Orders(desired=2, on_demand=0, zones=frozenset(ZONES)))
    assert calls == ["DescribeAutoScalingGroups"]


def test_a_group_that_is_not_there(account: Account) -> None:
    with pytest.raises(OperatorError, match="ekiben spot up"):
        Group(account.autoscaling, account.ec2, "other", account.subnets).look((), LONG_AGO)
