"""What a thousand pictures cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from ekiben.deploy.catalogue.instance import Catalogue
from ekiben.deploy.catalogue.measurement import Measurement


class Market(StrEnum):
    """How an instance is bought."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"


class Quote(NamedTuple):
    """The cost of a measured model on an instance.

    Args:
        measurement: What was measured.
        market: How the instance is bought.
        usd_per_h: What it costs in an hour.
        usd_per_1000_images: While it is busy all the time.
    """

    measurement: Measurement
    market: Market
    usd_per_h: float
    usd_per_1000_images: float


def usd_per_1000_images(usd_per_h: float, images_per_s: float, utilization: float = 1.0) -> float:
    """Dollars for a thousand pictures on an instance that is busy this share of its time."""
    return 1000 * usd_per_h / (3600 * images_per_s * utilization)


def quotes(
    measurements: Sequence[Measurement],
    catalogue: Catalogue,
    spot_usd_per_h: Mapping[str, float],
    utilization: float = 1.0,
) -> tuple[Quote, ...]:
    """A quote for each measurement on demand, and on spot where its price is known; the cheapest first.

    Args:
        measurements: What was measured.
        catalogue: On-demand prices.
        spot_usd_per_h: Spot prices by instance type.
        utilization: Share of time in which instances are busy, above 0 to 1.

    Raises:
        OperatorError: A measurement names a type that the catalogue lacks.
    """
    found = []
    for measured in measurements:
        prices = {Market.ON_DEMAND: catalogue.get(measured.instance_type).usd_per_h}
        if measured.instance_type in spot_usd_per_h:
            prices[Market.SPOT] = spot_usd_per_h[measured.instance_type]
        found += [
            Quote(measured, market, price, usd_per_1000_images(price, measured.images_per_s, utilization))
            for market, price in prices.items()
        ]
    return tuple(sorted(found, key=lambda quote: quote.usd_per_1000_images))
