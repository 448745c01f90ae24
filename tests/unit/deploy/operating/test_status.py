from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ekiben.deploy.catalogue.catalogue_file import read_catalogue
from ekiben.deploy.operating.members import member, members
from ekiben.deploy.operating.status import status
from ekiben.deploy.spot.world import World
from ekiben.errors import OperatorError
from tests.unit.deploy.control.account import Account

ON_DEMAND = 1.006  # g5.xlarge, of the catalogue
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def price(world: World, *held: tuple[str, datetime]) -> None:
    """moto makes prices up; here they are these, each from its moment on, in every zone."""

    def fixed(parsed: dict[str, Any], **_: Any) -> None:
        parsed["SpotPriceHistory"] = [
            {"Timestamp": since, "AvailabilityZone": zone, "InstanceType": "g5.xlarge", "SpotPrice": usd}
            for zone in ("us-east-1a", "us-east-1b")
            for usd, since in held
        ]
        parsed.pop("NextToken", None)

    world.clients.ec2.meta.events.register("after-call.ec2.DescribeSpotPriceHistory", fixed)


def test_every_instance_with_its_market(world: World, account: Account) -> None:
    first, second = account.ids()
    account.on_demand.add(second)
    found = {each.id: each for each in members(world)}
    assert found.keys() == {first, second}
    assert (found[first].market, found[second].market) == ("spot", "on-demand")
    assert found[first].role == "workers-pictures"
    assert found[first].state == "InService"
    assert found[first].healthy


def test_another_deployments_instances_are_not_there(world: World, server: str) -> None:
    other = Account(server)
    assert not {each.id for each in members(world)} & set(other.ids())
    with pytest.raises(OperatorError, match="ekiben spot status"):
        member(world, other.ids()[0])


def test_what_spot_costs_and_has_saved(world: World, account: Account) -> None:
    account.on_demand.add(account.ids()[1])
    price(world, ("0.4", LONG_AGO))
    launched = members(world)[0].launched_at
    found = status(world, read_catalogue(), launched + timedelta(hours=10))
    by_market = {each.member.market: each for each in found.instances}
    assert by_market["spot"].usd_per_h == pytest.approx(0.4)
    assert by_market["spot"].saved_usd == pytest.approx(10 * (ON_DEMAND - 0.4), rel=1e-3)
    assert by_market["on-demand"].saved_usd == 0
    assert found.usd_per_h == pytest.approx(0.4 + ON_DEMAND)
    assert found.on_demand_usd_per_h == pytest.approx(2 * ON_DEMAND)


def test_prices_are_asked_for_once_and_each_instance_has_its_own_mean(world: World, account: Account) -> None:
    first, second = account.ids()
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    account.launched = {first: now - timedelta(hours=10), second: now - timedelta(hours=2)}
    asked: list[dict[str, Any]] = []
    events = world.clients.ec2.meta.events
    events.register(
        "provide-client-params.ec2.DescribeSpotPriceHistory", lambda params, **_: asked.append(dict(params))
    )
    price(world, ("0.2", now - timedelta(days=9)), ("0.6", now - timedelta(hours=5)), ("0.4", now - timedelta(hours=1)))
    found = {each.member.id: each for each in status(world, read_catalogue(), now).instances}
    assert [each["StartTime"] for each in asked] == [now - timedelta(hours=10)]
    assert [found[id_].usd_per_h for id_ in (first, second)] == [0.4, 0.4]
    assert found[first].saved_usd == pytest.approx(10 * ON_DEMAND - 5 * 0.2 - 4 * 0.6 - 0.4)
    assert found[second].saved_usd == pytest.approx(2 * ON_DEMAND - 0.6 - 0.4)


def test_a_type_without_a_price_is_not_guessed(world: World) -> None:
    price(world, ("0.4", LONG_AGO))
    catalogue = read_catalogue()
    without = catalogue.model_copy(update={"types": tuple(t for t in catalogue.types if t.name != "g5.xlarge")})
    found = status(world, without, datetime.now(UTC))
    assert {each.on_demand_usd_per_h for each in found.instances} == {None}
    assert {each.saved_usd for each in found.instances} == {None}


def test_why_instances_could_not_be_launched(world: World, account: Account) -> None:
    now = members(world)[0].launched_at
    quota = "Could not launch Spot Instances. MaxSpotInstanceCountExceeded - Max spot instance count exceeded."
    for message in (quota, quota, "Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill."):
        account.refuse("us-east-1a", message)
    first, second = status(world, read_catalogue(), now).troubles
    assert first.startswith("workers-pictures: the account's quota of vCPUs of spot instances")
    assert "request-service-quota-increase" in first
    assert second == "workers-pictures: Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill."
    assert status(world, read_catalogue(), now + timedelta(hours=2)).troubles == ()
