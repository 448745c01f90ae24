"""What spot instances cost lately, from EC2's price history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol


class SpotClient(Protocol):
    """What is used of boto3's `ec2` client."""

    def describe_spot_price_history(self, **arguments: Any) -> Mapping[str, Any]:
        """A page of prices."""
        ...


class SpotPrice(NamedTuple):
    """From `since` on an hour of the type cost so much in the zone, in US dollars."""

    since: datetime
    zone: str
    instance_type: str
    usd_per_h: float


def spot_prices(
    client: SpotClient, instance_types: Sequence[str], start: datetime, end: datetime
) -> tuple[SpotPrice, ...]:
    """Ask EC2 for the prices of Linux spot instances in the client's region.

    Args:
        client: boto3's; it needs the right `ec2:DescribeSpotPriceHistory`.
        instance_types: Which types.
        start: Beginning; EC2 keeps 90 days.
        end: End.

    Returns:
        In order of time. The first of a pool may be older than `start`: it is the one that held then.
    """
    found: list[SpotPrice] = []
    token: dict[str, str] = {}
    while True:
        page = client.describe_spot_price_history(
            InstanceTypes=list(instance_types),
            ProductDescriptions=["Linux/UNIX"],
            StartTime=start,
            EndTime=end,
            **token,
        )
        found += [
            SpotPrice(row["Timestamp"], row["AvailabilityZone"], row["InstanceType"], float(row["SpotPrice"]))
            for row in page["SpotPriceHistory"]
        ]
        if not page.get("NextToken"):
            return tuple(sorted(found))
        token = {"NextToken": page["NextToken"]}


def mean_prices(prices: Sequence[SpotPrice], start: datetime, end: datetime) -> dict[tuple[str, str], float]:
    """The mean price over the time for each (type, zone), each price weighted by how long it held."""
    by_pool: dict[tuple[str, str], list[SpotPrice]] = defaultdict(list)
    for price in sorted(prices):
        by_pool[price.instance_type, price.zone].append(price)
    return {pool: _mean(held, start, end) for pool, held in by_pool.items()}


def cheapest(means: Mapping[tuple[str, str], float], zones: Collection[str] | None = None) -> dict[str, float]:
    """Of each type the mean price in its cheapest zone.

    Args:
        means: As `mean_prices` has them.
        zones: Those that count; None: all. A type that is in none of them is left out.
    """
    found: dict[str, float] = {}
    for (name, zone), usd in means.items():
        if zones is None or zone in zones:
            found[name] = min(usd, found.get(name, usd))
    return found


def _mean(prices: list[SpotPrice], start: datetime, end: datetime) -> float:
    ends = [*(price.since for price in prices[1:]), end]
    weights = [
        max(0.0, (until - max(price.since, start)).total_seconds()) for price, until in zip(prices, ends, strict=True)
    ]
    if not sum(weights):
        return prices[-1].usd_per_h
    return sum(price.usd_per_h * weight for price, weight in zip(prices, weights, strict=True)) / sum(weights)
