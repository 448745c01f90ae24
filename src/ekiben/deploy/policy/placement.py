"""Which pools get the spot instances.

New instances go where instances have lasted, in proportion: a pool that loses half as often gets twice as many. A
pool that refused is left alone for a moment; one in which instances do not last long enough to pay for their start
gets none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ekiben.deploy.policy.rules import Rules
from ekiben.deploy.policy.state import Observed, PoolState


class Outlook(NamedTuple):
    """What is expected of a pool.

    Args:
        hazard_per_h: Losses that an instance there has to expect in an hour.
        price: Of an hour's service: the spot price, with the starts that losses make necessary.
        open: Whether it should be asked for more instances.
        refused: Whether it is left alone because it had no capacity a moment ago.
    """

    hazard_per_h: float
    price: float
    open: bool
    refused: bool


def outlook(pool: PoolState, observed: Observed, rules: Rules) -> Outlook:
    """Judge a pool by what was seen there, mixed with what is believed beforehand."""
    believed = rules.prior_h * rules.prior_losses_per_h
    hazard_per_h = (pool.history.share + believed) / (pool.history.held_s / 3600 + rules.prior_h)
    cold_start_h = observed.cold_start_s / 3600
    price = pool.pool.spot_price
    refused = observed.now_s - pool.history.refused_at_s < rules.retry_s
    # An instance serves for its mean life, if it lives through its start; meanwhile it saves the difference in price.
    saved = (observed.on_demand.price - price) * math.exp(-cold_start_h * hazard_per_h) / hazard_per_h
    pays = saved > rules.spot_worth * price * cold_start_h
    return Outlook(hazard_per_h, price * (1 + hazard_per_h * cold_start_h), pays and not refused, refused)


def place(observed: Observed, wanted: int, outlooks: Sequence[Outlook], rules: Rules) -> tuple[int, ...]:
    """Bring the spot instances to `wanted`, as far as open pools are there to take more.

    Returns:
        Instances for each pool, in the order of the observed pools.
    """
    counts = [pool.kept for pool in observed.pools]
    total = sum(counts)
    if total < wanted:
        limit = rules.near_price * min((view.price for view in outlooks if view.open), default=0.0)
        near = [index for index, view in enumerate(outlooks) if view.open and view.price <= limit]
        if near:
            _change(counts, near, wanted - total, 1, lambda index: (counts[index] + 1) * outlooks[index].hazard_per_h)
    elif total > wanted:
        every = range(len(counts))
        _change(counts, every, total - wanted, -1, lambda index: -counts[index] * outlooks[index].hazard_per_h)
    return tuple(counts)


def _change(counts: list[int], pools: list[int] | range, times: int, by: int, worth: Callable[[int], float]) -> None:
    for _ in range(times):
        counts[min((index for index in pools if counts[index] + by >= 0), key=worth)] += by
