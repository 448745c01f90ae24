from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from ekiben.deploy.catalogue.spot_prices import SpotPrice, cheapest, mean_prices, spot_prices
from tests.simulated_aws import simulated_aws

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """EC2 over real HTTP, simulated."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with simulated_aws() as url:
        yield boto3.client(
            "ec2", region_name="us-east-1", endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b"
        )


def test_prices_of_every_zone_that_has_the_type(ec2: Any) -> None:
    prices = spot_prices(ec2, ["g5.xlarge"], NOON, NOON + timedelta(days=1))
    assert prices
    assert {price.instance_type for price in prices} == {"g5.xlarge"}
    assert all(price.zone.startswith("us-east-1") and price.usd_per_h > 0 for price in prices)


def test_pages_are_followed() -> None:
    class Pages:
        def __init__(self) -> None:
            self.asked: list[str | None] = []

        def describe_spot_price_history(self, **arguments: Any) -> dict[str, Any]:
            self.asked.append(arguments.get("NextToken"))
            hour = len(self.asked)
            row = {
                "Timestamp": NOON - timedelta(hours=hour),
                "AvailabilityZone": "us-east-1a",
                "InstanceType": "g5.xlarge",
                "SpotPrice": f"0.{hour}",
            }
            return {"SpotPriceHistory": [row], "NextToken": "more" if hour == 1 else ""}

    client = Pages()
    prices = spot_prices(client, ["g5.xlarge"], NOON, NOON)
    assert client.asked == [None, "more"]
    assert [price.usd_per_h for price in prices] == [0.2, 0.1]


def test_a_price_weighs_as_long_as_it_held() -> None:
    prices = [
        SpotPrice(NOON - timedelta(hours=5), "a", "g5.xlarge", 0.4),  # held when the time began
        SpotPrice(NOON + timedelta(hours=3), "a", "g5.xlarge", 0.8),
        SpotPrice(NOON, "b", "g5.xlarge", 0.5),
    ]
    means = mean_prices(prices, NOON, NOON + timedelta(hours=4))
    assert means == {("g5.xlarge", "a"): pytest.approx(0.5), ("g5.xlarge", "b"): 0.5}


def test_the_cheapest_zone_of_those_that_count() -> None:
    means = {("g5.xlarge", "a"): 0.5, ("g5.xlarge", "b"): 0.4, ("g5.xlarge", "c"): 0.6, ("g6.xlarge", "c"): 0.3}
    assert cheapest(means) == {"g5.xlarge": 0.4, "g6.xlarge": 0.3}
    assert cheapest(means, ("c", "a")) == {"g5.xlarge": 0.5, "g6.xlarge": 0.3}
    assert cheapest(means, ("b",)) == {"g5.xlarge": 0.4}
