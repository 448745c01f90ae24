"""What an hour costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ekiben.deploy.catalogue.instance import Catalogue
from ekiben.deploy.catalogue.spot_prices import SpotClient, spot_prices
from ekiben.errors import OperatorError


class Prices(NamedTuple):
    """US dollars for an hour.

    Args:
        spot: Of an instance, by zone and type.
        on_demand: Of a unit of capacity, on the cheapest of the group's types.
        by_type: Of an on-demand instance, by type; without those that the catalogue does not have.
    """

    spot: Mapping[tuple[str, str], float]
    on_demand: float
    by_type: Mapping[str, float]


def prices_now(client: SpotClient, catalogue: Catalogue, weights: Mapping[str, int], now: datetime) -> Prices:
    """Ask EC2 for the spot prices that hold now; on-demand prices are the catalogue's.

    Args:
        client: boto3's `ec2`; it needs the right `ec2:DescribeSpotPriceHistory`.
        catalogue: On-demand prices.
        weights: Capacity that an instance of each type counts for.
        now: The moment.

    Raises:
        OperatorError: None of the types is in the catalogue.
    """
    known = catalogue.usd_per_h
    by_type = {name: known[name] for name in weights if name in known}
    if not by_type:
        raise OperatorError(
            f"the catalogue has no on-demand price of {', '.join(sorted(weights))}; `ekiben cost --refresh` asks AWS"
        )
    # In order of time, so that the latest stays.
    held = spot_prices(client, sorted(weights), now, now)
    latest = {(price.zone, price.instance_type): price.usd_per_h for price in held}
    return Prices(latest, min(price / weights[name] for name, price in by_type.items()), by_type)
