"""Right-sizing: the cheapest instances for a rate of pictures, from what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ekiben.deploy.catalogue.cost import Quote


class Size(NamedTuple):
    """So many instances of a quote.

    Args:
        quote: Model, type and market.
        instances: How many carry the rate.
        utilization: The share of their time in which they are busy then.
        usd_per_month: Of 730 hours.
        usd_per_1000_images: At that utilization, which is what is really paid.
    """

    quote: Quote
    instances: int
    utilization: float
    usd_per_month: float
    usd_per_1000_images: float


HOURS_PER_MONTH = 730


def right_size(quotes: Sequence[Quote], images_per_s: float, most_utilization: float = 0.7) -> tuple[Size, ...]:
    """Sizes that carry a rate, the cheapest first.

    Args:
        quotes: Of one model.
        images_per_s: Rate to carry.
        most_utilization: Share of time that instances may be busy; beyond it queues grow.
    """
    return tuple(
        sorted((_size(quote, images_per_s, most_utilization) for quote in quotes), key=lambda s: s.usd_per_month)
    )


def _size(quote: Quote, images_per_s: float, most_utilization: float) -> Size:
    each = quote.measurement.images_per_s
    instances = max(1, math.ceil(images_per_s / (each * most_utilization)))
    usd_per_h = instances * quote.usd_per_h
    return Size(
        quote,
        instances,
        images_per_s / (instances * each),
        usd_per_h * HOURS_PER_MONTH,
        1000 * usd_per_h / (3600 * images_per_s),
    )
